"""Schemas from SQLAlchemy, Frictionless, dbt and Django."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

import relsynth as rs
from relsynth.formats.database import from_sqlalchemy
from relsynth.metadata.sources import schema_from

SCHEMAS = Path(__file__).parents[2] / "schemas"
DBT = """
version: 2
models:
  - name: customers
    columns:
      - name: customer_id
        data_tests: [unique, not_null]
      - name: country
        tests:
          - accepted_values: {values: [DE, FR]}
  - name: orders
    columns:
      - name: order_id
        data_type: integer
        constraints: [{type: primary_key}]
      - name: customer_id
        data_tests:
          - not_null
          - relationships: {arguments: {to: ref('customers'), field: customer_id}}
      - name: line
        data_type: integer
    tests:
      - dbt_utils.unique_combination_of_columns:
          combination_of_columns: [customer_id, line]
"""
DJANGO = """
import django
from django.conf import settings
settings.configure(INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    DEFAULT_AUTO_FIELD="django.db.models.AutoField")
django.setup()
from django.core.management import call_command
from django.db import connection
import relsynth as rs
from relsynth.metadata.sources import schema_from
metadata = schema_from("django:auth")
call_command("migrate", verbosity=0)
tables = rs.generate(metadata, 60, seed=1)
metadata.check(tables)
assert metadata.tables["auth_user_groups"].unique == (("user_id", "group_id"),)
assert metadata.tables["auth_user"].columns["email"].provider == "email"
with connection.cursor() as cursor:
    names = set(connection.introspection.table_names(cursor))
assert set(metadata.tables) <= names, set(metadata.tables) - names
for name, table in metadata.tables.items():
    with connection.cursor() as cursor:
        found = [c.name for c in connection.introspection.get_table_description(cursor, name)]
    assert sorted(found) == sorted(table.columns), name
try:
    schema_from("django:auht")
except rs.SchemaError as error:
    assert "did you mean 'auth'" in str(error)
