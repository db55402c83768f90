"""Columns become numbers and come back: same values, same dtype, same format, nobody's secret."""

from __future__ import annotations

import datetime as dt
import json
import unicodedata
from base64 import b64encode
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stored import restored, stored

import relsynth as rs
from relsynth.columns.dtype import Dtype
from relsynth.columns.encoder import learn_encoder
from relsynth.columns.protection import Holders
from relsynth.columns.providers import provided
from relsynth.relational.sources.encoding import TableEncoding
from relsynth.schema import Column

RNG = np.random.default_rng(0)
COPIES = 5
DAYS = pd.date_range("2019-12-28", periods=40, freq="D")


def tiled(values, dtype=None) -> pd.Series:
    """Return a column that holds every value several times, each of another subject."""
    return pd.Series(list(values) * COPIES, dtype=dtype)


def texts_of(days: pd.DatetimeIndex, text_format: str) -> list[str]:
    return list(days.strftime(text_format))


COLUMNS = {
    "int64": (tiled(range(-20, 20)), "integer"),
    "int8": (tiled([-128, 0, 127], "int8"), "integer"),
    "uint16": (tiled([0, 65_535, 7], "uint16"), "integer"),
    "Int64 with nulls": (tiled([1, 2, None, 2**40], "Int64"), "integer"),
    "integers kept as floats by nulls": (tiled([1.0, np.nan, 3.0]), "integer"),
    "float": (tiled([0.25, -1.5, 3.125, np.nan]), "numeric"),
    "float32": (tiled([0.25, 1e6, -3.5], "float32"), "numeric"),
    "Float64 with nulls": (tiled([0.1, None, 0.2], "Float64"), "numeric"),
    "money": (tiled([5.0, 5.01, 19.99, 0.0]), "numeric"),
    "full precision": (tiled(RNG.normal(size=30)), "numeric"),
    "tiny and huge": (tiled([1e-9, 2.5e-9, 3e12]), "numeric"),
    "decimals as text": (tiled(["5.00", "19.99", "-0.50"]), "numeric"),
    "whole numbers as text": (tiled(["7", "12", "-3"]), "integer"),
    "zero-padded text": (tiled(["007", "042", "999"]), "integer"),
    "text numbers with gaps": (tiled(["1.5", None, "2.5"]), "numeric"),
    "Decimal objects": (tiled([Decimal("5.00"), Decimal("0.25")]), "numeric"),
    "Decimal objects with gaps": (tiled([Decimal("5.0"), None]), "numeric"),
    "bool": (tiled([True, False, True]), "boolean"),
    "boolean with nulls": (tiled([True, None, False], "boolean"), "boolean"),
    "flags as objects": (tiled([True, None, False], object), "boolean"),
    "category": (tiled(["b", "a", None], pd.CategoricalDtype(["z", "b", "a"])), "categorical"),
    "ordered category": (
        tiled(["mid", "low", None], pd.CategoricalDtype(["low", "mid", "high"], ordered=True)),
        "ordinal",
    ),
    "category of integers": (tiled([3, 1, 3], pd.CategoricalDtype([1, 2, 3])), "categorical"),
    "text categories": (tiled(["a", "b", None, "ß"]), "categorical"),
    "object categories": (tiled(["a", "b", None], object), "categorical"),
    "string dtype": (tiled(["a", "b", None], "string"), "categorical"),
    "integer categories": (tiled([10, 20, 30]), "categorical"),
    "float categories with nulls": (tiled([10.0, np.nan, 30.0]), "categorical"),
    "Int64 categories": (tiled([10, None, 30], "Int64"), "categorical"),
    "common text": (tiled(["per aspera", "ad astra", None]), "text"),
    "datetime64": (tiled(DAYS), "datetime"),
    "datetime64 with seconds": (tiled(DAYS + pd.Timedelta("3h7min5s")), "datetime"),
    "datetime64[s]": (tiled(DAYS).astype("datetime64[s]"), "datetime"),
    "datetime64 with nulls": (tiled([*DAYS[:5], pd.NaT]), "datetime"),
    "UTC": (tiled(DAYS.tz_localize("UTC")), "datetime"),
    "zone with summer time": (
        tiled(pd.date_range("2024-03-30", periods=60, freq="h", tz="Europe/Prague")),
        "datetime",
    ),
    "date objects": (tiled([day.date() for day in DAYS]), "datetime"),
    "date objects with gaps": (tiled([DAYS[0].date(), DAYS[9].date(), None]), "datetime"),
    "datetime objects": (
        tiled([dt.datetime(1930, 1, 1, 12, 30), dt.datetime(2030, 5, 1)], object),
        "datetime",
    ),
    "timedelta": (tiled(pd.to_timedelta([1, 90, 3600], unit="s")), "timedelta"),
    "timedelta with nulls": (tiled(pd.to_timedelta([1, None, 3600], unit="s")), "timedelta"),
    **{
        f"dates as {text_format}": (tiled([*texts_of(DAYS, text_format), None]), "datetime")
        for text_format in (
            "%Y-%m-%d",
            "%d.%m.%Y",
            "%m/%d/%Y",
            "%Y%m%d",
            "%Y-%m-%d %H:%M:%S",
            "%Y-%m-%dT%H:%M:%S",
        )
    },
    "all null floats": (pd.Series([np.nan] * 9), "numeric"),
    "all null objects": (pd.Series([None] * 9, dtype=object), "categorical"),
    "all null dates": (pd.Series([pd.NaT] * 9), "datetime"),
    "all null text": (pd.Series([None] * 9, dtype=object), "text"),
    "all null Int64": (pd.Series([None] * 9, dtype="Int64"), "integer"),
    "all null ordinal": (pd.Series([None] * 9, dtype=object), "ordinal"),
    "all null timedelta": (pd.Series([pd.NaT] * 9, dtype="timedelta64[ns]"), "timedelta"),
    "constant integer": (pd.Series([4] * 9), "integer"),
    "constant float": (pd.Series([4.25] * 9), "numeric"),
    "constant text": (pd.Series(["same"] * 9), "categorical"),
    "constant date": (pd.Series([DAYS[0]] * 9), "datetime"),
    "one number": (pd.Series([7]), "integer"),
    "one date": (pd.Series(["2020-02-29"]), "datetime"),
    "one flag": (pd.Series([True]), "boolean"),
    "one moment": (pd.Series([DAYS[0] + pd.Timedelta("0.25s")]), "datetime"),
    "no row of int64": (pd.Series([], dtype="int64"), "integer"),
    "no row of float": (pd.Series([], dtype="float64"), "numeric"),
    "no row of objects": (pd.Series([], dtype=object), "categorical"),
    "no row of text": (pd.Series([], dtype=object), "text"),
    "no row of bool": (pd.Series([], dtype="bool"), "boolean"),
    "no row of dates": (pd.Series([], dtype="datetime64[ns]"), "datetime"),
    "no row of date text": (pd.Series([], dtype=object), "datetime"),
    "no row of durations": (pd.Series([], dtype="timedelta64[ns]"), "timedelta"),
    "no row of ordinals": (
        pd.Series([], dtype=pd.CategoricalDtype(["a", "b"], ordered=True)),
        "ordinal",
    ),
}


