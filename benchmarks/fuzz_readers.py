"""Feed damaged files to every reader, guided by coverage; stop at the first foreign exception.

python benchmarks/fuzz_readers.py [--minutes 30] [--reader csv] [--seed 1]

Needs ``pip install atheris`` (extra ``fuzz``). An input that fails is written to the working
folder as ``crash-...``; ``python benchmarks/fuzz_readers.py --reader csv crash-...`` reads it again. An
input that takes longer than `SECONDS` of the processor hangs, and one that needs more than `MEGABYTES`
is a bomb.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import atheris

import relsynth as rs
from relsynth.errors import RelsynthError

SCHEMAS = Path(__file__).resolve().parents[1] / "schemas"
SECONDS = 20  # of the processor; every seed is read in less than one
BUSY = 30  # times as long by the clock, for hangs that no signal of Python ends
MEGABYTES = 2_048  # twice what the libraries and the corpus take
EXPECTED = (RelsynthError, OSError)
# looked up when they are called: nothing is to be imported before it is traced
READERS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "csv": ("t.csv", lambda path: rs.read_tables(path)),
    "gzip": ("t.csv.gz", lambda path: rs.read_tables(path)),
    "parquet": ("t.parquet", lambda path: rs.read_tables(path)),
    "sqlite": ("t.db", lambda path: rs.Metadata.from_database(path)),
    "json": ("s.json", lambda path: rs.Metadata.load(path)),
    "sql": ("s.sql", lambda path: rs.Metadata.load(path)),
    "model": ("m.relsynth", lambda path: rs.RelationalSynthesizer.load(path).sample()),
}


FORMS = {"csv": "csv", "gzip": "csv.gz", "parquet": "parquet"}
TRACED = {"json": "formats", "sql": "formats", "sqlite": "formats", "model": "relational"}
"""The part of the library that reads, which is traced as it is imported; else the storage."""


def seeds(reader: str, folder: Path) -> None:
    """Write whole files of a kind, from which damaged ones are made."""
    if reader in ("json", "sql"):
        for path in SCHEMAS.glob(f"*.{reader}"):
            (folder / path.name).write_bytes(path.read_bytes())
        return
    schema = rs.Metadata.load(SCHEMAS / "shop.json")
    tables = rs.generate(schema, rows={"customers": 20}, seed=1)
    if reader in FORMS:
        rs.write_tables({"t": tables["customers"]}, folder, format=FORMS[reader])
    elif reader == "sqlite":
        rs.write_tables(tables, folder / "t.db", metadata=schema)
    else:
        model = rs.RelationalSynthesizer(schema, model="cart").fit(tables)
        model.save(folder / "m.relsynth")


def fuzz(reader: str, minutes: float, seed: int, again: list[str]) -> int:
    """Feed one reader; return 0 where nothing foreign came out."""
    name, read = READERS[reader]
    with atheris.instrument_imports(include=["relsynth"]):
        import_module(f"relsynth.{TRACED.get(reader, 'storage')}")
    with tempfile.TemporaryDirectory(prefix="relsynth-fuzz-") as place:
        corpus, path = Path(place) / "corpus", Path(place) / name
        corpus.mkdir()
        seeds(reader, corpus)
        for seed_file in corpus.iterdir():  # so that imports are no hang of the first input
            path.write_bytes(seed_file.read_bytes())
            read(path)
            break

        def stop(*_: object) -> None:
            raise RuntimeError(f"more than {SECONDS} s")

        signal.signal(signal.SIGPROF, stop)

        def one(data: bytes) -> None:
            path.write_bytes(data)
            signal.setitimer(signal.ITIMER_PROF, SECONDS)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    read(path)
                except EXPECTED:
                    return
                finally:
                    signal.setitimer(signal.ITIMER_PROF, 0)

        options = [
            f"-max_total_time={int(60 * minutes)}",
            f"-seed={seed}",
            f"-timeout={BUSY * SECONDS}",
        ]
        options += [f"-rss_limit_mb={MEGABYTES}", "-max_len=65536", "-print_final_stats=1"]
        atheris.Setup([sys.argv[0], *options, *(again or [str(corpus)])], one)
        atheris.Fuzz()
    return 0


def main() -> int:
    """Fuzz one reader, or all of them, each in a process of its own and for an equal time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30, help="for all readers together")
    parser.add_argument("--reader", choices=[*READERS], help="one reader alone")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("again", nargs="*", help="inputs to read again")
    asked = parser.parse_args()
    if asked.reader:
        return fuzz(asked.reader, asked.minutes, asked.seed, asked.again)
    failed = []
    for reader in READERS:
        print(f"== {reader}", flush=True)
        share = str(asked.minutes / len(READERS))
        words = [sys.executable, __file__, "--reader", reader, "--minutes", share]
        if subprocess.run([*words, "--seed", str(asked.seed)], check=False).returncode:
            failed.append(reader)
    print(f"foreign exceptions, hangs or bombs in: {', '.join(failed) or 'none'}")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
