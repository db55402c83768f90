"""The Gaussian copula: marginals, dependence, conditioning on any known values, small inputs."""

import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.special import ndtri
from scipy.stats import ks_2samp

import relsynth as rs
from relsynth.columns.matrix import Matrix
from relsynth.errors import SchemaError
from relsynth.gaussian.matching import (
    hermite_coefficients,
    latent_grid,
    match_correlation,
    repair_correlation,
)
from relsynth.models.empirical import Empirical
from relsynth.models.gaussian_copula import GaussianCopula
from relsynth.models.latent import LatentGaussian
from relsynth.models.levels import level_axes
from relsynth.models.protocol import TableModel
from relsynth.storage.model_file import read_model, write_model


def matrix(**columns):
    kinds = {"n": "number", "k": "count", "c": "category"}
    return Matrix(
        tuple(columns),
        tuple(kinds[name[0]] for name in columns),
        np.column_stack([np.asarray(v, float) for v in columns.values()]),
    )


def distance(a, b):
    """The Kolmogorov-Smirnov distance."""
    return ks_2samp(a, b, method="asymp").statistic


def draw(model, context, seed=1):
    return model.sample(context, np.random.default_rng(seed))


# Marginals


def test_an_atom_is_exact_and_rare_values_are_interpolated():
    column = np.concatenate([np.zeros(50), np.arange(1.0, 51.0)])
    marginal = Empirical.of(column, "number")
    drawn = marginal.percent_point(np.linspace(0, 1, 1001))
    assert (drawn == 0).mean() == pytest.approx(0.5, abs=0.01)
    assert drawn[drawn > 0].min() == 3.0  # the mean of 1 to 5, the lowest block
    assert drawn.max() == 48.0
    assert not np.isin(np.array([1.0, 2.0, 49.0, 50.0]), drawn).any()


def test_mid_shares_of_ties_worked_out_by_hand():
    marginal = Empirical.of(np.array([1.0] * 6 + [2.0] * 2 + [3.0] * 2), "count")
    assert marginal.cumulative_distribution(np.array([1.0, 2.0, 3.0])) == pytest.approx(
        [0.3, 0.7, 0.9]
    )
    assert marginal.cumulative_distribution(np.array([0.0, 1.5, 4.0])) == pytest.approx(
        [0.0, 0.6, 1.0]
    )


@example(values=[*[-1.0] * 4, *[1.0] * 4, -2.0, -2.0, *[-699051.2281901392] * 3], kind="number")
@given(
    values=st.lists(st.integers(-5, 5) | st.floats(-1e6, 1e6), min_size=1, max_size=80),
    kind=st.sampled_from(["number", "count", "category"]),
)
def test_any_marginal_rises_and_stays_in_range(values, kind):
    column = np.array(values, float)
    marginal = Empirical.of(column, kind)
    drawn = marginal.percent_point(np.linspace(0, 1, 200))
    assert (np.diff(drawn) >= 0).all()
    assert drawn[0] >= column.min()
    assert drawn[-1] <= column.max()
    if kind != "number":
        assert np.isin(drawn, column).all()
    shares = marginal.cumulative_distribution(np.sort(column))
    assert (np.diff(shares) >= -1e-12).all()
    assert 0 <= shares[0] <= shares[-1] <= 1


def test_a_grid_of_about_a_thousand_points_stands_for_a_large_column():
    column = np.random.default_rng(0).lognormal(3, 2, 200_000)
    marginal = Empirical.of(column, "number")
    assert len(marginal.values) <= 1_001
    drawn = marginal.percent_point((np.arange(20_000) + 0.5) / 20_000)
    assert distance(column, drawn) < 0.003
    assert drawn.max() < column.max()
    assert not np.isin(marginal.values, column).any()


def test_damaged_knots_are_refused():
    state = Empirical.of(np.arange(30.0), "number").to_dict()
    with pytest.raises(ValueError, match="do not rise"):
        Empirical.from_dict({**state, "values": state["values"][::-1]})


# Latent correlation


