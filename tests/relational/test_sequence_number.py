"""Columns that complete a key: nearly counted ones, and those that need values beyond the real."""

from __future__ import annotations

from dataclasses import replace

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from small_databases import assert_valid, cart, link, table

import relsynth as rs
from relsynth.columns.beyond import values_beyond
from relsynth.columns.encoder import learn_encoder
from relsynth.columns.protection import Holders
from relsynth.errors import CapacityError
from relsynth.metadata import Column
from relsynth.relational.children.sequence_number import SequenceNumber


def zones_and_shifts(sizes, starts, rng, *, number=None, key=("zone", "n"), dated=True):
    """Return zones and the shifts of each, counted from its start, with a schema."""
    sizes, starts = np.asarray(sizes), np.broadcast_to(starts, len(sizes))
    zone = np.repeat(np.arange(len(sizes)), sizes)
    position = np.concatenate([np.arange(size) for size in sizes])
    n = starts[zone] + position
    names = np.array([f"Z{i:04d}" for i in range(len(sizes))])
    shifts = pd.DataFrame({"zone": names[zone], "n": n if number is None else number(n)})
    shifts["moved"] = np.where(n % 2 == 0, "forward", "back")
    shifts["size"] = rng.normal(60, 9, len(n)).round(1)
    columns = {"zone": "key", "n": "integer", "moved": "categorical", "size": "numeric"}
    if dated:
        hours = rng.integers(100, 250, len(n))
        total = np.cumsum(hours)
        total -= total[np.cumsum(sizes) - sizes][zone]
        shifts["at"] = pd.Timestamp("1950-01-01") + pd.to_timedelta(total, unit="h")
        columns["at"] = "datetime"
    zones = pd.DataFrame({"zone": names, "area": rng.choice(["A", "B"], len(sizes))})
    metadata = rs.Metadata(
        [
            table("zones", {"zone": "key", "area": "categorical"}, "zone"),
            table("shifts", columns, key),
        ],
        [link("shifts", "zone", "zones", "zone")],
    )
    return metadata, {"zones": zones, "shifts": shifts}


def steps(shifts: pd.DataFrame, column: str = "n") -> pd.Series:
    """Return the differences between neighbouring numbers of one zone."""
    numbers = shifts.assign(n=pd.to_numeric(shifts[column])).sort_values(["zone", "n"])
    return numbers.groupby("zone")["n"].diff().dropna()


def first_numbers(shifts: pd.DataFrame, column: str = "n") -> pd.Series:
    return shifts.assign(n=pd.to_numeric(shifts[column])).groupby("zone")["n"].min()


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.mark.parametrize("seed", range(3))
def test_families_that_start_elsewhere_stay_gapless(seed, rng):
    starts = np.where(rng.random(150) < 0.1, 2, 1)
    metadata, real = zones_and_shifts(rng.integers(1, 30, 150), starts, rng)
    fitted = cart(metadata, real, seed=seed)
    for scale in (0.1, 1.0, 3.0):
        fake = fitted.sample(scale)
        assert_valid(metadata, real, fake, observed=False)
        assert (steps(fake["shifts"]) == 1).all()
        assert first_numbers(fake["shifts"]).isin([1, 2]).all()
    assert 0.02 < (first_numbers(fake["shifts"]) == 2).mean() < 0.3
    assert any("n counts the rows" in note for note in fitted.notes_["shifts"])


def test_the_rest_of_a_row_is_told_its_number_not_its_position(rng):
    starts = np.where(rng.random(150) < 0.3, 2, 1)
    metadata, real = zones_and_shifts(rng.integers(3, 30, 150), starts, rng)
    shifts = cart(metadata, real).sample()["shifts"]
    expected = np.where(shifts["n"] % 2 == 0, "forward", "back")
    assert (shifts["moved"] == expected).mean() > 0.95
    rising = shifts.sort_values(["zone", "n"]).groupby("zone")["at"].diff().dropna()
    assert (rising >= pd.Timedelta(0)).mean() > 0.98


def test_missing_numbers_are_as_rare_as_in_the_data(rng):
    metadata, real = zones_and_shifts(rng.integers(5, 40, 200), 1, rng, dated=False)
    shifts = real["shifts"]
    kept = (rng.random(len(shifts)) >= 0.03) | (shifts["n"] == 1)
    real["shifts"] = shifts[kept].reset_index(drop=True)
    fake = cart(metadata, real).sample()
    assert_valid(metadata, real, fake)
    share = (steps(real["shifts"]) > 1).mean()
    assert (steps(fake["shifts"]) > 0).all()
    assert 0.6 * share < (steps(fake["shifts"]) > 1).mean() < 1.5 * share


