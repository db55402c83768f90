"""Several candidates beside each other, with the spread over seeds."""

from __future__ import annotations

import io

import pandas as pd
import pytest
from evaluate_shop import make_shop, shop_schema

import relsynth as rs

REAL = make_shop(80)


@pytest.fixture(scope="module")
def compared():
    constant = make_shop(80, seed=1)
    constant["orders"]["total"] = 1.0
    candidates = {"fresh_draw": lambda seed: make_shop(80, seed=seed + 1), "constant": constant}
    return rs.compare(
        candidates, REAL, shop_schema(), seeds=(0, 1), measures=("shapes", "cardinality")
    )


def test_every_candidate_has_mean_and_spread_and_the_lines_stand_beside(compared):
    table = compared.table()
    assert list(table.index) == ["shapes", "cardinality"]
    assert [name for name, part in table.columns if part == "spread"] == ["fresh_draw", "constant"]
    assert table.loc["shapes", ("fresh_draw", "spread")] > 0
    assert table.loc["shapes", ("constant", "spread")] == 0
    assert table.loc["shapes", ("fresh_draw", "mean")] > table.loc["shapes", ("constant", "mean")]
    assert 0 < table.loc["shapes", ("ceiling", "mean")] <= 1
    assert compared.best()["shapes"] == "fresh_draw"
    assert len(compared.scores) == 2 * 2 * 2


def test_the_table_is_written_for_papers_and_for_machines(compared, tmp_path):
    latex = compared.to_latex(tmp_path / "table.tex")
    assert (tmp_path / "table.tex").read_text(encoding="utf-8") == latex
    assert r"fresh\_draw" in latex
    assert latex.count(r"\textbf{") == 2
    read = pd.read_csv(io.StringIO(compared.to_csv()), index_col="figure")
    assert read.loc["shapes", "fresh_draw mean"] == pytest.approx(
        compared.table().loc["shapes", ("fresh_draw", "mean")]
    )
    assert "±" in compared._repr_html_()


def test_a_synthesizer_draws_once_per_seed():
    synthesizer = rs.RelationalSynthesizer(shop_schema(), model="cart").fit(REAL)
    found = rs.compare(
        {"cart": synthesizer}, REAL, shop_schema(), seeds=(3, 4), measures=["shapes"],
        baselines=False,
    )  # fmt: skip
    assert found.scores["score"].nunique() == 2
    with pytest.raises(rs.DataError, match="at least one candidate"):
        rs.compare({}, REAL, shop_schema())