def test_ties_do_not_dilute_the_correlation():
    rng = np.random.default_rng(0)
    z = rng.multivariate_normal([0, 0], [[1, 0.7], [0.7, 1]], 100_000)
    columns = (z[:, 0] > 1.2).astype(float), np.digitize(z[:, 1], [-0.5, 0.3]).astype(float)
    scores, hermite = [], []
    for column in columns:
        marginal = Empirical.of(column, "category")
        scores.append(ndtri(marginal.cumulative_distribution(column)))
        cells = marginal.cumulative_distribution(marginal.percent_point(latent_grid()))
        hermite.append(hermite_coefficients(ndtri(cells)))
    observed = np.corrcoef(scores)
    assert observed[0, 1] < 0.4
    assert match_correlation(observed, np.array(hermite))[0, 1] == pytest.approx(0.7, abs=0.02)


def test_an_impossible_correlation_is_repaired():
    broken = np.array([[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]])
    repaired = repair_correlation(broken)
    assert np.linalg.eigvalsh(repaired)[0] > 0
    assert np.diag(repaired) == pytest.approx([1, 1, 1])
    assert np.sign(repaired[0, 1]) == 1


def test_conditional_of_two_normals_worked_out_by_hand():
    linear = np.eye(2, 16)[[0, 0]]
    latent = LatentGaussian(np.array([[1.0, 0.6], [0.6, 1.0]]), linear)
    scores = np.column_stack([np.full(200_000, 2.0), np.full(200_000, np.nan)])
    drawn = latent.draw(scores, np.array([1]), np.random.default_rng(0))[:, 0]
    assert drawn.mean() == pytest.approx(1.2, abs=0.01)
    assert drawn.std() == pytest.approx(0.8, abs=0.01)


def test_grouping_rows_by_pattern_changes_nothing():
    rng = np.random.default_rng(0)
    half = rng.normal(size=(5, 5))
    scale = np.sqrt(np.diag(half @ half.T))
    latent = LatentGaussian(half @ half.T / np.outer(scale, scale), np.eye(1, 16).repeat(5, 0))
    scores = np.where(rng.random((60, 5)) < 0.4, np.nan, rng.normal(size=(60, 5)))
    wanted = np.array([1, 3])
    together = latent.draw(scores, wanted, np.random.default_rng(7))
    noise = np.random.default_rng(7).standard_normal((60, 2))

    class Fixed:
        def __init__(self, row):
            self.row = row

        def standard_normal(self, shape):
            return noise[self.row : self.row + 1].reshape(shape)

    alone = [latent.draw(scores[i : i + 1], wanted, Fixed(i))[0] for i in range(60)]
    assert together == pytest.approx(np.array(alone))
    assert (together[~np.isnan(scores[:, wanted])] == 0).all()


# Levels of categories


def test_levels_are_placed_by_what_they_mean_not_by_their_code():
    rng = np.random.default_rng(0)
    meaning = np.array([3.0, 0.0, 2.0, 1.0])
    codes = rng.integers(0, 4, 2_000)
    features = (meaning[codes] + rng.normal(size=2_000) - 1.5)[:, None] / 1.5
    axes = level_axes(codes, 4, features)
    assert axes.shape == (5, 1)
    assert list(np.argsort(axes[:4, 0])) in ([1, 3, 2, 0], [0, 2, 3, 1])
    assert np.isnan(axes[4, 0])


def test_noise_gives_no_axis():
    rng = np.random.default_rng(0)
    assert level_axes(rng.integers(0, 8, 2_000), 8, rng.normal(size=(2_000, 3))).shape[1] == 0


# The model


@pytest.fixture(scope="module")
def mixed():
    """A number and a category that depend on a context whose codes have no order."""
    rng = np.random.default_rng(0)
    n = 4_000
    level = rng.integers(0, 5, n)
    effect = np.array([2.0, -1.0, 0.5, -2.0, 1.0])[level]
    size = rng.normal(size=n)
    number = np.exp(effect + size + 0.5 * rng.normal(size=n))
    number[rng.random(n) < 0.2] = 0.0
    colour = np.array([2, 0, 1])[np.digitize(effect + rng.normal(size=n), [-1.0, 1.0])]
    lost = np.where(size > 0.8, np.nan, size + rng.normal(size=n))
    rows = matrix(n_number=number, c_colour=colour, n_lost=lost, k_count=rng.poisson(np.exp(size)))
    context = matrix(c_level=level, n_size=size)
    return rows, context, GaussianCopula(marginals="empirical").fit(rows, context, seed=0)


def test_the_model_is_a_table_model(mixed):
    assert isinstance(mixed[2], TableModel)


