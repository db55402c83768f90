"""What PostgreSQL itself says of generated rows: statements it accepts, loaded into it."""

from __future__ import annotations

import warnings

import pytest

import relsynth as rs
from relsynth.formats.database import from_sqlalchemy, reflect_schema
from relsynth.formats.ddl import read_ddl
from relsynth.storage.load import load_tables

sqlglot = pytest.importorskip("sqlglot")
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
    "ends of ranges": """
        CREATE TABLE t (id int PRIMARY KEY, p tstzrange NOT NULL, q int4range, d daterange NOT NULL,
            CHECK (upper(p) > lower(p)), CHECK (upper(p) - lower(p) <= interval '2 days'),
            CHECK (lower_inc(p) AND NOT upper_inc(p)), CHECK (lower(q) > 0),
            CHECK (d && daterange('2020-01-01', '2030-01-01')), CHECK (upper(d) - lower(d) >= 7),
            CHECK (d @> date '2022-12-31'))""",
    "times of day": """
        CREATE TABLE t (id int PRIMARY KEY, o time NOT NULL, c time NOT NULL,
            CHECK (c - o >= interval '30 minutes'), CHECK (extract(minute FROM o) IN (0, 15, 30)),
            CHECK (o >= '08:00'::time))""",
    "JSON inside JSON": """
        CREATE TABLE t (id int PRIMARY KEY, j jsonb NOT NULL CHECK (j @> '{"v": 1, "w": {"x": 2}}'),
            k jsonb NOT NULL CHECK (k ?& ARRAY['a', 'b']), p jsonb CHECK (p #>> '{a,b}' = 'x'),
            n jsonb NOT NULL CHECK (jsonb_array_length(n -> 'list') >= 2),
            q jsonb NOT NULL CHECK (q -> 'a' ->> 'b' IN ('x', 'y')))""",
    "lists written as texts, and sets that POSIX names": """
        CREATE TABLE t (id int PRIMARY KEY, k int NOT NULL CHECK (k = ANY ('{5,6}'::int[])),
            a text NOT NULL CHECK (starts_with(a, 'sk_')),
            h text NOT NULL CHECK (h ~ '^[[:alpha:]][[:alnum:]_]{2,8}$'))""",
    "domains that change": """
        CREATE DOMAIN code AS text CONSTRAINT short CHECK (length(VALUE) < 3);
        CREATE TABLE t (id int PRIMARY KEY, c code);
        ALTER DOMAIN code DROP CONSTRAINT short;
        ALTER DOMAIN code ADD CHECK (VALUE ~ '^[A-Z]{5}$');
        ALTER DOMAIN code SET NOT NULL""",
    "partitions by an expression, of no value, with conditions": """
        CREATE TABLE a (id int, at timestamp NOT NULL) PARTITION BY RANGE (date_trunc('day', at));
        CREATE TABLE a1 PARTITION OF a FOR VALUES FROM ('2025-01-01') TO ('2025-03-01');
        CREATE TABLE b (k text, v int) PARTITION BY LIST (k);
        CREATE TABLE b1 PARTITION OF b FOR VALUES IN ('a', NULL);
        CREATE TABLE b2 PARTITION OF b (CONSTRAINT pos CHECK (v > 5)) FOR VALUES IN ('b')""",
    "values with quotes and commas in arrays": """
        CREATE TYPE mood AS ENUM ('so ''so'' la', 'very "good"', 'a,b', 'c{d}', 'NULL');
        CREATE TABLE t (id int PRIMARY KEY, m mood NOT NULL, l mood[] NOT NULL)""",
    "a circle of two countries": """
        CREATE TABLE city (id int PRIMARY KEY, country_id int NOT NULL, name text NOT NULL);
        CREATE TABLE country (id int PRIMARY KEY, code char(2) NOT NULL UNIQUE,
            capital_id int NOT NULL UNIQUE REFERENCES city DEFERRABLE INITIALLY DEFERRED);
        ALTER TABLE city ADD FOREIGN KEY (country_id) REFERENCES country
            DEFERRABLE INITIALLY DEFERRED""",
    "definitions inside blocks, behind other statements, and dropped with what needs them": """
        DO $do$ BEGIN
            IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'hue_of_t') THEN
                CREATE TYPE hue_of_t AS ENUM ('red', 'blue');
            END IF;
        END $do$;
        CREATE TABLE a (id int PRIMARY KEY, h hue_of_t NOT NULL);
        CREATE TABLE gone (id int PRIMARY KEY);
        CREATE TABLE b (id int PRIMARY KEY, a_id int NOT NULL, g int NOT NULL REFERENCES gone);
        DROP TABLE gone CASCADE;
        DO $$ BEGIN
            ALTER TABLE b ADD CONSTRAINT to_a FOREIGN KEY (a_id) REFERENCES a (id);
        EXCEPTION WHEN duplicate_object THEN NULL;
        END $$""",
    "functions that are one expression": """
        CREATE FUNCTION pg_temp.worded(t text) RETURNS boolean LANGUAGE sql IMMUTABLE
            AS $$ SELECT t ~ '^[A-Z]+$' -- capitals
            $$;
        CREATE FUNCTION pg_temp.under(int, double precision) RETURNS boolean LANGUAGE plpgsql
            AS 'BEGIN RETURN $1 < $2; END';
        CREATE TABLE t (id int PRIMARY KEY, c text NOT NULL, n int NOT NULL,
            CHECK (pg_temp.worded(c)), CHECK (pg_temp.under(n, 3)))""",
    "types made of others": """
        CREATE TYPE spot AS (lat float8, "at" timestamp);
        CREATE TYPE home AS (street text, zip varchar(4), spot spot);
        CREATE TYPE span AS RANGE (subtype = float8, subtype_diff = float8mi);
        CREATE TABLE t (id int PRIMARY KEY, h home NOT NULL, o home[] NOT NULL, s span NOT NULL)""",
    "arrays, texts and bits of a size": """
        CREATE TABLE t (id int PRIMARY KEY, a int[] NOT NULL CHECK (array_length(a, 1) = 3),
            d text[] NOT NULL CHECK (cardinality(d) BETWEEN 4 AND 5),
            i text NOT NULL CHECK (length(i) = 10 AND i ILIKE 'inv-%%'),
            p text NOT NULL CHECK (p LIKE 'DE%%' AND length(p) >= 22), b bit(4) NOT NULL,
            CHECK (get_bit(b, 0) = 1), r int4range NOT NULL,
            CHECK (lower(r) >= 18 AND upper(r) <= 99))""",
    "addresses in a network": """
        CREATE TABLE t (id int PRIMARY KEY, n cidr NOT NULL, a inet NOT NULL, b inet NOT NULL,
            CHECK (a <<= n), CHECK (n >>= b))""",
    "comments and escaped signs in conditions": """
        CREATE TABLE t (id int PRIMARY KEY, d date, e boolean NOT NULL CHECK (
            (d IS NOT NULL /* then it has
               ended */ AND e) OR -- else it has not
            (d IS NULL)), c char(5) NOT NULL CHECK (c ~ E'^\\\\d{5}$'))""",
    "columns of a key that is dropped or copied, and chosen columns": """
        CREATE TABLE a (id int PRIMARY KEY, code uuid NOT NULL, n numeric(6, 2));
        ALTER TABLE a DROP CONSTRAINT a_pkey;
        ALTER TABLE a ADD PRIMARY KEY (code);
        CREATE TABLE b (LIKE a, z int);
        CREATE TABLE c (x, y) AS SELECT n, id FROM a""",
    "spans by name, and vectors of the database": """
        CREATE TABLE t (id int PRIMARY KEY, a timestamptz NOT NULL, b timestamptz NOT NULL,
            CHECK (b >= a + make_interval(hours => 2)), v int2vector NOT NULL)
        /* one comment /* inside */ another */""",
    "two rows of one group": """
        CREATE TABLE team (id int PRIMARY KEY, league int NOT NULL, UNIQUE (id, league));
        CREATE TABLE game (id int PRIMARY KEY, league int NOT NULL, home int NOT NULL,
            away int NOT NULL, CHECK (home <> away),
            FOREIGN KEY (home, league) REFERENCES team (id, league),
            FOREIGN KEY (away, league) REFERENCES team (id, league))""",
    "a constraint dropped by its usual name": """
        CREATE TABLE t (id int PRIMARY KEY, m boolean NOT NULL UNIQUE);
        ALTER TABLE t DROP CONSTRAINT t_m_key""",
}


