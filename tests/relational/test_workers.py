"""Tables learned side by side: same model and rows, waiting where one needs another, errors."""

from __future__ import annotations

import time
import warnings

import numpy as np
import pandas as pd
import pytest
from small_databases import link, shop_schema, shop_tables, staff, table

import relsynth as rs
from relsynth.models.cart import SequentialTrees


def twins() -> tuple[rs.Metadata, dict[str, pd.DataFrame]]:
    """Parents with two tables of children, the second of which also refers to the first."""
    rng = np.random.default_rng(0)
    grade = rng.choice(["a", "b", "c"], 80)
    owner = np.repeat(np.arange(80), rng.integers(1, 6, 80))
    other = np.repeat(np.arange(80), rng.integers(0, 5, 80))
    tables = {
        "people": pd.DataFrame({"id": np.arange(80), "grade": grade}),
        "visits": pd.DataFrame(
            {"id": np.arange(len(owner)), "who": owner, "cost": rng.normal(size=len(owner))}
        ),
        "notes": pd.DataFrame(
            {
                "who": other,
                "visit": rng.integers(0, len(owner), len(other)),
                "kind": np.where(rng.random(len(other)) < 0.7, grade[other], "a"),
            }
        ),
    }
    metadata = rs.Metadata(
        [
            table("people", {"id": "key", "grade": "categorical"}, "id"),
            table("visits", {"id": "key", "who": "key", "cost": "numeric"}, "id"),
            table("notes", {"who": "key", "visit": "key", "kind": "categorical"}),
        ],
        [
            link("visits", "who", "people"),
            link("notes", "who", "people", context=True),
            link("notes", "visit", "visits"),
        ],
    )
    return metadata, tables


DATABASES = {
    "shop": lambda: (shop_schema(), shop_tables()),
    "staff": staff,
    "twins": twins,
}


def fitted(metadata, tables, path, **said):
    synth = rs.RelationalSynthesizer(metadata, keep=(), subjects=(), seed=4)
    synth.fit(tables, **said).save(path)
    return path.read_bytes(), synth.sample()


@pytest.mark.parametrize("name", DATABASES)
def test_workers_and_the_order_of_the_tables_change_no_byte(name, tmp_path):
    metadata, tables = DATABASES[name]()
    model, drawn = fitted(metadata, tables, tmp_path / "one")
    turned = dict(reversed(tables.items()))
    for workers in (2, 4):
        again, same = fitted(metadata, turned, tmp_path / "more", workers=workers)
        assert again == model
        for table_name, frame in drawn.items():
            pd.testing.assert_frame_equal(same[table_name], frame)


class Slow(SequentialTrees):
    """Trees that take their time for the first tables, so that later ones overtake them."""

    def fit(self, rows, context, *, seed=None):
        time.sleep(0.1)
        return super().fit(rows, context, seed=seed)


def test_a_table_waits_for_what_slower_ones_tell(tmp_path):
    metadata, tables = twins()
    models = {"people": Slow(), "visits": Slow()}

    def bytes_of(workers):
        synth = rs.RelationalSynthesizer(metadata, model="cart", models=models, keep=(), seed=4)
        drawn = synth.fit(tables, workers=workers).sample()
        return "".join(frame.to_csv() for frame in drawn.values())

    assert bytes_of(1) == bytes_of(3)


class Failing(SequentialTrees):
    """Trees that cannot be grown."""

    def fit(self, rows, context, *, seed=None):
        raise ArithmeticError("no tree today")


@pytest.mark.parametrize("table_name", ["people", "visits", "notes"])
def test_a_failure_of_one_table_ends_the_fit(table_name):
    metadata, tables = twins()
    synth = rs.RelationalSynthesizer(
        metadata, model="cart", models={table_name: Failing()}, keep=()
    )
    with pytest.raises(ArithmeticError, match="no tree today"):
        synth.fit(tables, workers=3)
    assert not hasattr(synth, "tables_")


def test_filters_of_warnings_are_as_before():
    metadata, tables = shop_schema(), shop_tables()
    before = list(warnings.filters)
    rs.RelationalSynthesizer(metadata, model="gaussian_copula", keep=()).fit(tables, workers=4)
    assert warnings.filters == before


@pytest.mark.parametrize("workers", [0, "2", 1.5, None, True])
def test_a_number_of_workers_that_is_none(workers):
    metadata, tables = shop_schema(), shop_tables()
    with pytest.raises((TypeError, ValueError), match="workers"):
        rs.RelationalSynthesizer(metadata).fit(tables, workers=workers)
