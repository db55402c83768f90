"""Token sequences keep shares, conditionals and transitions, and survive a file."""

from __future__ import annotations

import copy
import json

import numpy as np
import pandas as pd
import pytest
from small_matrices import assert_draws_of_few_rows, drawn_from, matrix, rng

import relsynth as rs
from relsynth.columns.matrix import Matrix
from relsynth.errors import ModelFileError
from relsynth.models.protocol import TableModel, stepwise
from relsynth.models.sequence import TokenSequence
from relsynth.packing import pack, unpack

NAN = np.nan


def drawn(rows: Matrix, count: int = 4000, context: Matrix | None = None, **parameters):
    return drawn_from(TokenSequence(**parameters), rows, count, context)


def test_it_is_a_table_model():
    assert isinstance(TokenSequence(), TableModel)


def test_shares_are_those_of_the_data():
    level = np.repeat(np.arange(6.0), [2000, 1000, 500, 300, 150, 50])
    size = rng().exponential(3.0, 4000)
    made = drawn(matrix(category_level=level, size=rng(1).permutation(size)))
    assert np.bincount(made[:, 0].astype(int)) == pytest.approx(
        [2000, 1000, 500, 300, 150, 50], abs=10
    )
    probabilities = np.linspace(0.02, 0.98, 25)
    assert np.quantile(made[:, 1], probabilities) == pytest.approx(
        np.quantile(size, probabilities), rel=0.05, abs=0.03
    )


def test_a_number_follows_its_context_in_mean_and_spread():
    x = rng().uniform(0, 10, 8000)
    y = x**2 + rng(1).normal(scale=1 + x)
    made = drawn(matrix(y=y), context=matrix(x=x))[:, 0]
    for low in range(0, 10, 2):
        here = (x >= low) & (x < low + 2)
        assert made[here].mean() == pytest.approx(y[here].mean(), abs=0.04 * y.std())
        assert made[here].std() == pytest.approx(y[here].std(), rel=0.15)


def test_a_number_is_told_more_exactly_than_by_its_token():
    x = rng().uniform(0, 100, 8000)
    made = drawn(matrix(y=2 * x + 1), context=matrix(x=x), bins=8)[:, 0]
    assert np.abs(made - 2 * x - 1).mean() < 2.0


def test_a_category_that_another_decides_is_decided():
    team = rng().integers(0, 120, 12_000)
    league = rng(1).integers(0, 4, 120)[team]
    made = drawn(matrix(category_league=league), context=matrix(category_team=team))
    assert (made[:, 0] == league).mean() > 0.98


def test_the_share_of_missing_values_is_kept_in_every_group():
    group = np.repeat([0.0, 1.0, 2.0], 1000)
    share = np.array([0.0, 0.25, 1.0])
    hidden = rng().random(3000) < share[group.astype(int)]
    x = np.where(hidden, NAN, rng(1).normal(group * 10))
    flag = np.where(hidden, NAN, rng(2).integers(0, 2, 3000))
    made = drawn(matrix(category_group=group, x=x, category_flag=flag), 6000)
    for number in range(3):
        part = made[made[:, 0] == number]
        assert np.isnan(part[:, 1]).mean() == pytest.approx(
            hidden[group == number].mean(), abs=0.03
        )
        assert (np.isnan(part[:, 1]) == np.isnan(part[:, 2])).mean() > 0.98


def test_levels_beyond_the_limit_come_as_often_as_they_did():
    level = np.concatenate([np.arange(250).repeat(20), np.arange(250, 1250).repeat(3)])
    made = drawn(matrix(category_level=level), 8000)[:, 0]
    assert set(made) <= set(level)
    assert (made >= 250).mean() == pytest.approx(3000 / 8000, abs=0.01)
    assert len(set(made)) > 1100


def test_frequent_values_are_kept_and_rare_ones_are_not_copied():
    column = rng(1).permutation(np.r_[np.zeros(700), rng().uniform(1, 100, 1300)])
    context = matrix(sign=np.sign(column) + rng(2).normal(scale=0.3, size=2000))
    made = drawn(matrix(x=column), context=context)[:, 0]
    assert (made == 0).mean() == pytest.approx(0.35, abs=0.02)
    rest = made[made != 0]
    assert not np.isin(rest, column).any()
    assert rest.min() >= 1
    assert rest.max() < column.max()


def test_counts_are_drawn_as_seen():
    counts = rng().poisson(40, 3000) * 7
    assert set(drawn(matrix(count_n=counts))[:, 0]) <= set(counts)


@pytest.mark.parametrize("rows", [0, 1, 2, 7])
def test_few_rows_columns_of_nothing_and_constants_are_fine(rows):
    assert_draws_of_few_rows(rows, drawn)


def test_no_columns_no_rows_and_unseen_context_are_no_obstacle():
    assert drawn(Matrix.empty(5), 3).shape == (3, 0)
    model, context = fitted()
    assert model.sample(context.take(np.empty(0, np.int64)), rng()).shape == (0, 3)
    strange = Matrix(context.names, context.kinds, np.array([[NAN], [99.0]]))
    assert model.sample(strange, rng()).shape == (2, 3)


