"""The Gaussian copula with conditional marginals: states, leaves, ranks, files."""

import numpy as np
import pytest

from relsynth.columns.matrix import Matrix
from relsynth.models.gaussian_copula import GaussianCopula
from relsynth.models.protocol import stepwise
from relsynth.packing import pack, unpack
from relsynth.storage.model_file import read_model, write_model


@pytest.fixture(scope="module")
def shop():
    """Closed days sell nothing to nobody; on open ones sales rise with customers."""
    rng = np.random.default_rng(0)
    n = 3_000
    is_open = rng.random(n) < 0.8
    day = rng.integers(0, 7, n).astype(float)
    level = np.array([1.0, 3.0, 2.0, 5.0, 1.5, 4.0, 2.5])[day.astype(int)]
    first, second = rng.normal(size=(2, n))
    customers = np.where(is_open, np.exp(level + 0.3 * first), 0.0)
    sales = np.where(is_open, np.exp(2.0 + 0.5 * first + 0.6 * second) / level, 0.0)
    returns = np.where(is_open & (rng.random(n) < 0.5), rng.gamma(2.0, 3.0, n), np.nan)
    label = np.where(is_open, rng.integers(0, 2, n), np.nan)
    rows = Matrix(
        ("label", "customers", "sales", "returns"),
        ("category", "number", "number", "number"),
        np.column_stack([label, customers, sales, returns]),
    )
    context = Matrix(("day",), ("category",), day[:, None])
    return rows, context, GaussianCopula().fit(rows, context, seed=0)


def drawn_of(shop, seed=1):
    rows, context, model = shop
    return rows, context, model.sample(context, np.random.default_rng(seed))


def test_noughts_and_gaps_agree_between_columns(shop):
    rows, _, drawn = drawn_of(shop)
    closed = np.isnan(drawn[:, 0])
    assert closed.mean() == pytest.approx(np.isnan(rows["label"]).mean(), abs=0.02)
    assert ((drawn[:, 1] == 0) == closed).all()
    assert ((drawn[:, 2] == 0) == closed).all()
    assert np.isnan(drawn[closed, 3]).all()


def test_a_number_has_the_distribution_that_its_context_asks_for(shop):
    rows, context, drawn = drawn_of(shop)
    for day in range(7):
        real, new = (v[(context["day"] == day) & (v[:, 1] > 0), 1] for v in (rows.values, drawn))
        assert np.quantile(new, [0.1, 0.5, 0.9]) == pytest.approx(
            np.quantile(real, [0.1, 0.5, 0.9]), rel=0.15
        )


def test_what_trees_leave_is_correlated_as_in_the_data(shop):
    rows, context, drawn = drawn_of(shop)
    found = []
    for values in (rows.values, drawn):
        both = np.log(values[(context["day"] == 2) & (values[:, 1] > 0), 1:3])
        found.append(np.corrcoef(both.T)[0, 1])
    assert found[0] > 0.5
    assert found[1] == pytest.approx(found[0], abs=0.12)


def test_few_rows_keep_their_shares():
    rows = Matrix(("depth",), ("count",), np.array([[0.0], [1], [1], [2], [2], [2], [2], [3]]))
    model = GaussianCopula().fit(rows, Matrix.empty(8), seed=0)
    for seed in range(5):
        drawn = model.sample(Matrix.empty(8), np.random.default_rng(seed))
        assert sorted(drawn[:, 0]) == [0, 1, 1, 2, 2, 2, 2, 3]


def test_a_close_relation_between_numbers_stays_close():
    rng = np.random.default_rng(0)
    group = rng.integers(0, 30, 3_000).astype(float)
    length = np.exp(rng.normal(size=3_000) + 0.05 * group)
    rows = Matrix(
        ("group", "length", "size"),
        ("category", "number", "number"),
        np.column_stack([group, length, length * rng.uniform(30, 34, 3_000)]),
    )
    model = GaussianCopula().fit(rows, Matrix.empty(3_000), seed=0)
    drawn = model.sample(Matrix.empty(3_000), np.random.default_rng(0))
    ratio = drawn[:, 2] / drawn[:, 1]
    assert np.quantile(ratio, [0.05, 0.95]) == pytest.approx([30, 34], rel=0.12)


def test_no_rare_value_comes_out_as_it_was(shop):
    rows, _, drawn = drawn_of(shop)
    assert np.isin(drawn[drawn[:, 1] > 0, 1], rows["customers"]).mean() < 0.02


def test_a_file_keeps_the_model_and_a_damaged_one_is_refused(shop, tmp_path):
    _, context, model = shop
    write_model(tmp_path / "m", "copula", pack(model))
    state = read_model(tmp_path / "m", "copula")
    again = unpack(state).sample(context, np.random.default_rng(1))
    assert np.array_equal(again, drawn_of(shop)[2], equal_nan=True)
    state["state"]["conditional"]["correlation"] = np.eye(2)
    with pytest.raises(ValueError, match="do not fit"):
        unpack(state)


def test_rows_in_many_calls_are_distributed_alike(shop):
    rows, context, model = shop
    step = stepwise(model, np.random.default_rng(0))
    parts = [step(context.take(np.arange(at, at + 100))) for at in range(0, 3_000, 100)]
    drawn = np.concatenate(parts)
    assert (drawn[:, 1] == 0).mean() == pytest.approx((rows["customers"] == 0).mean(), abs=0.02)


def test_known_cells_need_one_matrix_behind_all_columns(shop):
    _, context, model = shop
    template = np.full((len(context), 4), np.nan)
    with pytest.raises(ValueError, match="marginals='empirical'"):
        model.sample_template(template, np.random.default_rng(0), context=context)
