"""What an outcome does to the rows that are kept."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from relsynth.hvrt import HVRT, classes
from relsynth.hvrt.classes import Classes

WRONG = np.arange(0, 300, 60)


@pytest.fixture
def clusters():
    """Return two distant clusters named by their labels, five of which are wrong."""
    rng = np.random.default_rng(5)
    X = rng.standard_normal((300, 3))
    X[150:] += 8.0
    labels = np.repeat(["near", "far"], 150)
    labels[WRONG] = np.where(labels[WRONG] == "near", "far", "near")
    return X, labels


@pytest.fixture
def rare():
    """Return 400 rows of which 40 belong to a class that lies apart."""
    rng = np.random.default_rng(6)
    X = rng.standard_normal((400, 4))
    y = (np.arange(400) % 10 == 0).astype(int)
    X[y == 1] += 6.0
    return X, y


def kept(X, y, count, **options):
    return HVRT(**options).fit(X, y).reduce(n=count, return_indices=True)[1]


def test_shares_of_classes_by_hand():
    y = np.repeat(["a", "b", "c"], [6, 3, 1])
    assert Classes.of(y, 0.0).shares() == pytest.approx([0.6, 0.3, 0.1])
    assert Classes.of(y, 1.0).shares() == pytest.approx([0.2, 0.35, 0.45])
    assert Classes.of(y[y != "c"], 0.5).shares() == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize(("weight", "expected"), [(0.3, 17), (0.5, 25), (0.7, 33), (1.0, 40)])
def test_a_rare_class_has_its_share(rare, weight, expected):
    X, y = rare
    rows = kept(X, y, 50, y_weight=weight)
    assert len(rows) == len(set(rows)) == 50
    assert y[rows].sum() == expected


def test_classes_as_text_numbers_and_booleans_are_one(rare):
    X, y = rare
    by_number = kept(X, y, 60, y_weight=0.3)
    for same in (np.where(y, "yes", "no"), y.astype(bool), y.astype(float), pd.Series(y)):
        assert (kept(X, same, 60, y_weight=0.3) == by_number).all()


@pytest.mark.parametrize("method", ["fps", "medoid_fps", "variance_ordered", "stratified"])
def test_wrong_labels_are_chosen_last(clusters, method):
    X, labels = clusters
    model = HVRT(y_weight=0.3).fit(X, labels)
    assert not np.isin(WRONG, model.reduce(n=295, method=method, return_indices=True)[1]).any()
    rows = model.reduce(n=298, method=method, return_indices=True)[1]
    assert len(set(rows)) == 298
    assert np.isin(WRONG, rows).sum() == 3


def test_wrong_labels_are_found_where_neighbours_are_searched_among_some(clusters, monkeypatch):
    monkeypatch.setattr(classes, "SEARCHED", 100)
    X, labels = clusters
    credible = Classes.of(labels, 0.3).credible(X, seed=0)
    assert (np.flatnonzero(~credible) == WRONG).all()


def test_candidates_are_a_random_part_of_each_class_by_hand():
    rare = Classes(np.repeat([0, 1], [90, 10]), 0.3)
    rows = np.arange(0, 100, 2)
    found = rare.candidates(rows, np.array([6, 4]), np.random.default_rng(0))
    assert (np.diff(found) > 0).all()
    assert np.isin(found, rows).all()
    assert (rare.codes[found] == 0).sum() == 18
    assert (rare.codes[found] == 1).sum() == 5
    others = rare.candidates(rows, np.array([6, 4]), np.random.default_rng(1))
    assert not np.array_equal(found, others)


def test_with_classes_outliers_are_not_all_kept(rare):
    X, y = rare
    outliers = np.arange(1, 400, 20)
    X[outliers] *= 30.0 / np.linalg.norm(X[outliers], axis=1, keepdims=True)
    assert np.isin(outliers, kept(X, None, 40)).sum() >= 12
    assert np.isin(outliers, kept(X, y, 40, y_weight=0.3)).sum() <= 8


def test_without_weight_an_outcome_is_ignored(clusters):
    X, labels = clusters
    assert (kept(X, labels, 60) == kept(X, None, 60)).all()


def test_an_outcome_of_many_values_is_no_class(clusters):
    X, _ = clusters
    assert HVRT(y_weight=0.3).fit(X, X[:, 0]).y_classes_ is None
    assert HVRT(y_weight=0.3).fit(X, np.arange(300)).y_classes_ is None
    assert HVRT(y_weight=0.3).fit(X, np.ones(300)).y_classes_ is None
    assert len(kept(X, X[:, 0], 60, y_weight=0.3)) == 60


def test_other_rows_have_no_classes(rare):
    X, y = rare
    model = HVRT(y_weight=0.2).fit(X, y)
    own = model.reduce(n=50, return_indices=True)[1]
    others = model.reduce(n=50, X=X, return_indices=True)[1]
    assert y[own].sum() == 13
    assert y[others].sum() != 13


def test_a_missing_outcome_is_refused(clusters):
    X, labels = clusters
    given = labels.astype(object)
    given[3] = None
    with pytest.raises(ValueError, match="y holds missing"):
        HVRT(y_weight=0.3).fit(X, given)
