"""What keeps rows of the table model "hvrt" away from single real rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors

from relsynth.columns.matrix import Matrix
from relsynth.hvrt.partition import Partition
from relsynth.hvrt.scores import NormalScores
from relsynth.models.hvrt import HVRTModel
from relsynth.models.leaf_donors import LeafDonors
from relsynth.models.neighbour_ratio import NeighbourRatio
from relsynth.models.ranks import Ranks

FEW = st.lists(st.sampled_from([-1e6, -1.5, 0.0, 0.1, 2.0, 3e5, np.nan]), min_size=1, max_size=40)


def test_rows_near_one_real_row_point_at_it():
    known = np.array([[0.0, 0.0], [10.0, 1.0], [20.0, 0.0], [30.0, 1.0]])
    ratio = NeighbourRatio.of(known, ("number", "category"), 0.0)
    # in units of the spread the rows are 0.894 apart; between them the least ratio is 0.75
    near, amid = [[10.1, 1.0], [15.0, 0.0]], [[15.0, np.nan], [np.nan, np.nan]]
    np.testing.assert_array_equal(ratio.points_out(np.array(near)), [True, True])
    np.testing.assert_array_equal(ratio.points_out(np.array(amid)), [False, False])


def test_copies_of_several_real_rows_point_at_none():
    known = np.array([[0.0], [0.0], [1.0], [2.0], [3.0]])
    ratio = NeighbourRatio.of(known, ("number",), 0.5)
    np.testing.assert_array_equal(ratio.points_out(np.array([[0.0], [1.0]])), [False, True])


@pytest.mark.parametrize("levels", [5, 60])
def test_two_categories_are_about_as_far_apart_as_any_others(levels):
    known = np.column_stack([np.arange(levels) % levels, np.zeros(levels)]).astype(float)
    ratio = NeighbourRatio.of(known, ("category", "number"), 0.0)
    assert not ratio.points_out(np.array([[np.nan, 0.0]])).any()
    assert ratio.points_out(np.array([[3.0, 0.0]])).all()


def test_two_rows_cannot_tell_what_is_usual():
    assert NeighbourRatio.of(np.array([[0.0], [1.0]]), ("number",), 0.5) is None


@given(FEW)
def test_ranks_give_scores_of_known_and_unknown_values(column):
    column = np.array(column)
    asked = np.append(column, [-2e6, 0.05, 1e9, np.nan])
    expected = NormalScores.of(column[:, None], np.ones(1, bool)).middle(asked[:, None])[:, 0]
    if np.isnan(column).all():
        return
    np.testing.assert_allclose(Ranks.of(column).score(asked), expected)


@given(FEW.filter(lambda column: not np.isnan(column).all()), st.floats(-5, 5))
def test_ranks_give_values_within_the_range(column, score):
    value = Ranks.of(np.array(column)).value(np.array([score]))[0]
    assert np.nanmin(column) <= value <= np.nanmax(column)


def test_donors_come_from_the_leaf_and_near_rows_more_often():
    known = np.concatenate([np.linspace(-2, 2, 100), np.linspace(-2, 2, 100)])[:, None]
    partition = Partition(np.repeat([3, 7], 100))
    donors = LeafDonors.of(
        known.astype(np.float32),
        np.array([0]),
        np.ones(1),
        np.zeros(1, bool),
        partition,
        known[:, 0],
        0.3,
    )
    query = np.full((4000, 1), 1.0, dtype=np.float32)
    drawn = donors.draw(query, np.ones(4000, dtype=int), np.random.default_rng(0))
    assert drawn.min() >= 100
    assert abs(np.median(known[drawn]) - 1.0) < 0.15
    missing = donors.draw(query * np.nan, np.zeros(4000, int), np.random.default_rng(0))
    assert missing.max() < 100
    assert np.bincount(missing, minlength=100)[:100].max() < 80


def few(seed, rows=90, columns=8):
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 3, 2 * rows)
    centres = rng.normal(size=(3, columns - 1))
    numbers = centres[group] + rng.normal(size=(2 * rows, columns - 1))
    values = np.column_stack([numbers, group])
    return values[:rows], values[rows:]


def share_nearer(seed, **options):
    train, holdout = few(seed)
    names = tuple(f"x{j}" for j in range(train.shape[1]))
    kinds = ("number",) * (len(names) - 1) + ("category",)
    model = HVRTModel(**options).fit(Matrix(names, kinds, train), Matrix.empty(90), seed=seed)
    drawn = model.sample(Matrix.empty(300), np.random.default_rng(seed))
    near = [
        NearestNeighbors(n_neighbors=1).fit(part).kneighbors(drawn)[0][:, 0]
        for part in (train, holdout)
    ]
    return (near[0] < near[1]).mean()


def test_few_rows_are_not_nearer_to_training_rows_than_to_unseen_ones():
    usual, loose = (np.mean([share_nearer(s, privacy=p) for s in range(12)]) for p in (1.0, 0.2))
    assert usual <= 0.55
    assert loose > usual + 0.05
