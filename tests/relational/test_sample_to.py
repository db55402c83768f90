"""Outputs of any size: drawn in parts, written as one database."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from small_databases import (
    assert_valid,
    cart,
    link,
    school,
    shop_schema,
    shop_tables,
    staff,
    table,
)

import relsynth as rs
from relsynth.cli import main
from relsynth.errors import CapacityError, DataError
from relsynth.relational.streaming import Stream

PART = 1_200


@pytest.fixture(scope="module")
def real():
    return shop_tables()


@pytest.fixture(scope="module")
def synthesizer(real):
    return cart(shop_schema(), real, seed=3)


def digest(folder: Path) -> str:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    parts = [str(path.relative_to(folder)).encode() + path.read_bytes() for path in files]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def written(synthesizer, target, **said) -> dict[str, pd.DataFrame]:
    """Return what is read back of several parts, after its size was compared."""
    counts = synthesizer.sample_to(target, **{"rows_of_a_part": PART, **said})
    made = rs.read_tables(target, synthesizer.metadata)
    assert counts == {name: len(frame) for name, frame in made.items()}
    return made


@contextmanager
def breaking_at(number: int, monkeypatch) -> Iterator[None]:
    """Let a part fail."""
    part = Stream.part

    def broken(self, at):
        if at == number:
            raise KeyboardInterrupt
        return part(self, at)

    monkeypatch.setattr(Stream, "part", broken)
    with pytest.raises(KeyboardInterrupt):
        yield
    monkeypatch.undo()


def test_a_large_shop_is_one_valid_database(synthesizer, real, tmp_path):
    made = written(synthesizer, tmp_path / "out", scale=6)
    assert len(list((tmp_path / "out" / "orders.parquet").iterdir())) > 3
    assert_valid(synthesizer.metadata, real, made)
    for name, frame in made.items():
        assert len(frame) == pytest.approx(6 * len(real[name]), rel=0.02), name
    assert len(made["customers"]) == 1_200
    assert made["customers"]["id"].tolist() == list(range(1001, 2201))
    assert made["orders"]["id"].is_monotonic_increasing
    orders = made["customers"]["id"].map(made["orders"]["customer"].value_counts()).fillna(0)
    grade = made["customers"]["grade"]
    assert (orders[grade == "a"] == 0).all()
    assert (orders[grade == "b"] == 3).mean() > 0.95
    assert (made["lines"].groupby("order").cumcount() + 1 == made["lines"]["line_no"]).all()


@pytest.mark.parametrize("form", ["csv", "csv.gz", "parquet"])
def test_all_formats_hold_the_same_tables(synthesizer, tmp_path, form):
    made = written(synthesizer, tmp_path / form, scale=3, format=form)
    synthesizer.metadata.check(made)
    other = written(synthesizer, tmp_path / "again", scale=3, format="parquet")
    for name, frame in made.items():
        assert frame.astype(str).equals(other[name].astype(str)), name
    kinds = {path.name for path in (tmp_path / form).iterdir()}
    assert kinds == {f"{name}.{form}" for name in made}


@pytest.mark.parametrize("form", ["csv.gz", "parquet"])
def test_workers_change_no_byte(synthesizer, tmp_path, form):
    said = {"scale": 4, "format": form, "rows_of_a_part": PART, "seed": 11}
    synthesizer.sample_to(tmp_path / "one", **said)
    with joblib.parallel_config(backend="threading", n_jobs=4):
        synthesizer.sample_to(tmp_path / "four", workers=None, **said)
    assert digest(tmp_path / "one") == digest(tmp_path / "four")
    synthesizer.sample_to(tmp_path / "other", **{**said, "seed": 12})
    assert digest(tmp_path / "one") != digest(tmp_path / "other")


@pytest.mark.slow
def test_processes_change_no_byte(synthesizer, tmp_path):
    said = {"scale": 4, "rows_of_a_part": PART}
    synthesizer.sample_to(tmp_path / "one", **said)
    synthesizer.sample_to(tmp_path / "four", workers=4, **said)
    assert digest(tmp_path / "one") == digest(tmp_path / "four")


def test_one_part_is_what_sample_gives(synthesizer, tmp_path):
    synthesizer.sample_to(tmp_path / "out", scale=1.5, seed=4)
    rs.write_tables(synthesizer.sample(1.5, seed=4), tmp_path / "plain", format="parquet")
    assert digest(tmp_path / "out") == digest(tmp_path / "plain")


def test_rows_are_exact_in_total(synthesizer, tmp_path):
    wanted = {"customers": 701, "orders": 2003, "lines": 5009, "profiles": 300, "log": 0}
    made = written(synthesizer, tmp_path / "out", scale=3, rows=wanted)
    assert {name: len(made[name]) for name in wanted} == wanted
    assert len(made["products"]) == 120
    synthesizer.metadata.check(made)


def test_conditions_hold_in_every_part(synthesizer, tmp_path):
    where = {"customers": {"grade": "b"}, "lines": {"quantity": [1, 2]}}
    made = written(synthesizer, tmp_path / "out", scale=4, where=where)
    assert set(made["customers"]["grade"]) == {"b"}
    assert set(made["lines"]["quantity"]) == {1, 2}
    synthesizer.metadata.check(made)
    per_customer = made["orders"].groupby("customer").size()
    assert (per_customer == 3).mean() > 0.95
    assert len(per_customer) == 800


@pytest.mark.parametrize("make", [staff, school])
def test_cycles_forests_and_unique_pairs_hold_over_all_parts(make, tmp_path):
    metadata, tables = make()
    made = written(cart(metadata, tables), tmp_path / "out", scale=5, rows_of_a_part=500)
    assert len(list(tmp_path.glob("out/*/part-*"))) >= 2 * len(tables)
    assert_valid(metadata, tables, made, observed=False)


def test_kept_tables_are_written_once(real, tmp_path):
    fitted = cart(shop_schema(), real, keep=["products"])
    made = written(fitted, tmp_path / "out", scale=5)
    pd.testing.assert_frame_equal(made["products"], real["products"])
    fitted.metadata.check(made)
    assert len(made["customers"]) == 1_000


def test_unique_columns_do_not_meet_across_parts(tmp_path):
    rng = np.random.default_rng(1)
    names = [f"{a}{b}{c}" for a in "bcdfg" for b in "aeiou" for c in "klmnp"]
    people = pd.DataFrame(
        {
            "id": range(100),
            "mail": [f"{name}@mail.com" for name in rng.permutation(names)[:100]],
            "handle": rng.permutation(names)[:100],
            "age": rng.integers(18, 60, 100),
        }
    )
    columns = {"id": "key", "mail": "text", "handle": "text", "age": "integer"}
    metadata = rs.Metadata([table("people", columns, "id", unique=(("mail",),))])
    fitted = cart(metadata, {"people": people})
    made = written(fitted, tmp_path / "out", scale=8, rows_of_a_part=100)["people"]
    assert len(list(tmp_path.glob("out/*/part-*"))) == 8
    assert made["mail"].is_unique
    assert made["handle"].is_unique


def test_what_is_unique_whatever_its_parents_are_stays_so(tmp_path):
    rng = np.random.default_rng(2)
    pairs = rng.permutation(40 * 40)[:300]
    rooms = pd.DataFrame({"floor": pairs // 40, "door": pairs % 40, "seats": pairs % 7})
    metadata = rs.Metadata([table("rooms", dict.fromkeys(rooms, "integer"), ("floor", "door"))])
    fitted = cart(metadata, {"rooms": rooms})
    made = written(fitted, tmp_path / "out", scale=3, rows_of_a_part=100)["rooms"]
    assert not made.duplicated(["floor", "door"]).any()


def test_keys_that_run_out_are_refused_before_anything_is_drawn(tmp_path, monkeypatch):
    synthesizer = cart(shop_schema(sku_length=6), shop_tables(), seed=3)
    monkeypatch.setattr(Stream, "part", lambda self, number: pytest.fail("drawn"))
    with pytest.raises(CapacityError, match=r"products\.sku: 1200 rows .* allows 1000"):
        synthesizer.sample_to(tmp_path / "out", scale=30, rows_of_a_part=PART)
    assert not list(tmp_path.iterdir())


def test_a_crash_leaves_nothing_behind(synthesizer, tmp_path, monkeypatch):
    with breaking_at(2, monkeypatch):
        synthesizer.sample_to(tmp_path / "out", scale=4, rows_of_a_part=PART)
    assert not list(tmp_path.iterdir())
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    with breaking_at(2, monkeypatch):
        synthesizer.sample_to(url, scale=4, rows_of_a_part=PART)
    with pytest.raises(DataError, match="no tables"):
        rs.read_tables(url)


def test_an_older_output_is_replaced_together(synthesizer, tmp_path, monkeypatch):
    out = tmp_path / "out"
    synthesizer.sample_to(out, scale=4, rows_of_a_part=PART)
    (out / "notes.txt").write_text("mine")
    before = digest(out)
    with breaking_at(1, monkeypatch):
        synthesizer.sample_to(out, scale=5, rows_of_a_part=PART)
    assert digest(out) == before
    for scale in (3, 1, 3):
        made = written(synthesizer, out, scale=scale)
        assert len(made["customers"]) == scale * 200
    assert (out / "notes.txt").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    with pytest.raises(DataError, match="is there already"):
        synthesizer.sample_to(out, format="csv")


def test_a_database_is_filled_part_by_part(synthesizer, real, tmp_path):
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    made = written(synthesizer, url, scale=4)
    synthesizer.metadata.check(made)
    files = written(synthesizer, tmp_path / "files", scale=4)
    for name, frame in made.items():
        assert len(frame) == len(files[name])
    with pytest.raises(DataError, match=r"exists? already"):
        synthesizer.sample_to(url, scale=4)


def test_a_database_server_is_filled_part_by_part(synthesizer, postgres_url):
    made = written(synthesizer, postgres_url, scale=3)
    synthesizer.metadata.check(made)


def test_parts_of_a_csv_file_are_spelled_alike(tmp_path):
    """A moment at midnight and a whole number look different where they are alone."""
    from relsynth.storage.parts import collecting

    day, hour = pd.Timestamp("2024-01-02"), pd.Timestamp("2024-01-02 03:04:05")
    first = pd.DataFrame({"at": [day, None], "n": [1, 2], "t": ["a", 'b "c"']})
    second = pd.DataFrame({"at": [hour], "n": [0.5], "t": [None]})
    with collecting(tmp_path / "out", "csv", ["x"]) as parts:
        for number, frame in enumerate((first, second)):
            parts.written[number] = parts.write(number, {"x": frame})
    assert (tmp_path / "out" / "x.csv").read_text() == (
        'at,n,t\n2024-01-02 00:00:00,1.0,a\n,2.0,"b ""c"""\n2024-01-02 03:04:05,0.5,\n'
    )


