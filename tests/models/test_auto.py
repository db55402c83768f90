"""Choosing a table model: by held-out detection, reproducible, with a reason to read."""

import re

import numpy as np
import pytest

from relsynth.columns.matrix import Matrix
from relsynth.models import make_model
from relsynth.models.auto import choose_model


class Copied:
    """Draws columns as they are spread, shifted by `off`; counts how often it is fitted."""

    def __init__(self, off=0.0, fitted=None):
        self.off = off
        self.fitted = [] if fitted is None else fitted

    def fit(self, rows, context, *, seed=None):
        self.rows, self.context = rows.values, context.values
        self.fitted.append(len(rows))
        return self

    def sample(self, context, rng):
        near = np.abs(context.values[:, :1] - self.context[:, 0]).argmin(1)
        return self.rows[near] + self.off

    def to_state(self):
        return {}

    @classmethod
    def from_state(cls, state):
        return cls()


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(300), 3)
    given = rng.normal(size=(300, 1))[groups]
    values = np.column_stack([given[:, 0] + 0.3 * rng.normal(size=900), rng.normal(size=900)])
    rows = Matrix(("a", "b"), ("number", "number"), values)
    return rows, Matrix(("p",), ("number",), given), groups


def test_the_model_nearest_to_real_rows_wins_whatever_its_place(table):
    good, bad = Copied, lambda: Copied(off=1.0)
    for candidates in ({"good": good, "bad": bad}, {"bad": bad, "good": good}):
        name, reason = choose_model(candidates, *table, seed=0)
        assert name == "good"
        assert reason.startswith("good: a classifier tells its rows from held-out ones with AUC 0.")
        assert float(reason.split("against bad ")[1]) > 0.8


def test_equally_good_models_leave_the_preferred_one(table):
    for names in (("one", "two"), ("two", "one")):
        assert choose_model(dict.fromkeys(names, Copied), *table, seed=0)[0] == names[0]


def test_a_model_that_ignores_the_context_is_seen_through(table):
    class Blind(Copied):
        def sample(self, context, rng):
            return self.rows[rng.integers(len(self.rows), size=len(context))]

    assert choose_model({"blind": Blind, "told": Copied}, *table, seed=0)[0] == "told"


def test_two_thirds_of_whole_groups_are_learned_from(table):
    fitted, seen = [], []

    class Watched(Copied):
        def sample(self, context, rng):
            seen.append((self.context[:, 0], context.values[:, 0]))
            return super().sample(context, rng)

    candidates = {"a": lambda: Watched(fitted=fitted), "b": lambda: Watched(fitted=fitted)}
    choose_model(candidates, *table, seed=0)
    assert fitted == [600, 600]
    for learned, held_out in seen:
        assert not np.isin(held_out, learned).any()


def test_the_choice_is_the_same_again_and_for_another_order_of_time(table):
    candidates = {name: lambda name=name: make_model(name) for name in ("cart", "gaussian_copula")}
    first = choose_model(candidates, *table, seed=3)
    assert first == choose_model(candidates, *table, seed=3)


def test_real_models_on_a_curve_that_a_gaussian_cannot_follow():
    rng = np.random.default_rng(0)
    x = rng.uniform(-2, 2, 2_000)
    values = np.column_stack([x, x**2 + 0.05 * rng.normal(size=2_000)])
    rows = Matrix(("x", "y"), ("number", "number"), values)
    candidates = {name: lambda name=name: make_model(name) for name in ("gaussian_copula", "cart")}
    name, reason = choose_model(candidates, rows, Matrix.empty(2_000), np.arange(2_000), seed=0)
    assert name == "cart", reason


def test_every_candidate_is_measured_and_named():
    rng = np.random.default_rng(0)
    rows = Matrix(("a",), ("number",), rng.normal(size=(900, 1)))

    class Exact(Copied):
        def sample(self, context, rng):
            return rng.normal(size=(len(context), 1))

    class Off(Copied):
        def sample(self, context, rng):
            return rng.normal(size=(len(context), 1)) + 3

    candidates = {"exact": Exact, "off": Off, "far": Off}
    name, reason = choose_model(candidates, rows, Matrix.empty(900), np.arange(900), seed=0)
    assert name == "exact"
    assert "off 0.9" in reason
    assert "far 0.9" in reason


def test_the_budget_leaves_out_the_last_candidates(table):
    fitted = []
    candidates = {name: lambda: Copied(fitted=fitted) for name in ("a", "b", "c")}
    name, reason = choose_model(candidates, *table, seed=0, budget_seconds=0.0)
    assert (name, fitted) == ("a", [])
    assert reason == "a: b and c would take longer than allowed"
    _, reason = choose_model(candidates, *table, seed=0, budget_seconds=0.3)
    assert len(fitted) == 2
    assert reason.endswith("; c left out for time")


@pytest.mark.parametrize(
    ("n", "columns", "n_groups", "why"),
    [
        (0, 1, 1, "no column that varies"),
        (30, 1, 30, "too small to compare models \\(30 rows"),
        (100, 0, 100, "no column that varies"),
        (100, 1, 3, "too few parents to hold some out \\(3,"),
    ],
)
def test_tables_without_a_comparison(n, columns, n_groups, why):
    rows = Matrix(
        ("a",) * columns, ("number",) * columns, np.arange(n * columns).reshape(n, columns)
    )
    candidates = {"a": Copied, "b": Copied}
    name, reason = choose_model(
        candidates, rows, Matrix.empty(n), np.arange(n) % max(n_groups, 1), seed=0
    )
    assert name == "a"
    assert re.search(why, reason)


def test_the_only_candidate_needs_no_comparison(table):
    assert choose_model({"a": Copied}, *table, seed=0) == ("a", "a: the only candidate")


def test_few_large_groups_are_cut_to_a_bounded_number_of_rows():
    rng = np.random.default_rng(0)
    fitted = []
    rows = Matrix(("a",), ("number",), rng.normal(size=(80_000, 1)))
    context = Matrix(("p",), ("number",), rng.normal(size=(80_000, 1)))
    candidates = {name: lambda: Copied(fitted=fitted) for name in ("a", "b")}
    choose_model(candidates, rows, context, np.arange(80_000) % 8, seed=0)
    assert max(fitted) <= 8_000


@pytest.mark.parametrize("n", [60, 200])
def test_columns_of_one_value_or_none_are_nothing_to_compare(n):
    values = np.column_stack([np.full(n, np.nan), np.full(n, 3.0)])
    rows = Matrix(("empty", "same"), ("number", "category"), values)
    candidates = {name: lambda name=name: make_model(name) for name in ("cart", "hvrt")}
    name, reason = choose_model(candidates, rows, Matrix.empty(n), np.arange(n), seed=0)
    assert (name, "no column that varies" in reason) == ("cart", True)