def learn(series: pd.Series, kind: str, subjects=None, **said):
    """Return the encoder of a column, and as it comes back from a model file."""
    holders = Holders.rows(len(series))
    if subjects is not None:
        holders = Holders(len(series), (subjects,), (5,))
    encoder = learn_encoder(series, Column("c", kind, **said), holders)
    return encoder, restored(encoder)


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_comes_back_as_it_was(name):
    series, kind = COLUMNS[name]
    learned, restored = learn(series, kind)
    numbers = learned.encode(series)
    assert numbers.dtype == float
    assert numbers.shape == (len(series),)
    assert np.array_equal(np.isnan(numbers), series.isna())
    for encoder in (learned, restored):
        back = encoder.decode(numbers, np.random.default_rng(0))
        pd.testing.assert_series_equal(back, series, check_names=False)
        assert [type(value) for value in back] == [type(value) for value in series]


@pytest.mark.parametrize("name", [name for name in COLUMNS if "no row" not in name])
def test_any_numbers_of_a_model_give_the_dtype_of_the_column(name):
    series, kind = COLUMNS[name]
    encoder, _ = learn(series, kind)
    numbers = encoder.encode(series)
    known = numbers[~np.isnan(numbers)]
    if encoder.kind == "category":
        drawn = np.random.default_rng(1).permutation(numbers)
    else:
        low, high = (known.min(), known.max()) if len(known) else (0.0, 0.0)
        drawn = np.random.default_rng(1).uniform(low - 1, high + 1, 200)
        drawn[np.isnan(np.resize(numbers, 200))] = np.nan
    back = encoder.decode(drawn, np.random.default_rng(0))
    assert back.dtype == series.dtype
    assert np.array_equal(back.isna(), np.isnan(drawn))
    real_types = {type(value) for value in series.dropna()}
    assert {type(value) for value in back.dropna()} <= real_types


