"""A date in columns of its parts is learned as one date; declared sequences have a parent."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import relsynth as rs

NAMES = {
    ("year", "month"): ("yr", "mon"),
    ("year", "month", "day"): ("Jahr", "Monat", "Tag"),
    ("year", "week"): ("fiscalYear", "fiscalWeek"),
    ("year", "quarter"): ("year", "quarter"),
}


def members(parts: tuple[str, ...], missing: float = 0.0) -> dict[str, pd.DataFrame]:
    """Members with one row a period, from a first one on."""
    rng = np.random.default_rng(4)
    days = {"month": 31, "day": 1, "week": 7, "quarter": 92}[parts[-1]]
    n = rng.integers(2, 9, 120)
    owner = np.repeat(np.arange(120), n)
    place = pd.Series(owner).groupby(owner).cumcount().to_numpy()
    start = pd.Timestamp("2018-01-01") + pd.to_timedelta(rng.integers(0, 700, 120), unit="D")
    at = start[owner] + pd.to_timedelta(place * days, unit="D")
    said = {
        "year": at.year,
        "month": at.month,
        "day": at.day,
        "quarter": at.quarter,
        "week": (at.day_of_year - 1) // 7 + 1,
    }
    columns = {name: said[part].to_numpy() for name, part in zip(NAMES[parts], parts, strict=True)}
    rows = pd.DataFrame({"id": range(len(owner)), "member_id": owner, **columns})
    rows["points"] = rng.integers(0, 90, len(owner))
    if missing:
        names = list(columns)
        rows[names] = rows[names].astype("Int64")
        rows.loc[rng.random(len(rows)) < missing, names] = pd.NA
    rows = rows.drop_duplicates(["member_id", *columns]).reset_index(drop=True)
    return {
        "member": pd.DataFrame({"id": range(120), "age": rng.integers(9, 90, 120)}),
        "row": rows,
    }


def fitted(tables, **options) -> rs.RelationalSynthesizer:
    metadata = rs.Metadata.detect(tables)
    return rs.RelationalSynthesizer(metadata, model="cart", seed=0, **options).fit(tables)


@pytest.mark.parametrize("parts", list(NAMES))
def test_rows_of_one_parent_do_not_repeat_a_date(parts):
    tables, names = members(parts), list(NAMES[parts])
    synth = fitted(tables)
    said = f"calendar: {' and '.join(names)} are learned as one date"
    assert said in synth.notes_["row"]
    fake = synth.sample(scale=2)["row"]
    assert list(fake) == list(tables["row"])
    assert fake.dtypes.equals(tables["row"].dtypes)
    assert fake.duplicated(["member_id", *names]).mean() < 0.03
    for name in names:
        assert fake[name].between(tables["row"][name].min(), tables["row"][name].max()).all()


def test_missing_dates_are_missing_in_every_part():
    tables = members(("year", "month"), missing=0.1)
    fake = fitted(tables).sample()["row"]
    assert str(fake["yr"].dtype) == "Int64"
    assert fake["yr"].isna().equals(fake["mon"].isna())
    assert 0.03 < fake["yr"].isna().mean() < 0.2


def test_conditions_on_parts_are_met(tmp_path):
    synth = fitted(members(("year", "month")))
    synth.save(tmp_path / "model")
    synth = rs.RelationalSynthesizer.load(tmp_path / "model")
    fake = synth.sample(where={"row": {"yr": 2019, "mon": [1, 2]}})["row"]
    assert set(fake["yr"]) == {2019}
    assert set(fake["mon"]) == {1, 2}


def test_files_and_children_of_given_rows_have_the_parts(tmp_path):
    tables = members(("year", "month"))
    synth = fitted(tables)
    synth.sample_to(tmp_path / "out", rows_of_a_part=200, scale=2)
    assert list(rs.read_tables(tmp_path / "out")["row"]) == list(tables["row"])
    below = synth.sample_children(of={"member": tables["member"].head(9)})
    assert list(below["row"]) == list(tables["row"])


def test_switched_off_or_without_a_sign_of_it_they_stay_two_columns():
    tables = members(("year", "month"))
    notes = fitted(tables, relations="none").notes_["row"]
    assert not any(note.startswith("calendar") for note in notes)
    rng = np.random.default_rng(1)
    tables["row"]["mon"] = rng.integers(1, 13, len(tables["row"]))
    tables["row"]["yr"] = rng.integers(2018, 2020, len(tables["row"]))
    assert not any(note.startswith("calendar") for note in fitted(tables).notes_["row"])


def test_a_declared_sequence_is_one_series():
    rng = np.random.default_rng(0)
    owner = np.repeat(np.arange(50), rng.integers(5, 20, 50))
    place = pd.Series(owner).groupby(owner).cumcount()
    start = pd.Timestamp("2022-01-01") + pd.to_timedelta(rng.integers(0, 200, 50), unit="D")
    visit = pd.DataFrame({"patient": owner, "day": start[owner] + pd.to_timedelta(place, unit="D")})
    visit["value"] = rng.normal(100, 30, 50)[owner] + place
    columns = {"patient": "id", "day": "datetime", "value": "numerical"}
    document = {
        "METADATA_SPEC_VERSION": "V1",
        "tables": {
            "visit": {
                "sequence_key": "patient",
                "sequence_index": "day",
                "columns": {name: {"sdtype": kind} for name, kind in columns.items()},
            }
        },
        "relationships": [],
    }
    synth = rs.RelationalSynthesizer(rs.Metadata.from_dict(document), model="cart", seed=0)
    fake = synth.fit({"visit": visit}).sample()
    assert list(fake) == ["visit"]
    assert synth.notes_["visit"][0] == "sequence: rows of one patient are learned as one series"
    assert abs(fake["visit"].patient.nunique() - 50) <= 5
    gaps = fake["visit"].groupby("patient").day.diff().dropna().dt.days
    assert (gaps == 1).all()
