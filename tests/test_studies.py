"""Studies: laws that are known, accuracy that grows with rows, and unfit input."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from relsynth.errors import DataError
from relsynth.studies import fit_law, size_vs_accuracy

X = np.repeat(np.geomspace(100, 25_600, 9), 3)


def test_a_law_is_found_again_inside_its_intervals():
    noise = np.exp(0.05 * np.random.default_rng(2).normal(size=len(X)))
    law = fit_law(X, (4.0 * X**-0.6 + 0.01) * noise)
    for name, truth in (("a", 4.0), ("b", 0.6), ("c", 0.01)):
        low, high = law.intervals[name]
        assert low <= truth <= high
        assert low <= getattr(law, name) <= high
    assert law.r2 > 0.98
    assert law.break_point is None
    assert law([400.0])[0] == pytest.approx(4.0 * 400**-0.6 + 0.01, rel=0.1)
    assert "R2" in str(law)


def test_noise_has_no_law_and_a_bend_is_found():
    rng = np.random.default_rng(1)
    assert fit_law(X, np.exp(rng.normal(size=len(X)))).r2 < 0.4
    bent = np.where(X < 1_600, X**-0.1, 1_600**-0.1 * (X / 1_600) ** -0.9)
    law = fit_law(X, bent * np.exp(0.02 * rng.normal(size=len(X))))
    assert law.break_point == pytest.approx(1_600, rel=1.2)


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        ([], [], "0 different x"),
        ([1, 2, 3], [1, 2, 3], "3 different x"),
        ([1, 2, 3, 4], [1, 2], "x has 4 values, error 2"),
        ([1, 2, 3, 0], [1, np.nan, 3, 4], r"(?s)x: 1 values.*error: 1 values"),
        (["few", "many"], [1, 2], "x: only numbers"),
    ],
)
def test_unfit_points_are_refused(x, error, message):
    with pytest.raises(DataError, match=message):
        fit_law(x, error)


def people(n: int) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    level = rng.choice(4, n, p=[0.4, 0.3, 0.2, 0.1])
    age = rng.gamma(6, 7, n).round()
    rich = rng.random(n) < 1 / (1 + np.exp(3.5 - level - age / 40))
    return pd.DataFrame(
        {
            "school": np.array(["none", "some", "high", "top"])[level],
            "years": level * 4.0,
            "age": age,
            "income": np.where(rich, ">50K", "<=50K"),
        }
    )


def test_accuracy_grows_with_rows(tmp_path):
    pytest.importorskip("lightgbm")
    study = size_vs_accuracy(
        people(3_000),
        sizes=(60, 1_500),
        models="cart",
        rules=[("school", "years")],
        groups=[("age", "income")],
        n=1_000,
        repeats=1,
    )
    table = study.summary().set_index("rows")
    assert table.loc[60, "accuracy"] < table.loc[1_500, "accuracy"] <= 1
    assert table.loc[60, "auc"] <= table.loc[1_500, "auc"] + 0.02
    assert (study.results["rule: school -> years"] > 0.9).all()
    real = study.results.set_index("model").loc["training rows"]
    assert real["accuracy"] > 0.96
    assert np.isnan(real["seconds"])
    assert "mean age: income = >50K" in study.results
    study.plot(tmp_path / "study.png")
    assert (tmp_path / "study.png").stat().st_size > 10_000


def test_all_that_is_wrong_with_a_study_is_listed():
    pytest.importorskip("lightgbm")
    with pytest.raises(DataError) as error:
        size_vs_accuracy(people(100), (0, 900), ["tree"], target="incom", rules=[("a", "age")])
    for part in ("'incom'", "'a'", "'tree'", "size 0", "size 900"):
        assert part in str(error.value)
    with pytest.raises(DataError) as error:
        size_vs_accuracy(
            people(100), (), [], groups=[("school", "income"), "age"], rules=["school"]
        )
    for part in ("'age' is no pair", "'school' is no pair", "sizes is empty", "models is empty"):
        assert part in str(error.value)
    assert "'school' of ('school', 'income') holds no numbers" in str(error.value)
    for holdout in (2.0, "some", people(100)[["age"]]):
        with pytest.raises(DataError, match="holdout"):
            size_vs_accuracy(people(100), holdout=holdout)
    with pytest.raises(TypeError, match="DataFrame"):
        size_vs_accuracy(people(100).to_numpy())
    with pytest.raises(ValueError, match=r"n must be.*; repeats must be"):
        size_vs_accuracy(people(100), (50,), n=0, repeats=0.5)
    for rows in (0, 1):
        with pytest.raises(DataError, match=r"holdout: 0.2 of . rows are none"):
            size_vs_accuracy(people(100)[:rows], (50,))
    with pytest.raises(DataError, match="1 levels; 2 are needed"):
        size_vs_accuracy(people(100).assign(income="low"), (50,))