@pytest.mark.parametrize("spell", ["{:02d}", "{}"])
@pytest.mark.parametrize("kind", ["integer", "categorical", "key"])
def test_positions_kept_as_text(spell, kind, rng):
    starts = np.where(np.arange(120) % 20 == 0, 2, 1)
    spelled = lambda numbers: [spell.format(number) for number in numbers]  # noqa: E731
    metadata, real = zones_and_shifts(rng.integers(1, 25, 120), starts, rng, number=spelled)
    columns = {**metadata.tables["shifts"].columns, "n": Column("n", kind)}
    metadata = rs.Metadata(
        [metadata.tables["zones"], table("shifts", columns, ("zone", "n"))], metadata.foreign_keys
    )
    fake = cart(metadata, real).sample(3.0)
    assert_valid(metadata, real, fake, observed=False)
    assert (steps(fake["shifts"]) == 1).all()
    numbers = pd.to_numeric(fake["shifts"]["n"])
    assert (fake["shifts"]["n"] == [spell.format(number) for number in numbers]).all()


def test_few_families_of_thousands_of_rows(rng):
    metadata, real = zones_and_shifts([2500, 3000, 1800], [1, 1, 4], rng)
    fake = cart(metadata, real).sample(2.0)
    metadata.check(fake)
    assert (steps(fake["shifts"]) == 1).all()
    assert len(fake["shifts"]) == pytest.approx(14_600, rel=0.1)


def test_families_of_one_row_among_others(rng):
    sizes = np.where(rng.random(200) < 0.8, 1, 3)
    metadata, real = zones_and_shifts(sizes, np.where(np.arange(200) == 5, 2, 1), rng)
    fake = cart(metadata, real).sample(3.0)
    assert_valid(metadata, real, fake, observed=False)
    assert (steps(fake["shifts"]) == 1).all()


def test_children_of_given_rows_and_exact_numbers_of_rows(rng):
    starts = np.where(rng.random(100) < 0.1, 2, 1)
    metadata, real = zones_and_shifts(rng.integers(1, 30, 100), starts, rng)
    fitted = cart(metadata, real)
    given_zones = pd.DataFrame({"zone": ["NEW1", "NEW2"], "area": ["A", "B"]})
    below = fitted.sample_children(of={"zones": given_zones})
    assert set(below["shifts"]["zone"]) <= {"NEW1", "NEW2"}
    assert (steps(below["shifts"]) == 1).all()
    for rows in (37, 5_000, 20_000):
        shifts = fitted.sample(rows={"shifts": rows})["shifts"]
        assert len(shifts) == rows
        assert (steps(shifts) == 1).all()


def test_a_number_nobody_declared_to_be_unique_counts_as_well(rng):
    starts = np.where(rng.random(150) < 0.1, 2, 1)
    metadata, real = zones_and_shifts(rng.integers(1, 30, 150), starts, rng, key=())
    fake = cart(metadata, real).sample()
    assert (steps(fake["shifts"]) == 1).all()
    assert len(fake["shifts"].drop_duplicates(["zone", "n"])) == len(fake["shifts"])


def test_years_start_by_the_parent_and_do_not_run_past_the_last(rng):
    founded = rng.choice([1950, 1991], 120)
    metadata, real = zones_and_shifts(2020 - founded, founded, rng, dated=False)
    real["zones"]["area"] = np.where(founded == 1950, "old", "new")
    fake = cart(metadata, real).sample()
    assert_valid(metadata, real, fake)
    shifts = fake["shifts"]
    assert shifts["n"].between(1950, 2019).all()
    starts = fake["zones"].set_index("zone")["area"].map({"old": 1950, "new": 1991})
    found = first_numbers(shifts)
    assert (found == starts[found.index]).mean() > 0.9


def test_numbers_that_count_down_in_time(rng):
    metadata, real = zones_and_shifts(rng.integers(5, 30, 150), 1, rng)
    shifts = real["shifts"]
    starts = np.where(shifts["zone"] == "Z0003", 2, 1)
    shifts["n"] = shifts.groupby("zone")["n"].transform("max") - shifts["n"] + starts
    fake = cart(metadata, real).sample()
    assert_valid(metadata, real, fake)
    assert (steps(fake["shifts"]) == 1).all()
    falling = fake["shifts"].sort_values(["zone", "n"]).groupby("zone")["at"].diff().dropna()
    assert (falling <= pd.Timedelta(0)).mean() > 0.6