@pytest.mark.parametrize(
    ("values", "kind"), [(range(2000, 2020), "integer"), ([f"remark {c}" for c in "abc"], "text")]
)
def test_values_that_are_not_among_the_categories_come_out_all_the_same(values, kind):
    series = tiled(values).astype("category")
    encoder, _ = learn(series, kind, pii=kind == "text")
    back = encoder.decode(encoder.encode(series), np.random.default_rng(0))
    assert isinstance(back.dtype, pd.CategoricalDtype)
    assert back.notna().all()


def test_numbers_in_between_are_written_in_the_format_of_the_real_ones():
    between = np.array([1.23456, 7.0, np.nan])
    rng = np.random.default_rng(0)

    def written(values, kind):
        return learn(tiled(values), kind)[0].decode(between, rng).tolist()[:2]

    assert written([0.0, 9.25], "numeric") == [1.23, 7.0]
    assert written(["0.00", "9.25"], "numeric") == ["1.23", "7.00"]
    assert written(["000", "999"], "integer") == ["001", "007"]
    assert written([Decimal("0.000"), Decimal("9.000")], "numeric") == [
        Decimal("1.235"),
        Decimal("7.000"),
    ]
    assert written([0, 9], "integer") == [1, 7]


def test_numbers_stay_within_what_was_seen_and_declared():
    encoder, _ = learn(tiled(range(10)), "integer", low=2, high=7)
    drawn = encoder.decode(np.array([-50.0, 4.4, 50.0]), np.random.default_rng(0))
    assert drawn.tolist() == [2, 4, 7]
    encoder, _ = learn(tiled(range(10)), "integer")
    assert encoder.decode(np.array([-50.0, 50.0]), np.random.default_rng(0)).tolist() == [0, 9]


def test_dates_fall_on_the_grid_of_the_real_ones():
    mondays = pd.Series(pd.date_range("2024-01-01", periods=30, freq="7D").repeat(4))
    encoder, _ = learn(mondays, "datetime")
    low, high = encoder.encode(mondays)[[0, -1]]
    drawn = encoder.decode(np.linspace(low, high, 500), np.random.default_rng(0))
    assert (drawn == drawn.dt.normalize()).all()
    months = tiled([f"{year}-{month:02d}" for year in (2023, 2024) for month in range(1, 13)])
    encoder, _ = learn(months, "datetime", format="%Y-%m")
    drawn = encoder.decode(encoder.encode(months) + 1000.0, np.random.default_rng(0))
    assert drawn.tolist() == months.tolist()


def test_declared_order_decides_the_ranks_of_an_ordinal():
    series = tiled(["hot", "cold", "warm"])
    encoder, restored = learn(series, "ordinal", values=("cold", "warm", "hot"))
    assert encoder.encode(series)[:3].tolist() == [2.0, 0.0, 1.0]
    assert restored.decode(np.array([0.4, 1.6]), np.random.default_rng(0)).tolist() == [
        "cold",
        "hot",
    ]


