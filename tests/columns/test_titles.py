"""Names with titles, and addresses made of names, as they are written."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import relsynth as rs

pytest.importorskip("faker")


def test_doctors_keep_their_title_and_are_no_firms():
    doctors = pd.DataFrame(
        {"doctor": ["Dr. Ebner", "Dr. Haas", "Dr. Lechner", "Dr. Huber"], "room": [1, 2, 3, 4]}
    )
    visits = pd.DataFrame({"visit_id": np.arange(80), "doctor": doctors["doctor"].tolist() * 20})
    tables = {"doctors": doctors, "visits": visits}
    made = rs.RelationalSynthesizer(rs.Metadata.detect(tables), seed=0).fit(tables).sample()
    names = made["doctors"]["doctor"]
    assert names.str.fullmatch(r"Dr\. \S+( \S+)+").all()
    assert names.is_unique
    assert set(names).isdisjoint(doctors["doctor"])
    assert set(made["visits"]["doctor"]) <= set(names)


def test_addresses_made_of_names_have_plain_letters():
    rng = np.random.default_rng(0)
    given = rng.choice(["Anna", "Paul", "Lena", "Max"], 200)
    family = rng.choice(["Huber", "Mayer", "Lang", "Fuchs", "Wolf"], 200)
    mails = [
        f"{a.lower()}.{b.lower()}{n}@post.at"
        for n, (a, b) in enumerate(zip(given, family, strict=True))
    ]
    people = pd.DataFrame({"first_name": given, "last_name": family, "email": mails})
    metadata = rs.Metadata.detect({"people": people})
    metadata = metadata.set("people", "last_name", locale="de_DE")
    made = rs.RelationalSynthesizer(metadata, seed=0).fit({"people": people}).sample(3)["people"]
    assert made["email"].str.fullmatch(r"[a-z]+\.[a-z]+\d+@[a-z0-9.]+").all()
