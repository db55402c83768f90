"""Gaussian templates: moments, given values, contradictions, scale, many templates, frames."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import check_estimator

from relsynth.errors import DataError
from relsynth.gaussian import GaussianSampler

IRIS = load_iris().data
TEMPLATE = [5.1, None, 1.4, None]


def expected_given(X, template):
    """Return mean and covariance of the unknown columns, by the textbook formula."""
    known = np.array([value is not None for value in template])
    values = np.array([value for value in template if value is not None], dtype=float)
    mean, S = X.mean(axis=0), np.cov(X.T)
    slope = S[np.ix_(~known, known)] @ np.linalg.inv(S[np.ix_(known, known)])
    left = S[np.ix_(~known, ~known)] - slope @ S[np.ix_(known, ~known)]
    return mean[~known] + slope @ (values - mean[known]), left


def test_draws_have_the_moments_of_the_data():
    drawn = GaussianSampler().fit(IRIS).sample(10_000, random_state=0)
    assert np.abs(drawn.mean(axis=0) - IRIS.mean(axis=0)).max() <= 0.03
    assert np.abs(np.cov(drawn.T) - np.cov(IRIS.T)).max() <= 0.05


def test_a_template_is_held_and_the_rest_follows_the_formula():
    drawn = GaussianSampler().fit(IRIS).conditional_sample(TEMPLATE, 10_000, random_state=0)
    assert (drawn[:, 0] == 5.1).all()
    assert (drawn[:, 2] == 1.4).all()
    mean, left = expected_given(IRIS, TEMPLATE)
    assert np.abs(drawn[:, [1, 3]].mean(axis=0) - mean).max() <= 0.03
    assert np.abs(np.cov(drawn[:, [1, 3]].T) - left).max() <= 0.05


@pytest.mark.parametrize("scale", [1e-5, 1.0, 1e7])
def test_the_scale_of_the_data_does_not_matter(scale):
    X = IRIS * scale
    drawn = GaussianSampler().fit(X).sample(40_000, random_state=1)
    off = np.linalg.norm(np.cov(drawn.T) - np.cov(X.T)) / np.linalg.norm(np.cov(X.T))
    assert off <= 0.02


def test_many_templates_at_once_are_the_same_as_one_by_one():
    model = GaussianSampler().fit(IRIS)
    several = np.array(
        [[5.0, np.nan, np.nan, np.nan], [np.nan, 3.0, 1.4, np.nan], [5, 3, 1.4, 0.2]]
    )
    drawn = model.conditional_sample(several, n=2_000, random_state=0).reshape(3, 2_000, 4)
    for template, rows in zip(several, drawn, strict=True):
        known = ~np.isnan(template)
        np.testing.assert_array_equal(rows[:, known], np.tile(template[known], (2_000, 1)))
        alone = model.conditional_sample(template, 2_000, random_state=5)
        np.testing.assert_allclose(rows.mean(axis=0), alone.mean(axis=0), atol=0.15)


def test_dependent_and_constant_columns():
    X = np.column_stack([IRIS, IRIS[:, 0] + IRIS[:, 1], np.full(len(IRIS), 7.0)])
    model = GaussianSampler().fit(X)
    drawn = model.sample(1_000, random_state=0)
    assert np.abs(drawn[:, 4] - drawn[:, 0] - drawn[:, 1]).max() < 1e-2
    assert (drawn[:, 5] == 7.0).all()
    held = model.conditional_sample([5.0, 3.0, None, None, 8.0, 7.0], 50, random_state=0)
    assert np.isfinite(held).all()
    with pytest.raises(DataError, match="x0, x1, x4 determine each other"):
        model.conditional_sample([5.0, 3.0, None, None, 9.0, None])
    with pytest.raises(DataError, match="x5 = 8, but it is always 7"):
        model.conditional_sample([None] * 5 + [8.0])


def test_more_columns_than_rows_draw_within_what_was_seen():
    X = np.random.default_rng(0).normal(size=(5, 8))
    drawn = GaussianSampler().fit(X).sample(2_000, random_state=0)
    assert np.linalg.matrix_rank(drawn - X.mean(axis=0), tol=0.1) <= 4


def test_a_copula_keeps_the_distributions_of_the_columns():
    rng = np.random.default_rng(0)
    z = rng.multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], 3_000)
    X = np.column_stack([np.exp(z[:, 0]), np.floor(z[:, 1] * 2)])
    model = GaussianSampler("copula").fit(X)
    drawn = model.sample(10_000, random_state=0)
    assert set(drawn[:, 1]) <= set(X[:, 1])
    assert drawn[:, 0].min() >= X[:, 0].min()
    for q in (0.05, 0.5, 0.95):
        a, b = np.quantile(drawn[:, 0], q), np.quantile(X[:, 0], q)
        assert a == pytest.approx(b, rel=0.12)
    given = model.conditional_sample([5.0, None], 4_000, random_state=0)
    assert (given[:, 0] == 5.0).all()
    assert given[:, 1].mean() > X[:, 1].mean() + 1
    by_value = GaussianSampler("copula", correlation="values").fit(IRIS).sample(10_000, 0)
    assert np.abs(np.cov(by_value.T) - np.cov(IRIS.T)).max() <= 0.08


def test_frames_come_back_as_frames():
    frame = pd.DataFrame(IRIS, columns=["a", "b", "c", "d"])
    model = GaussianSampler(random_state=3).fit(frame).set_output(transform="pandas")
    drawn = model.conditional_sample({"c": 1.4}, n=3)
    assert list(drawn.columns) == ["a", "b", "c", "d"]
    assert (drawn["c"] == 1.4).all()
    pl = pytest.importorskip("polars")
    model = (
        GaussianSampler().fit(pl.DataFrame(frame.to_dict("list"))).set_output(transform="polars")
    )
    assert model.sample(2).columns == ["a", "b", "c", "d"]
    assert isinstance(clone(model).fit(IRIS).sample(2), pl.DataFrame)
    with pytest.raises(ValueError, match="'polars'"):
        model.set_output(transform="arrow")


def test_random_states():
    model = GaussianSampler(random_state=1).fit(IRIS)
    np.testing.assert_array_equal(model.sample(5), model.sample(5))
    rng = np.random.default_rng(0)
    assert not np.array_equal(model.sample(5, rng), model.sample(5, rng))
    assert clone(model).get_params() == model.get_params()


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.empty((0, 3)), "0 sample"),
        (np.empty((3, 0)), "0 feature"),
        ([[1.0, 2.0]], "minimum of 2"),
        ([1.0, 2.0, 3.0], "Reshape"),
        ([[1.0, np.nan], [2.0, 3.0]], "column 1: 1 of 2 values are NaN"),
        ([[1.0, np.inf], [2.0, np.nan]], r"(?s)NaN.*inf"),
        (pd.DataFrame({"a": [1.0, 2], "t": ["x", "y"]}), "'t' holds"),
        (pd.DataFrame({"t": pd.to_datetime(["2020-01-01", "2021-01-01"])}), "'t' holds"),
        (np.array([[1.0, "x"], [2.0, "y"]], dtype=object), "column 1 holds 'x'; only numbers"),
    ],
)
def test_unfit_rows_are_refused(X, message):
    with pytest.raises(DataError, match=message):
        GaussianSampler().fit(X)


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ([1.0, 2.0], "4 values are needed"),
        (np.empty((0, 4)), "there is none"),
        (["a", None, None, None], "only numbers"),
        ([np.inf, None, None, None], "infinite"),
        ({"x0": 5.0, "petal": 1.0}, "no column 'petal'; choose from 'x0'"),
    ],
)
def test_unfit_templates_are_refused(template, message):
    with pytest.raises(DataError, match=message):
        GaussianSampler().fit(IRIS).conditional_sample(template)


def test_unfit_parameters_are_refused():
    with pytest.raises(NotFittedError):
        GaussianSampler().sample(3)
    with pytest.raises(ValueError, match="'normal'"):
        GaussianSampler("gauss").fit(IRIS)
    with pytest.raises(ValueError, match="at least 1"):
        GaussianSampler().fit(IRIS).sample(0)
    with pytest.raises(ValueError, match="n must be a whole number"):
        GaussianSampler().fit(IRIS).sample("many")
    with pytest.raises(ValueError, match="random_state"):
        GaussianSampler().fit(IRIS).sample(5, random_state="lucky")
    for ridge in (-1, np.nan, "small"):
        with pytest.raises(ValueError, match="ridge"):
            GaussianSampler(ridge=ridge).fit(IRIS)


@pytest.mark.filterwarnings("ignore:Skipping check")
def test_it_is_an_estimator_of_scikit_learn():
    check_estimator(GaussianSampler())