def test_many_rare_levels_are_replaced_by_invented_ones_of_the_same_form():
    series = pd.Series([f"AB-{number:04d}x" for number in range(0, 5000, 50)] + ["common"] * 50)
    encoder, _ = learn(series, "categorical")
    back = encoder.decode(encoder.encode(series), np.random.default_rng(0))
    rare = back[:100]
    assert not set(rare) & set(series[:100])
    assert rare.is_unique
    assert rare.str.fullmatch(r"[A-Z]{2}-\d{4}[a-z]").all()
    assert (back[100:] == "common").all()
    assert not any(text in stored(encoder) for text in series[:100])


@pytest.mark.parametrize("kind", ["text", "categorical"])
def test_three_subjects_make_a_value_common(kind):
    series = pd.Series(["everybody"] * 300 + ["three people"] * 3 + ["two persons"] * 2)
    encoder, _ = learn(series, kind)
    back = encoder.decode(encoder.encode(series), np.random.default_rng(0))
    assert (back[300:303] == "three people").all()
    assert not back.isin(["two persons"]).any()


def test_extremes_of_one_subject_are_cut():
    values = np.append(np.arange(200.0), [9999.0] * 5)
    subjects = np.append(np.arange(200), [200] * 5)
    encoder, _ = learn(pd.Series(values), "numeric", subjects)
    back = encoder.decode(encoder.encode(pd.Series(values)), np.random.default_rng(0))
    assert back.max() == 196.0
    assert encoder.decode(np.array([9999.0]), np.random.default_rng(0)).tolist() == [196.0]
    days = pd.Series(pd.to_datetime("2000-01-01") + pd.to_timedelta(values, unit="D"))
    encoder, _ = learn(days, "datetime", subjects)
    assert encoder.encode(days).max() == encoder.encode(days[:197]).max()


def test_personal_text_is_written_anew_in_the_same_form():
    names = [f"{a}{b} {c}ova" for a in "ABCDEFG" for b in "aeiou" for c in ("Nov", "Dvor")]
    real = pd.Series(names * 4)
    encoder, restored = learn(real, "text", pii=True)
    for some in (encoder, restored):
        back = some.decode(encoder.encode(real), np.random.default_rng(0))
        assert not set(back) & set(real)
        assert back.str.fullmatch(r"[A-Z][a-z]* [A-Z][a-z]+( \d+)?").all()


def test_distinct_text_stays_distinct():
    real = pd.Series([f"remark {a}{b} of {c}" for a in "abcdef" for b in "ghijk" for c in "lmnop"])
    encoder, _ = learn(real, "text")
    back = encoder.decode(encoder.encode(real), np.random.default_rng(0))
    assert back.is_unique
    assert not back.isin(real).mean() > 0.1


def written(values, kind="text", **said):
    """Return a column of one subject a row written anew, also by a restored encoder."""
    series = pd.Series(list(values))
    learned, restored = learn(series, kind, **said)
    numbers = learned.encode(series)
    made = [some.decode(numbers, np.random.default_rng(0)) for some in (learned, restored)]
    assert made[0].tolist() == made[1].tolist()
    return made[0]


def test_text_recurs_as_often_as_in_the_data():
    real = [f"{'abcdefgh'[n % 8]}{n:04d} zx" for n in range(200)]
    real[5] = real[6]
    assert written(real).nunique() == 199
    often = [*real[:100], *(["xy said"] * 2), *(real[100:150] * 2)]
    fake = written(often, pii=True)
    assert fake.nunique() == pd.Series(often).nunique()
    assert fake.value_counts().value_counts()[2] == pd.Series(often).value_counts().eq(2).sum()


@pytest.mark.parametrize("kind", ["text", "categorical"])
def test_hexadecimal_texts_stay_such(kind):
    digests = [f"{n * 2654435761 % 2**32:08x}" for n in range(1, 120)]
    assert written(digests, kind).str.fullmatch("[0-9a-f]{8}").all()
    upper = [":".join(text.upper()[i : i + 2] for i in (0, 2, 4)) for text in digests]
    assert written(upper, kind).str.fullmatch("([0-9A-F]{2}:){2}[0-9A-F]{2}").all()
    assert not written([f"cab {n}" for n in range(40)], kind).str.contains("[0-9][a-f]").any()


