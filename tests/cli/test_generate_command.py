"""``relsynth generate`` on the command line."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner

import relsynth as rs
from relsynth.cli.generate import generate

SHOP = str(Path(__file__).parents[2] / "schemas" / "shop.json")


def run(*arguments: str) -> str:
    done = CliRunner().invoke(generate, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_folders_of_files(tmp_path):
    run(SHOP, "--rows", "customers=12", "--rows", "products=5", "-o", str(tmp_path / "csv"))
    assert len(rs.read_tables(tmp_path / "csv")["customers"]) == 12
    run(SHOP, "-r", "customers=12", "-o", str(tmp_path / "parquet"), "--format", "parquet")
    assert len(rs.read_tables(tmp_path / "parquet")["customers"]) == 12
    run(SHOP, "-r", "customers=12", "-o", str(tmp_path / "json"), "--format", "json")
    rows = json.loads((tmp_path / "json" / "customers.json").read_text(encoding="utf-8"))
    assert [row["id"] for row in rows] == list(range(1, 13))


def test_one_json_file_and_an_sql_script(tmp_path):
    run(SHOP, "--rows", "100", "--seed", "3", "-o", str(tmp_path / "all.json"))
    tables = json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))
    assert set(tables) == {"customers", "products", "orders", "order_lines"}
    run(SHOP, "--rows", "100", "-o", str(tmp_path / "all.sql"), "--dialect", "sqlite")
    connection = sqlite3.connect(":memory:")
    connection.executescript((tmp_path / "all.sql").read_text(encoding="utf-8"))
    assert connection.execute("SELECT count(*) FROM orders").fetchone()[0] > 0
    connection.close()


def test_a_database_is_filled_and_appended_to(tmp_path):
    target = str(tmp_path / "shop.db")
    first = json.loads(run(SHOP, "-r", "customers=9", "-o", target, "--json"))
    assert first["rows"]["customers"] == 9
    run(SHOP, "-r", "customers=4", "-o", target, "--append", "--seed", "1")
    connection = sqlite3.connect(target)
    assert connection.execute("SELECT count(*), max(id) FROM customers").fetchone() == (13, 13)
    connection.close()
    with pytest.raises(rs.DataError, match="append beside them"):
        run(SHOP, "-o", target)
    schema_of_the_database = run(target, "-r", "customers=3", "--json")
    assert len(json.loads(schema_of_the_database)["customers"]) == 3


def test_preview_on_the_terminal():
    output = run(SHOP, "--rows", "20", "--profile", "minimal")
    assert "customers:" in output
    assert "order_lines:" in output
    assert json.loads(run(SHOP, "-r", "customers=1", "--json"))["customers"][0]["id"] == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--rows", "customers"), "not of the form table=rows"),
        (("--rows", "5", "--rows", "customers=5"), "give either"),
        (("--append",), "needs a database"),
        (("--profile", "x"), "Invalid value"),
    ],
)
def test_wrong_use(arguments, message):
    done = CliRunner().invoke(generate, (SHOP, *arguments))
    assert done.exit_code == 2
    assert message in done.output
