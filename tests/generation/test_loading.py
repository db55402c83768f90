"""Generated databases load into SQLite and PostgreSQL with every constraint on."""

from __future__ import annotations

import os
import sqlite3
from functools import lru_cache
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa

import relsynth as rs
from relsynth.metadata import Column, ForeignKey, Metadata, Table
from relsynth.storage.load import load_tables
from relsynth.storage.sql_script import write_script

SCHEMAS = Path(__file__).parents[2] / "schemas"
EXAMPLES = (
    "shop", "org", "orders", "tickets", "clinic", "warehouse", "bank", "school", "airline", "forum",
)  # fmt: skip
DATABASES = ("chinook", "northwind", "sakila_pagila")


@pytest.fixture
def url(request, tmp_path):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'made.db'}"
    else:
        yield request.getfixturevalue("postgres_url")


on_both = pytest.mark.parametrize("url", ["sqlite", "postgresql"], indirect=True)


def counted(url: str, metadata: Metadata) -> dict[str, int]:
    engine = sa.create_engine(url)
    quote = engine.dialect.identifier_preparer.quote
    with engine.connect() as connection:
        found = {
            name: connection.scalar(sa.text(f"SELECT count(*) FROM {quote(name)}"))
            for name in metadata.tables
        }
    engine.dispose()
    return found


@lru_cache(1)  # the same tables go into both databases
def example(name: str, rows: int | None, profile: str = "realistic"):
    metadata = rs.Metadata.load(SCHEMAS / f"{name}.json")
    return metadata, rs.generate(metadata, rows, seed=11, profile=profile)


def load_whole(metadata: Metadata, tables: dict[str, pd.DataFrame], url: str) -> None:
    written = load_tables(tables, url, metadata)
    assert (
        written == counted(url, metadata) == {name: len(tables[name]) for name in metadata.tables}
    )


@on_both
@pytest.mark.parametrize("rows", [10, 400])
@pytest.mark.parametrize("name", EXAMPLES)
def test_example_schemas_load_without_a_rejected_row(name, rows, url):
    load_whole(*example(name, rows), url)


@on_both
@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("profile", ["minimal", "edge"])
def test_profiles_load_without_a_rejected_row(name, profile, url):
    load_whole(*example(name, None, profile), url)


@pytest.mark.slow
@on_both
@pytest.mark.parametrize("name", EXAMPLES)
def test_example_schemas_load_at_a_hundred_thousand_rows(name, url):
    load_whole(*example(name, 100_000), url)


@pytest.mark.slow
@on_both
@pytest.mark.parametrize("rows", [10, 1_000, 100_000])
@pytest.mark.parametrize("name", DATABASES)
def test_known_databases_load_without_a_rejected_row(name, rows, url):
    folder = os.environ.get("RELSYNTH_DATA")
    if folder is None:
        pytest.skip("RELSYNTH_DATA is not set")
    metadata = rs.Metadata.load(Path(folder) / name / "metadata.json")
    load_whole(metadata, rs.generate(metadata, rows, seed=11), url)


@on_both
def test_rows_are_appended_beside_existing_ones(url):
    metadata = rs.Metadata.load(SCHEMAS / "shop.json")
    load_tables(rs.generate(metadata, {"customers": 20, "products": 10}), url, metadata)
    before = rs.read_tables(url, metadata)
    new = rs.generate(metadata, {"customers": 5, "products": 0}, seed=9, existing=before)
    load_tables(new, url, metadata, append=True)
    after = counted(url, metadata)
    assert after["customers"] == 25
    assert after["products"] == 10
    assert new["customers"]["id"].tolist() == [21, 22, 23, 24, 25]
    assert not new["customers"]["email"].isin(before["customers"]["email"]).any()
    assert set(new["order_lines"]["product_id"]) <= set(before["products"]["id"])


@on_both
def test_filled_tables_are_refused_and_left_alone(url):
    metadata = rs.Metadata.load(SCHEMAS / "org.json")
    tables = rs.generate(metadata)
    load_tables(tables, url, metadata)
    with pytest.raises(rs.DataError, match=r"'departments' holds 8 rows already"):
        load_tables(tables, url, metadata)
    assert counted(url, metadata) == {name: len(tables[name]) for name in metadata.tables}


@on_both
def test_a_rejected_row_rolls_everything_back(url):
    metadata = rs.Metadata.load(SCHEMAS / "shop.json")
    tables = rs.generate(metadata)
    broken = tables["order_lines"].assign(quantity=99)
    with pytest.raises(rs.DataError, match="rejects the rows"):
        load_tables({**tables, "order_lines": broken}, url, metadata)
    engine = sa.create_engine(url)
    assert sa.inspect(engine).get_table_names() == []
    engine.dispose()


def test_lost_references_are_found_by_the_database(tmp_path):
    metadata = rs.Metadata.load(SCHEMAS / "org.json")
    tables = rs.generate(metadata)
    broken = tables["employees"].assign(department_id=999)
    with pytest.raises(rs.DataError, match="references without a target"):
        load_tables({**tables, "employees": broken}, f"sqlite:///{tmp_path / 'x.db'}", metadata)


def test_unreachable_database_is_a_connection_error():
    url = "postgresql+psycopg://nobody@127.0.0.1:1/none"
    metadata = rs.Metadata.load(SCHEMAS / "org.json")
    with pytest.raises(ConnectionError, match=r"127\.0\.0\.1"):
        load_tables(rs.generate(metadata), url, metadata)


