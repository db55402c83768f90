"""Bagged trees: smoother than one tree for few rows, in any table, and the same after loading."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import relsynth as rs
from relsynth.columns.matrix import Matrix
from relsynth.errors import ModelFileError
from relsynth.models import make_model
from relsynth.models.bagged_trees import BaggedTrees
from relsynth.models.protocol import stepwise


def people(n: int, seed: int) -> Matrix:
    """Rows of a number, two others that follow from it with noise, and a class of all three."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    y, z = x + rng.normal(size=n), rng.normal(size=n)
    label = (rng.random(n) < 1 / (1 + np.exp(-x - y - z))).astype(float)
    kinds = ("number", "number", "number", "category")
    return Matrix(("x", "y", "z", "label"), kinds, np.column_stack([x, y, z, label]))


def off(model, rows: Matrix, seed: int) -> float:
    """Return how far the class of drawn rows is from its probability, as a squared error."""
    drawn = model.fit(rows, Matrix.empty(len(rows)), seed=seed).sample(
        Matrix.empty(20_000), np.random.default_rng(seed)
    )
    x, y, z, label = drawn.T
    index = x + y + z
    bins = np.searchsorted(np.quantile(index, np.linspace(0, 1, 21)[1:-1]), index)
    share = np.bincount(bins, label) / np.bincount(bins)
    true = np.bincount(bins, 1 / (1 + np.exp(-index))) / np.bincount(bins)
    return float(((share - true) ** 2).mean())


def test_few_rows_tell_more_than_to_one_tree():
    found = {name: [] for name in ("cart", "bagged_trees")}
    for seed in range(6):
        rows = people(200, seed)
        for name, errors in found.items():
            errors.append(off(make_model(name), rows, seed))
    assert np.mean(found["bagged_trees"]) < 0.85 * np.mean(found["cart"])


def test_the_same_seed_draws_the_same_rows_also_after_a_state():
    rows, context = people(120, 0), Matrix.empty(120)
    model = BaggedTrees(trees=3).fit(rows, context, seed=5)
    again = BaggedTrees.from_state(BaggedTrees(trees=3).fit(rows, context, seed=5).to_state())
    drawn = [m.sample(Matrix.empty(50), np.random.default_rng(1)) for m in (model, again)]
    np.testing.assert_array_equal(*drawn)
    other = BaggedTrees(trees=3).fit(rows, context, seed=6)
    assert not np.array_equal(drawn[0], other.sample(Matrix.empty(50), np.random.default_rng(1)))
    state = model.to_state()
    state["models"] = state["models"][:2]
    with pytest.raises(ModelFileError, match="incomplete"):
        BaggedTrees.from_state(state)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_tables_of_hardly_any_row(n):
    rows = people(5, 0).take(np.arange(n))
    model = BaggedTrees(trees=3).fit(rows, Matrix.empty(n), seed=0)
    drawn = model.sample(Matrix.empty(4), np.random.default_rng(0))
    assert drawn.shape == (4, 4)
    assert n == 0 or np.isfinite(drawn).all()
    constant = Matrix(("x",), ("number",), np.full((n, 1), 3.0))
    drawn = BaggedTrees().fit(constant, Matrix.empty(n)).sample(Matrix.empty(2), rng(0))
    assert n == 0 or (drawn == 3.0).all()


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_rows_drawn_in_many_calls_follow_their_context():
    context = Matrix(("c",), ("number",), np.linspace(-2, 2, 400)[:, None])
    rows = Matrix(("x",), ("number",), context.values + 0.1 * rng(0).normal(size=(400, 1)))
    draw = stepwise(BaggedTrees().fit(rows, context, seed=0), rng(1))
    some = [context.take(np.arange(start, start + 7)) for start in range(0, 392, 7)]
    drawn = np.concatenate([draw(part) for part in some])
    given = np.concatenate([part.values for part in some])
    assert np.abs(drawn - given).mean() < 0.15


def test_a_database_by_name_and_from_its_file(tmp_path):
    n = 80
    values = people(n, 0).values
    shops = pd.DataFrame({"id": np.arange(n), "size": values[:, 0], "profit": values[:, 1]})
    sales = pd.DataFrame(
        {
            "id": np.arange(3 * n),
            "shop_id": np.repeat(np.arange(n), 3),
            "sum": rng(0).gamma(2, 9, 3 * n),
        }
    )
    tables = {"shops": shops, "sales": sales}
    synth = rs.RelationalSynthesizer(rs.Metadata.detect(tables), model="bagged_trees", seed=0)
    drawn = synth.fit(tables).sample()
    assert drawn["sales"]["shop_id"].isin(drawn["shops"]["id"]).all()
    assert drawn["shops"]["size"].corr(drawn["shops"]["profit"]) > 0.3
    synth.save(tmp_path / "model.rsyn")
    loaded = rs.RelationalSynthesizer.load(tmp_path / "model.rsyn").sample()
    for name in tables:
        pd.testing.assert_frame_equal(drawn[name], loaded[name])


def test_unfit_parameters_are_listed():
    with pytest.raises(ValueError, match=r"trees.*; min_leaf.*; significance"):
        BaggedTrees(trees=0, min_leaf=1.5, significance=-1.0)