@pytest.mark.parametrize("kind", ["text", "categorical"])
def test_what_nearly_all_texts_share_stays(kind):
    tails = [f"{'bcdfg'[n % 5]}{'aeiou'[n // 5 % 5]}{'klmnp'[n // 25 % 5]}" for n in range(100)]
    fake = written([*(f"pg_{tail}.sql" for tail in tails), "other"], kind)
    assert fake.str.fullmatch(r"pg_[a-z]{3}\.sql").sum() >= 95
    assert fake.is_unique


@pytest.mark.parametrize("kind", ["text", "categorical"])
def test_addresses_stay_addresses_and_reach_nobody(kind):
    names = [f"{'jkl'[n % 3]}an{n}" for n in range(60)]
    urls = written((f"http://{name}.org/home" for name in names), kind)
    assert urls.str.fullmatch(r"http://[a-z]+\d+\.example\.org/[a-z]{4}").all()
    mails = written((f"{name}@firm{n % 7}.com" for n, name in enumerate(names)), kind)
    assert mails.str.fullmatch(r"[a-z]+\d+@example\.com").all()
    assert mails.is_unique
    people = written((f"J. Novak <{name}@firm.cz>" for name in names), kind, pii=kind == "text")
    assert people.str.fullmatch(r"[A-Z]\. [A-Z][a-z]+ <[a-z]+\d+@example\.org>").all()


def test_addresses_are_shortened_inside():
    real = [f"{'abcdefgh'[n % 8]}nn{n:02d}@a.de" for n in range(60)]
    fake = written(real, max_length=14)
    assert fake.str.fullmatch(r"[a-z0-9]+@example\.org").all()
    assert fake.str.len().max() == 14


def test_words_of_one_person_are_not_common_words():
    own = [f"Wernisch bought {n} {'abcde'[n % 5]}" for n in range(20)]
    others = [f"somebody bought {n} {'klmno'[n % 5]}" for n in range(20, 80)]
    series = pd.Series(own + others)
    subjects = np.array([0] * 20 + list(range(1, 61)))
    encoder, _ = learn(series, "text", subjects)
    back = encoder.decode(encoder.encode(series), np.random.default_rng(0))
    assert back.str.contains("bought").any()
    assert back.str.contains("somebody").any()
    assert not back.str.contains("Wernisch").any()
    assert "Wernisch" not in stored(encoder)


def test_numbers_are_written_with_as_many_decimals_as_those_next_to_them():
    whole, fine = np.arange(-60.0, 60), np.arange(-60, 60) + 0.14285714285
    series = pd.Series(np.r_[whole, fine])
    encoder, restored = learn(series, "numeric")
    near = np.array([3.02, -17.04, 5.1400001])
    for some in (encoder, restored):
        back = some.decode(near, np.random.default_rng(0))
        assert back.tolist() == [3.0, -17.0, 5.1400001]
    plain, _ = learn(pd.Series(RNG.normal(size=300)), "numeric")
    assert plain.decode(np.array([0.123456789]), np.random.default_rng(0)).tolist() == [0.123456789]


def test_missing_values_of_objects_keep_their_spelling():
    none, nan = tiled(["a", None], object), tiled(["a", np.nan], object)
    for series in (none, nan):
        encoder, _ = learn(series, "categorical")
        back = encoder.decode(encoder.encode(series), np.random.default_rng(0))
        assert back.iloc[1] is series.iloc[1] or (back.iloc[1] != back.iloc[1]) is True


