"""Do everything with random databases; list every foreign exception and broken rule.

python benchmarks/random_databases.py [--count 10000] [--seed 0] [--workers 2] [--seconds 60]

A database that takes longer than `--seconds` of processor time counts as hanging. Where PostgreSQL
is installed, a private server is started and tables go there and back as well.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from postgres_cluster import cluster
from random_data import exercise

OWN: list[str | None] = [None]  # the database of this worker


def enter(servers: str | None) -> None:
    """Make a database of its own for a worker."""
    if servers is None:
        return
    import sqlalchemy as sa

    name = f"w{os.getpid()}"
    engine = sa.create_engine(servers.format(name="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    engine.dispose()
    OWN[0] = servers.format(name=name)


def limited(job: tuple[int, int]) -> tuple[list[str], list[str]]:
    """Exercise one seed within a time limit."""
    seed, seconds = job

    def stop(*_: object) -> None:
        raise TimeoutError(f"more than {seconds} s")

    # time of the processor, so that a busy machine is no hang
    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        return exercise(seed, OWN[0])
    except Exception as error:  # noqa: BLE001 the generator itself, or a hang
        return [f"{seed}: {type(error).__name__}: {error}"], []
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=int, default=60)
    given = parser.parse_args()
    started, faults, refusals = time.time(), list[str](), Counter[str]()
    jobs = [(given.seed + at, given.seconds) for at in range(given.count)]
    with ExitStack() as stack:
        try:
            servers = stack.enter_context(cluster())
        except pytest.skip.Exception as missing:
            print(f"without PostgreSQL: {missing}")
            servers = None
        pool = stack.enter_context(
            ProcessPoolExecutor(given.workers, initializer=enter, initargs=(servers,))
        )
        for at, (found, refused) in enumerate(pool.map(limited, jobs, chunksize=4), 1):
            for fault in found:
                print("FAULT", fault, flush=True)
            faults += found
            refusals.update(line.split(" ", 1)[1].split(":")[0] for line in refused)
            if at % 100 == 0:
                print(
                    f"{at} databases, {len(faults)} faults, {time.time() - started:.0f} s",
                    flush=True,
                )
    print(f"{given.count} databases, {len(faults)} faults, refused by name: {dict(refusals)}")
    print(f"{time.time() - started:.0f} s")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
