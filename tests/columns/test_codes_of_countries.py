"""Postcodes and telephone numbers are spelled as in the country of their row."""

import re

import numpy as np
import pandas as pd
import pytest
from small_databases import cart

import relsynth as rs

FORMS = {
    "Brazil": (r"\d{5}-\d{3}", r"\+55 \d{2} \d{4}-\d{4}"),
    "United Kingdom": (r"[A-Z]{2}\d \d[A-Z]{2}", r"\+44 0\d{3} \d{6}"),
    "Poland": (r"\d{2}-\d{3}", r"\+48 \d{3} \d{3} \d{3}"),
}


def written(pattern, rng):
    """Return a text that a simple pattern of digits and capitals matches."""
    text = pattern.replace("\\", "")
    text = re.sub(r"(d|\[A-Z\])\{(\d)\}", lambda m: m[1] * int(m[2]), text)
    text = re.sub(r"\[A-Z\]", lambda _: chr(65 + rng.integers(26)), text)
    return re.sub("d", lambda _: str(rng.integers(1, 10)), text)


@pytest.fixture(scope="module")
def tables():
    rng = np.random.default_rng(2)
    countries = rng.choice([*FORMS], 240, p=[0.5, 0.3, 0.2])
    return {
        "customers": pd.DataFrame(
            {
                "customer_id": range(240),
                "last_name": [f"Name{number}" for number in range(240)],
                "zip_code": [written(FORMS[one][0], rng) for one in countries],
                "phone": [written(FORMS[one][1], rng) for one in countries],
                "country": countries,
            }
        )
    }


def test_codes_fit_the_country_of_their_row(tables, tmp_path):
    metadata = rs.Metadata.detect(tables)
    synth = cart(metadata, tables)
    synth.save(tmp_path / "m.relsynth")
    drawn = rs.RelationalSynthesizer.load(tmp_path / "m.relsynth").sample()["customers"]
    pd.testing.assert_frame_equal(drawn, synth.sample()["customers"])
    for country, rows in drawn.groupby("country"):
        for column, pattern in zip(("zip_code", "phone"), FORMS[country], strict=True):
            assert rows[column].str.fullmatch(pattern).all(), (country, column)
    for column in ("zip_code", "phone"):
        assert not set(drawn[column]) & set(tables["customers"][column])


def test_more_people_than_names_have_double_names():
    rng = np.random.default_rng(0)
    letters = rng.choice([*"abcdefghijklmnopqrst"], (1_500, 8))
    staff = pd.DataFrame({"id": range(1_500), "first_name": ["".join(r).title() for r in letters]})
    drawn = cart(rs.Metadata.detect({"staff": staff}), {"staff": staff}).sample()["staff"]
    assert drawn["first_name"].is_unique
    assert not drawn["first_name"].str.contains(r"\d").any()


def test_postcodes_fit_the_state_or_the_city_of_their_row():
    rng = np.random.default_rng(0)
    starts = {"CA": "9", "TX": "77", "NY": "10", "OH": "44"}
    states = rng.choice(list(starts), 500)
    zips = [starts[s] + "".join(map(str, rng.integers(0, 10, 5 - len(starts[s])))) for s in states]
    frame = pd.DataFrame({"id": range(500), "state": states, "zip": zips})
    tables = {"customers": frame}
    synth = rs.RelationalSynthesizer(rs.Metadata.detect(tables), seed=0).fit(tables)
    fake = synth.sample(seed=1)["customers"]
    told = fake["state"].map(starts)
    assert (
        np.mean([code.startswith(start) for code, start in zip(fake["zip"], told, strict=True)])
        > 0.95
    )
    assert fake["zip"].str.fullmatch(r"\d{5}").all()
