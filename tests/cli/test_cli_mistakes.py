"""Typical mistakes: one line that says what to do, and the exit status that is documented."""

from __future__ import annotations

import builtins

import pandas as pd
import pytest
from evaluate_shop import make_shop, shop_schema

import relsynth as rs
from relsynth.cli import BAD_INPUT, NO_INPUT_OUTPUT, UNEXPECTED, main

SCHEMA = shop_schema()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("place")
    rs.write_tables(make_shop(60), folder / "shop")
    SCHEMA.save(folder / "shop" / "schema.json")
    rs.write_tables(make_shop(60), folder / "full.db", metadata=SCHEMA)
    rs.write_tables({"orders": pd.DataFrame({"a": [1]})}, folder / "other", format="parquet")
    (folder / "a_file").write_text("x")
    (folder / "empty").mkdir()
    (folder / "none.db").write_text("a letter, which is no database")
    (folder / "quoted.csv").write_text('id,name\n1,"a ""b"" c"\n2,"open\n3,lost\n')
    (folder / "broken.json").write_text('{"relsynth": 1, "tables": ')
    (folder / "foreign.relsynth").write_text("no model")
    synthesizer = rs.RelationalSynthesizer(SCHEMA, model="cart").fit(make_shop(60))
    synthesizer.save(folder / "shop.relsynth")
    return folder


