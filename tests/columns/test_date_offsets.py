"""Dates as text come back in the form they came in: offset, digits, zeros."""

from __future__ import annotations

import datetime as dt
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stored import restored

import relsynth as rs
from relsynth.columns.encoder import learn_encoder
from relsynth.columns.protection import Holders
from relsynth.evaluate import check_validity
from relsynth.evaluate.database import as_seconds
from relsynth.metadata import Column, ForeignKey, Metadata, Table
from relsynth.metadata.date_format import guess_format
from relsynth.schema.date_text import DateStyle, read_dates, utc_moment

RNG = np.random.default_rng(0)
HOURS = pd.date_range("2023-01-01", "2025-01-01", periods=900).floor("min")
PRAGUE = HOURS.tz_localize("UTC").tz_convert("Europe/Prague")


def learn(texts, holders=None):
    """Return the encoder of a column of dates, read from a model file, and its numbers."""
    series = pd.Series(texts, dtype=object)
    holders = Holders(len(series)) if holders is None else holders
    encoder = restored(learn_encoder(series, Column("c", "datetime"), holders))
    return encoder, encoder.encode(series)


def spelled_with_colon(moments: pd.DatetimeIndex) -> list[str]:
    return [str(moment) for moment in moments]


@pytest.mark.parametrize(
    ("texts", "form"),
    [
        (["2020-01-01 10:00:00+02:00", "2020-06-01 11:30:05+02:00"], "%Y-%m-%d %H:%M:%S%z"),
        (["2020-01-01 10:00:00+02:00", "2020-06-01 10:00:00Z"], "%Y-%m-%d %H:%M:%S%z"),
        (["2020-01-01 10:00:00-0330", "2020-06-01 10:00:00+0000"], "%Y-%m-%d %H:%M:%S%z"),
        (["2020-01-01 10:00:00 +0200", "2020-06-01 10:00:00"], "%Y-%m-%d %H:%M:%S %z"),
        (["2020-01-01 10:00:00", "2020-06-01 10:00:00+05:30"], "%Y-%m-%d %H:%M:%S%z"),
        (["2020-01-01 10:00:00.12+00", "2020-06-01 10:00:00+00"], "%Y-%m-%d %H:%M:%S.%f%z"),
        (["2020-01-01T10:00Z", "2020-06-01T10:30Z"], "%Y-%m-%dT%H:%M%z"),
        (["2020-01-01T10:00:00.123Z", "2020-06-01T10:00:00.050Z"], "%Y-%m-%dT%H:%M:%S.%fZ"),
        (["2020-01-01 10:00:00", "2020-06-01 10:00:00.000123"], "%Y-%m-%d %H:%M:%S.%f"),
        (["2020-01-01 10:00:00,250", "2020-06-01 10:00:00,125"], "%Y-%m-%d %H:%M:%S,%f"),
        (["Wed Oct 10 20:19:24 +0000 2018"], "%a %b %d %H:%M:%S %z %Y"),
        (["1/2/2020 9:05", "11/30/2020 10:15"], "%m/%d/%Y %H:%M"),
        (["31.1.2020", "1.12.2020"], "%d.%m.%Y"),
        (["2020-01-01 10:00:00 UTC", "2020-06-01 10:00:00 UTC"], "%Y-%m-%d %H:%M:%S UTC"),
        (["1/31/2020 9:05 AM", "11/2/2020 12:15 PM"], "%m/%d/%Y %I:%M %p"),
    ],
)
def test_any_usual_form_is_told_and_comes_back(texts, form):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert guess_format(pd.Series(texts)) == form
        encoder, values = learn(texts * 5)
        assert set(encoder.decode(values, RNG)) <= set(texts)
        assert encoder.decode(values, RNG).str[:16].tolist() == [t[:16] for t in texts * 5]


def test_a_constant_offset_stays_with_the_local_time():
    encoder, values = learn([f"2020-01-{day:02d} 08:00:00+02:00" for day in range(1, 29)])
    drawn = encoder.decode(values + 86_400 * 40, RNG)
    assert drawn.str.fullmatch(r"2020-0[23]-\d\d 08:00:00\+02:00").all()


def test_summer_time_follows_from_the_moment():
    texts = spelled_with_colon(PRAGUE)
    encoder, _ = learn(texts)
    other = (HOURS + pd.Timedelta("5h17min"))[:-9].tz_localize("UTC").tz_convert("Europe/Prague")
    away = (other.month != 3) & (other.month != 10)
    wanted = pd.Series(spelled_with_colon(other[away]))
    local = other[away].tz_localize(None).to_numpy("datetime64[us]")
    drawn = encoder.decode(local.astype(np.int64) / 1e6, RNG)
    assert (drawn == wanted).all()
    assert set(drawn.str[-6:]) == {"+01:00", "+02:00"}


