"""Drawing more and keeping the best; the summaries that were learned, shown."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest

import relsynth as rs
from relsynth.errors import DataError


@pytest.fixture(scope="module")
def fitted():
    rng = np.random.default_rng(0)
    shops = pd.DataFrame({"id": range(120), "land": rng.choice(["DE", "FR", "IT"], 120)})
    shops["size"] = np.round(rng.gamma(3, 20, 120) * (1 + (shops["land"] == "FR")), 1)
    sales = pd.DataFrame({"id": range(500), "shop_id": rng.integers(120, size=500)})
    sales["kind"] = rng.choice(["web", "desk"], 500)
    sales["price"] = np.round(rng.gamma(2, 9, 500), 2)
    tables = {"shops": shops, "sales": sales}
    metadata = rs.Metadata.detect(tables)
    return rs.RelationalSynthesizer(metadata, model="cart", seed=1).fit(tables), tables, metadata


@pytest.mark.parametrize("how", ["fast", "best"])
def test_a_refined_sample_is_nearer_to_the_data_and_as_large(fitted, how):
    synth, tables, _ = fitted
    better = synth.sample(refine=how, oversample=4, seed=2)
    assert len(better["shops"]) == len(tables["shops"])
    assert better["sales"]["shop_id"].isin(better["shops"]["id"]).all()
    (choice,) = better.choices
    assert choice.available > 3 * choice.chosen
    assert choice.after < choice.before
    assert [stage.name for stage in choice.stages] == ["ipf", "trim", "refine"]
    assert len(synth.sample(0.5, refine=how, oversample=2)["shops"]) == 60
    assert len(synth.sample(rows={"shops": 30}, refine=how, oversample=2)["shops"]) == 30


def test_a_model_file_holds_no_real_rows_to_refine_by(fitted, tmp_path):
    synth, _, _ = fitted
    synth.save(tmp_path / "shop.model")
    for other in (
        rs.RelationalSynthesizer.load(tmp_path / "shop.model"),
        pickle.loads(pickle.dumps(synth)),  # noqa: S301
    ):
        with pytest.raises(DataError, match="does not hold"):
            other.sample(refine="fast")


def test_unfit_requests_are_refused(fitted):
    synth, _, _ = fitted
    with pytest.raises(DataError, match="'best'"):
        synth.sample(refine="better")
    with pytest.raises(DataError, match="above 1"):
        synth.sample(refine="fast", oversample=1)
    with pytest.raises(DataError, match="without one"):
        synth.sample(refine="fast", where={"shops": {"land": "DE"}})


def test_child_summaries_are_shown(fitted):
    synth, _, _ = fitted
    found = synth.extension_columns("shops")
    assert set(found["child"]) == {"sales"}
    assert found["summary"].iloc[0] == "number of children"
    levels = found.loc[found["summary"] == "share of a level", "level"]
    assert set(levels) <= {"web", "desk"}
    assert len(levels)
    assert {"mean", "standard deviation"} <= set(found.loc[found["column"] == "price", "summary"])
    assert synth.extension_columns("sales").empty
    with pytest.raises(DataError, match="no table 'shop'; did you mean 'shops'"):
        synth.extension_columns("shop")
