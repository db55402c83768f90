"""A live MariaDB: its schema is read, and generated rows load without a fault."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from mariadb_server import server

import relsynth as rs

sa = pytest.importorskip("sqlalchemy")
pytest.importorskip("duckdb")
pytestmark = pytest.mark.slow
TABLES = """
CREATE TABLE kinds (id tinyint(1) unsigned NOT NULL PRIMARY KEY, name varchar(30) NOT NULL UNIQUE);
CREATE TABLE people (
    id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, email varchar(120) NOT NULL UNIQUE,
    first_name varchar(40) NOT NULL, last_name varchar(40), born date, kind tinyint(1) unsigned,
    active tinyint(1) NOT NULL DEFAULT 1, level enum('low','mid','high') NOT NULL,
    marks set('a','b','c'), flags bit(5), joined_year year, prefs json, photo blob,
    balance decimal(9,2) NOT NULL, ratio double, at time, big bigint unsigned, small smallint,
    code char(2), created_at datetime NOT NULL, updated_at timestamp NULL,
    `4th` int, full_name varchar(90) GENERATED ALWAYS AS (concat(first_name, last_name)) VIRTUAL,
    KEY by_code (code), CONSTRAINT positive CHECK (balance >= 0 AND balance < 5000),
    CONSTRAINT person_kind FOREIGN KEY kind_index (kind) REFERENCES kinds (id)
);
CREATE TABLE friends (
    a int unsigned NOT NULL, b int unsigned NOT NULL, since date NOT NULL, PRIMARY KEY (a, b),
    FOREIGN KEY (a) REFERENCES people (id), FOREIGN KEY (b) REFERENCES people (id)
);
CREATE TABLE notes (
    id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, person_code char(2), parent_id bigint,
    starts datetime NOT NULL, ends datetime NOT NULL, body mediumtext NOT NULL,
    CHECK (starts <= ends), FOREIGN KEY (parent_id) REFERENCES notes (id),
    FOREIGN KEY (person_code) REFERENCES people (code)
)
"""


@pytest.fixture(scope="module")
def live():
    with server() as url:
        engine = sa.create_engine(url.format(name=""))
        with engine.begin() as connection:
            connection.execute(sa.text("CREATE DATABASE club CHARACTER SET utf8mb4"))
        engine.dispose()
        url = url.format(name="club")
        engine = sa.create_engine(url)
        with engine.begin() as connection:
            for statement in TABLES.split(";\n"):
                connection.execute(sa.text(statement))
        yield url, engine
        engine.dispose()


def test_the_schema_is_what_was_declared(live):
    metadata = rs.Metadata.from_database(live[0])
    people = metadata.tables["people"].columns
    assert {k.name for k in metadata.foreign_keys if k.child == "people"} == {"person_kind"}
    assert len(metadata.foreign_keys) == 5
    assert people["active"].kind == "boolean"
    assert people["level"].values == ("low", "mid", "high")
    assert people["full_name"].generated
    assert people["marks"].values[:3] == ("a", "b", "c")
    assert people["flags"].high == 31
    assert people["joined_year"].low == 1901
    assert any("prefs" in check for check in metadata.tables["people"].checks)
    assert metadata.tables["people"].checks


@pytest.mark.parametrize("profile", ["realistic", "edge", "minimal"])
def test_generated_rows_load_and_the_database_vouches_for_them(live, profile, tmp_path):
    url, engine = live
    told = tmp_path / "certificate.json"
    arguments = ["generate", url, "-o", url, "--truncate", "--profile", profile]
    arguments += ["--certificate", str(told)]
    if profile == "realistic":
        arguments += ["--rows", "60"]
    done = subprocess.run(
        [sys.executable, "-m", "relsynth", *arguments], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    certificate = json.loads(told.read_text())
    assert certificate["broken"] == 0
    assert certificate["unread"] == 0
    with engine.connect() as connection:
        for table in ("people", "friends", "notes"):
            found = sa.text(f"SELECT count(*) FROM {table}")
            assert connection.execute(found).scalar_one() > 0
        alone = sa.text(
            "SELECT count(*) FROM friends f LEFT JOIN people p ON p.id = f.a WHERE p.id IS NULL"
        )
        assert connection.execute(alone).scalar_one() == 0
