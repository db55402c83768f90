"""Dates that gaps have drifted away from are spread over time as in the data."""

import numpy as np
import pandas as pd
import pytest
from small_databases import cart, link, table

import relsynth as rs
from relsynth.columns.matrix import Matrix
from relsynth.relational.children.inter_event import OrderColumn


def column(values, step=1.0, least=0.0):
    values = np.asarray(values, float)
    groups = np.repeat(np.arange(len(values) // 10), 10)
    rows = Matrix(("when",), ("number",), values[:, None])
    return OrderColumn.find(rows, groups, {"when": step}, {"when": None})


def seasons(n_parents=200, seed=0):
    """Ten moments a parent, in two months of the year with nothing between."""
    rng = np.random.default_rng(seed)
    days = np.sort(
        np.where(rng.random((n_parents, 10)) < 0.5, 0, 200) + rng.uniform(0, 30, (n_parents, 10))
    )
    return (days * 86_400).round().ravel()


def test_values_fill_no_hole_and_siblings_keep_their_order():
    real = seasons()
    order = column(real)
    drifted = np.sort(np.linspace(0, 231 * 86_400, 2_000).reshape(10, 200).T, axis=1).ravel()
    moved = order.align(drifted)
    in_hole = (moved > 31 * 86_400) & (moved < 199 * 86_400)
    assert in_hole.mean() < 0.003
    assert (np.diff(moved.reshape(-1, 10), axis=1) >= 0).all()
    assert np.quantile(moved, [0.1, 0.9]) == pytest.approx(np.quantile(real, [0.1, 0.9]), rel=0.05)


def test_what_lies_where_the_data_lie_is_left_alone():
    order = column(seasons())
    same = seasons(seed=1)
    assert order.align(same) is same
    early = same * 0.1
    assert order.align(early) is early
    full = column(np.sort(np.random.default_rng(0).uniform(0, 1e7, (200, 10)), axis=1).ravel())
    late = np.linspace(9e6, 1e7, 2_000)
    assert full.align(late) is late


def test_days_shared_by_many_rows_move_together():
    days = np.r_[np.arange(10.0), np.arange(50.0, 60.0)] * 86_400
    order = column(np.tile(days, 100), step=86_400.0)
    assert not order.is_fine
    drawn = np.tile(np.arange(60.0)[::3] * 86_400, 100)
    moved = order.align(drawn)
    assert all(len(np.unique(moved[drawn == day])) == 1 for day in np.unique(drawn))
    assert set(np.unique(moved)) <= set(days)


def test_relations_to_the_date_hold_afterwards():
    rng = np.random.default_rng(0)
    start = pd.Timestamp("2024-01-01")
    begin = start + pd.to_timedelta(seasons(150), unit="s")
    visits = pd.DataFrame(
        {
            "id": np.arange(1_500),
            "guest_id": np.repeat(np.arange(150), 10),
            "begin": begin,
            "end": begin + pd.to_timedelta(rng.integers(1, 72, 1_500), unit="h"),
        }
    )
    guests = pd.DataFrame({"id": np.arange(150), "age": rng.integers(20, 60, 150)})
    columns = {"id": "key", "guest_id": "key", "begin": "datetime", "end": "datetime"}
    metadata = rs.Metadata(
        [table("guests", {"id": "key", "age": "integer"}, "id"), table("visits", columns, "id")],
        [link("visits", "guest_id", "guests")],
    )
    fake = cart(metadata, {"guests": guests, "visits": visits}).sample(scale=2.0)["visits"]
    stay = (fake["end"] - fake["begin"]).dt.total_seconds() / 3_600
    assert stay.between(1, 71).all()
    assert (stay == stay.round()).mean() > 0.99
    day = (fake["begin"] - start).dt.days
    assert day.between(32, 198).mean() < 0.01
    assert fake.groupby("guest_id")["begin"].apply(lambda days: days.is_monotonic_increasing).all()