def test_every_marginal_is_kept(mixed):
    rows, context, model = mixed
    drawn = draw(model, context)
    for at, kind in enumerate(rows.kinds):
        real, synthetic = rows.values[:, at], drawn[:, at]
        assert np.isnan(synthetic).mean() == pytest.approx(np.isnan(real).mean(), abs=0.02)
        known = real[~np.isnan(real)], synthetic[~np.isnan(synthetic)]
        assert distance(*known) < 0.04
        if kind != "number":
            assert np.isin(known[1], known[0]).all()
    assert (drawn[:, 0] == 0).mean() == pytest.approx(0.2, abs=0.02)


def test_a_category_without_order_drives_numbers_and_categories(mixed):
    rows, context, model = mixed
    drawn = draw(model, context)
    level = context["c_level"]
    for code in range(5):
        real, synthetic = rows.values[level == code], drawn[level == code]
        assert np.median(np.log1p(synthetic[:, 0])) == pytest.approx(
            np.median(np.log1p(real[:, 0])), abs=0.5
        )
        shares = [np.bincount(part[:, 1].astype(int), minlength=3) for part in (real, synthetic)]
        assert np.abs(shares[0] - shares[1]).sum() / len(real) < 0.25


def test_missingness_follows_the_context(mixed):
    _, context, model = mixed
    lost = np.isnan(draw(model, context)[:, 2])
    high = context["n_size"] > 0.8
    assert lost[high].mean() > 0.75
    assert lost[~high].mean() < 0.1


def test_each_context_row_may_miss_other_values(mixed):
    _, context, model = mixed
    rng = np.random.default_rng(3)
    values = np.where(rng.random(context.values.shape) < 0.5, np.nan, context.values)
    drawn = draw(model, Matrix(context.names, context.kinds, values))
    count, size = drawn[:, 3], context["n_size"]
    told, untold = ~np.isnan(values[:, 1]), np.isnan(values[:, 1])
    assert np.corrcoef(count[told], size[told])[0, 1] > 0.5
    assert abs(np.corrcoef(count[untold], size[untold])[0, 1]) < 0.1


def test_a_level_never_seen_is_unknown(mixed):
    _, _, model = mixed
    drawn = draw(model, matrix(c_level=[77.0, -3.0, np.nan], n_size=[0.0, np.inf, -np.inf]))
    assert drawn.shape == (3, 4)
    assert not np.isnan(drawn[:, 0]).any()


def test_same_seed_same_values_and_few_rows_at_a_time(mixed):
    rows, context, model = mixed
    again = GaussianCopula(marginals="empirical").fit(rows, context, seed=0)
    first = np.arange(3)
    assert np.array_equal(draw(model, context), draw(again, context), equal_nan=True)
    assert draw(model, context.take(first)).shape == (3, 4)


def test_a_template_keeps_what_is_known_and_draws_the_rest(mixed):
    _, context, model = mixed
    context = Matrix(context.names, context.kinds, np.full(context.values.shape, np.nan))
    template = np.full((3_000, 4), np.nan)
    template[:1_000, 1] = 1
    template[1_000:2_000, 0] = 50.0
    some = context.take(np.arange(3_000))
    drawn = model.sample_template(template, np.random.default_rng(0), context=some)
    known = ~np.isnan(template)
    assert (drawn[known] == template[known]).all()
    colour = drawn[:, 1]
    assert (colour[1_000:2_000] == 1).mean() > (colour[2_000:] == 1).mean() + 0.1
    assert np.median(drawn[:1_000, 0]) > np.median(drawn[2_000:, 0]) + 1


def test_a_template_of_numbers_follows_the_regression():
    x = np.random.default_rng(0).normal(size=2_000)
    rows = matrix(n_x=x, n_y=3 * x + np.random.default_rng(1).normal(size=2_000))
    model = GaussianCopula(marginals="empirical").fit(rows, Matrix.empty(2_000), seed=0)
    template = np.column_stack([np.repeat([-1.0, 0.0, 1.0], 1_000), np.full(3_000, np.nan)])
    drawn = model.sample_template(template, np.random.default_rng(0))[:, 1].reshape(3, 1_000)
    assert drawn.mean(1) == pytest.approx([-3, 0, 3], abs=0.2)
    assert drawn.std(1) == pytest.approx([1, 1, 1], abs=0.2)