def run(*arguments) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["relsynth", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            main()
    return int(stop.value.code or 0)


MISTAKES = {
    "a path with a typo": (
        "inspect shpo", NO_INPUT_OUTPUT, "shpo: no such file or folder; did you mean 'shop'?"),
    "a command with a typo": ("sythn shop -o out", BAD_INPUT, "did you mean 'synth'?"),
    "an option with a typo": ("synth shop -o out --sede 3", BAD_INPUT, "Did you mean"),
    "no output": ("synth shop", BAD_INPUT, "Missing option '--output' / '-o'"),
    "a table with a typo": (
        "synth shop -o out --rows ordrs=3", BAD_INPUT, "no table 'ordrs'; did you mean 'orders'?"),
    "a size twice": (
        "synth shop -o out --rows orders=3,shops=2 --rows orders=4", BAD_INPUT,
        "'orders' is given twice, 3 and 4; give it once"),
    "a size that is none": (
        "synth shop -o out --rows orders:3", BAD_INPUT, "form table=rows, such as orders=200"),
    "a scale below zero": ("synth shop -o out --scale -1", BAD_INPUT, "scale must be a number"),
    "a database that is full": (
        "synth shop -o full.db", BAD_INPUT, "exist already and are not overwritten"),
    "another form beside": (
        "synth shop -o other", BAD_INPUT, "orders.parquet is there already"),
    "a file in place of a folder": (
        "synth shop -o a_file/out", NO_INPUT_OUTPUT, "a_file is a file, not a folder"),
    "the output in place of the data": (
        "synth shop -o shop", BAD_INPUT, "would be replaced; name another output"),
    "a part of the data in place of them": (
        "subset shop/orders.csv -o shop --rows orders=9", BAD_INPUT, "would be replaced"),
    "data in place of a schema": (
        "generate shop/orders.csv -o out", BAD_INPUT, "this is data, not a schema"),
    "a folder of data in place of a schema": (
        "generate other -o out", BAD_INPUT, "relsynth inspect other --save schema.json"),
    "a database that is none": ("inspect none.db", BAD_INPUT, "this is no SQLite database"),
    "a quote that is never closed": ("inspect quoted.csv", BAD_INPUT, "a quote in row 2 is never"),
    "a server that is not there": (
        "inspect postgresql://me@127.0.0.1:1/shop", NO_INPUT_OUTPUT, "Is the server running"),
    "another store without its package": (
        "inspect oss://bucket/shop", BAD_INPUT, "pip install ossfs"),
    "a report nobody can write": (
        "synth shop -o out --report r.pdf", BAD_INPUT, "a report is written as .html or .json"),
    "an empty folder": ("inspect empty", BAD_INPUT, "no tables found"),
    "data in place of a model": (
        "sample shop -o out", BAD_INPUT, "shop is data, not a model"),
    "a model in place of data": (
        "synth shop.relsynth -o out", BAD_INPUT, "relsynth sample shop.relsynth draws from it"),
    "a file that is no model": ("sample foreign.relsynth -o out", BAD_INPUT, "foreign.relsynth"),
    "a schema that is cut off": ("inspect shop -s broken.json", BAD_INPUT, "broken.json"),
    "a schema that is not there": (
        "inspect shop -s schma.json", NO_INPUT_OUTPUT, "schma.json: no such schema file"),
    "a model nobody knows": (
        "synth shop -o out --model crat", BAD_INPUT, "no table model 'crat'; did you mean 'cart'?"),
    "a table to keep with a typo": (
        "synth shop -o out --keep shosp", BAD_INPUT, "did you mean 'shops'?"),
    "a gate with a typo": (
        "evaluate shop shop --fail-under shape=0.9", BAD_INPUT, "did you mean 'shapes'?"),
    "a column with a typo": (
        "sample shop.relsynth -o out --where customers.regoin=north", BAD_INPUT,
        "did you mean 'region'?"),
    "a database driver that is missing": (
        "inspect mysql://me@nowhere/shop", NO_INPUT_OUTPUT, "pip install mysqlclient"),
    "a bucket without its package": (
        "inspect s3://bucket/shop", BAD_INPUT, "pip install s3fs"),
    "a seed that is no number": ("synth shop -o out --seed x", BAD_INPUT, "'x' is not a valid"),
    "an unknown format": ("synth shop -o out --format xlsx", BAD_INPUT, "'xlsx' is not one of"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_gives_one_line_that_says_what_to_do(name, place, monkeypatch, capsys):
    monkeypatch.chdir(place)
    line, status, said = MISTAKES[name]

    def too_late(*_, **__):
        raise AssertionError("found only after learning")

    monkeypatch.setattr("relsynth.relational.synthesizer.fit_database", too_late)
    found = run(*line.split())
    told = capsys.readouterr().err.strip().splitlines()
    assert len(told) == 1, told
    assert told[0].startswith("error: ")
    assert said in told[0]
    assert found == status
    assert not (place / "out").exists()


def test_an_extra_that_is_missing_is_named(place, monkeypatch, capsys):
    monkeypatch.chdir(place)
    real_import = builtins.__import__

    def without(name, *more, **options):
        if name.split(".")[0] == "sqlalchemy":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real_import(name, *more, **options)

    monkeypatch.setattr("relsynth.optional.import_module", without)
    assert run("inspect", "full.db") == NO_INPUT_OUTPUT
    told = capsys.readouterr().err.strip()
    assert len(told.splitlines()) == 1
    assert "'sqlalchemy', which is not installed: pip install" in told


def test_an_unexpected_error_has_its_own_status_and_a_traceback_on_demand(
    place, monkeypatch, capsys
):
    monkeypatch.chdir(place)

    def broken(*_, **__):
        raise KeyError("lost")

    monkeypatch.setattr("relsynth.cli.inspect.read", broken)
    assert run("inspect", "shop") == UNEXPECTED
    told = capsys.readouterr().err
    assert told == "error: unexpected, please report it: KeyError: 'lost' (--debug shows more)\n"
    assert run("inspect", "shop", "--debug") == UNEXPECTED
    assert "Traceback" in capsys.readouterr().err


def test_sizes_repeated_and_separated_by_commas_mean_the_same(place, monkeypatch):
    monkeypatch.chdir(place)
    for number, sizes in enumerate((["shops=9,customers=30"], ["shops=9", "customers=30"])):
        asked = [word for size in sizes for word in ("--rows", size)]
        for command in (("sample", "shop.relsynth"), ("generate", "shop/schema.json")):
            out = f"{command[0]}{number}"
            assert run(*command, "-o", out, *asked) == 0
            made = rs.read_tables(out)
            assert (len(made["shops"]), len(made["customers"])) == (9, 30)
        assert run("subset", "shop", "-o", f"subset{number}", "--rows", "customers=20%") == 0


def test_a_name_that_ends_in_db_is_a_sqlite_file_in_every_command(place, tmp_path, monkeypatch):
    monkeypatch.chdir(place)
    commands = {
        "sample": ("shop.relsynth",),
        "generate": ("shop/schema.json",),
        "subset": ("shop", "--rows", "customers=10"),
    }
    for name, arguments in commands.items():
        target = tmp_path / f"{name}.db"
        assert run(name, *arguments, "-o", target) == 0
        assert target.read_bytes().startswith(b"SQLite format 3")
        assert set(rs.read_tables(target)) == set(SCHEMA.tables)


def test_inspect_fits_a_screen_and_shows_everything_on_demand(place, monkeypatch, capsys):
    monkeypatch.chdir(place)
    assert run("inspect", "shop") == 0
    short = capsys.readouterr().out.splitlines()
    assert len(short) <= 45
    assert run("inspect", "shop", "--all") == 0
    full = capsys.readouterr().out
    assert len(full.splitlines()) > len(short)
    assert "    income: numeric" in full