def test_mixed_offsets_keep_their_shares_also_at_one_moment():
    offsets = RNG.choice(["+01:00", "-05:00", "Z"], 3000, p=[0.6, 0.3, 0.1])
    texts = [f"2020-01-{1 + i % 3:02d}T00:00:00{offset}" for i, offset in enumerate(offsets)]
    encoder, values = learn(texts)
    drawn = encoder.decode(values, np.random.default_rng(1))
    assert drawn.str[:19].tolist() == [text[:19] for text in texts]
    shares = drawn.str[19:].value_counts(normalize=True)
    assert shares[["+01:00", "-05:00", "Z"]].to_numpy() == pytest.approx([0.6, 0.3, 0.1], abs=0.03)


def test_an_offset_of_one_subject_alone_is_not_emitted():
    texts = [f"2020-01-01 {i % 24:02d}:{i % 60:02d}:00+01:00" for i in range(200)]
    texts[77] = "2020-01-01 05:17:00+05:45"
    encoder, values = learn(texts, Holders.rows(200))
    assert set(encoder.decode(values, RNG).str[-6:]) == {"+01:00"}
    assert encoder.offsets.spelled == ("+01:00",)


def test_a_date_without_an_offset_is_a_date_all_the_same():
    texts = [
        f"2020-01-01 {i % 24:02d}:{i % 60:02d}:00" + "+01:00" * (i % 3 > 0) for i in range(200)
    ]
    encoder, values = learn(texts * 3)
    assert encoder.decode(values, RNG).tolist() == texts * 3


def test_dates_of_the_standard_library_keep_their_offset():
    zones = [dt.timezone(dt.timedelta(hours=hours)) for hours in (1, -5)]
    moments = [dt.datetime(2020, 1, 1 + i % 28, 8, tzinfo=zones[i % 2]) for i in range(60)]
    moments = [moment.replace(tzinfo=zones[moment.day % 2]) for moment in moments]
    encoder, values = learn([*moments, None])
    back = encoder.decode(values, RNG)
    assert back[:60].tolist() == moments
    assert [moment.utcoffset() for moment in back[:60]] == [m.utcoffset() for m in moments]
    assert back.isna().tolist() == [False] * 60 + [True]


def test_zones_of_datetime64_with_summer_time_stay():
    series = pd.Series(PRAGUE)
    encoder = learn_encoder(series, Column("c", "datetime"), Holders(len(series)))
    back = encoder.decode(encoder.encode(series), RNG)
    assert back.dtype == series.dtype
    inside = (series > series.quantile(0.01)) & (series < series.quantile(0.99))
    assert (back[inside] == series[inside]).all()


moments = st.datetimes(dt.datetime(1800, 1, 1), dt.datetime(2200, 1, 1))
offsets = st.sampled_from(["+01:00", "-0330", "Z", "+00", ""])
forms = st.sampled_from(["%Y-%m-%d %H:%M:%S.%f%z", "%d.%m.%Y %H:%M:%S,%f %z", "%m/%d/%Y %I:%M %p"])


@settings(deadline=None)
@given(
    st.lists(st.tuples(moments, offsets), min_size=1),
    forms,
    st.sets(st.integers(0, 6), min_size=1),
    st.sampled_from(["", "d", "dm", "mdHI"]),
)
def test_what_a_style_writes_it_reads_and_learns(listed, form, lengths, bare):
    letters = "".join(letter for letter in bare if f"%{letter}" in form)
    style = DateStyle(form, tuple(sorted(lengths)), letters)
    local = np.array([moment for moment, _ in listed], "datetime64[us]")
    local = local.astype("datetime64[m]" if "%f" not in form else "datetime64[us]")
    told = np.array([offset for _, offset in listed], dtype=object)
    texts = style.write(local.astype("datetime64[us]"), told)
    found = read_dates(texts, form)
    if max(lengths) == 6 or "%f" not in form:
        assert (found.local == local).all()
    assert style.spells(texts).all()
    assert DateStyle.learn(texts, form).spells(texts).all() or letters
    if "%z" in form:
        assert found.offsets.tolist() == told.tolist()


def test_moments_are_compared_in_utc():
    texts = pd.Series(["2020-01-01 10:00:00+02:00", "2020-01-01 08:00:00Z", None, "soon"])
    seconds = as_seconds(texts, "%Y-%m-%d %H:%M:%S%z")
    assert seconds[0] == seconds[1] == pd.Timestamp("2020-01-01 08:00").timestamp()
    assert np.isnan(seconds[2:]).all()
    assert as_seconds(texts).tolist()[:2] == seconds.tolist()[:2]
    assert utc_moment("2020-01-01T10:00:00+02:00", None) == pd.Timestamp("2020-01-01 08:00")


def log(offset_of) -> dict[str, pd.DataFrame]:
    """Return 300 rows with a date whose offset is a function of the row."""
    at = [f"2020-01-{i % 28 + 1:02d} 10:{i % 60:02d}:00{offset_of(i)}" for i in range(300)]
    return {"log": pd.DataFrame({"at": at, "x": range(300)})}