def test_a_saved_model_draws_the_same(rng, tmp_path):
    starts = np.where(rng.random(100) < 0.1, 2, 1)
    metadata, real = zones_and_shifts(rng.integers(1, 20, 100), starts, rng)
    fitted = cart(metadata, real)
    fitted.save(tmp_path / "model")
    loaded = rs.RelationalSynthesizer.load(tmp_path / "model")
    first, second = fitted.sample(seed=3), loaded.sample(seed=3)
    assert all(first[name].equals(second[name]) for name in first)


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 40), min_size=1, max_size=30),
    starts=st.lists(st.integers(-3, 60), min_size=1, max_size=5),
    step=st.integers(1, 7),
    missing=st.sampled_from([0.0, 0.02]),
    counts=st.lists(st.integers(0, 90), min_size=1, max_size=20),
)
def test_numbers_of_a_group_are_distinct_and_on_the_grid(sizes, starts, step, missing, counts):
    rng = np.random.default_rng(len(sizes))
    groups = np.repeat(np.arange(len(sizes)), sizes)
    position = np.arange(len(groups)) - (np.cumsum(sizes) - sizes)[groups]
    first = np.resize(starts, len(sizes))
    numbers = first[groups] + step * position
    kept = rng.random(len(numbers)) >= missing
    frame = pd.DataFrame({"parent": groups[kept], "n": numbers[kept]})
    schema = table("t", {"parent": "key", "n": "integer"}, ("parent", "n"))
    parents = frame["parent"].to_numpy()
    holders = Holders(len(frame), (parents,), (min(5, len(sizes)),))
    near = SequenceNumber.find(frame, schema, ("n",), ("parent",), parents, holders)
    if near is None:
        assert len(frame) < 80
        return
    encoder = learn_encoder(frame["n"], Column("n", "integer"), holders)
    promised = rng.choice([*np.asarray(starts, float), np.nan, 1e6], len(counts))
    drawn = near.draw(np.array(counts), promised, encoder, rng)
    group = np.repeat(np.arange(len(counts)), counts)
    assert (np.diff(drawn)[np.diff(group) == 0] > 0).all()
    assert ((drawn - near.start) % near.unit == 0).all()
    room = (encoder.high - encoder.low) // near.step
    fits = np.asarray(counts)[group] <= room
    assert (drawn[fits] <= encoder.high).all()
    assert (drawn >= encoder.low).all()


def flights(column: Column, values, sizes, rng):
    """Return flights and their seats: the first flight has all, the last three seats alone."""
    flight = np.repeat(np.arange(len(sizes)), sizes)
    seats = [rng.permutation(len(values) - 3)[:size] for size in sizes[1:]]
    seats = np.concatenate([np.arange(sizes[0]), *seats])
    names = np.array([f"F{i:03d}" for i in range(len(sizes))])
    metadata = rs.Metadata(
        [
            table("flights", {"flight": "key", "kind": "categorical"}, "flight"),
            table("seats", {"flight": "key", "seat": column}, ("flight", "seat")),
        ],
        [link("seats", "flight", "flights", "flight")],
    )
    return metadata, {
        "flights": pd.DataFrame({"flight": names, "kind": rng.choice(["x", "y"], len(sizes))}),
        "seats": pd.DataFrame({"flight": names[flight], "seat": pd.Series(values)[seats].array}),
    }


SEATS = {
    "numbers": (Column("seat", "integer"), np.arange(1, 25)),
    "cents": (Column("seat", "numeric"), np.arange(1, 25) / 100),
    "days": (Column("seat", "datetime"), pd.date_range("2020-01-01", periods=24)),
    "texts of days": (
        Column("seat", "datetime", format="%Y-%m-%d"),
        pd.date_range("2020-01-01", periods=24).strftime("%Y-%m-%d"),
    ),
    "durations": (Column("seat", "timedelta"), pd.to_timedelta(range(24), unit="min")),
    "texts": (Column("seat", "text"), [f"place {chr(97 + i)}{i}" for i in range(24)]),
}


