"""Do everything with random databases; list every foreign exception and broken rule.

python benchmarks/random_databases.py [--count 10000] [--seed 0] [--workers 2] [--seconds 60]

A database that takes longer than `--seconds` counts as hanging.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from random_data import exercise


def limited(job: tuple[int, int]) -> tuple[list[str], list[str]]:
    """Exercise one seed within a time limit."""
    seed, seconds = job

    def stop(*_: object) -> None:
        raise TimeoutError(f"more than {seconds} s")

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        return exercise(seed)
    except Exception as error:  # noqa: BLE001 the generator itself, or a hang
        return [f"{seed}: {type(error).__name__}: {error}"], []
    finally:
        signal.alarm(0)


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
    with ProcessPoolExecutor(given.workers) as pool:
        for found, refused in pool.map(limited, jobs, chunksize=4):
            for fault in found:
                print("FAULT", fault, flush=True)
            faults += found
            refusals.update(line.split(" ", 1)[1].split(":")[0] for line in refused)
    print(f"{given.count} databases, {len(faults)} faults, refused by name: {dict(refusals)}")
    print(f"{time.time() - started:.0f} s")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
