"""The estimators: conventions of scikit-learn, what comes out, and what is refused."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from relsynth.errors import CapacityError, DataError
from relsynth.hvrt import (
    BUILTIN_GENERATION_STRATEGIES,
    BUILTIN_STRATEGIES,
    HVRT,
    AugmentParams,
    ExpandParams,
    FastHVRT,
    GenerationStrategy,
    HVRTDeprecationWarning,
    HVRTFeatureWarning,
    HVRTWarning,
    ReduceParams,
    SelectionStrategy,
    bootstrap_noise,
    medoid_fps,
)


@pytest.fixture(scope="module")
def numbers():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 4))
    X[:, 1] = 0.8 * X[:, 0] + 0.6 * X[:, 1]
    return X


@pytest.fixture(scope="module")
def mixed():
    rng = np.random.default_rng(1)
    kind = rng.choice(["a", "b", "c"], 400)
    return pd.DataFrame(
        {
            "number": rng.normal(size=400) + 5 * (kind == "a"),
            "whole": rng.integers(0, 50, 400),
            "kind": pd.Categorical(kind),
            "twin": np.char.add(kind, "!"),
            "flag": rng.random(400) < 0.2,
            "gaps": np.where(rng.random(400) < 0.3, np.nan, rng.normal(size=400)),
            "nullable": pd.array(rng.integers(0, 5, 400), dtype="Int64"),
            "constant": 1,
        },
        index=np.arange(1000, 1400),
    )


@pytest.mark.parametrize("estimator", [HVRT, FastHVRT])
def test_scikit_learn_conventions_hold(estimator):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = check_estimator(estimator(reduce_params=ReduceParams(ratio=1.0)), on_fail=None)
    failed = [r["check_name"] for r in results if r["status"] not in ("passed", "skipped")]
    assert failed == []
    assert sum(r["status"] == "passed" for r in results) > 30


def test_clone_keeps_parameters_and_fit_leaves_them_alone(numbers):
    model = HVRT(n_partitions=9, expand_params=ExpandParams(n=10), random_state=3)
    copy = clone(model).fit(numbers)
    assert copy.get_params() == model.get_params()
    assert copy.n_partitions_ <= 9


def test_it_works_at_any_place_of_a_pipeline(numbers):
    reduce = HVRT(reduce_params=ReduceParams(ratio=0.25))
    middle = Pipeline([("scale", StandardScaler()), ("hvrt", reduce), ("again", StandardScaler())])
    assert middle.fit_transform(numbers).shape == (150, 4)
    assert middle.transform(numbers[:100]).shape == (25, 4)
    last = Pipeline([("scale", StandardScaler()), ("hvrt", reduce)])
    assert last.fit_transform(numbers).shape == (150, 4)


def test_set_output_gives_frames(numbers):
    model = HVRT(expand_params=ExpandParams(n=30)).set_output(transform="pandas")
    drawn = model.fit_transform(numbers)
    assert isinstance(drawn, pd.DataFrame)
    assert list(drawn.columns) == ["x0", "x1", "x2", "x3"]
    assert len(drawn) == 30


def test_reduce_returns_real_rows_with_their_labels(mixed):
    model = HVRT().fit(mixed)
    rows, indices = model.reduce(n=60, return_indices=True)
    pd.testing.assert_frame_equal(rows, mixed.iloc[indices])
    assert len(np.unique(indices)) == 60
    assert len(model.reduce(ratio=0.1)) == 40
    assert len(model.reduce(ratio=1.0)) == 400


def test_expand_keeps_dtypes_bounds_integers_and_joint_categories(mixed):
    model = HVRT().fit(mixed)
    for options in (
        {},
        {"bandwidth": 0.5},
        {"adaptive_bandwidth": True},
        *({"generation_strategy": name} for name in BUILTIN_GENERATION_STRATEGIES),
    ):
        drawn = model.expand(700, **options)
        assert drawn.dtypes.equals(mixed.dtypes)
        assert list(drawn.columns) == list(mixed.columns)
        assert drawn["number"].between(mixed["number"].min(), mixed["number"].max()).all()
        assert drawn["whole"].between(0, 49).all()
        assert set(drawn["kind"]) <= {"a", "b", "c"}
        assert set(drawn["constant"]) == {1}
        assert abs(drawn["gaps"].isna().mean() - 0.3) < 0.08
        same = drawn["kind"].astype(str) + "!" == drawn["twin"]
        assert same.mean() > (0.6 if options else 0.9)


def test_generated_numbers_keep_marginals_and_covariance(numbers):
    model = HVRT(bandwidth=0.5).fit(numbers)
    drawn = model.expand(20_000)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(numbers.T), atol=0.1)
    for q in (0.05, 0.5, 0.95):
        np.testing.assert_allclose(
            np.quantile(drawn, q, axis=0), np.quantile(numbers, q, axis=0), atol=0.1
        )


@pytest.mark.parametrize(
    "options", [{}, {"bandwidth": 0.5}, {"generation_strategy": "multivariate_kde"}]
)
def test_a_constant_column_collapses_no_leaf(numbers, options):
    X = np.column_stack([numbers, np.ones(len(numbers)), numbers[:, 0]])
    drawn = HVRT().fit(X).expand(2000, **options)
    assert len(np.unique(drawn[:, 0])) > 1900
    assert set(drawn[:, 4]) == {1.0}
    assert drawn[:, 0].std() == pytest.approx(numbers[:, 0].std(), rel=0.15)


def test_calls_advance_and_a_new_fit_repeats(numbers):
    first = HVRT(random_state=5).fit(numbers)
    second = HVRT(random_state=5).fit(numbers)
    one, two = first.expand(50), first.expand(50)
    assert not np.array_equal(one, two)
    np.testing.assert_array_equal(one, second.expand(50))
    np.testing.assert_array_equal(two, second.expand(50))
    assert not np.array_equal(one, HVRT(random_state=6).fit(numbers).expand(50))
    for state in (None, np.random.RandomState(0), np.random.default_rng(0)):
        assert HVRT(random_state=state).fit(numbers).expand(5).shape == (5, 4)


def test_rows_are_shuffled(numbers):
    model = HVRT(bandwidth=0.05).fit(numbers)
    leaves = model.tree_.apply(model.scaler_.transform(model.expand(600)).astype(np.float32))
    assert (np.diff(leaves) != 0).mean() > 0.5


def test_overrides_stay_in_the_call(numbers):
    model = HVRT().fit(numbers)
    before, tree = model.n_partitions_, model.tree_
    model.expand(40, n_partitions=60)
    model.reduce(n=40, n_partitions=3)
    assert model.n_partitions_ == before
    assert model.tree_ is tree
    assert len(model.get_partitions()) == before


@pytest.mark.parametrize("method", list(BUILTIN_STRATEGIES))
def test_no_row_is_selected_twice_even_among_duplicates(method):
    distinct = np.random.default_rng(0).normal(size=(20, 3))
    X = np.tile(distinct, (30, 1))
    _, indices = HVRT().fit(X).reduce(n=300, method=method, return_indices=True)
    assert len(np.unique(indices)) == 300


def test_farthest_points_cover_better_than_chance(numbers):
    model = HVRT().fit(numbers)
    cover = {
        method: model.compute_novelty(numbers)
        if method is None
        else HVRT().fit(model.reduce(n=60, method=method)).compute_novelty(numbers).max()
        for method in ("fps", "stratified")
    }
    assert cover["fps"] < cover["stratified"]


def test_strategies_may_be_names_references_or_own_callables(numbers):
    model = HVRT().fit(numbers)
    by_reference = model.reduce(n=50, method=medoid_fps)
    np.testing.assert_array_equal(by_reference, model.reduce(n=50, method="medoid_fps"))
    assert isinstance(medoid_fps, SelectionStrategy)
    assert isinstance(bootstrap_noise, GenerationStrategy)

    def first_rows(X_z, partition_ids, unique_partitions, budgets, random_state=None):
        ids = zip(unique_partitions, budgets, strict=True)
        return np.concatenate([np.flatnonzero(partition_ids == k)[:b] for k, b in ids])

    def copies(X_z, partition_ids, unique_partitions, budgets, random_state=None):
        ids = zip(unique_partitions, budgets, strict=True)
        return np.concatenate([np.repeat(X_z[partition_ids == k][:1], b, 0) for k, b in ids])

    assert len(model.reduce(n=50, method=first_rows)) == 50
    drawn = model.expand(80, generation_strategy=copies)
    assert model.compute_novelty(drawn).max() < 1e-9
    with pytest.raises(ValueError, match="more than once"):
        model.reduce(n=5, method=lambda *a, **k: np.zeros(5, int))
    with pytest.raises(ValueError, match="shape"):
        model.expand(5, generation_strategy=lambda *a, **k: np.zeros((4, 4)))


def test_auto_bandwidth_depends_on_leaf_size(numbers):
    coarse, fine = HVRT(n_partitions=4).fit(numbers), HVRT(n_partitions=100, min_samples_leaf=5)
    fine.fit(numbers)
    assert np.bincount(fine.partition_.codes).mean() < 15
    same = HVRT(n_partitions=100, min_samples_leaf=5).fit(numbers)
    np.testing.assert_array_equal(fine.expand(400), same.expand(400, bandwidth=0.5))
    narrow = HVRT(n_partitions=4).fit(numbers).expand(400, bandwidth=0.1)
    np.testing.assert_array_equal(coarse.expand(400), narrow)


def test_partitions_count_in_the_constructor_as_in_a_call():
    X = np.random.default_rng(0).normal(size=(500, 6))
    asked = (20, 30, 50, 75, 100, 200)
    found = [HVRT(n_partitions=k).fit(X) for k in asked]
    assert [model.n_partitions_ for model in found] == list(asked)
    for k, model in zip(asked, found, strict=True):
        call = HVRT().fit(X).expand(100, n_partitions=k, bandwidth=0.3)
        np.testing.assert_array_equal(model.expand(100, bandwidth=0.3), call)


def test_correlated_columns_survive_small_leaves():
    # two sums and their parts: kernels without covariance would break the sums
    parts = np.random.default_rng(0).normal(size=(220, 8))
    X = np.column_stack([parts, parts[:, :4].sum(axis=1), parts.sum(axis=1)])
    drawn = HVRT(random_state=0).fit(X).expand(2_000)
    expected = np.corrcoef(X.T)
    assert np.abs(np.corrcoef(drawn.T) - expected).max() < 0.12
    off = drawn[:, 9] - drawn[:, :8].sum(axis=1)
    assert off.std() < 0.45 * X[:, 9].std()


def test_wider_bandwidths_move_away_from_real_rows(numbers):
    model = HVRT().fit(numbers)
    distances = [
        model.expand(500, bandwidth=h, return_novelty_stats=True)[1]["mean"]
        for h in (0.0, 0.1, 0.5, "silverman", "scott", 1.0)
    ]
    assert distances[0] < 1e-6
    assert distances[1] < distances[2] < distances[-1]
    adaptive = [
        model.expand(n, adaptive_bandwidth=True, return_novelty_stats=True)[1]["mean"]
        for n in (600, 60_000)
    ]
    assert adaptive[0] < adaptive[1]


def test_adaptive_bandwidth_is_never_ignored_in_silence(numbers):
    model = HVRT(n_partitions=100, min_samples_leaf=5).fit(numbers)
    with pytest.warns(HVRTWarning, match="no effect"):
        model.expand(10, adaptive_bandwidth=True, generation_strategy="epanechnikov")


def test_min_novelty_is_kept_or_said(numbers):
    model = HVRT().fit(numbers)
    with pytest.warns(HVRTDeprecationWarning):
        drawn = model.expand(100, bandwidth=0.5, min_novelty=0.1)
    assert model.compute_novelty(drawn).min() >= 0.1
    with (
        pytest.warns(HVRTDeprecationWarning, match="wider bandwidth"),
        pytest.warns(HVRTWarning, match="50 of 50 rows lie nearer"),
    ):
        model.expand(50, bandwidth=0.01, min_novelty=5.0)


def test_augment_begins_with_the_real_rows(mixed, numbers):
    frame = HVRT().fit(mixed).augment(450)
    real = frame.iloc[:400].set_axis(mixed.index)
    pd.testing.assert_frame_equal(real, mixed, check_categorical=False)
    array = HVRT().fit(numbers).augment(601)
    np.testing.assert_array_equal(array[:600], numbers)
    with pytest.raises(ValueError, match="must exceed"):
        HVRT().fit(numbers).augment(600)


def test_fit_transform_does_what_is_set_first(numbers):
    both = HVRT(reduce_params=ReduceParams(n=30), expand_params=ExpandParams(n=900))
    assert len(both.fit_transform(numbers)) == 30
    assert len(both.fit_transform(numbers, n=20)) == 20
    assert len(HVRT(augment_params=AugmentParams(n=610)).fit_transform(numbers)) == 610
    with pytest.warns(HVRTDeprecationWarning, match="reduce_params"):
        assert len(HVRT(mode="reduce").fit_transform(numbers, ratio=0.5)) == 300
    with pytest.raises(ValueError, match="nothing to do"):
        HVRT().fit_transform(numbers)
    with pytest.raises(ValueError, match="unknown mode"):
        HVRT(mode="shrink").fit_transform(numbers)


def test_other_rows_are_matched_by_name_or_position(mixed, numbers):
    model = HVRT().fit(mixed)
    others = mixed[list(mixed.columns[::-1])].iloc[:50]
    assert list(model.reduce(n=10, X=others).columns) == list(mixed.columns)
    with pytest.warns(HVRTFeatureWarning, match="extra"):
        model.expand(10, X=others.assign(extra=0))
    with pytest.raises(ValueError, match="'flag'"):
        model.reduce(n=10, X=others.drop(columns="flag"))
    with pytest.raises(DataError, match="not seen in fit"):
        model.reduce(n=10, X=others.assign(twin="zzz"))
    plain = HVRT().fit(numbers)
    shifted = plain.expand(300, X=numbers[:200] + 0.0, bandwidth=0.1)
    assert shifted.shape == (300, 4)
    with pytest.warns(HVRTFeatureWarning, match="last 1"):
        plain.reduce(n=10, X=np.column_stack([numbers, numbers[:, 0]]))
    with pytest.raises(ValueError, match="expecting 4"):
        plain.reduce(n=10, X=numbers[:, :3])


def test_partitions_describe_the_rows(numbers):
    model = HVRT().fit(numbers)
    parts = model.get_partitions()
    assert sum(part["size"] for part in parts) == 600
    assert [part["id"] for part in parts] == model.unique_partitions_.tolist()
    rows = model.X_z_[model.partition_ids_ == parts[0]["id"]]
    assert parts[0]["mean_abs_z"] == pytest.approx(np.abs(rows).mean())
    assert parts[0]["variance"] == pytest.approx(rows.var())


def test_novelty_is_zero_for_real_rows(numbers):
    model = HVRT().fit(numbers)
    assert model.compute_novelty(numbers).max() == 0
    moved = numbers[:1].copy()
    moved[0, 0] = 100.0
    expected = (100 - numbers[:, 0].max()) / numbers[:, 0].std()
    assert model.compute_novelty(moved)[0] == pytest.approx(expected, rel=0.05)


def test_y_weight_moves_the_partition(numbers):
    y = np.random.default_rng(3).standard_t(2, 600)
    plain, weighted = HVRT().fit(numbers, y), HVRT(y_weight=0.9).fit(numbers, y)
    assert np.array_equal(plain.target_, HVRT().fit(numbers).target_)
    assert not np.array_equal(plain.partition_ids_, weighted.partition_ids_)
    assert HVRT(y_weight=0.5).fit(numbers, np.where(y > 0, "yes", "no")).n_partitions_ > 1
    with pytest.raises(DataError, match="599 entries"):
        HVRT(y_weight=0.5).fit(numbers, y[1:])


def test_small_and_degenerate_data_work():
    assert HVRT().fit(np.zeros((50, 3))).expand(20).tolist() == [[0.0] * 3] * 20
    assert HVRT().fit([[1.0, 2.0]]).expand(3).tolist() == [[1.0, 2.0]] * 3
    assert HVRT().fit(np.arange(5.0)[:, None]).expand(9).shape == (9, 1)
    gaps = np.full((40, 2), np.nan)
    gaps[:, 1] = np.arange(40)
    drawn = HVRT().fit(gaps).expand(30)
    assert np.isnan(drawn[:, 0]).all()
    assert not np.isnan(drawn[:, 1]).any()
    words = pd.DataFrame({"a": list("xy") * 20})
    assert set(HVRT().fit(words).expand(10)["a"]) <= {"x", "y"}
    assert len(HVRT().fit(words).reduce(n=3)) == 3


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.reduce(n=601), "only 600 rows"),
        (lambda m: m.reduce(n=10, ratio=0.1), "one of n and ratio"),
        (lambda m: m.reduce(), "one of n and ratio"),
        (lambda m: m.reduce(ratio=0.0), "above 0"),
        (lambda m: m.reduce(n=0), "at least 1"),
        (lambda m: m.reduce(n=10, method="fsp"), "'variance_ordered'.*did you mean 'fps'"),
        (lambda m: m.expand(0), "at least 1"),
        (lambda m: m.expand(10, generation_strategy="kde"), "'multivariate_kde'.*'epanechnikov'"),
        (lambda m: m.expand(10, bandwidth="wide"), "'scott'"),
        (lambda m: m.expand(10, bandwidth=-1.0), "number from 0"),
        (lambda m: m.expand(10, n_partitions=1), "at least 2"),
    ],
)
def test_senseless_requests_are_refused_with_the_reason(numbers, call, message):
    with pytest.raises(ValueError, match=message):
        call(HVRT().fit(numbers))


def test_parameters_that_make_no_sense_are_listed_together(numbers):
    wrong = HVRT(n_partitions=2.5, min_samples_leaf=-1, max_depth=0, y_weight="much")
    with pytest.raises(ValueError, match="HVRT") as caught:
        wrong.fit(numbers)
    for part in ("n_partitions", "got 2.5", "min_samples_leaf", "max_depth", "'much'"):
        assert part in str(caught.value)
    with pytest.raises(ValueError, match="whole number"):
        HVRT().fit(numbers).expand("many")


def test_rows_come_out_as_what_was_chosen(numbers):
    pl = pytest.importorskip("polars")
    given = pd.DataFrame({"size": numbers[:, 0], "kind": np.where(numbers[:, 1] > 0, "a", "b")})
    for frame in (given, pl.from_pandas(given)):
        model = HVRT().fit(frame)
        for output, kind in (("pandas", pd.DataFrame), ("polars", pl.DataFrame)):
            model.set_output(transform=output)
            for rows in (model.reduce(n=5), model.expand(7), clone(model).fit(frame).augment(610)):
                assert isinstance(rows, kind)
                assert list(rows.columns) == ["size", "kind"]
            assert isinstance(model.reduce(n=5, return_indices=True)[0], kind)
    own = HVRT().fit(pl.from_pandas(given)).augment(620)
    assert isinstance(own, pl.DataFrame)
    assert own.head(600).equals(pl.from_pandas(given))
    named = HVRT().fit(numbers).set_output(transform="pandas").expand(5)
    assert list(named.columns) == ["x0", "x1", "x2", "x3"]
    with pytest.raises(ValueError, match="lacks 1 of the columns"):
        HVRT().fit(pl.from_pandas(given)).expand(5, X=pl.from_pandas(given[["size"]]))


def test_more_rows_than_there_are_is_a_capacity_error_or_a_warning(numbers):
    model = HVRT().fit(numbers)
    with pytest.raises(CapacityError):
        model.reduce(n=10_000)
    with pytest.raises(CapacityError, match="32,000 GB"):
        model.expand(10**12)
    with pytest.warns(HVRTWarning, match="all are returned"):
        assert len(model.reduce(ratio=1.5)) == 600


def test_bad_columns_are_listed_together():
    frame = pd.DataFrame({"a": ["x", "y", "1"], "b": [1.0, np.inf, 2.0], "c": [1, 2, 3]})
    with pytest.raises(DataError) as caught:
        HVRT().fit(frame, feature_types=["continuous"] * 3)
    assert len(caught.value.faults) == 2
    assert "'a'" in str(caught.value)
    assert "inf" in str(caught.value)
    with pytest.raises(DataError, match="2 entries but X has 3 columns"):
        HVRT().fit(frame, feature_types=["continuous"] * 2)
    with pytest.raises(DataError, match="0 rows"):
        HVRT().fit(frame.iloc[:0])


def test_params_objects_check_themselves():
    for make in (
        lambda: ReduceParams(n=1, ratio=0.5),
        ReduceParams,
        ExpandParams,
        AugmentParams,
    ):
        with pytest.raises(ValueError, match="Params"):
            make()


def test_unfitted_use_is_refused():
    with pytest.raises(ValueError, match="not fitted"):
        HVRT().expand(5)


def test_rows_are_drawn_inside_classes(numbers):
    label = np.where(numbers[:, 0] > 1, "high", "low")
    model = HVRT().fit(numbers)
    rows, classes = model.expand(n=2_000, by=label)
    assert rows.shape == (2_000, 4)
    assert set(classes) == {"high", "low"}
    assert (classes == "high").mean() == pytest.approx((label == "high").mean(), abs=0.02)
    told = {name: rows[classes == name, 0].mean() for name in ("high", "low")}
    for name, mean in told.items():
        assert mean == pytest.approx(numbers[label == name, 0].mean(), abs=0.15)
    *_, stats = model.expand(n=50, by=label, return_novelty_stats=True)
    assert stats["min"] > 0
    with pytest.raises(DataError, match="by has 3 entries but there are 600"):
        model.expand(n=5, by=["a", "b", "c"])
    with pytest.raises(DataError, match="by is missing in 1 rows"):
        model.expand(n=5, by=[None, *label[1:]])
    with pytest.raises(ValueError, match="min_novelty"):
        model.expand(n=5, by=label, min_novelty=0.1)