def test_work_that_cannot_be_is_refused(synthesizer, tmp_path):
    with pytest.raises(DataError, match=r"workers: 0 .*"):
        synthesizer.sample_to(tmp_path / "out", workers=0, rows_of_a_part=0)
    with pytest.raises(DataError, match="unknown file format 'parket'; did you mean 'parquet'"):
        synthesizer.sample_to(tmp_path / "out", format="parket")


def test_children_of_a_kept_parent_are_not_repeated(tmp_path):
    rng = np.random.default_rng(3)
    places = pd.DataFrame({"id": range(5), "name": list("vwxyz")})
    visits = pd.DataFrame({"id": range(400), "place": rng.integers(0, 5, 400), "paid": 1.5})
    metadata = rs.Metadata(
        [
            table("places", {"id": "key", "name": "categorical"}, "id"),
            table("visits", {"id": "key", "place": "key", "paid": "numeric"}, "id"),
        ],
        [link("visits", "place", "places", context=True)],
    )
    fitted = cart(metadata, {"places": places, "visits": visits}, keep=["places"])
    made = written(fitted, tmp_path / "out", rows={"visits": 1_000}, rows_of_a_part=200)
    assert made["visits"]["id"].is_unique
    usual = visits["place"].value_counts(normalize=True)
    assert made["visits"]["place"].value_counts(normalize=True).sub(usual).abs().max() < 0.03


def test_the_command_line_writes_parts(synthesizer, tmp_path, monkeypatch):
    model, out = tmp_path / "shop.relsynth", tmp_path / "out"
    synthesizer.save(model)
    words = ["relsynth", "sample", model, "-o", out, "--scale", 5, "--format", "parquet"]
    monkeypatch.setattr("sys.argv", list(map(str, words)))
    with pytest.raises(SystemExit) as stop:
        main()
    assert not stop.value.code
    assert len(rs.read_tables(out)["customers"]) == 1_000
