"""Tokens and back, next rows, drawn series: on sources whose answers are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import check_estimator

from relsynth.errors import DataError
from relsynth.sequences import NextTokenModel, QuantileTokenizer


def autoregressive(n: int, d: int = 4, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    mix = np.linalg.qr(rng.normal(size=(d, d)))[0] * 0.9
    x = np.zeros((n + 50, d))
    for t in range(1, n + 50):
        x[t] = np.tanh(x[t - 1] @ mix * 1.3) + 0.3 * rng.normal(size=d)
    return x[50:]


def rmse(a, b):
    return float(np.sqrt(((a - b) ** 2).mean()))


def lag_one(x):
    return np.array([np.corrcoef(column[1:], column[:-1])[0, 1] for column in x.T])


def test_means_come_nearer_than_middles_most_of_all_in_tails():
    X = np.random.default_rng(0).standard_t(2, size=(4_000, 5))
    tokenizer = QuantileTokenizer().fit(X)
    tokens = tokenizer.tokenize(X)
    found = {
        how: rmse(tokenizer.detokenize(tokens, how, 0), X) for how in ("mean", "centre", "draw")
    }
    assert found["mean"] < 0.7 * X.std() < found["centre"]
    counts = np.bincount(tokens[:, 0])[1:]
    assert counts.max() <= counts.min() + 2
    assert (tokenizer.tokenize(tokenizer.detokenize(tokens, "draw", 1)) == tokens).all()
    drawn = tokenizer.detokenize(tokens, "draw", 2)
    assert drawn.std() == pytest.approx(X.std(), rel=0.4)


def test_frequent_values_come_back_exactly_and_missing_ones_are_token_nought():
    rng = np.random.default_rng(0)
    x = np.where(rng.random(3_000) < 0.6, 0.0, rng.normal(size=3_000))
    x[::7] = np.nan
    frame = pd.DataFrame({"x": x, "same": 3.0, "none": np.nan})
    tokenizer = QuantileTokenizer(bins=16).fit(frame)
    tokens = tokenizer.tokenize(frame)
    back = tokenizer.detokenize(tokens, random_state=0)
    assert (back[x == 0, 0] == 0).all()
    assert (np.isnan(back[:, 0]) == np.isnan(x)).all()
    assert (back[:, 1] == 3).all()
    assert np.isnan(back[:, 2]).all()
    assert tokenizer.n_tokens_.tolist()[1:] == [2, 1]
    assert not any(np.isnan(edges).any() for edges in tokenizer.edges_)
    # without atoms zeros share their bin with what lies next to them
    smooth = QuantileTokenizer(bins=16, atoms=False).fit(frame)
    assert smooth.n_tokens_[0] < tokenizer.n_tokens_[0]


def test_edges_belong_to_the_bin_above_wherever_they_are_looked_up():
    X = np.arange(100.0)[:, None]
    tokenizer = QuantileTokenizer(bins=4).fit(X)
    edge = tokenizer.edges_[0][0]
    low, high = tokenizer.tokenize([[np.nextafter(edge, -1)], [edge]]).ravel()
    assert (low, high) == (1, 2)
    assert tokenizer.tokenize([[-1e9], [1e9], [np.inf]]).ravel().tolist() == [1, 4, 4]


def test_a_next_row_is_predicted_better_than_by_means_and_tokens_better_than_by_chance():
    X = autoregressive(3_000)
    model = NextTokenModel(context=3, bins=32).fit(X[:2_400])
    found = model.score(X[2_400:])
    assert found.rmse < 0.75 * found.rmse_mean
    assert found.token_accuracy > 2 * found.chance
    assert found.log_loss < found.log_tokens - 0.2
    assert found.log_tokens == pytest.approx(np.log(32))
    expected = model.predict(X[:10])
    assert expected.shape == (8, 4)
    chances = model.predict_proba(X[:10])
    assert len(chances) == 4
    np.testing.assert_allclose(chances[0].sum(axis=1), 1.0)
    np.testing.assert_allclose(expected[:, 0], chances[0][:, 1:] @ model.tokenizer_.means_[0])


def test_drawn_series_move_as_the_real_one():
    X = autoregressive(4_000)
    drawn = NextTokenModel(context=3).fit(X).sample(4_000, random_state=0)
    assert np.abs(lag_one(drawn) - lag_one(X)).max() <= 0.05
    np.testing.assert_allclose(drawn.std(axis=0), X.std(axis=0), rtol=0.1)
    assert np.abs(np.corrcoef(drawn.T) - np.corrcoef(X.T)).max() < 0.1


def test_few_tokens_need_no_order():
    # after 0 comes 2, after 2 comes 1, after 1 comes 0, three times of four
    rng = np.random.default_rng(0)
    x = np.zeros(3_000)
    for t in range(1, len(x)):
        x[t] = {0.0: 2.0, 2.0: 1.0, 1.0: 0.0}[x[t - 1]] if rng.random() < 0.75 else rng.integers(3)
    x[500:520] = np.nan
    model = NextTokenModel(context=1).fit(x[:, None])
    found = model.score(x[1_000:, None])
    assert found.token_accuracy > 0.8
    drawn = model.sample(2_000, random_state=0)[:, 0]
    assert set(drawn[~np.isnan(drawn)]) == {0.0, 1.0, 2.0}
    follows = drawn[1:][drawn[:-1] == 0]
    assert (follows == 2).mean() == pytest.approx(0.83, abs=0.06)
    cold = model.sample(300, temperature=0.05, random_state=0)[:, 0]
    assert (cold[1:][cold[:-1] == 0] == 2).mean() > 0.99


def test_gaps_several_series_and_frames():
    X = autoregressive(1_200, d=2)
    X[::9, 0] = np.nan
    frame = pd.DataFrame(X, columns=["a", "b"])
    model = NextTokenModel(context=2, bins=24).fit([frame[:600], frame[600:]])
    model.set_output(transform="pandas")
    drawn = model.sample(1_000, random_state=0, start=frame[:5])
    assert list(drawn.columns) == ["a", "b"]
    assert drawn["a"].isna().mean() == pytest.approx(1 / 9, abs=0.05)
    assert drawn["b"].notna().all()
    assert model.sample(7, n_series=3, random_state=1).shape == (3, 7, 2)
    same = model.sample(5, random_state=4), model.sample(5, random_state=4)
    pd.testing.assert_frame_equal(*same)


@pytest.mark.parametrize("rows", [6, 7, 30])
def test_few_rows_and_tokens_that_nothing_follows(rows):
    X = autoregressive(rows, d=2)
    X[0] = 99.0  # the context of the first row only
    model = NextTokenModel(context=5, bins=64).fit(X)
    assert np.isfinite(model.sample(4, random_state=0)).all()
    assert model.score(X).log_loss >= 0
    X = np.where(np.arange(rows)[:, None] == 0, 1.0, np.nan)
    assert np.isnan(NextTokenModel(context=5).fit(X).sample(3, random_state=0)).all()
    constant = NextTokenModel(context=2).fit(np.ones((rows, 2)))
    assert (constant.sample(3, random_state=0) == 1).all()
    assert constant.score(np.ones((rows, 2))).token_accuracy == 1


def test_gaps_in_a_series_are_scored():
    X = autoregressive(200, d=3)
    X[X > 0.9] = np.nan
    found = NextTokenModel().fit(X).score(X)
    assert 0 < found.rmse < found.rmse_mean


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.empty((0, 2)), "0 sample"),
        (np.zeros(5), "2D"),
        ([[np.inf], [1.0]], "inf"),
        (pd.DataFrame({"t": ["x"]}), "'t' holds"),
        (np.zeros((3, 2)), "context=5 at least 6"),
        ([np.zeros((9, 2)), np.zeros((9, 3))], "3 features"),
    ],
)
def test_unfit_series_are_refused(X, message):
    with pytest.raises(DataError, match=message):
        NextTokenModel().fit(X)


def test_unfit_requests_are_refused():
    X = autoregressive(60, d=2)
    tokenizer, model = QuantileTokenizer(bins=4).fit(X), NextTokenModel(context=2, bins=4).fit(X)
    with pytest.raises(DataError, match=r"(?s)column x0: 9 is none of 0 to 4.*column x1"):
        tokenizer.detokenize([[9, -1]])
    with pytest.raises(ValueError, match="'mean'"):
        tokenizer.detokenize([[1, 1]], how="middle")
    with pytest.raises(DataError, match="3 features"):
        tokenizer.tokenize(np.zeros((2, 3)))
    for bins in (1, 2.5, "many"):
        with pytest.raises(ValueError, match="bins must be a whole number"):
            QuantileTokenizer(bins=bins).fit(X)
    with pytest.raises(ValueError, match=r"context.*; bins"):
        NextTokenModel(context="long", bins=0).fit(X)
    with pytest.raises(ValueError, match="temperature"):
        model.sample(3, temperature=0)
    with pytest.raises(ValueError, match="at least 1"):
        model.sample(0)
    with pytest.raises(NotFittedError):
        NextTokenModel().predict(X)


@pytest.mark.filterwarnings("ignore:Skipping check")
def test_they_are_estimators_of_scikit_learn():
    check_estimator(QuantileTokenizer(bins=4))
    expected = {
        "check_methods_sample_order_invariance": "rows of a series depend on their order",
        "check_methods_subset_invariance": "and on the rows before",
        "check_pipeline_consistency": "a score holds the time it took",
    }
    check_estimator(NextTokenModel(context=1, bins=4), expected_failed_checks=expected)