if sqlglot.parse_one("b ^@ 'p'", read="postgres").find(sqlglot.exp.StartsWith):  # not the lowest
    STATEMENTS["a beginning told by an operator"] = """
        CREATE TABLE t (id int PRIMARY KEY, b text NOT NULL CHECK (b ^@ 'p_'))"""


@pytest.fixture(scope="module")
def database(postgres):
    engine = sa.create_engine(postgres.format(name="postgres"))
    yield engine  # every test rolls back what it does
    engine.dispose()


@pytest.mark.filterwarnings("ignore:Did not recognize type")  # of SQLAlchemy
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


def test_tables_stand_in_the_statement_that_makes_their_schema():
    schema = read_ddl("""CREATE SCHEMA wards
        CREATE TABLE Ward (id serial PRIMARY KEY, shut boolean NOT NULL)
        CREATE TABLE Bed (id serial PRIMARY KEY, ward int NOT NULL REFERENCES Ward);
        CREATE TABLE other (id int PRIMARY KEY)""")
    assert list(schema.tables) == ["ward", "bed", "other"]
    assert [key.parent for key in schema.foreign_keys] == ["ward"]


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


def test_a_computed_constant_tells_what_its_row_may_refer_to(database):
    sql = """
        CREATE TABLE party (id int PRIMARY KEY, kind text NOT NULL CHECK (kind IN ('p', 'c')),
            UNIQUE (id, kind));
        CREATE TABLE person (id int PRIMARY KEY, kind text NOT NULL CHECK (kind = 'p'),
            FOREIGN KEY (id, kind) REFERENCES party (id, kind));
        CREATE TABLE company (id int PRIMARY KEY, kind text GENERATED ALWAYS AS ('c') STORED,
            FOREIGN KEY (id, kind) REFERENCES party (id, kind))"""
    schema = read_ddl(sql)
    rows = {"party": 30, "person": 10, "company": 10}
    made = rs.generate(schema, rows=rows, seed=3)
    with database.connect() as connection:
        connection.exec_driver_sql(sql)
        assert load_tables(made, connection, schema) == rows
        connection.rollback()