def test_columns_missing_together_stay_missing_together():
    rng = np.random.default_rng(0)
    gone = rng.random(1_000) < 0.3
    parts = {f"n_{i}": np.where(gone, np.nan, rng.normal(size=1_000)) for i in range(3)}
    context = matrix(n_summary=np.where(gone, np.nan, 1.0 + rng.random(1_000)))
    rows = matrix(**parts)
    alone = GaussianCopula(marginals="empirical").fit(rows, Matrix.empty(1_000), seed=0)
    lost = np.isnan(draw(alone, Matrix.empty(1_000)))
    assert (lost == lost[:, :1]).all()
    assert lost.mean() == pytest.approx(0.3, abs=0.05)
    told = GaussianCopula(marginals="empirical").fit(rows, context, seed=0)
    assert (np.isnan(draw(told, context)) == gone[:, None]).all()


def test_state_round_trips_through_a_model_file_and_holds_no_rows(mixed, tmp_path):
    rows, context, model = mixed
    write_model(tmp_path / "m", "copula", model.to_state())
    state = read_model(tmp_path / "m", "copula")
    loaded = GaussianCopula.from_state(state)
    assert np.array_equal(draw(model, context), draw(loaded, context), equal_nan=True)
    rare = rows["n_number"][rows["n_number"] > 0]
    arrays = [s["marginal"]["values"] for s in state["completion"]["signals"] if s["marginal"]]
    assert max(map(len, arrays)) <= 1_100
    assert not any(np.isin(array, rare).any() for array in arrays)


def test_an_inconsistent_state_is_refused(mixed):
    state = mixed[2].to_state()
    state["completion"]["centre"] = state["completion"]["centre"][:-1]
    with pytest.raises(ValueError, match="shapes"):
        GaussianCopula.from_state(state)


# Small and degenerate inputs


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_tables_of_few_rows(n):
    values = np.arange(n, dtype=float)
    rows = matrix(n_a=values, c_b=values, n_c=np.full(n, np.nan), k_d=np.full(n, 4.0))
    model = GaussianCopula(marginals="empirical").fit(rows, matrix(n_p=values, c_q=values), seed=0)
    drawn = draw(model, matrix(n_p=[0.0, np.nan], c_q=[0.0, 5.0]))
    assert drawn.shape == (2, 4)
    assert np.isnan(drawn[:, 2]).all()
    if n:
        assert (drawn[:, 3] == 4).all()
        assert np.isin(drawn[:, 1], values).all()
        assert ((drawn[:, 0] >= 0) & (drawn[:, 0] <= n - 1)).all()


def test_no_columns_no_rows_no_context():
    model = GaussianCopula(marginals="empirical").fit(Matrix.empty(5), Matrix.empty(5), seed=0)
    assert draw(model, Matrix.empty(7)).shape == (7, 0)
    filled = GaussianCopula(marginals="empirical").fit(
        matrix(n_a=np.arange(9.0)), Matrix.empty(9), seed=0
    )
    assert draw(filled, Matrix.empty(0)).shape == (0, 1)


def test_one_value_beside_missing_ones():
    rows = matrix(n_a=[5, np.nan] * 50, c_b=[1, np.nan] * 50)
    drawn = draw(
        GaussianCopula(marginals="empirical").fit(rows, Matrix.empty(100), seed=0),
        Matrix.empty(1_000),
    )
    for at, value in enumerate([5, 1]):
        lost = np.isnan(drawn[:, at])
        assert 0.35 < lost.mean() < 0.65
        assert (drawn[~lost, at] == value).all()
    assert (np.isnan(drawn[:, 0]) == np.isnan(drawn[:, 1])).mean() > 0.9


@settings(max_examples=50, deadline=None)
@given(
    marginals=st.sampled_from(["conditional", "empirical"]),
    n=st.integers(0, 30),
    kinds=st.lists(st.sampled_from("nkc"), min_size=1, max_size=5),
    n_context=st.integers(0, 4),
    seed=st.integers(0, 2**16),
)
def test_any_small_table_is_fitted_and_sampled(marginals, n, kinds, n_context, seed):
    rng = np.random.default_rng(seed)
    columns = {}
    for at, kind in enumerate(kinds):
        column = rng.integers(0, rng.integers(1, 6), n).astype(float)
        if kind == "n" and rng.random() < 0.5:
            column += rng.normal(size=n)
        column[rng.random(n) < rng.choice([0.0, 0.4, 1.0])] = np.nan
        columns[f"{kind}{at}"] = column
    table = matrix(**columns)
    cut = min(n_context, len(kinds))
    context = Matrix(table.names[:cut], table.kinds[:cut], table.values[:, :cut])
    rows = Matrix(table.names[cut:], table.kinds[cut:], table.values[:, cut:])
    drawn = draw(GaussianCopula(marginals=marginals).fit(rows, context, seed=seed), context)
    assert drawn.shape == rows.values.shape
    for at, kind in enumerate(rows.kinds):
        real, got = rows.values[:, at], drawn[:, at]
        assert not np.isnan(got).any() or np.isnan(real).any()
        got, real = got[~np.isnan(got)], real[~np.isnan(real)]
        if len(got) and kind != "number":
            assert np.isin(got, real).all()
        elif len(got):
            assert real.min() <= got.min() <= got.max() <= real.max()


