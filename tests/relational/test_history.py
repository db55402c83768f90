"""Siblings in order: what `past` tells of complete rows, `History` tells step by step."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relsynth.columns.matrix import Matrix
from relsynth.relational.children.history import (
    COUNTED_LEVELS,
    History,
    HistoryLayout,
    Siblings,
    past,
)
from relsynth.relational.children.inter_event import OrderColumn

NAN = np.nan
NAMES, KINDS = ("x", "c"), ("number", "category")
ROWS = np.array([[1.0, 0.0], [3.0, 0.0], [NAN, 1.0], [5.0, NAN], [7.0, 2.0]])
GROUPS = np.array([0, 0, 0, 1, 1])


def test_rows_are_sorted_by_group_then_by_order_then_as_given():
    groups = np.array([1, 0, 1, 0, 1])
    siblings = Siblings.of(groups)
    assert siblings.rows.tolist() == [1, 3, 0, 2, 4]
    assert siblings.group.tolist() == [0, 0, 1, 1, 1]
    assert siblings.position.tolist() == [0, 1, 0, 1, 2]
    assert siblings.remaining.tolist() == [1, 0, 2, 1, 0]
    ordered = Siblings.of(groups, np.array([3.0, 2.0, 1.0, 1.0, 2.0]))
    assert ordered.rows.tolist() == [3, 1, 2, 4, 0]


def test_no_rows_have_no_siblings():
    empty = Siblings.of(np.empty(0, np.int64))
    assert len(empty.rows) == len(empty.position) == 0


def test_the_past_by_hand():
    rows = Matrix(NAMES, KINDS, ROWS)
    layout = HistoryLayout.of(rows, np.array([0, 3]))
    told = past(rows, Siblings.of(GROUPS), layout)
    assert told.names == ("before.x", "before.c", "mean.x", "distinct.c")
    assert told.kinds == ("number", "category", "number", "count")
    expected = [
        [NAN, NAN, NAN, 0],
        [1, 0, 1, 1],
        [3, 0, 2, 1],
        [NAN, NAN, NAN, 0],
        [5, NAN, 5, 0],
    ]
    np.testing.assert_array_equal(told.values, expected)


def test_categories_of_many_levels_are_not_counted():
    rows = Matrix(NAMES, KINDS, ROWS)
    layout = HistoryLayout.of(rows, np.array([0, COUNTED_LEVELS + 1]))
    assert layout.names == ("before.x", "before.c", "mean.x")


@settings(max_examples=80, deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(st.integers(0, 6), st.none() | st.integers(-9, 9), st.none() | st.integers(0, 4)),
        min_size=1,
        max_size=60,
    )
)
def test_history_tells_step_by_step_what_past_tells_at_once(drawn):
    table = np.array(drawn, float)
    groups = np.unique(table[:, 0], return_inverse=True)[1]
    siblings = Siblings.of(groups)
    rows = Matrix(NAMES, KINDS, table[siblings.rows, 1:])
    layout = HistoryLayout.of(rows, np.array([0, 5]))
    at_once = past(rows, siblings, layout)
    history = History(layout, int(groups.max()) + 1, 2)
    for position in range(int(siblings.position.max()) + 1):
        here = np.flatnonzero(siblings.position == position)
        told = history.features(siblings.group[here])
        assert told.names == at_once.names
        np.testing.assert_allclose(told.values, at_once.values[here], atol=1e-9)
        history.add(siblings.group[here], rows.values[here])


DAY = 86_400.0


def order_of(values, groups, **said) -> OrderColumn | None:
    rows = Matrix(("t",), ("number",), np.array(values, float)[:, None])
    steps, decimals = said.get("steps", {}), said.get("decimals", {})
    return OrderColumn.find(rows, np.array(groups), steps, decimals)


def test_a_date_that_puts_siblings_into_order_is_found_with_its_grid():
    order = order_of([0, 2 * DAY, DAY, 7 * DAY], [0, 0, 1, 1], steps={"t": DAY})
    parts = ("day", "left", "weekday")
    assert order == OrderColumn("t", DAY, 2 * DAY, 0.0, 7 * DAY, parts=parts)


def test_whole_numbers_that_rise_are_an_order_and_others_are_not():
    assert order_of([1, 2, 3, 1, 2], [0, 0, 0, 1, 1], decimals={"t": 0}).least == 1.0
    assert order_of([3, 1, 2, 2, 1], [0, 0, 0, 1, 1], decimals={"t": 0}) is None
    assert order_of([1, 2, 3, 1, 2], [0, 0, 0, 1, 1], decimals={"t": 2}) is None


@pytest.mark.parametrize(
    ("values", "groups"),
    [
        ([0, DAY, NAN, DAY], [0, 0, 1, 1]),
        ([0, 0, DAY, DAY], [0, 0, 1, 1]),
        ([0, DAY, 2 * DAY], [0, 1, 2]),
    ],
    ids=["gaps in the column", "ties", "no siblings"],
)
def test_a_date_that_orders_nothing_is_not_an_order(values, groups):
    assert order_of(values, groups, steps={"t": DAY}) is None


def test_gaps_are_turned_back_into_the_values():
    order = OrderColumn("t", 1.0, 0.0, 0.0, 100.0)
    values, position = np.array([4.0, 6.0, 9.0, 1.0, 1.0]), np.array([0, 1, 2, 0, 1])
    gaps = order.gaps(values, position)
    assert gaps.tolist() == [0, 2, 3, 0, 0]
    assert order.advance(values[[0, 1, 3]], gaps[[1, 2, 4]]).tolist() == [6, 9, 1]
    assert order.advance(np.array([5.0]), np.array([-7.3])).tolist() == [5]
    assert order.on_grid(np.array([-5.0, 3.4, NAN, 1000.0])).tolist() == [0, 3, 0, 100]


def test_groups_that_run_past_the_end_are_compressed_alone():
    order = OrderColumn("t", 1.0, 0.0, 0.0, 10.0)
    values = np.array([2.0, 10.0, 18.0, 1.0, 9.0])
    assert order.confine(values, np.array([0, 3])).tolist() == [2, 6, 10, 1, 9]