def test_faults_are_told_where_they_stand():
    with pytest.raises(rs.SchemaError, match=r"line 1, column 44.*'n' stands twice in 'a'"):
        read_ddl("CREATE TABLE a (id int PRIMARY KEY, n int, n text)")
    early = "CREATE TABLE a (d date CHECK (d > '2024-01-01') CHECK (d < '2020-01-01'))"
    with pytest.raises(rs.SchemaError, match=r"a\.d: no moment lies between 2024-01-02 and 2019"):
        rs.generate(read_ddl(early), rows=3)


BOOKINGS = """
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE TABLE room (id int PRIMARY KEY);
CREATE TABLE booking (id int PRIMARY KEY, room_id int NOT NULL REFERENCES room,
    starts_at timestamptz NOT NULL, ends_at timestamptz NOT NULL, void boolean NOT NULL,
    EXCLUDE USING gist (room_id WITH =, tstzrange(starts_at, ends_at) WITH &&) WHERE (NOT void));
CREATE TABLE lease (id int PRIMARY KEY, room_id int NOT NULL REFERENCES room,
    during daterange NOT NULL, EXCLUDE USING gist (room_id WITH =, during WITH &&));
CREATE TABLE rent (id int PRIMARY KEY, room_id int NOT NULL, since date NOT NULL, until date,
    EXCLUDE USING gist (room_id WITH =, daterange(since, until, '[]') WITH &&));
"""
ROWS = {"room": 3, "booking": 60, "lease": 25, "rent": 40}


def test_ranges_of_one_room_never_meet(database):
    with database.connect() as connection:
        connection.exec_driver_sql(BOOKINGS)
        schemas = [read_ddl(BOOKINGS), reflect_schema(connection)]
        for seed, schema in enumerate(schemas):
            assert [c["type"] for c in schema.tables["lease"].constraints] == ["no_overlap"]
            made = rs.generate(schema, rows=ROWS, seed=seed)
            assert made["booking"]["room_id"].nunique() == 3
            with connection.begin_nested() as step:
                load_tables(made, connection, schema)
                step.rollback()
        connection.rollback()


def test_models_say_that_ranges_never_meet():
    postgresql = pytest.importorskip("sqlalchemy.dialects.postgresql")
    models = sa.MetaData()
    sa.Table(
        "shift",
        models,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("nurse", sa.Integer, nullable=False),
        sa.Column("at", postgresql.TSRANGE, nullable=False),
        postgresql.ExcludeConstraint(("nurse", "="), ("at", "&&"), where=sa.text("nurse > 0")),
    )
    schema = from_sqlalchemy(models)
    (said,) = schema.tables["shift"].constraints
    assert said == {"type": "no_overlap", "low": "at", "high": "at", "equal": ["nurse"],
                    "where": "nurse > 0"}  # fmt: skip
    assert len(rs.generate(schema, rows=40)["shift"]) == 40