print("fine")
"""


def models() -> sa.MetaData:
    schema = sa.MetaData()
    sa.Table(
        "users",
        schema,
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("email", sa.String(80), unique=True, nullable=False),
        sa.Column("role", sa.Enum("admin", "guest", name="role"), nullable=False),
        sa.Column("boss", sa.Uuid, sa.ForeignKey("users.id")),
    )
    sa.Table(
        "posts",
        schema,
        sa.Column("id", sa.BigInteger, primary_key=True),
        sa.Column("author", sa.Uuid, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("score", sa.Numeric(4, 1), nullable=False),
        sa.CheckConstraint("score BETWEEN 0 AND 10"),
    )
    return schema


def test_sqlalchemy_models_generate_what_their_tables_accept(tmp_path):
    from relsynth.storage.load import load_tables

    schema = models()
    metadata = from_sqlalchemy(schema)
    assert metadata.tables["users"].columns["role"].values == ("admin", "guest")
    assert metadata.tables["users"].unique == (("email",),)
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'x.db'}")
    schema.create_all(engine)
    load_tables(rs.generate(metadata, {"users": 30, "posts": 90}), engine, metadata)
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM posts")) == 90
    engine.dispose()


def test_a_data_package_becomes_a_schema():
    fields = {
        "staff": [("id", "integer"), ("boss", "integer"), ("mail", "string"), ("since", "date")],
        "shifts": [("staff", "integer"), ("day", "date"), ("hours", "number"), ("kind", "string")],
    }
    resources = {
        name: {"fields": [{"name": column, "type": kind} for column, kind in listed]}
        for name, listed in fields.items()
    }
    resources["staff"] |= {
        "primaryKey": "id",
        "uniqueKeys": [["mail"]],
        "foreignKeys": [{"fields": "boss", "reference": {"resource": "", "fields": "id"}}],
    }
    resources["shifts"] |= {
        "primaryKey": ["staff", "day"],
        "foreignKeys": [{"fields": "staff", "reference": {"resource": "staff", "fields": "id"}}],
    }
    resources["shifts"]["fields"][2]["constraints"] = {"minimum": 1, "maximum": 12}
    resources["shifts"]["fields"][3]["constraints"] = {"required": True, "enum": ["early", "late"]}
    package = {"resources": [{"name": name, "schema": one} for name, one in resources.items()]}
    metadata = rs.Metadata.from_dict(json.loads(json.dumps(package)))
    staff, shifts = metadata.tables["staff"], metadata.tables["shifts"]
    assert (staff.primary_key, staff.unique) == (("id",), (("mail",),))
    assert shifts.primary_key == ("staff", "day")
    assert shifts.columns["kind"].values == ("early", "late")
    assert {(key.child, key.parent) for key in metadata.foreign_keys} == {
        ("staff", "staff"),
        ("shifts", "staff"),
    }
    made = rs.generate(metadata, 100)
    metadata.check(made)
    assert made["shifts"]["hours"].dropna().between(1, 12).all()


def test_frictionless_faults_are_collected():
    package = {"resources": [{"name": "a"}, {"name": "b", "schema": {"fields": [{"name": "x",
               "type": "nonsense"}]}}]}  # fmt: skip
    with pytest.raises(rs.SchemaError, match=r"(?s)resource 0.*nonsense"):
        rs.Metadata.from_dict(package)


def test_dbt_tests_become_keys(tmp_path):
    path = tmp_path / "schema.yml"
    path.write_text(DBT, encoding="utf-8")
    metadata = schema_from(path)
    assert metadata.tables["customers"].primary_key == ("customer_id",)
    assert metadata.tables["orders"].primary_key == ("order_id",)
    assert metadata.tables["orders"].unique == (("customer_id", "line"),)
    (key,) = metadata.foreign_keys
    assert (key.columns, key.parent, key.parent_columns) == (
        ("customer_id",), "customers", ("customer_id",),
    )  # fmt: skip
    tables = rs.generate(metadata, 100)
    metadata.check(tables)
    assert set(tables["customers"]["country"].dropna()) <= {"DE", "FR"}


def test_broken_yaml_is_refused(tmp_path):
    path = tmp_path / "schema.yml"
    path.write_text("models:\n  - name: [", encoding="utf-8")
    with pytest.raises(rs.SchemaError, match=r"line \d"):
        rs.Metadata.load(path)


def test_django_models():
    pytest.importorskip("django")
    done = subprocess.run([sys.executable, "-c", DJANGO], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "fine"


def test_models_by_import_string(tmp_path, monkeypatch):
    (tmp_path / "my_models.py").write_text(
        "import sqlalchemy as sa\nmeta = sa.MetaData()\n"
        "sa.Table('t', meta, sa.Column('id', sa.Integer, primary_key=True))\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert list(schema_from("my_models:meta").tables) == ["t"]
    with pytest.raises(rs.SchemaError, match="cannot be imported"):
        schema_from("my_models:nothing")
    with pytest.raises(FileNotFoundError, match="no such schema file"):
        schema_from("missing.json")


def test_frictionless_types_of_places_and_lists(tmp_path):
    fields = [{"name": "id", "type": "integer", "constraints": {"required": True}}]
    fields += [{"name": kind, "type": kind} for kind in ("geopoint", "geojson", "object", "array")]
    fields += [{"name": "pair", "type": "geopoint", "format": "array"},
               {"name": "word", "type": "string", "constraints": {"minLength": 12}}]  # fmt: skip
    schema = {"fields": fields, "primaryKey": "id"}
    document = {"name": "p", "resources": [{"name": "t", "path": "t.csv", "schema": schema}]}
    (tmp_path / "datapackage.json").write_text(json.dumps(document))
    frame = rs.generate(tmp_path / "datapackage.json", rows=30, seed=1)["t"]
    known = frame.dropna()
    lon, lat = known["geopoint"].str.split(", ", expand=True).astype(float).T.to_numpy()
    assert (abs(lon) <= 180).all()
    assert (abs(lat) <= 90).all()
    assert known["geojson"].map(json.loads).map(lambda found: found["type"]).eq("Point").all()
    assert known["object"].map(json.loads).map(lambda found: isinstance(found, dict)).all()
    assert known["array"].map(json.loads).map(lambda found: isinstance(found, list)).all()
    assert known["pair"].map(json.loads).map(len).eq(2).all()
    assert known["word"].str.len().ge(12).all()


def test_prisma_is_told_to_give_its_migrations(tmp_path):
    (tmp_path / "schema.prisma").write_text(
        "model User {\n  id Int @id\n  email String @unique\n}\n"
    )
    with pytest.raises(rs.SchemaError, match="folder of migrations"):
        rs.generate(tmp_path / "schema.prisma", rows=3)