@settings(max_examples=50, deadline=None, derandomize=True)
@given(
    st.lists(st.integers(-(10**9), 10**9) | st.none(), min_size=1, max_size=30),
    st.integers(0, 4),
)
def test_decimal_numbers_round_trip(numbers, digits):
    series = tiled([np.nan if n is None else n / 10**digits for n in numbers], "float64")
    encoder, restored = learn(series, "numeric")
    assert encoder.decimals is None or encoder.decimals <= digits
    back = restored.decode(encoder.encode(series), np.random.default_rng(0))
    np.testing.assert_allclose(back, series, rtol=1e-12)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(
    st.lists(
        st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2030, 1, 1)),
        min_size=1,
        max_size=30,
    )
)
def test_moments_round_trip_to_the_microsecond(moments):
    series = tiled(pd.to_datetime(moments))
    encoder, restored = learn(series, "datetime")
    pd.testing.assert_series_equal(
        restored.decode(encoder.encode(series), np.random.default_rng(0)), series
    )


def test_personal_columns_of_a_row_agree_and_stay_unique():
    rng = np.random.default_rng(1)
    ends = [f"{a}{b}" for a in "aeiou" for b in "lmnr"]
    people = pd.DataFrame(
        {
            "first_name": [f"{a}{b}" for a in ("Ann", "Ber", "Car", "Dor") for b in ends],
            "last_name": [f"{a}{b}" for a in ("Nov", "Mey", "Kle", "Bra") for b in ends],
            "email": [f"m{n}@firm.com" for n in range(80)],
            "sex": rng.choice(["female", "male"], 80),
        }
    )
    columns = {n: Column(n, "text", provider=n, pii=True) for n in people.columns[:3]}
    columns["sex"] = Column("sex")
    holders = Holders.rows(80)
    encoding = TableEncoding.learn(people, columns, tuple(people.columns), holders)
    made = encoding.decode(encoding.encode(people), np.random.default_rng(0))
    assert made["email"].is_unique
    for first, last, mail in zip(made["first_name"], made["last_name"], made["email"], strict=True):
        plain = unicodedata.normalize("NFKD", f"{first}.{last}").encode("ascii", "ignore").decode()
        assert mail.startswith(plain.lower().replace(" ", ".").replace("'", ".")[:4])


def test_amounts_and_forms_come_back_as_they_are_written():
    rng = np.random.default_rng(2)
    amounts = [f"${x:,.2f}" for x in rng.gamma(2, 800, 200)]
    assert written(amounts, "numeric").str.fullmatch(r"\$[\d,]+\.\d\d").all()
    orders = [
        f"SO-{y}-{x:05d}" for y, x in zip([2021, 2022] * 100, range(0, 99800, 499), strict=True)
    ]
    assert written(orders).str.fullmatch(r"SO-202[12]-\d{5}").all()
    documents = [json.dumps({"a": int(x), "b": ["x", "y"]}) for x in rng.integers(0, 10**6, 200)]
    assert all(set(json.loads(text)) == {"a", "b"} for text in written(documents))


def test_the_numbers_of_a_range_written_as_text_rise():
    rng = np.random.default_rng(8)
    low = rng.integers(100, 999, 200)
    texts = [f"{a}-{a + b}" for a, b in zip(low, rng.integers(1, 50, 200), strict=True)]
    tables = {"lots": pd.DataFrame({"id": range(200), "range": texts})}
    fake = rs.RelationalSynthesizer(rs.Metadata.detect(tables)).fit(tables).sample()["lots"]
    ends = fake["range"].str.split("-", expand=True).astype(int)
    assert (ends[0] <= ends[1]).all()


def test_codes_with_a_plus_keep_it_however_few_there_are():
    tables = {"office": pd.DataFrame({"id": range(80), "dial": ["+49", "+1", "+33", "+81"] * 20})}
    fake = rs.RelationalSynthesizer(rs.Metadata.detect(tables)).fit(tables).sample()["office"]
    assert set(fake["dial"]) == {"+49", "+1", "+33", "+81"}


def test_times_of_day_with_a_word_behind_are_no_amounts():
    rng = np.random.default_rng(4)
    texts = [f"{h}.{m:02d} Uhr" for h, m in rng.integers((0, 0), (24, 60), (200, 2)).tolist()]
    tables = {"visit": pd.DataFrame({"id": range(200), "start": texts})}
    fake = rs.RelationalSynthesizer(rs.Metadata.detect(tables)).fit(tables).sample()["visit"]
    assert fake["start"].str.fullmatch(r"(1?\d|2[0-3])\.[0-5]\d Uhr").all()


