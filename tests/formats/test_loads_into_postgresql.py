"""What PostgreSQL itself says of generated rows: statements it accepts, loaded into it."""

from __future__ import annotations

import warnings

import pytest

import relsynth as rs
from relsynth.formats.ddl import read_ddl
from relsynth.storage.load import load_tables

pytest.importorskip("sqlglot")
sa = pytest.importorskip("sqlalchemy")
pytest.importorskip("psycopg")

STATEMENTS = {
    "texts, times and identifiers in order": """
        CREATE TABLE t (id int PRIMARY KEY, a uuid NOT NULL, b uuid NOT NULL, s time NOT NULL,
            e time NOT NULL, x text, y text, CHECK (a < b), CHECK (e > s), CHECK (x <= y))""",
    "forms of patterns": """
        CREATE TABLE t (id int PRIMARY KEY, s text NOT NULL CHECK (s SIMILAR TO '[A-Z]{2}_[0-9]+'),
            c char(6) NOT NULL CHECK (substring(c FROM 1 FOR 2) = 'AB'),
            v int NOT NULL CHECK (v BETWEEN SYMMETRIC 10 AND 1), n int CHECK (n < 0))""",
    "JSON of a type and with keys": """
        CREATE TABLE t (id int PRIMARY KEY, a jsonb NOT NULL CHECK (jsonb_typeof(a) = 'array'),
            o jsonb NOT NULL CHECK (jsonb_typeof(o) = 'object' AND o ? 'name'),
            p jsonb NOT NULL CHECK ((p->>'age')::int > 0 AND p->>'kind' IN ('cat', 'dog')))""",
    "moments in a zone": """
        CREATE TABLE t (id int PRIMARY KEY, seen timestamptz NOT NULL,
            CHECK ((seen AT TIME ZONE 'UTC') > '2001-01-01'),
            ok boolean CHECK (ok IS NOT UNKNOWN))""",
    "arrays of sized types": """
        CREATE TABLE t (id int PRIMARY KEY, b bit(3)[] NOT NULL, c varchar(3)[] NOT NULL,
            n numeric(4, 1)[] NOT NULL, one bit NOT NULL, i interval day to second NOT NULL)""",
    "several ranges in one value": """
        CREATE TABLE t (id int PRIMARY KEY, m int4multirange NOT NULL, d datemultirange)""",
    "arrays of a domain over a domain": """
        CREATE DOMAIN pct AS numeric(5, 2) CHECK (VALUE >= 0);
        CREATE DOMAIN pct100 AS pct CHECK (VALUE <= 100);
        CREATE TABLE t (id int PRIMARY KEY, p pct100 NOT NULL, q pct100[] NOT NULL)""",
    "ranges that exclude each other": """
        CREATE TABLE t (id int PRIMARY KEY, r tstzrange NOT NULL, EXCLUDE USING gist (r WITH &&));
        CREATE TABLE u (id int PRIMARY KEY, a date NOT NULL, b date NOT NULL, CHECK (a < b),
            EXCLUDE USING gist (daterange(a, b) WITH &&))""",
    "partitions of partitions": """
        CREATE TABLE m (id int NOT NULL, at timestamptz NOT NULL, k int NOT NULL)
            PARTITION BY RANGE (at);
        CREATE TABLE m1 PARTITION OF m FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')
            PARTITION BY LIST (k);
        CREATE TABLE m1a PARTITION OF m1 FOR VALUES IN (1, 2);
        CREATE TABLE m1b PARTITION OF m1 FOR VALUES IN (3)""",
    "a reference to rows of the same tenant": """
        CREATE TABLE t (tenant int NOT NULL, id int NOT NULL, parent int, PRIMARY KEY (tenant, id),
            FOREIGN KEY (tenant, parent) REFERENCES t (tenant, id))""",
    "a constraint dropped by its usual name": """
        CREATE TABLE t (id int PRIMARY KEY, m boolean NOT NULL UNIQUE);
        ALTER TABLE t DROP CONSTRAINT t_m_key""",
}


@pytest.fixture(scope="module")
def database(postgres):
    engine = sa.create_engine(postgres.format(name="postgres"))
    yield engine  # every test rolls back what it does
    engine.dispose()


@pytest.mark.parametrize("sql", STATEMENTS.values(), ids=STATEMENTS)
def test_the_database_accepts_every_row(database, sql):
    schema = read_ddl(sql)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = rs.generate(schema, rows=dict.fromkeys(schema.tables, 12), seed=3)
    with database.connect() as connection:
        connection.exec_driver_sql(sql)
        assert load_tables(made, connection, schema) == dict.fromkeys(schema.tables, 12)
        connection.rollback()


def test_sqlite_accepts_dates_in_texts_and_patterns_of_its_own():
    sql = """CREATE TABLE t (id INTEGER PRIMARY KEY, d TEXT NOT NULL CHECK (d IS date(d)),
        e TEXT NOT NULL CHECK (date(e) IS NOT NULL), j TEXT NOT NULL CHECK (json_type(j) = 'array'),
        m TEXT NOT NULL CHECK (m = strftime('%Y-%m-%d %H:%M', m)),
        g TEXT NOT NULL CHECK (g GLOB '[A-Z][0-9]*'), n INTEGER CHECK (typeof(n) = 'integer'))"""
    schema = read_ddl(sql, dialect="sqlite")
    made = rs.generate(schema, rows=12, unreadable="skip")
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        connection.exec_driver_sql(sql)
        assert load_tables(made, connection, schema) == {"t": 12}
    engine.dispose()