@pytest.mark.parametrize("name", SEATS)
@pytest.mark.parametrize("seed", range(2))
def test_any_column_completes_a_key_as_often_as_in_the_data(name, seed, rng):
    column, values = SEATS[name]
    sizes = np.where(np.arange(150) == 0, 24, rng.integers(10, 22, 150))
    metadata, real = flights(column, values, sizes, rng)
    fitted = cart(metadata, real, seed=seed)
    for said in ({"scale": 0.1}, {"scale": 3.0}, {"rows": {"seats": 3_600}}):
        fake = fitted.sample(**said)
        metadata.check(fake)
        assert len(fake["seats"].drop_duplicates()) == len(fake["seats"])
    assert len(fake["seats"]) == 3_600


@pytest.mark.parametrize(
    ("name", "high"),
    [("numbers", 24), ("days", "2020-01-24"), ("texts of days", "2020-01-24")],
)
def test_values_the_schema_rules_out_are_not_invented(name, high, rng):
    sizes = np.where(np.arange(150) == 0, 24, rng.integers(10, 22, 150))
    column, values = SEATS[name]
    fitted = cart(*flights(replace(column, high=high), values, sizes, rng))
    seats = fitted.sample(rows={"seats": 3_600})["seats"]
    assert seats.groupby("flight")["seat"].apply(set).eq(set(values)).all()
    with pytest.raises(CapacityError, match="at most 24"):
        fitted.sample(rows={"seats": 3_601})


def test_values_beyond_end_with_the_storage():
    series = pd.Series(np.arange(100, 126), dtype="int8")
    encoder = learn_encoder(series, Column("seat", "integer"), Holders(26))
    beyond = values_beyond(encoder, 9, np.inf, np.random.default_rng(0))
    assert beyond.tolist() == [126, 127]
    assert beyond.dtype == "int8"
    assert values_beyond(encoder, 9, 126, np.random.default_rng(0)).tolist() == [126]
    assert values_beyond(encoder, 9, -np.inf, np.random.default_rng(0)).empty


def test_a_root_of_less_than_one_row_has_as_much_of_a_family(rng):
    metadata, real = zones_and_shifts(rng.integers(80, 120, 4), 1, rng)
    fake = cart(metadata, real).sample(0.1)
    assert len(fake["zones"]) == 1
    assert len(fake["shifts"]) == pytest.approx(len(real["shifts"]) * 0.1, abs=1)
    assert len(cart(metadata, real).sample(rows={"zones": 1})["shifts"]) > 50


def test_a_short_list_whose_codes_run_out_can_be_kept(rng):
    codes = [a + b for a in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" for b in "ABCDEFGHIJ"]
    countries = pd.DataFrame({"code": codes, "big": rng.choice(["y", "n"], len(codes))})
    towns = pd.DataFrame({"code": rng.choice(codes, 900), "people": rng.integers(1, 99, 900)})
    metadata = rs.Metadata(
        [
            table("countries", {"code": "key", "big": "categorical"}, "code"),
            table("towns", {"code": "key", "people": "integer"}),
        ],
        [link("towns", "code", "countries", "code")],
    )
    real = {"countries": countries, "towns": towns}
    with pytest.raises(CapacityError, match=r"keep=\['countries'\].*\"reference\""):
        cart(metadata, real).sample(3.0)
    fake = cart(metadata, real, keep=["countries"]).sample(3.0)
    assert len(fake["countries"]) == len(countries)


@pytest.mark.parametrize(("families", "length"), [(4, 3_000), (60, 200)])
def test_working_days_that_complete_a_key_stay_in_order(families, length, rng):
    days = pd.bdate_range("2001-01-01", periods=length)
    sizes = rng.integers(length // 2, length, families)
    names = [f"T{i:03d}" for i in range(families)]
    prices = pd.DataFrame({"share": np.repeat(names, sizes), "on": np.concatenate([
        days[-size:] for size in sizes
    ])})  # fmt: skip
    prices["close"] = rng.normal(50, 3, len(prices)).round(2)
    shares = pd.DataFrame({"share": names, "board": rng.choice(["a", "b"], families)})
    metadata = rs.Metadata(
        [
            table("shares", {"share": "key", "board": "categorical"}, "share"),
            table(
                "prices",
                {"share": "key", "on": "datetime", "close": "numeric"},
                ("share", "on"),
            ),
        ],
        [link("prices", "share", "shares", "share")],
    )
    fake = cart(metadata, {"shares": shares, "prices": prices}).sample(2.0)
    metadata.check(fake)
    gaps = fake["prices"].groupby("share")["on"].diff().dropna().dt.days
    assert (gaps > 0).mean() > 0.99
    assert gaps.isin([1, 3]).mean() > 0.95
