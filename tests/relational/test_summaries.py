"""Extension columns: summaries of children worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relsynth.columns.matrix import Matrix
from relsynth.models.cart import SequentialTrees
from relsynth.relational.children.counts import fit_total
from relsynth.relational.children.summary import ExtensionLayout
from relsynth.relational.children.summary_model import ExtensionModel

NAN = np.nan
CHILDREN = Matrix(
    ("day", "price", "size"),
    ("number", "number", "category"),
    np.array(
        [
            [5.0, 10.0, 0.0],
            [2.0, 20.0, 1.0],
            [9.0, NAN, 0.0],
            [4.0, 7.0, 2.0],
            [4.0, 7.0, NAN],
            [1.0, 99.0, 1.0],
        ]
    ),
)
PARENTS = np.array([0, 0, 0, 2, 2, -1])


def summary(name: str) -> list[float]:
    layout = ExtensionLayout.of(CHILDREN, "day")
    made = layout.summarise(CHILDREN, PARENTS, 4)
    assert made.names == layout.names
    assert made.kinds == layout.kinds
    return made[name].tolist()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (".count", [3, 0, 2, 0]),
        ("day.first", [2, NAN, 4, NAN]),
        ("day.last", [9, NAN, 4, NAN]),
        ("price.mean", [15, NAN, 7, NAN]),
        ("price.spread", [5, NAN, 0, NAN]),
        ("price.missing", [1 / 3, NAN, 0, NAN]),
        ("size.distinct", [2, NAN, 1, NAN]),
        ("size.share[0]", [2 / 3, NAN, 0, NAN]),
        ("size.share[1]", [1 / 3, NAN, 0, NAN]),
        ("size.share[2]", [0, NAN, 1, NAN]),
        ("size.missing", [0, NAN, 0.5, NAN]),
    ],
)
def test_summary_by_hand(name, expected):
    assert summary(name) == pytest.approx(expected, nan_ok=True)


def test_the_layout_names_each_summary_once_and_is_linear_in_columns():
    layout = ExtensionLayout.of(CHILDREN, "day")
    assert layout.names == (
        ".count",
        "day.first",
        "day.last",
        "price.mean",
        "price.spread",
        "price.missing",
        "size.distinct",
        "size.share[0]",
        "size.share[1]",
        "size.share[2]",
        "size.missing",
    )
    without_order = ExtensionLayout.of(CHILDREN, None)
    assert "day.mean" in without_order.names
    assert not any(name.endswith((".first", ".last")) for name in without_order.names)


def test_two_levels_need_one_share_and_one_level_none():
    codes = np.column_stack([[0.0, 1.0, 1.0], [0.0, 0.0, 0.0], [NAN, NAN, NAN]])
    layout = ExtensionLayout.of(Matrix(("two", "one", "none"), ("category",) * 3, codes), None)
    assert layout.names == (".count", "two.distinct", "two.share[1]", "one.distinct")


def test_no_children_and_no_parents_are_summarised():
    none = Matrix(CHILDREN.names, CHILDREN.kinds, np.empty((0, 3)))
    layout = ExtensionLayout.of(CHILDREN, "day")
    made = layout.summarise(none, np.empty(0, np.int64), 2)
    assert made[".count"].tolist() == [0, 0]
    assert np.isnan(made.values[:, 1:]).all()
    assert layout.summarise(none, np.empty(0, np.int64), 0).values.shape == (0, 11)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(
            st.integers(-1, 5),
            st.none() | st.integers(-50, 50),
            st.none() | st.integers(0, 3),
        ),
        max_size=40,
    )
)
def test_summaries_agree_with_pandas(rows):
    frame = pd.DataFrame(rows, columns=["parent", "x", "c"]).astype(float)
    children = Matrix(("x", "c"), ("number", "category"), frame[["x", "c"]].to_numpy())
    made = ExtensionLayout.of(children, None).summarise(
        children, frame["parent"].to_numpy(np.int64), 6
    )
    groups = frame[frame["parent"] >= 0].groupby("parent")
    expected = {
        ".count": groups.size().reindex(range(6), fill_value=0),
        "x.mean": groups["x"].mean(),
        "x.spread": groups["x"].std(ddof=0),
        "x.missing": groups["x"].apply(lambda x: x.isna().mean()),
        "c.distinct": groups["c"].nunique(),
    }
    for name, values in expected.items():
        if name in made.names:
            np.testing.assert_allclose(made[name], values.reindex(range(6)), atol=1e-9)


def test_promised_summaries_are_possible_and_follow_the_context():
    rng = np.random.default_rng(0)
    n_parents = 400
    kind = rng.integers(0, 2, n_parents).astype(float)
    counts = np.where(kind == 0, 0, rng.integers(1, 6, n_parents))
    parents = np.repeat(np.arange(n_parents), counts)
    children = Matrix(
        ("price", "size"),
        ("number", "category"),
        np.column_stack([rng.normal(size=len(parents)), rng.integers(0, 3, len(parents))]),
    )
    context = Matrix(("kind",), ("category",), kind[:, None])
    model = ExtensionModel.fit(
        children, parents, context, lambda rows, context, groups: SequentialTrees(), seed=1
    )
    promise = model.sample(context, np.random.default_rng(2))
    number = promise[".count"]
    assert ((number == 0) == (kind == 0)).all()
    assert set(number) <= set(counts.astype(float))
    assert number.sum() == pytest.approx(counts.sum(), rel=0.02)
    assert np.isnan(promise.values[number == 0, 1:]).all()
    has = number > 0
    assert (promise["price.spread"][number == 1] == 0).all()
    assert (promise["price.spread"][has] >= 0).all()
    assert (promise["size.distinct"][has] <= number[has]).all()
    assert (promise["size.distinct"][has] >= 1).all()
    assert ((promise["size.share[0]"][has] >= 0) & (promise["size.share[0]"][has] <= 1)).all()


def test_counts_are_scaled_to_a_total_and_zeros_stay():
    counts = np.array([0, 1, 2, 3, 0, 4])
    rng = np.random.default_rng(0)
    assert fit_total(counts, 10, rng) is counts
    assert fit_total(counts, 20, rng).tolist() == [0, 2, 4, 6, 0, 8]
    halved = fit_total(counts, 5, rng)
    assert halved.sum() == 5
    assert (np.abs(halved - counts / 2) < 1).all()
    assert fit_total(counts, 0, rng).tolist() == [0] * 6


def test_no_parent_gets_more_than_it_may_have():
    counts = np.array([0, 0, 1, 30])
    rng = np.random.default_rng(0)
    assert fit_total(counts, 4, rng, at_most=1).tolist() == [1, 1, 1, 1]
    shared = fit_total(counts, 12, rng, at_most=5)
    assert shared.sum() == 12
    assert shared.max() <= 5
    few = fit_total(np.array([0, 0, 8, 0, 0]), 15, rng, at_most=8)
    assert few[2] >= 7
    assert np.sort(few).tolist() in ([0, 0, 0, 7, 8], [0, 0, 0, 8, 7])
    assert fit_total(np.zeros(5, np.int64), 3, rng).sum() == 3


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.lists(st.integers(0, 20), min_size=1, max_size=30),
    st.integers(1, 8),
    st.floats(0, 1),
    st.integers(0, 50),
)
def test_any_total_within_the_limit_is_met_exactly(counts, limit, share, seed):
    total = math.floor(share * limit * len(counts))
    made = fit_total(np.array(counts), total, np.random.default_rng(seed), at_most=limit)
    assert made.sum() == total
    assert made.min() >= 0
    assert made.max() <= limit