@pytest.mark.parametrize("name", EXAMPLES)
def test_sql_scripts_run_in_sqlite(name, tmp_path):
    metadata = rs.Metadata.load(SCHEMAS / f"{name}.json")
    tables = rs.generate(metadata, 200, seed=3)
    write_script(tables, tmp_path / "made.sql", metadata, dialect="sqlite")
    connection = sqlite3.connect(tmp_path / "made.db")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.executescript((tmp_path / "made.sql").read_text(encoding="utf-8"))
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    for table, frame in tables.items():
        assert connection.execute(f'SELECT count(*) FROM "{table}"').fetchone() == (len(frame),)
    connection.close()


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("name", ["org", "forum", "tickets"])
def test_sql_scripts_run_in_postgresql(name, url, tmp_path):
    metadata = rs.Metadata.load(SCHEMAS / f"{name}.json")
    tables = rs.generate(metadata, 200, seed=3, profile="edge")
    write_script(tables, tmp_path / "made.sql", metadata)
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.connection.cursor().execute((tmp_path / "made.sql").read_text(encoding="utf-8"))
    engine.dispose()
    assert counted(url, metadata) == {name: len(tables[name]) for name in metadata.tables}


@on_both
def test_values_come_back_as_they_were(url):
    metadata = rs.Metadata.load(SCHEMAS / "clinic.json")
    tables = rs.generate(metadata, seed=5)
    load_tables(tables, url, metadata)
    found = rs.read_tables(url, metadata)
    for name, frame in tables.items():
        primary = list(metadata.tables[name].primary_key)
        back, made = found[name].sort_values(primary), frame.sort_values(primary)
        for column in frame:
            left = back[column].astype(object).where(back[column].notna(), None).tolist()
            right = made[column].astype(object).where(made[column].notna(), None).tolist()
            assert left == right, f"{name}.{column}"


@on_both
def test_the_schema_of_a_live_database_is_read_back(url):
    metadata = rs.Metadata.load(SCHEMAS / "orders.json")
    load_tables(rs.generate(metadata), url, metadata)
    found = rs.Metadata.from_database(url)
    for name, table in metadata.tables.items():
        assert found.tables[name].primary_key == table.primary_key
        assert list(found.tables[name].columns) == list(table.columns)
    keys = {(k.child, k.columns, k.parent, k.parent_columns) for k in metadata.foreign_keys}
    assert {(k.child, k.columns, k.parent, k.parent_columns) for k in found.foreign_keys} == keys
    assert found.tables["items"].checks
    found.check(rs.generate(found, 200))


def test_sequences_of_postgresql_continue_behind_the_new_keys(postgres_url):
    engine = sa.create_engine(postgres_url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE a (id serial PRIMARY KEY, n int NOT NULL)"))
    metadata = Metadata.from_database(postgres_url)
    load_tables(rs.generate(metadata, {"a": 7}), engine, metadata)
    with engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO a (n) VALUES (1)"))
        assert connection.scalar(sa.text("SELECT max(id) FROM a")) == 8
    engine.dispose()


MANY_TYPES = """
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN short_year AS smallint CHECK (VALUE BETWEEN 1900 AND 2100);
CREATE TABLE owners (id uuid PRIMARY KEY, mail text NOT NULL UNIQUE);
CREATE TABLE things (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner uuid NOT NULL REFERENCES owners (id),
    state mood NOT NULL, doc jsonb NOT NULL, tags text[] NOT NULL, counts int[] NOT NULL,
    address inet NOT NULL, network cidr NOT NULL, card macaddr NOT NULL, raw bytea NOT NULL,
    at timestamptz NOT NULL, clock time NOT NULL, lasting interval NOT NULL, day date NOT NULL,
    price numeric(6, 2) NOT NULL CHECK (price > 0), small smallint NOT NULL, ok boolean NOT NULL,
    ratio real NOT NULL, code char(3) NOT NULL, found tsvector NOT NULL,
    twice numeric(8, 2) GENERATED ALWAYS AS (price * 2) STORED,
    UNIQUE (owner, code));
CREATE UNIQUE INDEX one_day ON things (owner, day);
"""


@pytest.mark.parametrize("profile", ["realistic", "edge"])
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_types_of_postgresql_are_filled_in_a_live_database(url, profile):
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(MANY_TYPES)
    metadata = Metadata.from_database(url)
    tables = rs.generate(metadata, {"owners": 40, "things": 120}, profile=profile)
    load_tables(tables, engine, metadata)
    more = rs.generate(metadata, {"owners": 5, "things": 20}, existing=tables, seed=2)
    load_tables(more, engine, metadata, append=True)
    assert counted(url, metadata) == {"owners": 45, "things": 140}
    with engine.connect() as connection:
        wrong = sa.text("SELECT count(*) FROM things WHERE twice <> price * 2")
        assert connection.scalar(wrong) == 0
    engine.dispose()


def test_required_self_references_and_cycles_load(tmp_path):
    nodes = Table(
        "nodes",
        {"id": Column("id", "key"), "root": Column("root", "key", nullable=False)},
        primary_key=("id",),
    )
    metadata = Metadata([nodes], [ForeignKey("nodes", ("root",), "nodes", ("id",), nullable=False)])
    tables = rs.generate(metadata, {"nodes": 30})
    assert isinstance(tables["nodes"], pd.DataFrame)
    load_tables(tables, f"sqlite:///{tmp_path / 'x.db'}", metadata)
