"""A database that declares little is read as the same tables would be from files."""

import numpy as np
import pandas as pd
import pytest
from small_databases import cart

import relsynth as rs
from relsynth.cli import main

sa = pytest.importorskip("sqlalchemy")
PERSONAL = ("first_name", "last_name", "email", "phone", "billing_address")
ODD_TYPES = """
    CREATE SCHEMA billing;
    CREATE TYPE mood AS ENUM ('ok', 'bad', 'great');
    CREATE TABLE person (
        id int PRIMARY KEY, full_name text, m mood, token uuid, ip inet, net cidr, salary money,
        tags text[], prefs jsonb, doc json, r int4range, p point, ts tsvector, bits bit(4),
        raw bytea, low text GENERATED ALWAYS AS (lower(full_name)) STORED
    );
    CREATE TABLE billing.invoice (id serial PRIMARY KEY, person_id int, issued text);
    CREATE VIEW names AS SELECT full_name FROM person;
    INSERT INTO person SELECT i, 'Name ' || i, (ARRAY['ok', 'bad'])[1 + i % 2]::mood,
        gen_random_uuid(), ('10.0.0.' || i % 250)::inet, '10.0.0.0/24', (i * 10)::money,
        ARRAY['a', 'b' || i % 3], json_build_object('k', i % 5)::jsonb,
        json_build_object('k', i % 5), int4range(i % 7, i % 7 + 3), point(i % 9, 1),
        to_tsvector('a cat'), B'1010', NULL FROM generate_series(1, 120) i;
    INSERT INTO billing.invoice (person_id, issued) SELECT 1 + i * 7 % 120,
        to_char(date '2021-01-01' + i % 200, 'YYYY-MM-DD') FROM generate_series(1, 300) i
"""


@pytest.fixture(scope="module")
def real():
    rng = np.random.default_rng(0)
    n = 150
    parts = [f"{a}anto{b}ilo{c}ez" for a in "bdgklmnprst" for b in "bdgkl" for c in "mnpr"]
    first, last = rng.permutation(parts)[:n], rng.permutation(parts)[:n]
    names = [f"{a}.{b}" for a, b in zip(first, last, strict=True)]
    customers = pd.DataFrame(
        {
            "customer_id": range(1, n + 1),
            "first_name": [name.title() for name in first],
            "last_name": [name.title() for name in last],
            "email": [f"{name}@firm.test" for name in names],
            "phone": [f"+49 {rng.integers(10**8, 10**9)}" for _ in range(n)],
            "country": rng.choice(["DE", "FR"], n),
            "joined": pd.date_range("2020-01-01", periods=n).strftime("%d.%m.%Y"),
        }
    )
    buyer = rng.integers(1, n + 1, 600)
    invoices = pd.DataFrame(
        {
            "invoice_id": range(1, 601),
            "customer_id": buyer,
            "billing_address": [f"{parts[b]}gade {b}" for b in buyer],
            "total": rng.gamma(2, 10, 600).round(2),
        }
    )
    return {"customers": customers, "invoices": invoices}


@pytest.fixture(scope="module")
def undeclared(real, tmp_path_factory):
    """Return a SQLite file that ``to_sql`` wrote: no key, no reference, no date."""
    path = tmp_path_factory.mktemp("db") / "shop.db"
    engine = sa.create_engine(f"sqlite:///{path}")
    for name, frame in real.items():
        frame.to_sql(name, engine, index=False)
    engine.dispose()
    return path


def test_what_is_not_declared_is_found_as_from_files(real, undeclared):
    metadata, files = rs.Metadata.from_database(undeclared), rs.Metadata.detect(real)
    assert metadata.foreign_keys == files.foreign_keys
    for name, table in files.tables.items():
        read = metadata.tables[name]
        assert read.primary_key == table.primary_key
        for column in table.columns.values():
            told = read.columns[column.name]
            assert (told.kind, told.provider, told.pii, told.format) == (
                (column.kind, column.provider, column.pii, column.format)
            ), column.name
    notes = [str(note) for note in metadata.notes]
    assert any(n.startswith("invoices.customer_id: refers to customers") for n in notes)
    assert any(n.startswith("customers.joined: datetime (all values are dates)") for n in notes)


def test_no_personal_value_comes_out_of_an_undeclared_database(real, undeclared):
    metadata = rs.Metadata.from_database(undeclared)
    fake = cart(metadata, rs.read_tables(undeclared, metadata)).sample(scale=2, seed=1)
    for name, frame in real.items():
        for column in set(PERSONAL) & set(frame.columns):
            assert not set(fake[name][column]) & set(frame[column]), column