@pytest.mark.parametrize("name", ["Int64", "Int8", "uint8[pyarrow]", "int64"])
def test_missing_whole_numbers_are_stored_without_a_warning(name):
    dtype = Dtype.open(pd.Series([1, 2], dtype=name))
    made = dtype.series(np.array([1.0, np.nan]), np.array([False, True]))
    assert made.isna().tolist() == [False, True]
    assert made[0] == 1


def test_texts_of_nobody_go_on_in_their_form_beyond_the_real_ones():
    rng = np.random.default_rng(0)
    codes = ["".join(rng.choice(list("ABCDEFGH23456789"), 6)) for _ in range(150)]
    tables = {"record": pd.DataFrame({"id": range(150), "booking": codes})}
    made = rs.RelationalSynthesizer(rs.Metadata.detect(tables), seed=0).fit(tables).sample(scale=3)
    assert made["record"]["booking"].str.fullmatch("[A-H2-9]{6}").all()


def test_texts_of_several_shapes_follow_a_status():
    rng = np.random.default_rng(1)
    form = {"paid": "Payment {} received, thank you.", "refused": "Refused (code {})"}
    status = rng.choice(list(form), 300)
    text = [form[s].format(n) for s, n in zip(status, rng.permutation(9000)[:300], strict=True)]
    tables = {"note": pd.DataFrame({"id": range(300), "status": status, "text": text})}
    synth = rs.RelationalSynthesizer(rs.Metadata.detect(tables), seed=0).fit(tables)
    made = synth.sample(scale=2)["note"]
    assert (made["text"].str.startswith("Payment") == (made["status"] == "paid")).all()
    assert (
        made["text"].str.fullmatch(r"Payment \d+ received, thank you\.|Refused \(code \d+\)").all()
    )


def test_open_ends_stay_dates():
    rng = np.random.default_rng(2)
    start = pd.Series(pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 600, 500), "D"))
    end = (start + pd.to_timedelta(rng.integers(10, 400, 500), "D")).dt.date
    frame = pd.DataFrame({"id": range(500), "start": start.dt.date, "end": end})
    frame.loc[rng.random(500) < 0.3, "end"] = dt.date(9999, 12, 31)
    tables = {"tariff": frame}
    made = rs.RelationalSynthesizer(rs.Metadata.detect(tables), seed=0).fit(tables).sample(scale=4)
    assert {type(value) for value in made["tariff"]["end"]} == {dt.date}


@pytest.mark.parametrize("form", ["plain", "base64"])
def test_digits_of_clocks_and_bytes_as_text_keep_their_form(form):
    rng = np.random.default_rng(3)
    minutes = rng.integers(0, 1440, 200)
    if form == "plain":
        texts, wanted = [f"{m // 60:02d}{m % 60:02d}" for m in minutes], "([01]\\d|2[0-3])[0-5]\\d"
    else:
        texts, wanted = [b64encode(rng.bytes(9)).decode() for _ in minutes], "[A-Za-z0-9+/]{12}"
    tables = {"record": pd.DataFrame({"id": range(200), "part": texts})}
    made = rs.RelationalSynthesizer(rs.Metadata.detect(tables), seed=0).fit(tables).sample(scale=3)
    assert made["record"]["part"].str.fullmatch(wanted).all()


def test_departments_of_a_few_people_are_words_of_work():
    frame = pd.DataFrame({"id": range(4), "name": ["Ann Lee", "Bo Ray", "Cy Dee", "Di Fox"]})
    frame["specialty"] = ["Cardiology", "Neurology", "Radiology", "Surgery"]
    tables = {"doctors": frame}
    synth = rs.RelationalSynthesizer(rs.Metadata.detect(tables), seed=0).fit(tables)
    made = synth.sample()["doctors"]["specialty"]
    assert not made.isin(frame["specialty"]).any()
    assert made.isin(provided("job", "en_US")).all()
