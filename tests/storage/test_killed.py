"""A process that is killed at any step of writing leaves the old or the new, and no litter."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import relsynth as rs
from relsynth.relational.synthesizer import RelationalSynthesizer
from relsynth.storage.json_file import write_json

HERE = Path(__file__).parent
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
OLD = {"a": pd.DataFrame({"x": [1] * 3}), "b": pd.DataFrame({"y": ["old"] * 3})}
NEW = {"a": pd.DataFrame({"x": [2] * 400}), "b": pd.DataFrame({"y": ["new"] * 400})}


def _rows(folder, out="out"):
    """Return how many rows each table has, as whoever reads the folder finds them."""
    target = folder / out
    if not target.exists():
        return {}
    return {name: len(frame) for name, frame in rs.read_tables(target).items()}


def _files(folder):
    """Return the same from the files alone, without the help of the library."""
    found = {}
    for path in sorted((folder / "out").glob("[!.]*.csv")):
        found[path.stem] = len(path.read_text().splitlines()) - 1
    return found


def over_csv():
    def prepare(folder):
        rs.write_tables(OLD, folder / "out")
        (folder / "out" / "notes.txt").write_text("mine")

    return prepare, lambda f: rs.write_tables(NEW, f / "out"), _files, prepare


def new_parquet():
    def write(folder):
        rs.write_tables(NEW, folder / "out", "parquet")

    return lambda _: None, write, _rows, write


def beside_folders():
    """A folder that holds a folder of somebody else is not exchanged but filled."""

    def prepare(folder):
        rs.write_tables(OLD, folder / "out", "parquet")
        (folder / "out" / "docs" / "deep").mkdir(parents=True, exist_ok=True)

    write = lambda f: rs.write_tables(NEW, f / "out", "parquet")  # noqa: E731
    return prepare, write, _rows, prepare


def json_files():
    def found(folder):
        paths = sorted((folder / "out").glob("[!.]*.json"))
        return {path.stem: len(json.loads(path.read_text())) for path in paths}

    def prepare(folder):
        write_json(OLD, folder / "out")

    return prepare, lambda f: write_json(NEW, f / "out"), found, prepare


def _model(rows):
    frame = pd.DataFrame({"id": range(rows), "v": [float(k % 7) for k in range(rows)]})
    tables = {"shop": frame}
    return RelationalSynthesizer(rs.Metadata.detect(tables), model="cart").fit(tables)


def model_file():
    small, large = _model(60), _model(90)

    def found(folder):
        path = folder / "m.relsynth"
        return {"rows": len(rs.RelationalSynthesizer.load(path).sample()["shop"])}

    def prepare(folder):
        small.save(folder / "m.relsynth")

    return prepare, lambda f: large.save(f / "m.relsynth"), found, prepare


def sqlite():
    """A database has all tables or none; what was cut off is rolled back by whoever reads it."""

    def found(folder):
        try:
            return {n: len(frame) for n, frame in rs.read_tables(folder / "x.db").items()}
        except (rs.DataError, FileNotFoundError):  # without a table, or not there
            return {}

    def again(folder):
        if not found(folder):
            rs.write_tables(NEW, folder / "x.db")

    return lambda _: None, lambda f: rs.write_tables(NEW, f / "x.db"), found, again


def parts():
    model = _model(60)

    def write(scale):
        return lambda f: model.sample_to(f / "out", scale, rows_of_a_part=50, seed=1, format="csv")

    return write(1), write(4), _files, write(1)


slow = pytest.mark.slow


@pytest.mark.parametrize(
    ("make", "old", "new"),
    [
        pytest.param("over_csv", {"a": 3, "b": 3}, {"a": 400, "b": 400}, marks=slow),
        ("beside_folders", {"a": 3, "b": 3}, {"a": 400, "b": 400}),
        pytest.param("new_parquet", {}, {"a": 400, "b": 400}, marks=slow),
        pytest.param("json_files", {"a": 3, "b": 3}, {"a": 400, "b": 400}, marks=slow),
        pytest.param("model_file", {"rows": 60}, {"rows": 90}, marks=slow),
        pytest.param("sqlite", {}, {"a": 400, "b": 400}, marks=slow),
        pytest.param("parts", {"shop": 60}, {"shop": 240}, marks=slow),
    ],
)
def test_every_kill_leaves_old_or_new(tmp_path, make, old, new):
    command = [sys.executable, str(HERE / "killing.py"), "test_killed", make, str(tmp_path / "k")]
    run = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(HERE), "OMP_NUM_THREADS": "1"},
    )
    assert run.returncode == 0, run.stderr
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    states = [now for _, now, _, _ in lines]
    assert all(now in (old, new) for now in states), [x for x in lines if x[1] not in (old, new)]
    assert old in states
    assert new in states
    for stopped, _, _, left in lines:
        assert not [path for path in left if path.split("/")[-1].startswith(".")], stopped
