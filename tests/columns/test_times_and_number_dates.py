"""Times of day, clocks and dates as whole numbers are read, drawn and written as such."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import relsynth as rs
from relsynth.evaluate import check_validity
from relsynth.schema.durations import ClockStyle, durations_of

N_ROWS = 200
RNG = np.random.default_rng(0)
HOURS, MINUTES = RNG.integers(6, 27, N_ROWS), RNG.integers(0, 60, N_ROWS)
DAYS = pd.to_datetime(RNG.integers(7_000, 18_000, N_ROWS), unit="D")


def redrawn(values, model="cart"):
    """Return a column that was detected, learned and drawn, and how it was detected."""
    tables = {"t": pd.DataFrame({"id": range(len(values)), "when_date": values})}
    metadata = rs.Metadata.detect(tables)
    synth = rs.RelationalSynthesizer(metadata, model=model, seed=1).fit(tables)
    fake = synth.sample()
    assert check_validity(tables, fake, metadata).found == ()
    assert fake["t"]["when_date"].dtype == tables["t"]["when_date"].dtype
    return fake["t"]["when_date"], metadata.tables["t"].columns["when_date"]


def test_clocks_stay_clocks_beyond_midnight():
    real = [f"{hour:02d}:{minute:02d}:00" for hour, minute in zip(HOURS, MINUTES, strict=True)]
    fake, column = redrawn(real)
    assert (column.kind, column.format) == ("timedelta", "%H:%M:%S")
    assert fake.str.fullmatch(r"(0[6-9]|1\d|2[0-6]):[0-5]\d:00").all()
    assert len(set(fake) - set(real)) > 0


def test_hours_without_a_leading_zero_stay_so():
    real = [f"{hour}:{minute:02d}" for hour, minute in zip(HOURS, MINUTES, strict=True)]
    fake, column = redrawn(real)
    assert column.format == "%H:%M"
    assert fake.str.fullmatch(r"([6-9]|1\d|2[0-6]):[0-5]\d").all()


def test_times_of_the_standard_library_come_back_as_such():
    real = pd.Series([dt.time(h % 24, m) for h, m in zip(HOURS, MINUTES, strict=True)])
    real[::7] = None
    fake, column = redrawn(real)
    assert column.kind == "timedelta"
    assert {type(value) for value in fake.dropna()} == {dt.time}
    assert fake.isna().mean() == pytest.approx(1 / 7, abs=0.08)


@pytest.mark.parametrize("dtype", ["int64", "Int64", "float64"])
def test_whole_numbers_that_are_dates_stay_dates(dtype):
    real = pd.Series(DAYS.strftime("%Y%m%d").astype(int)).astype(dtype)
    if dtype != "int64":
        real[::5] = np.nan
    fake, column = redrawn(real)
    assert (column.kind, column.format) == ("datetime", "%Y%m%d")
    known = fake.dropna().astype("int64").astype(str)
    assert pd.to_datetime(known, format="%Y%m%d", errors="coerce").notna().all()
    assert len(set(known) - set(real.dropna().astype("int64").astype(str))) > 0


@pytest.mark.parametrize(
    ("name", "numbers", "form"),
    [
        ("opened", [20240131, 19991231, 20000229, 20101010], "%Y%m%d"),
        ("opened", [20240131, 19991231, 20000230, 20101010], None),
        ("opened", [20240131], None),
        ("date", [20240131], "%Y%m%d"),
        ("date", [930101, 981231, 960229, 950630], "%y%m%d"),
        ("amount", [930101, 981231, 960229, 950630], None),
        ("date", [930101, 981332, 960229, 950630], None),
    ],
)
def test_numbers_are_dates_only_where_all_of_them_can_be(name, numbers, form):
    metadata = rs.Metadata.detect({"t": pd.DataFrame({name: numbers * 3})})
    column = metadata.tables["t"].columns[name]
    assert (column.kind == "datetime", column.format) == (form is not None, form)


def test_a_key_of_dates_as_numbers_is_issued_as_dates():
    days = pd.Series(pd.date_range("2020-01-01", periods=90).strftime("%Y%m%d").astype(int))
    tables = {
        "calendar": pd.DataFrame({"date_key": days, "open": np.arange(90) % 2}),
        "sales": pd.DataFrame({"date_key": RNG.choice(days, 300), "n": RNG.integers(9, size=300)}),
    }
    metadata = rs.Metadata.detect(tables)
    assert [(key.child, key.parent) for key in metadata.foreign_keys] == [("sales", "calendar")]
    fake = rs.RelationalSynthesizer(metadata, seed=0).fit(tables).sample(scale=2.0)
    issued = fake["calendar"]["date_key"].astype(str)
    assert pd.to_datetime(issued, format="%Y%m%d", errors="coerce").notna().all()
    assert check_validity(tables, fake, metadata).found == ()


@given(
    st.lists(st.integers(0, 359_999), min_size=1, max_size=20),
    st.booleans(),
    st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_reading_and_writing_clocks_gives_the_same_text(seconds, padded, has_seconds):
    texts = []
    for total in seconds:
        minute, second = divmod(total, 60)
        hour, minute = divmod(minute, 60)
        text = f"{hour:02d}" if padded else f"{hour}"
        texts.append(f"{text}:{minute:02d}" + (f":{second:02d}" if has_seconds else ""))
    style = ClockStyle.learn(texts)
    assert style is not None
    micro = durations_of(pd.Series(texts)).to_numpy("timedelta64[us]").astype(np.int64)
    assert style.write(micro).tolist() == texts


@pytest.mark.parametrize(
    "texts", [["9:05", "noon"], ["9:05", "9:05:30"], ["09:05", "9:06"], ["9:75"], ["1:2"], []]
)
def test_what_is_no_clock_or_not_spelled_alike_has_no_style(texts):
    assert ClockStyle.learn(texts) is None


def test_times_are_compared_as_numbers_of_seconds():
    columns = {"id": {"type": "key"}, "at": {"type": "timedelta", "format": "%H:%M"}}
    metadata = rs.Metadata.from_dict(
        {"relsynth": 1, "tables": {"t": {"columns": columns, "primary_key": ["id"]}}}
    )
    early = {"t": pd.DataFrame({"id": range(50), "at": ["08:00", "09:00"] * 25})}
    late = {"t": pd.DataFrame({"id": range(50), "at": ["20:00", "21:00"] * 25})}
    report = rs.evaluate(early, late, metadata, measures=("shapes",), baselines=False)
    assert report.scores["summary"]["shapes"]["score"] == 0.0


def test_fixtures_of_a_clock_are_clocks_inside_their_bounds():
    columns = {"at": {"type": "timedelta", "format": "%H:%M", "min": "08:30", "max": "17:00"}}
    metadata = rs.Metadata.from_dict(
        {"relsynth": 1, "tables": {"t": {"columns": columns, "rows": 400}}}
    )
    made = rs.generate(metadata, seed=0)["t"]["at"]
    assert made.between("08:30", "17:00").all()
    assert made.nunique() > 100


def test_a_clock_out_of_bounds_and_a_wrong_one_are_both_reported():
    columns = {"at": {"type": "timedelta", "format": "%H:%M", "max": "17:00"}}
    metadata = rs.Metadata.from_dict({"relsynth": 1, "tables": {"t": {"columns": columns}}})
    with pytest.raises(rs.DataError, match=r"(?s)no times such as '14:30'.*noon.*17:00"):
        metadata.check({"t": pd.DataFrame({"at": ["16:00", "noon", "18:00"]})})
