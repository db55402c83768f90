"""An interrupted output goes on where it stopped, and ends with the bytes of one go."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from small_databases import cart, shop_schema, shop_tables

import relsynth as rs
from relsynth.relational.streaming import Stream

PART = 600


@pytest.fixture(scope="module")
def synthesizer():
    return cart(shop_schema(), shop_tables(), seed=3)


def digest(folder: Path) -> str:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    parts = [str(path.relative_to(folder)).encode() + path.read_bytes() for path in files]
    return hashlib.sha256(b"".join(parts)).hexdigest()


@pytest.fixture(scope="module")
def whole(synthesizer, tmp_path_factory):
    """Return the digest of an output that nothing interrupted, by format."""
    found = {}
    for form in ("parquet", "csv"):
        out = tmp_path_factory.mktemp("whole") / form
        synthesizer.sample_to(out, scale=6, format=form, rows_of_a_part=PART)
        found[form] = digest(out)
    return found


class Counting:
    """Counts the parts drawn, and stops before one of them."""

    def __init__(self, monkeypatch, stop: int | None = None) -> None:
        self.drawn: list[int] = []
        part = Stream.part

        def counted(stream, number):
            if number == stop:
                raise KeyboardInterrupt
            self.drawn.append(number)
            return part(stream, number)

        monkeypatch.setattr(Stream, "part", counted)


def begun(synthesizer, out, stop, form="parquet", **options):
    with pytest.MonkeyPatch.context() as patch:
        Counting(patch, stop)
        with pytest.raises(KeyboardInterrupt):
            synthesizer.sample_to(
                out, scale=6, format=form, rows_of_a_part=PART, resume=True, **options
            )


def finished(synthesizer, out, form="parquet", **options) -> list[int]:
    with pytest.MonkeyPatch.context() as patch:
        counting = Counting(patch)
        synthesizer.sample_to(
            out, scale=6, format=form, rows_of_a_part=PART, resume=True, **options
        )
        return counting.drawn


@pytest.mark.parametrize("form", ["parquet", "csv"])
@pytest.mark.parametrize("stop", [0, 2])
def test_only_what_is_missing_is_drawn(synthesizer, whole, tmp_path, form, stop):
    out = tmp_path / "out"
    begun(synthesizer, out, stop, form)
    assert not out.exists()
    drawn = finished(synthesizer, out, form)
    assert drawn[0] == stop
    assert len(drawn) >= 2
    assert digest(out) == whole[form]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_damaged_part_is_drawn_again(synthesizer, whole, tmp_path):
    out = tmp_path / "out"
    begun(synthesizer, out, 3)
    (kept,) = (path for path in tmp_path.iterdir() if path.name.startswith("."))
    part = sorted(kept.rglob("part-00001.parquet"))[0]
    part.write_bytes(part.read_bytes()[:-7])
    record = kept / "part-00002.json"
    record.write_text(json.dumps({"rows": 3}), encoding="utf-8")
    assert finished(synthesizer, out)[:3] == [1, 2, 3]
    assert digest(out) == whole["parquet"]


@pytest.mark.parametrize("other", [{"seed": 8}, {"where": {"customers": {"vip": True}}}])
def test_another_output_takes_nothing_up(synthesizer, tmp_path, other):
    out = tmp_path / "out"
    begun(synthesizer, out, 3)
    if "where" in other:
        column = next(
            name
            for name, kind in synthesizer.metadata.tables["customers"].columns.items()
            if kind.kind == "categorical"
        )
        value = synthesizer.sample()["customers"][column].mode()[0]
        other = {"where": {"customers": {column: value}}}
    assert finished(synthesizer, out, **other)[0] == 0
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_older_output_stays_until_the_new_one_is_there(synthesizer, whole, tmp_path):
    out = tmp_path / "out"
    synthesizer.sample_to(out, scale=1)
    before = digest(out)
    begun(synthesizer, out, 2)
    assert digest(out) == before
    finished(synthesizer, out)
    assert digest(out) == whole["parquet"]


def test_a_database_is_not_resumed(synthesizer, tmp_path):
    with pytest.raises(rs.DataError, match="filled in one transaction"):
        synthesizer.sample_to(f"sqlite:///{tmp_path / 'x.db'}", resume=True)