def fitted(**parameters) -> tuple[TokenSequence, Matrix]:
    x = rng().normal(size=900)
    context = matrix(category_k=rng(2).integers(0, 5, 900))
    rows = matrix(
        x=x + context.values[:, 0], y=np.where(x > 1, NAN, 2 * x), category_z=(x > 0) + 2 * (x > 1)
    )
    return TokenSequence(**parameters).fit(rows, context, seed=1), context


def test_the_same_seed_gives_the_same_bytes_whatever_the_threads():
    (one, context), (other, _) = fitted(threads=1), fitted(threads=3)
    made = [model.sample(context, rng(3)).tobytes() for model in (one, other)]
    assert made[0] == made[1]
    assert one.sample(context, rng(4)).tobytes() != made[0]


def test_state_survives_packing():
    model, context = fitted()
    again = unpack(pack(model))
    assert again.sample(context, rng(5)).tobytes() == model.sample(context, rng(5)).tobytes()
    json.dumps(model.to_state()["parameters"])


@pytest.fixture(scope="module")
def whole():
    return pack(fitted()[0])


def damage_child(column):
    column["tokens"]["state"]["children"][0] = 0


def damage_feature(column):
    questions = column["tokens"]["state"]["questions"]["state"]
    questions["feature"] = questions["feature"][:-1]


def damage_known(column):
    column["known"] = column["known"][:-1]


def damage_shares(column):
    tokens = column["tokens"]["state"]
    tokens["shares"] = tokens["shares"][:, :-1]


def damage_slots(column):
    column["tokens"]["state"]["levels"]["state"]["slots"] = []


def damage_values(column):
    leaves = column["values"]["state"]["leaves"]["state"]
    leaves["bounds"] = leaves["bounds"][:-1]


@pytest.mark.parametrize(
    "damage",
    [damage_child, damage_feature, damage_known, damage_shares, damage_slots, damage_values],
)
def test_damaged_state_is_refused(damage, whole):
    state = copy.deepcopy(whole)
    damage(state["state"]["columns"][-1]["state"])
    with pytest.raises(ModelFileError, match="damaged"):
        unpack(state)


def test_rows_drawn_in_many_calls_keep_the_shares_together():
    level = np.repeat([0.0, 1.0, 2.0], [1000, 700, 300])
    model = TokenSequence().fit(matrix(category_level=level), Matrix.empty(2000), seed=0)
    draw = stepwise(model, rng())
    made = np.concatenate([draw(Matrix.empty(1)) for _ in range(200)])[:, 0]
    assert np.bincount(made.astype(int)) == pytest.approx([100, 70, 30], abs=1)


@pytest.fixture(scope="module")
def chain():
    """Visits whose page follows the page before, of users that have ten to thirty."""
    moves = np.array([[0.1, 0.7, 0.2], [0.3, 0.1, 0.6], [0.8, 0.15, 0.05]])
    generator = rng(7)
    lengths = generator.integers(10, 31, 250)
    user = np.arange(250).repeat(lengths)
    step = np.arange(len(user)) - (np.cumsum(lengths) - lengths).repeat(lengths)
    page = np.zeros(len(user), np.int64)
    for at in range(1, 30):
        now = np.flatnonzero(step == at)
        page[now] = (generator.random(len(now))[:, None] > moves[page[now - 1]].cumsum(1)).sum(1)
    start = pd.Timestamp("2024-03-01") + pd.to_timedelta(user % 50, "D")
    visits = pd.DataFrame(
        {
            "user_id": user,
            "time": start + pd.to_timedelta(step * 10 + generator.integers(0, 8, len(user)), "m"),
            "page": np.array(["home", "list", "item"])[page],
        }
    )
    users = pd.DataFrame({"user_id": np.arange(250), "plan": np.array(["a", "b"])[user[:250] % 2]})
    metadata = rs.Metadata.detect({"users": users, "visits": visits})
    return metadata, {"users": users, "visits": visits}, moves


def transitions(visits: pd.DataFrame) -> np.ndarray:
    ordered = visits.sort_values(["user_id", "time"], kind="stable")
    before = ordered.groupby("user_id")["page"].shift()
    table = pd.crosstab(before, ordered["page"], normalize="index")
    return table.loc[["home", "list", "item"], ["home", "list", "item"]].to_numpy()


def test_a_markov_chain_keeps_its_transitions(chain, tmp_path):
    metadata, tables, moves = chain
    synthesizer = rs.RelationalSynthesizer(metadata, models={"visits": "sequence"}, seed=0)
    made = synthesizer.fit(tables).sample()
    assert transitions(made["visits"]) == pytest.approx(moves, abs=0.05)
    synthesizer.save(tmp_path / "model.relsynth")
    again = rs.RelationalSynthesizer.load(tmp_path / "model.relsynth").sample()
    pd.testing.assert_frame_equal(made["visits"], again["visits"])
