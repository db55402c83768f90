"""Counting measures: worked cases by hand, and each fault caught by the measure made for it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from evaluate_shop import copy_of, make_shop, shop_schema, shuffled
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp

import relsynth as rs
from relsynth.distance import accuracy_of_counts, kolmogorov_smirnov, total_variation
from relsynth.evaluate.association import correlations, cramers_v
from relsynth.evaluate.binning import fit_bins
from relsynth.evaluate.codes import key_codes, shared_codes
from relsynth.evaluate.database import prepare
from relsynth.evaluate.grouping import Groups
from relsynth.metadata import Column, Table

REAL = make_shop()
SCHEMA = shop_schema()


def scores(fake, *measures, real=None):
    report = rs.evaluate(real or REAL, fake, SCHEMA, measures=measures, baselines=False)
    return report.scores


def test_total_variation_by_hand():
    assert total_variation(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 2])) == pytest.approx(0.25)


def test_kolmogorov_smirnov_by_hand():
    assert kolmogorov_smirnov(np.array([1.0, 2.0, np.nan]), np.array([2.0, 3.0])) == 0.5


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of scipy's p-value, which is not used
@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(-5, 5), min_size=1, max_size=40),
    st.lists(st.integers(-5, 5), min_size=1, max_size=40),
)
def test_kolmogorov_smirnov_is_that_of_scipy(a, b):
    first, second = np.array(a, float), np.array(b, float)
    expected = ks_2samp(first, second, method="asymp").statistic
    assert kolmogorov_smirnov(first, second) == pytest.approx(expected)


def test_shapes_leave_missing_values_out():
    table = Table("t", {"x": Column("x", "numeric"), "c": Column("c", "categorical")})
    real = {"t": pd.DataFrame({"x": [1.0, 2.0, None, None], "c": ["a", "a", "b", None]})}
    fake = {"t": pd.DataFrame({"x": [1.0, 2.0, 2.0, 2.0], "c": ["a", "b", "b", "b"]})}
    found = rs.evaluate(real, fake, rs.Metadata([table]), measures=["shapes"], baselines=False)
    columns = found.scores["shapes"]["columns"]["t"]
    assert columns["x"] == pytest.approx(1 - 0.25)
    assert columns["c"] == pytest.approx(1 - (2 / 3 - 1 / 4))


def test_cardinality_counts_parents_without_children():
    fake = copy_of(REAL)
    childless = set(REAL["customers"]["id"]) - set(REAL["orders"]["customer"])
    fake["customers"] = fake["customers"][~fake["customers"]["id"].isin(childless)]
    found = scores(fake, "cardinality")["cardinality"]["keys"]["orders.customer -> customers"]
    assert found["score"] == pytest.approx(1 - len(childless) / len(REAL["customers"]))
    assert found["synthetic_childless"] == 0


def test_identical_data_score_one_everywhere():
    names = ("shapes", "pairs", "cardinality", "trends", "order", "siblings", "diamonds")
    found = scores(REAL, *names)
    for name, line in found["summary"].items():
        assert line["score"] is None or line["score"] == pytest.approx(1.0), name


def test_values_are_compared_whatever_their_dtype():
    fake = copy_of(REAL)
    fake["orders"]["total"] = fake["orders"]["total"].map("{:.2f}".format)
    fake["orders"]["day"] = pd.to_datetime(fake["orders"]["day"])
    fake["orders"]["customer"] = fake["orders"]["customer"].astype("Int64")
    fake["customers"]["region"] = fake["customers"]["region"].astype("category")
    found = scores(fake, "shapes", "cardinality")["summary"]
    assert found["shapes"]["score"] == pytest.approx(1.0)
    assert found["cardinality"]["score"] == pytest.approx(1.0)


def test_a_shuffled_column_moves_associated_pairs_and_not_shapes():
    table = Table("t", {"x": Column("x", "numeric"), "y": Column("y", "numeric")})
    x = np.linspace(0, 1, 400)
    real = {"t": pd.DataFrame({"x": x, "y": x**2})}
    fake = {"t": real["t"].assign(y=shuffled(real["t"], "y"))}
    found = rs.evaluate(
        real, fake, rs.Metadata([table]), measures=("shapes", "pairs"), baselines=False
    ).scores
    assert found["shapes"]["shapes"] == 1.0
    assert found["pairs"]["pairs_associated"] < 0.6


def test_a_constant_column_is_seen_in_shapes():
    fake = copy_of(REAL)
    fake["customers"]["income"] = 20.0
    assert scores(fake, "shapes")["shapes"]["columns"]["customers"]["income"] < 0.6


def test_permuted_links_move_associated_trends_siblings_and_diamonds():
    fake = copy_of(REAL)
    fake["orders"]["customer"] = shuffled(REAL["orders"], "customer")
    summary = scores(fake, "cardinality", "trends", "siblings", "diamonds")["summary"]
    assert summary["cardinality"]["score"] == pytest.approx(1.0)
    assert summary["hop1_associated"]["score"] < 0.85
    assert summary["siblings"]["score"] < 0.92
    assert summary["diamonds"]["score"] < 0.2


def test_wrong_order_within_groups_is_caught_by_order_alone():
    fake = copy_of(REAL)
    groups = fake["orders"].groupby("customer")["stage"]
    fake["orders"]["stage"] = groups.transform(lambda s: s.sample(frac=1, random_state=0).values)
    found = scores(fake, "shapes", "trends", "order")
    assert found["summary"]["shapes"]["score"] == pytest.approx(1.0)
    assert found["order"]["tables"]["orders"]["columns"]["stage"] < 0.8


def test_irregular_steps_of_time_are_seen():
    fake = copy_of(REAL)
    days = pd.to_datetime(fake["orders"]["day"])
    jitter = pd.to_timedelta(np.random.default_rng(0).integers(-5, 6, len(days)), unit="D")
    fake["orders"]["day"] = (days + jitter).dt.strftime("%Y-%m-%d")
    assert scores(fake, "order")["order"]["order_steps"] < 0.7


def test_two_percent_repeated_children_are_counted():
    fake = copy_of(REAL)
    extra = fake["orders"].sample(frac=0.02, random_state=0)
    fake["orders"] = pd.concat([fake["orders"], extra], ignore_index=True)
    found = scores(fake, "repeats")
    assert found["repeats"]["repeats"] == pytest.approx(0.02 / 1.02, rel=0.05)
    assert found["summary"]["repeats"]["verdict"] != "good"


def test_correlations_use_the_rows_where_both_are_known():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(200, 3)), columns=list("abc"))
    frame["b"] += frame["a"] * 1e3
    frame = frame.mask(rng.random((200, 3)) < 0.2)
    frame["d"] = 1.0
    found = correlations({c: frame[c].to_numpy() for c in frame}, list("abcd"))
    expected = frame.corr().to_numpy()
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_cramers_v_by_hand():
    x = np.array([0, 0, 1, 1])
    assert cramers_v(x, x) == pytest.approx(1.0)
    assert cramers_v(x, np.array([0, 1, 0, 1])) == 0.0


def test_accuracy_and_its_expected_maximum_by_hand():
    reached, expected = accuracy_of_counts(np.array([5, 5]), np.array([10, 0]))
    assert reached == pytest.approx(0.5)
    assert expected == pytest.approx(1 - np.sqrt(0.25 * 0.2 * 2 / np.pi))


def test_bins_of_heavy_zeros_do_not_collapse():
    values = np.concatenate([np.zeros(900), np.arange(1.0, 101)])
    bins = fit_bins(values, "number")
    assert len(bins.edges) == 10
    assert (bins.apply(np.array([-3.0, 0.0, 1e9, np.nan])) == [2, 2, 11, 0]).all()


def test_few_values_have_a_bin_each_and_rare_categories_none():
    bins = fit_bins(np.array([3.0, 1.0, 2.0, 1.0]), "number")
    assert bins.apply(np.array([1.0, 2.0, 3.0])).tolist() == [2, 3, 4]
    codes = np.array([0] * 6 + [1] * 4 + [-1] * 9)
    assert fit_bins(codes, "category").apply(np.array([0, 1, -1, 7])).tolist() == [2, 1, 0, 1]


def test_accuracy_of_two_real_samples_is_near_the_expected_maximum():
    real = make_shop(customers=3000)
    found = scores(make_shop(customers=3000, seed=1), "accuracy", real=real)["accuracy"]
    levels = found["tables"]["orders"]
    for level in ("univariate", "bivariate", "trivariate", "coherence"):
        assert levels[level] == pytest.approx(levels["maxima"][level], abs=0.02), level


def test_group_reductions_are_those_of_pandas():
    rng = np.random.default_rng(0)
    link = rng.integers(-1, 20, 500)
    values = rng.normal(size=500)
    values[rng.random(500) < 0.2] = np.nan
    codes = rng.integers(-1, 4, 500)
    frame = pd.DataFrame({"g": link, "v": values, "c": codes})[link >= 0]
    grouped = frame.groupby("g")["v"]
    groups = Groups(link, 20)
    np.testing.assert_allclose(groups.mean(values), grouped.mean())
    np.testing.assert_allclose(groups.spread(values), grouped.std())
    np.testing.assert_allclose(groups.extremes(values), [grouped.min(), grouped.max()])
    distinct = frame[frame["c"] >= 0].groupby("g")["c"].nunique()
    np.testing.assert_array_equal(groups.distinct(codes), distinct)


def test_composite_keys_match_only_as_a_whole():
    child = pd.DataFrame({"a": [1, 1, 2, None], "b": ["x", "y", "y", "x"]})
    parent = pd.DataFrame({"a": ["1", "2"], "b": ["x", "y"]})
    codes, owned = key_codes([(child, ("a", "b")), (parent, ("a", "b"))])
    assert codes[0] == owned[0]
    assert codes[2] == owned[1]
    assert codes[1] not in owned
    assert codes[3] == -1


def test_codes_do_not_depend_on_dtype():
    columns = [pd.Series([1, 2]), pd.Series([2.0, None]), pd.Series(["2", "1.0"])]
    codes, levels = shared_codes(columns)
    assert levels == ("1", "2")
    assert [part.tolist() for part in codes] == [[0, 1], [1, -1], [1, 0]]


def test_personal_data_keys_and_texts_are_not_scored():
    (database,) = prepare(SCHEMA, {"real": REAL})
    assert set(database.values["customers"]) == {"region", "income"}
