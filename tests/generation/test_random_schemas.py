"""Random schemas of every shape generate databases in which every invariant holds."""

from __future__ import annotations

import os
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis_settings import WITHOUT_SHRINKING

import relsynth as rs
from relsynth.strategies import databases, schemas

EXAMPLES = int(os.environ.get("RELSYNTH_EXAMPLES", "40"))
CALM = settings(WITHOUT_SHRINKING, max_examples=EXAMPLES)


def tuples(frame: pd.DataFrame, columns) -> pd.Series:
    """Return the rows as tuples of plain values, those with a missing part left out."""
    part = frame[list(columns)].dropna()
    return pd.Series(list(part.astype(object).itertuples(index=False, name=None)), dtype=object)


def assert_holds(metadata: rs.Metadata, tables: dict[str, pd.DataFrame]) -> None:
    for name, table in metadata.tables.items():
        frame = tables[name]
        assert list(frame.columns) == list(table.columns)
        for column in table.columns.values():
            if column.nullable is False or column.name in table.primary_key:
                assert frame[column.name].notna().all(), f"{name}.{column.name}"
        for unique in table.candidate_keys:
            assert tuples(frame, unique).is_unique, f"{name} {unique}"
    for key in metadata.foreign_keys:
        child = tables[key.child]
        for column, value in (key.when or {}).items():
            child = child[child[column] == value]
        known = set(tuples(tables[key.parent], key.parent_columns))
        lost = [t for t in tuples(child, key.columns) if t not in known]
        assert not lost, f"{key.name}: {lost[:3]}"
    metadata.check(tables)


@CALM
@given(schemas(), st.integers(0, 2**32 - 1), st.sampled_from(["realistic", "minimal", "edge"]))
def test_every_invariant_holds(metadata, seed, profile):
    tables = rs.generate(metadata, seed=seed, profile=profile)
    assert_holds(metadata, tables)


@settings(CALM, max_examples=max(10, EXAMPLES // 5))
@given(schemas(4), st.integers(0, 1000), st.integers(1, 300))
def test_the_largest_table_has_the_rows_asked_for(metadata, seed, rows):
    tables = rs.generate(metadata, rows, seed=seed)
    assert_holds(metadata, tables)
    # a parent has a row for each key by which one child refers to it, so that all can differ
    keys = Counter((k.child, k.parent) for k in metadata.foreign_keys if not k.is_self_reference)
    assert max(len(frame) for frame in tables.values()) <= max([rows + 1, *keys.values()])


@settings(CALM, max_examples=max(10, EXAMPLES // 5))
@given(schemas(4), st.integers(0, 1000))
def test_new_rows_fit_beside_existing_ones(metadata, seed):
    first = rs.generate(metadata, seed=seed)
    new = rs.generate(metadata, seed=seed + 1, existing=first)
    both = {
        name: pd.concat(
            [part for part in (first[name], new[name]) if len(part)] or [first[name]],
            ignore_index=True,
        )
        for name in metadata.tables
    }
    assert_holds(metadata, both)


@settings(CALM, max_examples=max(10, EXAMPLES // 5))
@given(schemas(4), st.integers(0, 1000))
def test_same_seed_same_values(metadata, seed):
    once, again = (rs.generate(metadata, seed=seed) for _ in range(2))
    for name in metadata.tables:
        pd.testing.assert_frame_equal(once[name], again[name])


def test_databases_strategy_draws_valid_databases():
    id_ = rs.metadata.Column("id", "key")
    metadata = rs.Metadata([rs.metadata.Table("t", {"id": id_}, primary_key=("id",))])
    seen: set[int] = set()

    @settings(max_examples=20, deadline=None, derandomize=True)
    @given(databases(metadata, rows={"t": 3}))
    def draws(tables):
        seen.add(len(tables["t"]))
        assert np.array_equal(tables["t"]["id"], [1, 2, 3])

    draws()
    assert seen == {3}


@pytest.mark.slow
@settings(CALM, max_examples=1_000)
@given(schemas(7), st.integers(0, 2**32 - 1))
def test_a_thousand_random_schemas(metadata, seed):
    assert_holds(metadata, rs.generate(metadata, seed=seed))
