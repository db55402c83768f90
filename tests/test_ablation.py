"""The benchmark that switches mechanisms off finds each of them where it says."""

import importlib.util
from pathlib import Path

import pytest
from small_databases import shop_schema, shop_tables

import relsynth as rs

BENCHMARK = Path(__file__).parents[1] / "benchmarks" / "ablation.py"


@pytest.fixture(scope="module")
def ablation():
    spec = importlib.util.spec_from_file_location("ablation", BENCHMARK)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_mechanism_is_there(ablation):
    missing = [
        name for name, (owner, what, _) in ablation.POINTS.items() if not hasattr(owner, what)
    ]
    assert not missing


def test_databases_are_learned_without_any_and_with_all_of_them(ablation):
    schema, tables = shop_schema(), shop_tables()
    before = {name: getattr(owner, what) for name, (owner, what, _) in ablation.POINTS.items()}
    found = set()

    def drawn(*given):
        with ablation.replaced(list(ablation.POINTS), *given):
            return rs.RelationalSynthesizer(schema, model="cart", seed=0).fit(tables).sample()

    usual, without = drawn(found.add), drawn()
    assert {"event time", "running means"} <= found
    assert not usual["orders"].equals(without["orders"])
    schema.check(without)
    after = {name: getattr(owner, what) for name, (owner, what, _) in ablation.POINTS.items()}
    assert after == before


def test_what_pays_is_worse_without(ablation):
    lines = [
        {"database": "a", "seed": seed, "without": without, "c2st": c2st + seed / 100, "hop1": 0.9}
        for seed in (0, 1)
        for without, c2st in (("", 0.6), ("baseline", 0.7), ("totals", 0.55))
    ]
    rows = [line.split(" | ") for line in ablation.table(lines)]
    by_name = {row[0]: row for row in rows}
    assert "| totals" in by_name
    assert by_name["| baseline"][3] == "+0.100 ± 0.000"
    assert by_name["| baseline"][-1] == "c2st |"
    assert by_name["| totals"][3] == "-0.050 ± 0.000"
    assert by_name["| totals"][-1].strip() == "|"