@pytest.mark.parametrize(
    "offset_of",
    [
        lambda i: ("+01:00", "+02:00")[i % 2],
        lambda i: "+02:00",
        lambda i: "Z",
        lambda i: f".{i * 7 % 1000:03d}Z",
        lambda i: "" if i % 50 == 0 else "+02:00",
    ],
)
def test_a_database_with_offsets_is_drawn_and_measured(offset_of):
    tables = log(offset_of)
    metadata = Metadata.detect(tables)
    fake = rs.RelationalSynthesizer(metadata, seed=0).fit(tables).sample()
    report = rs.evaluate(tables, fake, metadata, measures=("validity", "shapes"), baselines=False)
    assert report.scores["summary"]["validity"]["score"] == 0
    assert report.scores["summary"]["shapes"]["score"] > 0.9
    shapes = {text[19:] for text in tables["log"]["at"].str.replace(r"\d", "0", regex=True)}
    assert {text[19:] for text in fake["log"]["at"].str.replace(r"\d", "0", regex=True)} <= shapes


@pytest.mark.parametrize(
    ("real", "fake"),
    [
        ("2020-01-01 10:00:00+02:00", "2020-01-01 10:00:00"),
        ("2020-01-01 10:00:00+02:00", "2020-01-01 10:00:00+0200"),
        ("2020-01-01 10:00:00.123", "2020-01-01 10:00:00.123000"),
        ("2020-01-01T10:00:00Z", "2020-01-01T10:00:00+00:00"),
        ("1/2/2020", "01/02/2020"),
    ],
)
def test_another_spelling_of_dates_breaks_a_rule(real, fake):
    tables = {"t": pd.DataFrame({"at": [real] * 3})}
    metadata = Metadata.detect(tables)
    assert not check_validity(tables, tables, metadata).found
    found = check_validity(tables, {"t": pd.DataFrame({"at": [real, fake, fake]})}, metadata).found
    assert [(one.where, one.rule, one.count) for one in found] == [("t.at", "date format", 2)]


def test_constraints_compare_moments_and_keep_the_offset_of_a_row():
    pytest.importorskip("sqlglot")
    opened = [f"2020-01-{i % 28 + 1:02d} 10:00:00+02:00" for i in range(300)]
    closed = [f"2020-02-{i % 28 + 1:02d} 09:00:00{('Z', '-05:00')[i % 2]}" for i in range(300)]
    tables = {"t": pd.DataFrame({"opened": opened, "closed": closed})}
    metadata = Metadata.detect(tables)
    table = metadata.tables["t"]
    schema = Metadata([type(table)("t", table.columns, checks=("closed > opened",))])
    fake = rs.RelationalSynthesizer(schema, seed=3).fit(tables).sample()["t"]
    form = "%Y-%m-%d %H:%M:%S%z"
    assert (read_dates(fake["closed"], form).utc > read_dates(fake["opened"], form).utc).all()
    assert set(fake["opened"].str[19:]) == {"+02:00"}
    assert set(fake["closed"].str[19:]) == {"Z", "-05:00"}


def test_detection_says_how_many_dates_lack_an_offset():
    tables = log(lambda i: "" if i == 7 else "+02:00")
    metadata = Metadata.detect(tables)
    assert metadata.tables["log"].columns["at"].kind == "datetime"
    (note,) = [note for note in metadata.notes if note.advice]
    assert note.where == "log.at"
    assert "1 of 300 rows have none: '2020-01-08 10:07:00'" in note.evidence


def test_keys_that_are_dates_keep_their_spelling():
    hours = pd.date_range("2024-10-26", periods=80, freq="h", tz="Europe/Prague")
    at = [f"{hour:%Y-%m-%dT%H:%M:%S}.000{hour:%z}" for hour in hours]
    calendar = pd.DataFrame({"at": at, "load": np.arange(80) % 7})
    readings = pd.DataFrame({"id": range(400), "at": [at[i * 7 % 80] for i in range(400)]})
    form = "%Y-%m-%dT%H:%M:%S.%f%z"
    columns = {"at": Column("at", "datetime", format=form), "load": Column("load", "integer")}
    schema = Metadata(
        [
            Table("calendar", columns, ("at",)),
            Table("readings", {"id": Column("id", "key"), "at": columns["at"]}, ("id",)),
        ],
        [ForeignKey("readings", ("at",), "calendar", ("at",))],
    )
    tables = {"calendar": calendar, "readings": readings}
    fake = rs.RelationalSynthesizer(schema, seed=0).fit(tables).sample()
    assert fake["calendar"]["at"].str.fullmatch(r"2024-.{8}:00:00\.000\+0[12]00").all()
    assert not check_validity(tables, fake, schema).found


def test_dates_generated_from_a_schema_alone_have_an_offset():
    column = Column("at", "datetime", format="%Y-%m-%d %H:%M:%S%z", low="2020-01-01 00:00:00+02:00")
    schema = Metadata([Table("t", {"at": column}, rows=50)])
    made = rs.generate(schema, seed=1)["t"]
    assert made["at"].str.endswith("+00:00").all()
    assert (read_dates(made["at"], column.format).utc >= np.datetime64("2019-12-31T22:00")).all()
