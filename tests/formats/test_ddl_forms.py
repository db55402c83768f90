"""Forms of SQL that applications have, read and filled so that the conditions hold."""

from __future__ import annotations

import json
import warnings

import pandas as pd
import pytest

import relsynth as rs
from relsynth.formats.ddl import guess_dialect, read_ddl


def made(ddl: str, rows: int = 30, **options) -> dict[str, pd.DataFrame]:
    metadata = read_ddl(ddl)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return rs.generate(metadata, rows=dict.fromkeys(metadata.tables, rows), seed=3, **options)


def test_partitions_by_several_columns_keep_their_bounds():
    frame = made("""
    CREATE TABLE logs (y int NOT NULL, m int NOT NULL, msg text) PARTITION BY RANGE (y, m);
    CREATE TABLE logs_a PARTITION OF logs FOR VALUES FROM (2024, 1) TO (2024, 7);
    CREATE TABLE logs_b PARTITION OF logs FOR VALUES FROM (2025, MINVALUE) TO (2026, MAXVALUE);
    """)["logs"]
    first = (frame["y"] == 2024) & frame["m"].between(1, 6)
    assert (first | frame["y"].between(2025, 2026)).all()


def test_partitions_of_moments_with_a_zone():
    frame = made("""
    CREATE TABLE reading (id bigint NOT NULL, taken timestamptz NOT NULL)
      PARTITION BY RANGE (taken);
    CREATE TABLE r1 PARTITION OF reading FOR VALUES FROM ('2025-01-01 00:00:00+00')
      TO ('2025-02-01 00:00:00+00');
    """)["reading"]
    taken = pd.to_datetime(frame["taken"], utc=True)
    assert taken.between("2025-01-01", "2025-02-01").all()


def test_arrays_of_a_size_do_not_make_a_script_one_of_sqlite():
    ddl = "CREATE TABLE t (id int PRIMARY KEY, cells int[3] NOT NULL, marks text[][] NOT NULL)"
    assert guess_dialect(ddl) == "postgres"
    frame = made(ddl)["t"]
    assert frame["cells"].str.fullmatch(r"\{\"?\d+\"?(,\"?\d+\"?)*\}").all()


def test_names_that_differ_in_case_alone_are_two_tables():
    tables = made("""
    CREATE TABLE "Order" ("select" int PRIMARY KEY);
    CREATE TABLE "order" (id int PRIMARY KEY, "Order" int NOT NULL REFERENCES "Order" ("select"));
    """)
    assert tables["order"]["Order"].isin(tables["Order"]["select"]).all()


@pytest.mark.parametrize("condition", ["s <@ ARRAY['read', 'write', 'admin']",
                                       "ARRAY['read', 'write', 'admin'] @> s",
                                       "s && ARRAY['read', 'write']"])  # fmt: skip
def test_arrays_hold_what_conditions_list(condition):
    frame = made(f"CREATE TABLE t (id int PRIMARY KEY, s text[] NOT NULL CHECK ({condition}))")["t"]
    parts = frame["s"].str.strip("{}").str.split(",")
    known = {"read", "write", "admin"}
    assert parts.map(lambda listed: bool(known & set(listed))).all()


@pytest.mark.parametrize("condition", ["s @> ARRAY['read']", "'read' = ANY (s)"])
def test_arrays_hold_what_conditions_demand(condition):
    frame = made(f"CREATE TABLE t (id int PRIMARY KEY, s text[] NOT NULL CHECK ({condition}))")["t"]
    assert frame["s"].str.contains("read").all()


def test_conditions_on_parts_of_json():
    frame = made("""
    CREATE TABLE t (id int PRIMARY KEY, j jsonb NOT NULL, l jsonb NOT NULL,
      CHECK (jsonb_typeof(j -> 'name') = 'string' AND jsonb_typeof(j -> 'qty') = 'number'),
      CHECK (jsonb_array_length(l) > 0));
    """)["t"]
    parsed = frame["j"].map(json.loads)
    assert parsed.map(lambda j: isinstance(j["name"], str) and j["qty"] >= 0).all()
    assert frame["l"].map(json.loads).map(len).gt(0).all()


def test_conditions_on_computed_columns_change_what_they_are_made_of():
    frame = made("""
    CREATE TABLE t (id int PRIMARY KEY, w int NOT NULL, h int NOT NULL,
      area int GENERATED ALWAYS AS (w * h) STORED, CHECK (w > 0 AND h > 0), CHECK (area < 500));
    """)["t"]
    assert (frame["w"] * frame["h"]).between(1, 499).all()


def test_conditions_together_want_more_than_each_implies():
    frame = made("""
    CREATE TABLE t (id int PRIMARY KEY, b bytea NOT NULL CHECK (octet_length(b) = 20),
      d text NOT NULL CHECK (regexp_replace(d, '[^0-9]', '', 'g') = d AND length(d) = 10));
    """)["t"]
    assert frame["d"].str.fullmatch(r"\d{10}").all()
    assert frame["b"].map(len).eq(20).all()


def test_shapes_of_mysql_are_well_known_text():
    frame = made("CREATE TABLE `p` (`id` int PRIMARY KEY, `spot` point NOT NULL) ENGINE=InnoDB;")
    assert frame["p"]["spot"].str.fullmatch(r"POINT\([\d.]+ [\d.]+\)").all()