def test_what_is_declared_stays(tmp_path):
    path = tmp_path / "a.db"
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        for statement in (
            "CREATE TABLE parent (code TEXT PRIMARY KEY, size INTEGER NOT NULL)",
            "CREATE TABLE child (id INTEGER PRIMARY KEY, up TEXT REFERENCES parent(code), d TEXT)",
            "INSERT INTO parent VALUES ('a', 1), ('b', 2), ('c', 3)",
            "INSERT INTO child VALUES (1, 'a', '2020-01-01'), (2, 'b', '2021-02-03')",
            "CREATE VIEW sizes AS SELECT size FROM parent",
        ):
            connection.exec_driver_sql(statement)
    engine.dispose()
    metadata = rs.Metadata.from_database(path)
    assert [key.name for key in metadata.foreign_keys] == ["child.up -> parent"]
    assert metadata.tables["parent"].columns["size"].kind == "integer"
    assert metadata.tables["child"].columns["d"].kind == "datetime"
    assert "sizes: a view, left out" in " ".join(map(str, metadata.notes))
    plain = rs.Metadata.from_database(path, detect=False)
    assert plain.tables["child"].columns["d"].kind == "text"


def test_tables_and_columns_are_left_out(undeclared, tmp_path, monkeypatch):
    metadata = rs.Metadata.from_database(undeclared, exclude=["customers.phone", "invoices"])
    assert list(metadata.tables) == ["customers"]
    assert "phone" not in rs.read_tables(undeclared, metadata)["customers"]
    with pytest.raises(rs.SchemaError, match=r"did you mean 'customers\.phone'"):
        rs.Metadata.from_database(undeclared, exclude=["customers.fone"])
    with pytest.raises(rs.SchemaError, match="no schema 'sales'"):
        rs.Metadata.from_database(undeclared, schema="sales")
    out = tmp_path / "out"
    left = ("--exclude", "customers.customer_id", "--exclude", "invoices")
    arguments = ["relsynth", "synth", str(undeclared), "-o", str(out), "--model", "cart", *left]
    monkeypatch.setattr("sys.argv", arguments)
    with pytest.raises(SystemExit, match="0"):
        main()
    assert "customer_id" not in pd.read_csv(out / "customers.csv")


def test_a_column_left_out_takes_its_keys_and_rules_with_it():
    document = {
        "relsynth": 1,
        "tables": {
            "a": {
                "columns": {"id": {"type": "key"}, "x": {"type": "integer"}, "y": {"type": "text"}},
                "primary_key": ["id"],
                "unique": [["x", "y"]],
                "checks": ["x > 1", "y <> ''"],
            },
            "b": {"columns": {"a": {"type": "key"}}},
        },
        "foreign_keys": [{"child": "b", "columns": ["a"], "parent": "a"}],
    }
    left = rs.Metadata.from_dict(document).without(["a.x"])
    assert left.tables["a"].unique == ()
    assert left.tables["a"].checks == ("y <> ''",)
    assert len(left.foreign_keys) == 1
    assert rs.Metadata.from_dict(document).without(["a.id"]).foreign_keys == ()


def test_no_type_of_postgresql_refuses_the_database(tmp_path, postgres_url):
    url = postgres_url
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for statement in ODD_TYPES.split(";"):
            connection.exec_driver_sql(statement.replace("%", "%%"))
    engine.dispose()
    metadata = rs.Metadata.from_database(url, schema=["public", "billing"])
    assert [key.name for key in metadata.foreign_keys] == ["invoice.person_id -> person"]
    assert metadata.tables["invoice"].columns["issued"].kind == "datetime"
    assert metadata.tables["person"].columns["full_name"].pii
    real = rs.read_tables(url, metadata)
    assert real["person"]["prefs"].iloc[0] == '{"k": 1}'
    assert real["person"]["tags"].iloc[0] == "{a,b1}"
    fake = cart(metadata, real).sample(seed=1)
    assert len(fake["person"]) == 120
    assert set(fake["person"]["prefs"]) <= set(real["person"]["prefs"])
    assert "names: a view" in " ".join(map(str, metadata.notes))
    assert list(rs.Metadata.from_database(url).tables) == ["person"]
    rs.write_tables(fake, f"sqlite:///{tmp_path / 'o.db'}", metadata=metadata)
