"""Classes are told by features that add to each other, not by twenty that say the same."""

import numpy as np
import pytest

from relsynth.columns.matrix import Matrix
from relsynth.models.cart import SequentialTrees


@pytest.mark.parametrize("n_rows", [2_000, 12_000])
def test_a_weak_feature_is_seen_beside_many_that_repeat_a_strong_one(n_rows):
    rng = np.random.default_rng(0)
    year = rng.normal(size=n_rows)
    copies = year[:, None] + 0.05 * rng.normal(size=(n_rows, 60))
    winner = rng.random(n_rows) < 0.15
    names = (*(f"c{at}" for at in range(60)), "winner")
    context = Matrix(names, ("number",) * 61, np.column_stack([copies, winner]))
    division = np.where(year < 0, 0.0, np.where(winner, 2.0, 1.0))
    rows = Matrix(("division",), ("category",), division[:, None])
    drawn = SequentialTrees().fit(rows, context, seed=0).sample(context, rng)[:, 0]
    late = year > 0.3
    assert (drawn[late & winner] == 2.0).mean() > 0.95
    assert (drawn[late & ~winner] == 1.0).mean() > 0.95
    assert (drawn[year < -0.3] == 0.0).mean() > 0.95
