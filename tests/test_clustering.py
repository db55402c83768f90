"""Cluster counts: each criterion on groups that are there, one group, and unfit input."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris

from relsynth.clustering import METHODS, choose_k
from relsynth.errors import DataError


def groups(k: int, rows: int = 240, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    angle = 2 * np.pi * np.arange(k) / k
    centres = 12 * np.column_stack([np.cos(angle), np.sin(angle)])
    return centres[np.arange(rows) % k] + rng.normal(size=(rows, 2))


@pytest.mark.parametrize("method", METHODS)
def test_every_criterion_finds_clear_groups(method):
    found = choose_k(groups(4), range(2, 7), method=method)
    assert found.k == 4
    assert found.choices == {method: 4}
    assert len(np.unique(found.labels)) == 4
    assert found.seconds[method] >= 0
    assert list(found.scores.index) == [2, 3, 4, 5, 6]


def test_one_cluster_is_found_by_gap_and_bic():
    X = np.random.default_rng(1).normal(size=(200, 2))
    found = choose_k(X, range(1, 5), method="all")
    assert found.choices["gap"] == 1
    assert found.choices["bic"] == 1
    assert np.isnan(found.scores.loc[1, "silhouette"])
    assert set(found.choices) == set(METHODS)
    assert "quoted O(" in str(found)


def test_standardised_iris():
    X = load_iris().data
    found = choose_k((X - X.mean(axis=0)) / X.std(axis=0), method="all")
    expected = {
        "elbow": 3,
        "silhouette": 2,
        "calinski_harabasz": 2,
        "davies_bouldin": 2,
        "bic": 2,
    }
    assert {name: found.choices[name] for name in expected} == expected
    assert found.choices["gap"] < found.scores["gap"].idxmax() == 10


def test_the_same_state_gives_the_same_scores():
    X = groups(3, rows=90)
    one, other = (choose_k(X, range(1, 4), "gap", random_state=5) for _ in range(2))
    pd.testing.assert_frame_equal(one.scores, other.scores)


def test_a_picture_and_the_memory(tmp_path):
    pytest.importorskip("matplotlib")
    found = choose_k(groups(3, rows=30), range(1, 4), "all", measure_memory=True)
    found.plot(tmp_path / "k.png")
    assert (tmp_path / "k.png").stat().st_size > 10_000
    assert found.peak_bytes["silhouette"] > 1_000


@pytest.mark.parametrize(
    ("X", "ks", "message"),
    [
        (np.empty((0, 2)), range(2, 4), "0 sample"),
        ([1.0, 2.0], range(2, 4), "2D"),
        ([[1.0, np.nan]] * 9, range(2, 4), "NaN"),
        (np.ones((9, 2)), range(2, 4), r"(?s)2 clusters need.*3 clusters need"),
        (np.eye(3), [0, 2.5, 9], r"(?s)0 is not.*2.5 is not.*9 clusters"),
        (np.eye(3), [], "empty"),
        (np.eye(3), [np.nan, None, True, np.inf], r"(?s)nan is.*None is.*True is.*inf is"),
    ],
)
def test_unfit_input_is_refused(X, ks, message):
    with pytest.raises(DataError, match=message):
        choose_k(X, ks)


def test_unknown_names_and_nothing_to_compare():
    with pytest.raises(ValueError, match="'elbow'"):
        choose_k(np.eye(5), method="knee")
    for ks in (3, "234"):
        with pytest.raises(TypeError, match="k_range: give numbers"):
            choose_k(np.eye(5), ks)
    with pytest.raises(DataError, match="silhouette: no number"):
        choose_k(np.eye(5), [1], method="silhouette")
    with pytest.raises(DataError, match=r"bic: no number of .1. can be judged on 1 rows"):
        choose_k([[1.0, 2.0]], [1], method="bic")
    assert choose_k([[1.0, 2.0]], [1], method="all").k == 1
    constant = choose_k(np.ones((5, 2)), [1], method="all")
    assert constant.k == 1
