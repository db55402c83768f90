"""The table model "hvrt": conditional draws, mixed types, gaps, privacy, state."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.neighbors import NearestNeighbors

from relsynth.columns.matrix import Matrix
from relsynth.errors import ModelFileError
from relsynth.models.hvrt import HVRTModel
from relsynth.models.protocol import TableModel
from relsynth.packing import pack, unpack


def sampled(rows, context=None, *, given=None, seed=0, **options):
    context = Matrix.empty(len(rows)) if context is None else context
    model = HVRTModel(**options).fit(rows, context, seed=seed)
    return model.sample(context if given is None else given, np.random.default_rng(seed))


@pytest.fixture(scope="module")
def mixed():
    rng = np.random.default_rng(0)
    kind = rng.integers(0, 4, 3000).astype(float)
    amount = np.where(rng.random(3000) < 0.4, 0.0, rng.lognormal(kind, 0.4))
    twin = (kind + 1) % 4
    steps = rng.poisson(3 + 4 * kind).astype(float)
    gaps = np.where(rng.random(3000) < 0.1 + 0.2 * kind, np.nan, 10 * kind + rng.normal(size=3000))
    values = np.column_stack([kind, twin, amount, steps, gaps])
    kinds = ("category", "category", "number", "count", "number")
    return Matrix(("kind", "twin", "amount", "steps", "gaps"), kinds, values)


def test_it_is_a_table_model():
    assert isinstance(HVRTModel(), TableModel)


def test_marginals_rules_and_gaps_are_kept(mixed):
    drawn = sampled(mixed)
    real = mixed.values
    assert (drawn[:, 1] == (drawn[:, 0] + 1) % 4).mean() > 0.99
    assert abs((drawn[:, 2] == 0).mean() - (real[:, 2] == 0).mean()) < 0.03
    assert set(drawn[:, 3]) <= set(real[:, 3])
    for kind in range(4):
        here, there = drawn[:, 0] == kind, real[:, 0] == kind
        assert abs(np.isnan(drawn[here, 4]).mean() - np.isnan(real[there, 4]).mean()) < 0.06
        assert abs(np.nanmedian(drawn[here, 4]) - 10 * kind) < 0.5
        assert drawn[here, 3].mean() == pytest.approx(3 + 4 * kind, rel=0.1)


def test_numbers_are_drawn_between_real_ones_not_copied(mixed):
    drawn, real = sampled(mixed), mixed.values
    moved = drawn[:, 2] > 0
    assert np.isin(drawn[moved, 2], real[:, 2]).mean() < 0.05
    assert drawn[:, 2].max() <= real[:, 2].max()


def test_rows_follow_their_context():
    rng = np.random.default_rng(1)
    numbers = rng.normal(size=(2500, 2))
    group = rng.integers(0, 3, 2500).astype(float)
    context = Matrix(("a", "b", "g"), ("number", "number", "category"), np.c_[numbers, group])
    outcome = 2 * numbers[:, 0] - numbers[:, 1] + 3 * group + 0.2 * rng.normal(size=2500)
    rows = Matrix(("y", "sign"), ("number", "category"), np.c_[outcome, outcome > 2])
    fresh = np.c_[rng.normal(size=(800, 2)), rng.integers(0, 3, 800)]
    drawn = sampled(rows, context, given=Matrix(context.names, context.kinds, fresh))
    expected = 2 * fresh[:, 0] - fresh[:, 1] + 3 * fresh[:, 2]
    assert np.corrcoef(drawn[:, 0], expected)[0, 1] > 0.985
    assert ((drawn[:, 0] > 2) == drawn[:, 1]).mean() > 0.95


def test_missing_and_unseen_context_is_no_obstacle(mixed):
    context = Matrix(mixed.names[:2], mixed.kinds[:2], mixed.values[:, :2])
    rows = Matrix(mixed.names[2:], mixed.kinds[2:], mixed.values[:, 2:])
    strange = np.array([[np.nan, np.nan], [99.0, 1.0], [2.0, np.nan]])
    drawn = sampled(rows, context, given=Matrix(context.names, context.kinds, strange))
    assert drawn.shape == (3, 3)
    assert not np.isnan(drawn[:, :2]).any()


@pytest.mark.parametrize("count", [0, 1, 2, 7])
@pytest.mark.parametrize("privacy", [0.0, 1.0])
def test_few_rows_constant_and_empty_columns_work(count, privacy):
    values = np.column_stack([np.arange(count), np.ones(count), np.full(count, np.nan)])
    rows = Matrix(("n", "one", "none"), ("number", "category", "number"), values.astype(float))
    model = HVRTModel(privacy=privacy).fit(rows, Matrix.empty(count), seed=0)
    drawn = model.sample(Matrix.empty(5), np.random.default_rng(0))
    assert drawn.shape == (5, 3)
    assert np.isnan(drawn[:, 2]).all()
    if count:
        assert set(drawn[:, 1]) == {1.0}
        assert ((drawn[:, 0] >= 0) & (drawn[:, 0] <= count - 1)).all()
    nothing = HVRTModel().fit(Matrix.empty(count), Matrix.empty(count), seed=0)
    assert nothing.sample(Matrix.empty(4), np.random.default_rng(0)).shape == (4, 0)


def test_the_same_seed_gives_the_same_rows(mixed):
    np.testing.assert_array_equal(sampled(mixed, seed=3), sampled(mixed, seed=3))
    assert not np.array_equal(sampled(mixed, seed=3), sampled(mixed, seed=4), equal_nan=True)


@pytest.mark.parametrize("block", [1, 3])
def test_state_survives_packing(mixed, block):
    context = Matrix(mixed.names[:1], mixed.kinds[:1], mixed.values[:, :1])
    rows = Matrix(mixed.names[1:], mixed.kinds[1:], mixed.values[:, 1:])
    model = HVRTModel(block=block).fit(rows, context, seed=0)
    again = unpack(pack(model))
    drawn = [m.sample(context, np.random.default_rng(1)) for m in (model, again)]
    np.testing.assert_array_equal(*drawn)


def test_damaged_state_is_refused(mixed):
    state = HVRTModel().fit(mixed, Matrix.empty(len(mixed)), seed=0).to_state()
    with pytest.raises(ModelFileError, match="trees"):
        HVRTModel.from_state({**state, "blocks": state["blocks"][:-1]})
    with pytest.raises(ModelFileError, match="rows"):
        HVRTModel.from_state({**state, "values": state["values"][:, :-1]})


def test_rows_beyond_the_limit_are_sampled_down(mixed):
    model = HVRTModel(most_rows=500).fit(mixed, Matrix.empty(len(mixed)), seed=0)
    assert model.to_state()["values"].shape == (500, 5)
    assert len(model.sample(Matrix.empty(2000), np.random.default_rng(0))) == 2000


def test_privacy_moves_rows_away_from_the_training_rows():
    rng = np.random.default_rng(5)
    mix = rng.normal(size=(4, 4))
    train, holdout = (np.tanh(rng.normal(size=(1000, 4)) @ mix) for _ in range(2))
    names = ("a", "b", "c", "d")

    def share(**options):
        drawn = sampled(Matrix(names, ("number",) * 4, train), **options)
        near = [
            NearestNeighbors(n_neighbors=1).fit(part).kneighbors(drawn)[0][:, 0]
            for part in (train, holdout)
        ]
        return (near[0] < near[1]).mean()

    assert share(privacy=0.0, block=4) > 0.9
    assert share() < 0.56


@pytest.mark.parametrize("options", [{"privacy": -1.0}, {"block": 0}, {"most_rows": 0}])
def test_senseless_parameters_are_refused(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        HVRTModel(**options)


@pytest.mark.slow
@pytest.mark.skipif("RELSYNTH_DATA" not in os.environ, reason="needs RELSYNTH_DATA")
def test_adult_is_hard_to_tell_apart_and_not_copied():
    from xgboost import XGBClassifier

    frame = pd.read_csv(Path(os.environ["RELSYNTH_DATA"]) / "adult" / "adult.csv.gz")
    frame = frame.sample(10_000, random_state=0)
    kinds = tuple("number" if frame[c].dtype.kind in "if" else "category" for c in frame)
    values = np.column_stack(
        [
            frame[c] if kind == "number" else pd.factorize(frame[c], sort=True)[0]
            for c, kind in zip(frame, kinds, strict=True)
        ]
    ).astype(float)
    train, holdout = values[:5000], values[5000:]
    drawn = sampled(Matrix(tuple(frame), kinds, train))
    number = np.array([kind == "number" for kind in kinds])
    drawn[:, number] = np.rint(drawn[:, number])
    label = np.repeat([0, 1], 5000)
    order = np.random.default_rng(0).permutation(10_000)
    rows = np.vstack([holdout, drawn])[order]
    told = XGBClassifier(n_estimators=100, n_jobs=1).fit(rows[:8000], label[order][:8000])
    assert (told.predict(rows[8000:]) == label[order][8000:]).mean() <= 0.75

    def embed(part):
        scaled = (part[:, number] - train[:, number].mean(0)) / train[:, number].std(0)
        codes = [part[:, [j]] == np.unique(values[:, j]) for j in np.flatnonzero(~number)]
        return np.hstack([scaled, np.hstack(codes) / np.sqrt(2)])

    near = [
        NearestNeighbors(n_neighbors=1, algorithm="brute").fit(embed(part)).kneighbors(embed(drawn))
        for part in (train, holdout)
    ]
    closer = near[0][0] - near[1][0]
    assert np.where(np.abs(closer) < 1e-6, 0.5, closer < 0).mean() <= 0.56


def sparse(few: int, many: int, width: int, seed: int) -> tuple[Matrix, Matrix]:
    """Return summaries of children, which few of many parents have, and the parents."""
    rng = np.random.default_rng(seed)
    has = np.isin(np.arange(many), rng.permutation(many)[:few])
    summaries = np.where(has[:, None], rng.lognormal(3, 0.5, (many, width)), np.nan)
    names = ("children", *(f"mean{j}" for j in range(width)))
    rows = Matrix(names, ("count", *("number",) * width), np.column_stack([has, summaries]))
    context = Matrix(("p", "q"), ("number",) * 2, rng.normal(size=(many, 2)))
    return rows, context


@pytest.mark.parametrize(("few", "many"), [(40, 300), (30, 1000), (150, 300)])
@pytest.mark.parametrize("width", [2, 8])
def test_rare_kinds_of_row_stay_as_frequent_and_as_varied(few, many, width):
    for seed in range(2):
        rows, context = sparse(few, many, width, seed)
        model = HVRTModel().fit(rows, context, seed=seed)
        drawn = model.sample(context, np.random.default_rng(seed))
        assert abs(drawn[:, 0].sum() - few) <= 2 * np.sqrt(few * (1 - few / many))
        known = ~np.isnan(drawn[:, 1:])
        np.testing.assert_array_equal(known, np.repeat(drawn[:, :1] > 0, width, axis=1))
        ratio = np.nanstd(drawn[:, 1:], axis=0) / np.nanstd(rows.values[:, 1:], axis=0)
        assert ratio.min() > 0.6
        assert 0.85 < np.exp(np.log(ratio).mean()) < 1.15


def test_numbers_missing_together_are_drawn_together():
    rng = np.random.default_rng(0)
    gaps = rng.random(400) < 0.3
    values = np.where(gaps[:, None], np.nan, rng.normal(size=(400, 3)))
    rows = Matrix(("a", "b", "c"), ("number",) * 3, values)
    model = HVRTModel().fit(rows, Matrix.empty(400), seed=0)
    drawn = np.isnan(model.sample(Matrix.empty(2000), np.random.default_rng(0)))
    assert (drawn == drawn[:, :1]).all()
    assert abs(drawn[:, 0].mean() - 0.3) < 0.06
    again = HVRTModel.from_state(model.to_state())
    same = again.sample(Matrix.empty(50), np.random.default_rng(1))
    np.testing.assert_array_equal(same, model.sample(Matrix.empty(50), np.random.default_rng(1)))


@pytest.mark.parametrize(("rows", "width"), [(20, 0), (20, 40), (60, 10), (200, 40)])
def test_few_rows_keep_their_spread_beside_many_columns(rows, width):
    ratios = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        names = tuple(f"p{j}" for j in range(width))
        context = Matrix(names, ("number",) * width, rng.normal(size=(rows, width)))
        values = rng.normal(size=(rows, 1))
        model = HVRTModel().fit(Matrix(("x",), ("number",), values), context, seed=seed)
        asked = context.take(rng.integers(rows, size=1000))
        drawn = model.sample(asked, np.random.default_rng(seed))
        ratios.append(drawn.std() / values.std())
    assert 0.88 < np.mean(ratios) < 1.1


def test_the_target_and_the_leaves_can_be_chosen():
    rng = np.random.default_rng(0)
    context = Matrix(("a", "b"), ("number",) * 2, rng.normal(size=(600, 2)))
    spread = 0.2 + np.abs(context.values.sum(axis=1))
    rows = Matrix(("x",), ("number",), (rng.normal(size=600) * spread)[:, None])
    leaves = {}
    for target in ("columns", "extremeness", "both"):
        model = HVRTModel(target=target, n_partitions=8, min_samples_leaf=10)
        model.fit(rows, context, seed=0)
        leaves[target] = model.blocks_[0].tree.to_state()
        assert 1 < model.blocks_[0].tree.n_leaves <= 8
        assert np.isfinite(model.sample(context, np.random.default_rng(0))).all()
    assert str(leaves["columns"]) != str(leaves["extremeness"])
    near, wide = (
        HVRTModel(bandwidth=h, generation_strategy=how).fit(rows, context, seed=0)
        for h, how in ((0.3, "epanechnikov"), (1.0, "bootstrap_noise"))
    )
    a, b = (model.sample(context, np.random.default_rng(0)) for model in (near, wide))
    assert b.std() > a.std()


def test_all_wrong_parameters_are_named_at_once():
    with pytest.raises(ValueError, match=r"target.*'extremeness'") as error:
        HVRTModel(target="extreme", bandwidth=-1.0, generation_strategy="kde", n_partitions=0)
    for name in ("bandwidth", "generation_strategy", "n_partitions"):
        assert name in str(error.value)
