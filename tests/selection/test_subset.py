"""Subsets of real databases: closed under references, small, and like the whole."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

import relsynth as rs
from relsynth.cli import cli
from relsynth.errors import CapacityError, DataError
from relsynth.metadata import Column, ForeignKey, Metadata, Table
from relsynth.selection.closure import close, descending_keys, parent_rows
from relsynth.selection.features import row_features
from relsynth.selection.subset import choose_rows


def table(name, primary_key=(), **kinds):
    columns = {column: Column(column, kind) for column, kind in kinds.items()}
    return Table(name, columns, primary_key=primary_key)


@pytest.fixture(scope="module")
def company():
    """Departments and their heads form a cycle; people have managers; orders have lines."""
    rng = np.random.default_rng(0)
    people = pd.DataFrame(
        {
            "id": np.arange(120),
            "dept": rng.integers(0, 8, 120),
            "boss": pd.array([pd.NA if i < 3 else int(rng.integers(0, i)) for i in range(120)]),
            "pay": rng.lognormal(size=120),
        }
    )
    depts = pd.DataFrame({"id": np.arange(8), "head": rng.integers(0, 120, 8)})
    orders = pd.DataFrame(
        {
            "id": np.arange(500),
            "seller": rng.integers(0, 120, 500),
            "region": rng.choice(["n", "s"], 500),
            "site": rng.integers(0, 5, 500),
            "sum": rng.exponential(size=500),
        }
    )
    orders.loc[::50, "site"] = -1
    sites = pd.DataFrame([(r, s) for r in "ns" for s in range(5)], columns=["region", "site"])
    orders["site"] = orders["site"].where(orders["site"] >= 0).astype("Int64")
    lines = pd.DataFrame({"order": np.repeat(np.arange(500), 3), "n": rng.poisson(4, 1500)})
    metadata = Metadata(
        [
            table("people", ("id",), id="key", dept="key", boss="key", pay="numeric"),
            table("depts", ("id",), id="key", head="key"),
            table(
                "orders",
                ("id",),
                id="key",
                seller="key",
                region="categorical",
                site="key",
                sum="numeric",
            ),
            table("sites", ("region", "site"), region="categorical", site="key"),
            table("lines", order="key", n="integer"),
        ],
        [
            ForeignKey("people", ("dept",), "depts", ("id",)),
            ForeignKey("people", ("boss",), "people", ("id",), nullable=True),
            ForeignKey("depts", ("head",), "people", ("id",), nullable=True),
            ForeignKey("orders", ("seller",), "people", ("id",)),
            ForeignKey("orders", ("region", "site"), "sites", ("region", "site"), nullable=True),
            ForeignKey("lines", ("order",), "orders", ("id",)),
        ],
    )
    tables = {
        "people": people,
        "depts": depts,
        "orders": orders,
        "sites": sites,
        "lines": lines,
    }
    return metadata, tables


def test_every_reference_holds_and_every_descendant_is_there(company):
    metadata, tables = company
    small = rs.subset(tables, metadata, {"people": 10})
    metadata.check(small)
    assert list(small) == list(metadata.tables)
    for name, frame in small.items():
        assert frame.dtypes.equals(tables[name].dtypes)
        assert frame.index.equals(pd.RangeIndex(len(frame)))
    links = parent_rows(tables, metadata)
    chosen = choose_rows(tables, metadata, links, "people", 10, 0)
    sold = tables["orders"][tables["orders"]["seller"].isin(tables["people"]["id"][chosen])]
    assert set(sold["id"]) == set(small["orders"]["id"])
    lines = tables["lines"][tables["lines"]["order"].isin(sold["id"])]
    assert len(small["lines"]) == len(lines)


def test_closure_of_a_worked_case():
    people = pd.DataFrame({"id": [1, 2, 3, 4], "boss": [np.nan, 1, 2, 1]})
    pets = pd.DataFrame({"owner": [1, 2, 3, 3, 4], "age": [5, 4, 3, 2, 1]})
    metadata = Metadata(
        [
            table("people", ("id",), id="key", boss="key"),
            table("pets", owner="key", age="integer"),
        ],
        [
            ForeignKey("people", ("boss",), "people", ("id",), nullable=True),
            ForeignKey("pets", ("owner",), "people", ("id",)),
        ],
    )
    tables = {"people": people, "pets": pets}
    links = parent_rows(tables, metadata)
    kept = close(tables, metadata, links, {"people": np.array([2])})
    assert {name: rows.tolist() for name, rows in kept.items()} == {
        "people": [0, 1, 2],
        "pets": [2, 3],
    }
    assert [key.name for key in descending_keys(metadata)] == ["pets.owner -> people"]


@settings(max_examples=12, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["people", "depts", "orders", "sites", "lines"]),
        st.integers(1, 8),
        min_size=1,
    ),
    st.integers(0, 99),
)
def test_any_request_gives_a_valid_database(company, rows, seed):
    metadata, tables = company
    small = rs.subset(tables, metadata, rows, seed=seed)
    metadata.check(small)
    for name, count in rows.items():
        assert len(small[name]) >= count


def test_reference_tables_are_kept_whole(company):
    metadata, tables = company
    kept = metadata.replace_table("sites", role="reference")
    small = rs.subset(tables, kept, {"people": 3})
    pd.testing.assert_frame_equal(small["sites"], tables["sites"])


def test_shares_and_whole_tables(company):
    metadata, tables = company
    assert len(rs.subset(tables, metadata, {"lines": 0.02})["lines"]) == 30
    everything = rs.subset(tables, metadata, {name: len(t) for name, t in tables.items()})
    for name, frame in everything.items():
        pd.testing.assert_frame_equal(frame, tables[name])


def test_the_result_depends_on_the_seed_alone(company):
    metadata, tables = company
    first = rs.subset(tables, metadata, {"people": 12}, seed=4)
    turned = rs.subset(dict(reversed(tables.items())), metadata, {"people": 12}, seed=4)
    for name, frame in first.items():
        pd.testing.assert_frame_equal(frame, turned[name])


def test_tables_without_anything_to_compare_are_cut_at_random():
    metadata = Metadata([table("keys", ("id",), id="key")])
    small = rs.subset({"keys": pd.DataFrame({"id": range(50)})}, metadata, {"keys": 5})
    assert len(small["keys"]) == 5


def test_all_faults_of_a_request_are_listed(company):
    metadata, tables = company
    with pytest.raises(DataError) as caught:
        rs.subset(tables, metadata, {"poeple": 5, "orders": 2.5, "lines": 0})
    assert len(caught.value.faults) == 3
    assert "did you mean 'people'?" in str(caught.value)
    with pytest.raises(CapacityError, match="121 rows asked for but there are 120"):
        rs.subset(tables, metadata, {"people": 121})
    with pytest.raises(DataError, match="at least one table"):
        rs.subset(tables, metadata, {})
    broken = {**tables, "lines": tables["lines"].assign(order=9_999)}
    with pytest.raises(DataError, match=r"lines"):
        rs.subset(broken, metadata, {"people": 5})


def discrepancy(part, whole):
    width = np.median(cdist(whole, whole, "sqeuclidean"))

    def kernel(a, b):
        return np.exp(-cdist(a, b, "sqeuclidean") / width).mean()

    return kernel(part, part) + kernel(whole, whole) - 2 * kernel(part, whole)


def test_chosen_rows_are_nearer_to_the_whole_than_random_ones(company):
    metadata, tables = company
    links = parent_rows(tables, metadata)
    whole = row_features(tables, metadata, links, descending_keys(metadata), "people")
    rng = np.random.default_rng(0)
    for count in (6, 24, 60):
        chosen = choose_rows(tables, metadata, links, "people", count, 0)
        assert len(np.unique(chosen)) == count
        random = [discrepancy(whole[rng.permutation(120)[:count]], whole) for _ in range(20)]
        assert discrepancy(whole[chosen], whole) < 0.6 * np.mean(random)


def test_the_command_writes_what_it_says(company, tmp_path):
    metadata, tables = company
    rs.write_tables(tables, tmp_path / "data")
    metadata.save(tmp_path / "schema.json")
    arguments = [str(tmp_path / "data"), "--schema", str(tmp_path / "schema.json")]
    written = ["--output", str(tmp_path / "small"), "--json"]
    result = CliRunner().invoke(cli, ["subset", *arguments, *written, "--rows", "people=10%"])
    assert result.exit_code == 0, result.output
    small = rs.read_tables(tmp_path / "small", metadata)
    assert json.loads(result.output)["rows"] == {name: len(frame) for name, frame in small.items()}
    metadata.check(small)
    refused = CliRunner().invoke(cli, ["subset", *arguments, *written, "--rows", "people=lots"])
    assert refused.exit_code == 2
    assert "people=lots" in refused.output


@pytest.mark.skipif("RELSYNTH_DATA" not in os.environ, reason="needs RELSYNTH_DATA")
@pytest.mark.parametrize(
    ("name", "root"), [("sakila_pagila", "customer"), ("berka_small", "account")]
)
def test_real_databases_shrink_without_a_broken_reference(name, root):
    folder = Path(os.environ["RELSYNTH_DATA"]) / name
    metadata = rs.Metadata.load(folder / "metadata.json")
    tables = metadata.check(rs.read_tables(folder, metadata))
    links = parent_rows(tables, metadata)
    whole = row_features(tables, metadata, links, descending_keys(metadata), root)
    rng = np.random.default_rng(0)
    for share in (0.01, 0.05, 0.2):
        small = rs.subset(tables, metadata, {root: share})
        metadata.check(small)
        count = round(share * len(tables[root]))
        chosen = choose_rows(tables, metadata, links, root, count, 0)
        random = [discrepancy(whole[rng.permutation(len(whole))[:count]], whole) for _ in range(5)]
        assert discrepancy(whole[chosen], whole) < min(random)
