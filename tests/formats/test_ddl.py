"""SQL DDL of three dialects is read and written."""

from __future__ import annotations

import pytest

import relsynth as rs
from relsynth.formats.ddl import guess_dialect, is_ddl, read_ddl
from relsynth.formats.tables import write_ddl

POSTGRES = """
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE DOMAIN amount AS numeric(8, 2) CHECK (VALUE >= 0);
CREATE TABLE public.dept (
    id serial PRIMARY KEY,
    name varchar(20) NOT NULL UNIQUE,
    head int,
    feeling mood DEFAULT 'ok',
    spent amount,
    CONSTRAINT cheap CHECK (spent < 1000 AND name <> ''));
CREATE TABLE emp (a int, b int NOT NULL, dept_id int NOT NULL REFERENCES dept ON DELETE CASCADE,
    boss_a int, boss_b int, since timestamp(3) without time zone, tag uuid,
    PRIMARY KEY (a, b), FOREIGN KEY (boss_a, boss_b) REFERENCES emp (a, b));
ALTER TABLE ONLY public.dept
    ADD CONSTRAINT fk_head FOREIGN KEY (head) REFERENCES badge(no) DEFERRABLE;
CREATE TABLE badge (no int NOT NULL, holder_a int, holder_b int);
ALTER TABLE badge ADD PRIMARY KEY (no);
ALTER TABLE badge ADD FOREIGN KEY (holder_a, holder_b) REFERENCES emp;
ALTER TABLE badge ALTER COLUMN holder_a SET NOT NULL;
CREATE UNIQUE INDEX one_badge ON badge (holder_a, holder_b);
CREATE UNIQUE INDEX partial ON badge (holder_a) WHERE holder_a > 3;
CREATE INDEX plain ON badge (holder_b);
INSERT INTO dept (name) VALUES ('x');
"""
MYSQL = """
CREATE TABLE `parent` (`id` int(11) unsigned NOT NULL AUTO_INCREMENT, `kind` enum('a','b') NOT NULL,
  `flag` tinyint(1) DEFAULT NULL, PRIMARY KEY (`id`), KEY `k` (`kind`)) ENGINE=InnoDB;
CREATE TABLE `child` (`id` bigint NOT NULL, `parent_id` int unsigned DEFAULT NULL,
  `price` decimal(10,2) NOT NULL, PRIMARY KEY (`id`), UNIQUE KEY `u` (`parent_id`,`price`),
  CONSTRAINT `f` FOREIGN KEY (`parent_id`) REFERENCES `parent` (`id`)) ENGINE=InnoDB;
"""
SQLITE = """
PRAGMA foreign_keys = ON;
CREATE TABLE "Genre" ("GenreId" INTEGER PRIMARY KEY AUTOINCREMENT, "Name" NVARCHAR(120));
CREATE TABLE Track (Id INTEGER NOT NULL, GenreId INTEGER, Bytes INT CHECK (Bytes > 0),
  CONSTRAINT PK PRIMARY KEY (Id), FOREIGN KEY (genreid) REFERENCES genre (genreid));
"""


def keys(metadata: rs.Metadata) -> set[tuple]:
    return {(k.child, k.columns, k.parent, k.parent_columns) for k in metadata.foreign_keys}


def test_postgresql():
    metadata = rs.Metadata.from_schema(read_ddl(POSTGRES))
    dept, emp, badge = (metadata.tables[name] for name in ("dept", "emp", "badge"))
    assert (dept.primary_key, emp.primary_key, badge.primary_key) == (("id",), ("a", "b"), ("no",))
    assert dept.unique == (("name",),)
    assert badge.unique == (("holder_a", "holder_b"),)
    assert dept.columns["feeling"].values == ("sad", "ok")
    assert dept.columns["spent"].decimals == 2
    assert dept.columns["name"].max_length == 20
    assert badge.columns["holder_a"].nullable is False
    assert emp.columns["tag"].native == "UUID"
    assert emp.columns["since"].kind == "datetime"
    assert len(dept.checks) == 2
    assert keys(metadata) == {
        ("dept", ("head",), "badge", ("no",)),
        ("emp", ("dept_id",), "dept", ("id",)),
        ("emp", ("boss_a", "boss_b"), "emp", ("a", "b")),
        ("badge", ("holder_a", "holder_b"), "emp", ("a", "b")),
    }
    tables = rs.generate(metadata, 200, seed=1)
    metadata.check(tables)
    assert tables["dept"]["spent"].dropna().lt(1000).all()


def test_mysql():
    metadata = rs.Metadata.from_schema(read_ddl(MYSQL))
    parent, child = metadata.tables["parent"], metadata.tables["child"]
    assert guess_dialect(MYSQL) == "mysql"
    assert parent.columns["kind"].values == ("a", "b")
    assert parent.columns["flag"].kind == "boolean"
    assert child.unique == (("parent_id", "price"),)
    assert metadata.foreign_keys[0].nullable is True
    metadata.check(rs.generate(metadata, 100))


def test_sqlite_names_match_whatever_their_case():
    metadata = rs.Metadata.from_schema(read_ddl(SQLITE))
    assert guess_dialect(SQLITE) == "sqlite"
    assert keys(metadata) == {("Track", ("GenreId",), "Genre", ("GenreId",))}
    assert rs.generate(metadata, 50)["Track"]["Bytes"].dropna().gt(0).all()


@pytest.mark.parametrize("dialect", ["postgresql", "mysql", "sqlite"])
def test_written_ddl_reads_back_the_same(dialect):
    metadata = read_ddl(POSTGRES)
    again = read_ddl(write_ddl(metadata, dialect))
    assert keys(again) == keys(metadata)
    for name, table in metadata.tables.items():
        assert again.tables[name].primary_key == table.primary_key
        assert {frozenset(u) for u in again.tables[name].unique} == {
            frozenset(u) for u in table.unique
        }
        for column in table.columns.values():
            assert again.tables[name].columns[column.name].nullable == column.nullable


def test_files_are_told_by_content(tmp_path):
    path = tmp_path / "schema.txt"
    path.write_text("-- a comment\n" + SQLITE, encoding="utf-8")
    assert list(rs.Metadata.load(path).tables) == ["Genre", "Track"]
    assert not is_ddl("select 1")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("CREATE TABLE a (id int,\n  b int int PRIMARY,\n)", r"line \d+, column \d+"),
        ("CREATE TABLE a (id int PRIMARY KEY", r"line 1, column"),
        ("CREATE TABLE a (id int PRIMARY KEY, b int REFERENCES c(id));", "parent table 'c'"),
        ("ALTER TABLE a ADD PRIMARY KEY (id);\nCREATE TABLE a (id int);", "altered before"),
    ],
)
def test_bad_sql_is_refused_with_its_place(text, message):
    with pytest.raises(rs.SchemaError, match=message):
        read_ddl(text, "broken.sql")


def test_unknown_dialect():
    with pytest.raises(rs.SchemaError, match="did you mean 'postgresql'"):
        write_ddl(read_ddl(SQLITE), "postgres")  # type: ignore[arg-type]