# Parametric marginals and arguments


def test_a_named_family_is_used_and_kept(tmp_path):
    rng = np.random.default_rng(0)
    rows = matrix(n_a=rng.gamma(2.0, 3.0, 800), n_b=rng.normal(size=800))
    model = GaussianCopula(marginals={"n_a": "gamma"}).fit(rows, Matrix.empty(800), seed=0)
    write_model(tmp_path / "m", "copula", model.to_state())
    state = read_model(tmp_path / "m", "copula")
    families = [s["marginal"].get("family") for s in state["completion"]["signals"]]
    assert families == ["gamma", None]
    drawn = draw(GaussianCopula.from_state(state), Matrix.empty(2_000))
    assert distance(drawn[:, 0], rows["n_a"]) < 0.06


def test_parametric_chooses_a_family_that_fits():
    rng = np.random.default_rng(0)
    rows = matrix(n_a=rng.normal(10, 2, 600), k_b=rng.poisson(3, 600))
    model = GaussianCopula(marginals="parametric").fit(rows, Matrix.empty(600), seed=0)
    marginals = [s["marginal"] for s in model.to_state()["completion"]["signals"]]
    assert ["family" in marginal for marginal in marginals] == [True, False]
    drawn = draw(model, Matrix.empty(2_000))
    assert distance(drawn[:, 0], rows["n_a"]) < 0.06
    assert np.isin(drawn[:, 1], rows["k_b"]).all()


@pytest.mark.parametrize(
    ("marginals", "message"),
    [
        ("empiric", r"'empiric' is not known; did you mean 'empirical'"),
        ("conditionl", r"'conditionl' is not known; did you mean 'conditional'"),
        ({"n_a": "gama"}, r"marginals\['n_a'\]: 'gama' is not known; did you mean 'gamma'"),
        ({"n_b": "gamma"}, r"no column 'n_b' in the table; did you mean 'n_a'"),
    ],
)
def test_a_misspelt_marginal_is_named(marginals, message):
    with pytest.raises(ValueError, match=message):
        GaussianCopula(marginals=marginals).fit(matrix(n_a=[1.0, 2.0]), Matrix.empty(2))


def test_context_of_another_width_is_refused(mixed):
    with pytest.raises(ValueError, match="shapes"):
        draw(mixed[2], matrix(n_size=[1.0]))


def test_without_copulas_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "copulas", None)
    with pytest.raises(ImportError, match="pip install copulas"):
        GaussianCopula(marginals="empirical")
    rows = matrix(n_a=np.arange(50.0))
    assert draw(GaussianCopula().fit(rows, Matrix.empty(50), seed=0), Matrix.empty(9)).shape == (
        9,
        1,
    )


def test_marginals_of_a_child_table_do_not_bind_its_summaries():
    rng = np.random.default_rng(0)
    shops = pd.DataFrame({"id": range(80), "size": rng.normal(size=80)})
    days = pd.DataFrame({"shop_id": np.repeat(np.arange(80), 4), "Sales": rng.gamma(2, 50, 320)})
    tables = {"shops": shops, "days": days}
    metadata = rs.Metadata.detect(tables)
    chosen = {"days": GaussianCopula(marginals={"Sales": "gamma"})}
    synth = rs.RelationalSynthesizer(metadata, model="gaussian_copula", models=chosen)
    drawn = synth.fit(tables).sample()["days"]["Sales"]
    assert drawn.median() == pytest.approx(days["Sales"].median(), rel=0.2)
    with pytest.raises(SchemaError, match="days: no column 'Sale'; did you mean 'Sales'"):
        rs.RelationalSynthesizer(
            metadata, models={"days": GaussianCopula(marginals={"Sale": "gamma"})}
        )
