"""The commands that learn and draw: what they print, write and return."""

from __future__ import annotations

import json
import sqlite3

import pandas as pd
import pytest
from small_databases import assert_valid, shop_schema, shop_tables

import relsynth as rs
from relsynth.cli import main


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """Return a folder with the shop as CSV files and its schema."""
    folder = tmp_path_factory.mktemp("shop")
    rs.write_tables(shop_tables(), folder, format="csv")
    shop_schema().save(folder / "schema.json")
    return folder


@pytest.fixture(scope="module")
def model(shop, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "shop.relsynth"
    assert run("fit", shop, "-o", path, "--model", "cart", "--seed", 4) == 0
    return path


def run(*arguments) -> int:
    """Return the exit status of a command."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["relsynth", *map(str, arguments)])
        try:
            main()
        except SystemExit as stop:
            return int(stop.code or 0)
    return 0


def document(capsys) -> dict:
    return json.loads(capsys.readouterr().out)


def read_back(folder) -> dict[str, pd.DataFrame]:
    return rs.read_tables(folder, shop_schema())


def test_help_names_every_command(capsys):
    assert run("--help") == 0
    told = capsys.readouterr().out
    for command in ("inspect", "fit", "sample", "synth", "generate", "evaluate", "subset", "demo"):
        assert f"  {command} " in told
    assert run("--version") == 0
    assert rs.__version__ in capsys.readouterr().out


def test_inspect_shows_tables_keys_and_the_plan(shop, capsys):
    assert run("inspect", shop) == 0
    told = capsys.readouterr().out
    assert "customers: 200 rows, primary key id" in told
    assert "lines.order -> orders" in told
    assert "children of orders by order" in told
    assert "linked: sku -> products" in told


def test_inspect_guesses_a_schema_and_says_why(shop, tmp_path, capsys):
    for name, frame in read_back(shop).items():
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
    saved = tmp_path / "found.json"
    assert run("inspect", tmp_path, "--save", saved) == 0
    assert "guess: " in capsys.readouterr().out
    guessed = rs.Metadata.load(saved)
    assert guessed.tables["customers"].primary_key == ("id",)
    links = {(key.child, key.columns, key.parent) for key in guessed.foreign_keys}
    assert ("orders", ("customer",), "customers") in links
    assert ("lines", ("sku",), "products") in links


def test_inspect_speaks_json_and_mermaid(shop, capsys):
    assert run("inspect", shop, "--json") == 0
    told = document(capsys)
    assert told["rows"]["customers"] == 200
    assert set(told) == {"schema", "rows", "notes", "plan"}
    assert run("inspect", shop, "--mermaid") == 0
    assert capsys.readouterr().out.startswith("erDiagram")


def test_fit_and_sample_by_way_of_a_file(shop, model, tmp_path, capsys):
    out = tmp_path / "out"
    arguments = ("--rows", "customers=50,log=7", "--json")
    assert run("sample", model, "-o", out, *arguments) == 0
    told = document(capsys)
    assert told["rows"]["customers"] == 50
    assert told["rows"]["log"] == 7
    made = read_back(out)
    assert {name: len(frame) for name, frame in made.items()} == told["rows"]
    assert_valid(shop_schema(), read_back(shop), made)


def test_the_same_seed_writes_the_same_bytes(model, tmp_path):
    for name, seed in (("a", 9), ("b", 9), ("c", 10)):
        assert run("sample", model, "-o", tmp_path / name, "--seed", seed, "--scale", 0.2) == 0
    first, same, other = ((tmp_path / n / "orders.csv").read_bytes() for n in "abc")
    assert first == same
    assert first != other


@pytest.mark.parametrize("file_format", ["csv", "csv.gz", "parquet"])
def test_synth_does_it_all_in_every_format(shop, tmp_path, capsys, file_format):
    out = tmp_path / "out"
    arguments = ("--model", "cart", "--keep", "products", "--format", file_format)
    assert run("synth", shop, "-o", out, *arguments) == 0
    told = capsys.readouterr().out
    assert "learned in" in told
    assert "kept as it is" in told
    assert {path.name for path in out.iterdir()} >= {f"orders.{file_format}"}
    made = read_back(out)
    assert_valid(shop_schema(), read_back(shop), made)
    assert made["products"].equals(read_back(shop)["products"])


def test_synth_speaks_json(shop, tmp_path, capsys):
    out = tmp_path / "out"
    assert run("synth", shop, "-o", out, "--model", "cart", "--json", "--scale", 0.5) == 0
    told = document(capsys)
    assert told["scores"]["validity"] == {"validity": 0, "found": []}
    assert told["output"] == str(out)
    assert len(read_back(out)["customers"]) == 100


def test_a_sqlite_file_is_data_and_target(tmp_path, capsys):
    source, target = tmp_path / "in.db", tmp_path / "out.db"
    with sqlite3.connect(source) as connection:
        connection.executescript(
            """
            CREATE TABLE parents (id INTEGER PRIMARY KEY, kind TEXT NOT NULL);
            CREATE TABLE children (
                id INTEGER PRIMARY KEY, parent INTEGER NOT NULL REFERENCES parents (id), size REAL
            );
            """
        )
        kinds = [(n, "ab"[n % 2]) for n in range(1, 41)]
        connection.executemany("INSERT INTO parents VALUES (?, ?)", kinds)
        sizes = [(n, 1 + n % 40, n / 4) for n in range(120)]
        connection.executemany("INSERT INTO children VALUES (?, ?, ?)", sizes)
    connection.close()
    arguments = ("-o", f"sqlite:///{target}", "--model", "cart")
    assert run("synth", f"sqlite:///{source}", *arguments) == 0
    connection = sqlite3.connect(target)
    orphans = "SELECT count(*) FROM children WHERE parent NOT IN (SELECT id FROM parents)"
    assert connection.execute(orphans).fetchone() == (0,)
    assert connection.execute("SELECT count(*) FROM parents").fetchone() == (40,)
    connection.close()


BAD_INPUT, NO_INPUT_OUTPUT = 2, 3


def test_bad_data_and_arguments_give_status_2_and_a_message(shop, model, tmp_path, capsys):
    def message(*arguments) -> str:
        assert run(*arguments) == BAD_INPUT
        told = capsys.readouterr()
        assert "Traceback" not in told.err
        return told.err

    out = ("-o", tmp_path / "out")
    assert "did you mean 'products'" in message("synth", shop, *out, "--keep", "product")
    assert "no table model 'crat'" in message("fit", shop, *out, "--model", "crat")
    assert "did you mean 'orders'" in message("sample", model, *out, "--rows", "ordrs=3")
    assert "table=rows" in message("sample", model, *out, "--rows", "orders:3")
    assert "scale" in message("sample", model, *out, "--scale", "-1")
    assert "No such command" in message("sythn")
    assert "Missing option" in message("synth", shop)
    assert not (tmp_path / "out").exists()


def test_orphans_are_refused_and_can_be_made_null(shop, tmp_path, capsys):
    broken = tmp_path / "broken"
    tables = read_back(shop)
    tables["orders"] = tables["orders"].assign(
        customer=tables["orders"]["customer"].mask(tables["orders"].index == 0, 999_999.0)
    )
    rs.write_tables(tables, broken, format="csv")
    shop_schema().save(broken / "schema.json")
    out = ("-o", tmp_path / "out", "--model", "cart")
    assert run("synth", broken, *out) == BAD_INPUT
    told = capsys.readouterr().err
    assert "orders.customer" in told
    assert "999999" in told
    assert run("synth", broken, *out, "--orphans", "null") == 0


def test_files_that_are_not_there_give_status_3(tmp_path, model, capsys):
    out = ("-o", tmp_path / "out")
    assert run("sample", tmp_path / "none.relsynth", *out) == NO_INPUT_OUTPUT
    assert "none.relsynth" in capsys.readouterr().err
    assert run("synth", tmp_path / "nowhere", *out) == NO_INPUT_OUTPUT
    assert "nowhere" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert run("inspect", tmp_path / "empty") == BAD_INPUT
    assert "empty" in capsys.readouterr().err
    blocked = tmp_path / "a file"
    blocked.write_text("x")
    assert run("sample", model, "-o", blocked / "below", "--scale", 0.1) == NO_INPUT_OUTPUT


def test_a_damaged_model_file_gives_status_2(model, tmp_path, capsys):
    half = tmp_path / "half.relsynth"
    half.write_bytes(model.read_bytes()[:2000])
    assert run("sample", half, "-o", tmp_path / "out") == BAD_INPUT
    assert "half.relsynth" in capsys.readouterr().err
