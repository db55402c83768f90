"""Draws from a leaf take its values in turns, over all steps of a table."""

import numpy as np
import pytest

from relsynth.columns.matrix import Matrix
from relsynth.models import make_model
from relsynth.models.cart import SequentialTrees
from relsynth.models.protocol import stepwise
from relsynth.models.systematic import Turns, spread


@pytest.mark.parametrize("per_call", [1, 3, 40])
def test_numbers_of_many_calls_are_evenly_spread(per_call):
    rng = np.random.default_rng(0)
    turns, groups = Turns(2, rng), np.repeat([0, 1], per_call)
    drawn = np.array([spread(groups, rng, turns) for _ in range(600 // per_call)])
    for group in (0, 1):
        numbers = np.sort(drawn[:, groups == group].ravel())
        even = (np.arange(len(numbers)) + 0.5) / len(numbers)
        assert np.abs(numbers - even).max() < 0.01
        assert numbers[0] >= 0
        assert numbers[-1] < 1


def test_rows_of_one_call_come_in_random_order():
    rng = np.random.default_rng(0)
    turns = Turns(1, rng)
    numbers = spread(np.zeros(200, np.int64), rng, turns)
    assert abs(np.corrcoef(np.arange(200), numbers)[0, 1]) < 0.2


def test_steps_keep_the_shares_of_a_category():
    rng = np.random.default_rng(0)
    codes = rng.choice(40, 4_000, p=np.arange(1, 41) / 820)
    rows = Matrix(("x",), ("category",), codes[:, None].astype(float))
    known = Matrix(("z",), ("number",), np.zeros((4_000, 1)))
    model = SequentialTrees().fit(rows, known, seed=0)
    few = Matrix(("z",), ("number",), np.zeros((2, 1)))

    def apart(draw):
        drawn = np.concatenate([draw(few)[:, 0] for _ in range(1_000)]).astype(int)
        shares = [np.bincount(part, minlength=40) / len(part) for part in (codes, drawn)]
        return np.abs(shares[0] - shares[1]).sum() / 2

    together = apart(stepwise(model, np.random.default_rng(1)))
    by_chance = apart(lambda known: model.sample(known, rng))
    assert together < 0.02 < by_chance


def test_models_without_steps_sample_as_they_do():
    x = np.random.default_rng(0).normal(size=(200, 1))
    rows = Matrix(("x",), ("number",), x)
    model = make_model("hvrt").fit(rows, Matrix.empty(200), seed=0)
    drawn = stepwise(model, np.random.default_rng(3))(Matrix.empty(5))
    assert np.array_equal(drawn, model.sample(Matrix.empty(5), np.random.default_rng(3)))
