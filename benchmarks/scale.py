"""Fitting in place and drawing at size; every figure is a ratio measured in one run.

::

    python benchmarks/scale.py make  FOLDER --rows 50_000_000    # customers and purchases, Parquet
    python benchmarks/scale.py fit   FOLDER --memory 2GB         # in place, against GROUP BY
    python benchmarks/scale.py part  FOLDER --memory 1GB         # evaluate and subset in part
    python benchmarks/scale.py growth                            # exponents of fit and sample
    python benchmarks/scale.py shapes                            # many tables, levels, columns
    python benchmarks/scale.py whole FOLDER              # read, fit, sample, write; ratio to reading
    python benchmarks/scale.py workers FOLDER            # tables of a database side by side
    python benchmarks/scale.py kills FOLDER --engine dask        # kill -9 at many moments of a run

`make` draws the tables by `sample_to` itself. `fit` runs in a process of its own whose address
space is limited, and compares the time with what DuckDB needs for one COUNT and AVG grouped by
the parent over the same files.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

import relsynth as rs

CHILDREN = 50
GIB = 1 << 30


def small(customers: int = 2_000, seed: int = 0) -> dict[str, pd.DataFrame]:
    """Return customers with about 50 purchases each."""
    rng = np.random.default_rng(seed)
    counts = rng.negative_binomial(2, 2 / (2 + CHILDREN), customers)
    level = rng.gamma(3, 10, customers)
    parents = pd.DataFrame(
        {
            "id": np.arange(customers) + 1,
            "country": rng.choice(["DE", "FR", "IT", "ES"], customers, p=[0.5, 0.2, 0.2, 0.1]),
            "limit": (level * 20).round(-1),
        }
    )
    owner = np.repeat(np.arange(customers), counts)
    children = pd.DataFrame(
        {
            "customer_id": owner + 1,
            "amount": (rng.gamma(2, 1, len(owner)) * level[owner]).round(2),
            "items": rng.poisson(2, len(owner)) + 1,
        }
    )
    return {"customers": parents, "purchases": children}


def schema() -> rs.Metadata:
    """Return the metadata of `small`."""
    return rs.Metadata.detect(small())


def make(folder: Path, rows: int) -> None:
    """Draw a large database."""
    synth = rs.RelationalSynthesizer(schema(), model="cart", seed=1).fit(small())
    start, clock = time.perf_counter(), time.process_time()
    written = synth.sample_to(folder, scale=rows / (2_000 * CHILDREN), rows_of_a_part=1_000_000)
    wall, cpu = time.perf_counter() - start, time.process_time() - clock
    total = sum(written.values())
    print(f"{total:,} rows written in {wall:.0f} s, {total / cpu:,.0f} rows a CPU second")


def grouped(folder: Path, memory: str) -> float:
    """Return the CPU seconds of one COUNT and AVG by parent in DuckDB."""
    import duckdb

    with duckdb.connect() as connection:
        connection.execute(f"SET memory_limit = '{memory}'")
        clock = time.process_time()
        files = folder / "purchases.parquet" / "*.parquet"
        connection.execute(
            "SELECT MAX(n), MAX(a) FROM (SELECT COUNT(*) AS n, AVG(amount) AS a "
            f"FROM read_parquet('{files}') GROUP BY customer_id)"
        ).fetchall()
        return time.process_time() - clock


def fit_child(folder: Path, memory: str, limit: int) -> None:
    """Fit in place with a limit on the data of the process, and print what it took."""
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    clock, start = time.process_time(), time.perf_counter()
    synth = rs.RelationalSynthesizer(schema(), model="cart", seed=1)
    clock, start = time.process_time(), time.perf_counter()
    synth.fit(folder, roots=4_000, memory=memory)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / GIB
    took = {"cpu": time.process_time() - clock, "wall": time.perf_counter() - start, "peak": peak}
    print(json.dumps({**took, "rows": dict(synth.plan_.rows)}))


def fit(folder: Path, memory: str, limit: float) -> None:
    """Compare fitting in place with one GROUP BY."""
    command = [sys.executable, __file__, "fit-child", str(folder), "--memory", memory]
    command += ["--limit", str(limit)]
    once = min(grouped(folder, memory) for _ in range(2))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr[-2_000:])
    took = json.loads(done.stdout.splitlines()[-1])
    rows = sum(took["rows"].values())
    print(f"{rows:,} rows; GROUP BY {once:.1f} CPU s; fit in place {took['cpu']:.1f} CPU s")
    print(f"ratio {took['cpu'] / once:.1f} (target at most 6); peak {took['peak']:.2f} GiB")


def part(folder: Path, memory: str, limit: int) -> None:
    """Compare large data with themselves and cut a piece out, with a limit on the process."""
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    metadata, start = schema(), time.process_time()
    report = rs.evaluate(folder, folder, metadata, roots=4_000, memory=memory)
    compared = time.process_time()
    small = rs.subset(folder, metadata, {"customers": 200}, roots=4_000, memory=memory)
    cut = time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / GIB
    print(report.scores["about"]["real data"])
    print(f"evaluate, all measures: {compared - start:.1f} CPU s; subset: {cut - compared:.1f}")
    print(f"{sum(map(len, small.values())):,} rows cut; peak {peak:.2f} GiB")


def growth() -> None:
    """Print CPU seconds of fit and sample over sizes, and the exponents."""
    metadata, sizes, times = schema(), [200, 2_000, 20_000, 63_000], []
    for customers in sizes:
        tables = small(customers)
        clock = time.process_time()
        synth = rs.RelationalSynthesizer(metadata, model="cart", seed=1).fit(tables)
        fitted = time.process_time()
        synth.sample()
        times.append((fitted - clock, time.process_time() - fitted))
        fitting, drawing = times[-1]
        print(f"{len(tables['purchases']):>10,} rows: fit {fitting:.2f}, sample {drawing:.2f}")
    for name, column in zip(("fit", "sample"), np.log(np.array(times)).T, strict=True):
        slope = np.polyfit(np.log(sizes[1:]), column[1:], 1)[0]
        print(f"{name}: exponent {slope:.2f} (target at most 1.05)")


def shapes() -> None:
    """Print time and memory of databases that are many, deep, wide or lopsided."""
    rng = np.random.default_rng(0)
    many = {f"t{i}": pd.DataFrame({"id": range(50), "x": rng.random(50)}) for i in range(200)}
    wide = pd.DataFrame(rng.random((500, 500)), columns=[f"c{i}" for i in range(500)])
    owner = np.repeat([1, 2, 3], [200_000, 5, 10])
    lopsided = {
        "p": pd.DataFrame({"id": [1, 2, 3], "x": [0.5, 1.5, 2.5]}),
        "c": pd.DataFrame({"p_id": owner, "y": rng.random(len(owner))}),
    }
    for name, tables in {
        "200 tables": many,
        "12 levels": chain(12),
        "500 columns": {"t": wide},
        "200,000 children of one parent": lopsided,
    }.items():
        clock = time.process_time()
        synth = rs.RelationalSynthesizer(rs.Metadata.detect(tables), model="cart").fit(tables)
        fitted = time.process_time()
        synth.sample()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / GIB
        print(
            f"{name}: fit {fitted - clock:.1f} CPU s, sample {time.process_time() - fitted:.1f}, "
            f"peak so far {peak:.2f} GiB",
            flush=True,
        )


def chain(levels: int) -> dict[str, pd.DataFrame]:
    """Return tables each of which refers to the one before."""
    tables = {"t0": pd.DataFrame({"t0_id": range(60), "x": np.arange(60) % 7})}
    for level in range(1, levels):
        above = len(tables[f"t{level - 1}"])
        rows = np.arange(min(2 * above, 2_000))
        frame = {f"t{level}_id": rows, f"t{level - 1}_id": rows % above, "x": rows % (5 + level)}
        tables[f"t{level}"] = pd.DataFrame(frame)
    return tables


def kills(folder: Path, engine: str, moments: int) -> None:
    """Kill all processes of a run at many moments, start it again and compare the bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    model = folder / "model.relsynth"
    rs.RelationalSynthesizer(schema(), model="cart", seed=1).fit(small(500)).save(model)

    def run(out: Path, seconds: float | None = None) -> float:
        command = [sys.executable, "-W", "ignore", __file__, "kill-child", str(out)]
        command += ["--model", str(model), "--engine", engine]
        start = time.perf_counter()
        done = subprocess.Popen(command, start_new_session=True)
        try:
            done.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(done.pid, signal.SIGKILL)
            done.wait()
        return time.perf_counter() - start

    whole = run(folder / "place" / "out")
    expected, equal, early = _digest(folder / "place" / "out"), 0, 0
    for number in range(moments):
        shutil.rmtree(folder / "place")
        out = folder / "place" / "out"
        run(out, whole * (number + 0.5) / moments)
        early += not out.exists()
        run(out)
        left = [path.name for path in out.parent.iterdir()]
        equal += _digest(out) == expected and left == ["out"]
        print(f"moment {number + 1}: {equal} of {number + 1} the same", flush=True)
    print(f"{engine}: run of {whole:.1f} s killed at {moments} moments, {early} before its end")
    print(f"same bytes and nothing left behind after a new start: {equal} of {moments}")
    shutil.rmtree(folder)


def kill_child(out: Path, model: str, engine: str) -> None:
    """Draw in parts on two processes of an engine."""
    import joblib

    out.parent.mkdir(exist_ok=True)
    synth = rs.RelationalSynthesizer.load(model)
    asked = {"scale": 8, "rows_of_a_part": 10_000, "workers": None, "resume": True}
    if engine == "dask":
        from distributed import Client

        with (
            Client(n_workers=2, threads_per_worker=1, dashboard_address=None),
            joblib.parallel_config(backend="dask"),
        ):
            synth.sample_to(out, **asked)
    else:
        with joblib.parallel_config(backend="loky", n_jobs=2):
            synth.sample_to(out, **asked)


def whole(folder: Path) -> None:
    """Print what a database of CSV files takes, and how often pandas reads it in that time."""
    files = sorted(path for path in folder.iterdir() if ".csv" in path.name)
    clock = time.process_time
    start = clock()
    for path in files:
        pd.read_csv(path)
    read, tables = clock() - start, rs.read_tables(folder)
    declared = folder / "metadata.json"
    metadata = rs.Metadata.load(declared) if declared.exists() else rs.Metadata.detect(tables)
    synth = rs.RelationalSynthesizer(metadata, seed=1)
    marks = [clock()]
    synth.fit(tables)
    marks.append(clock())
    drawn = synth.sample()
    marks.append(clock())
    with tempfile.TemporaryDirectory() as place:
        rs.write_tables(drawn, Path(place) / "out", "parquet")
        marks.append(clock())
    fitted, sampled, written = np.diff(marks)
    rows = sum(map(len, drawn.values()))
    print(f"{folder.name}: pandas reads in {read:.2f} CPU s; fit {fitted:.1f}, ", end="")
    print(f"sample {sampled:.1f} ({rows / sampled:,.0f} rows a CPU second), write {written:.1f}")
    print(
        f"ratio {(fitted + sampled + written) / read:.1f} (target 7); load {os.getloadavg()[0]:.1f}"
    )


def workers(folder: Path) -> None:
    """Fit a database with one worker and with two, each in a process of its own, in turns."""
    digests, took = set(), {1: [], 2: []}
    for number in (1, 2) * 2:
        command = [sys.executable, "-W", "ignore", __file__, "workers-child", str(folder)]
        command += ["--workers", str(number)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found = json.loads(done.stdout.splitlines()[-1])
        digests.add(found.pop("model"))
        took[number].append(found)
    for number, runs in took.items():
        best = {name: min(run[name] for run in runs) for name in runs[0]}
        print(
            f"{folder.name}, {number} workers: {best['wall']:.1f} s, {best['cpu']:.1f} CPU s, "
            f"{best['peak']:.2f} GiB"
        )
    print(f"models: {len(digests)} (target 1); load {os.getloadavg()[0]:.1f}")


def workers_child(folder: Path, number: int) -> None:
    """Fit a database and print what it took."""
    tables = rs.read_tables(folder)
    declared = folder / "metadata.json"
    metadata = rs.Metadata.load(declared) if declared.exists() else rs.Metadata.detect(tables)
    start, clock = time.perf_counter(), time.process_time()
    synth = rs.RelationalSynthesizer(metadata, seed=1).fit(tables, workers=number)
    took = {"wall": time.perf_counter() - start, "cpu": time.process_time() - clock}
    took["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / GIB
    with tempfile.TemporaryDirectory() as place:
        synth.save(Path(place) / "model")
        model = hashlib.sha256((Path(place) / "model").read_bytes()).hexdigest()
    print(json.dumps({**took, "model": model}))


def _digest(folder: Path) -> str:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    parts = [str(path.relative_to(folder)).encode() + path.read_bytes() for path in files]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def main() -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=list(PARTS))
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--rows", type=lambda text: int(text.replace("_", "")), default=50_000_000)
    parser.add_argument("--memory", default="1GB")
    parser.add_argument("--limit", type=float, default=2.0, help="GiB of the fitting process")
    parser.add_argument("--engine", choices=["loky", "dask"], default="loky")
    parser.add_argument("--moments", type=int, default=20)
    parser.add_argument("--model")
    parser.add_argument("--workers", type=int, default=1)
    said = parser.parse_args()
    PARTS[said.what](said)


PARTS: dict[str, Callable[[argparse.Namespace], None]] = {
    "make": lambda said: make(said.folder, said.rows),
    "fit": lambda said: fit(said.folder, said.memory, said.limit),
    "fit-child": lambda said: fit_child(said.folder, said.memory, int(said.limit * GIB)),
    "part": lambda said: part(said.folder, said.memory, int(said.limit * GIB)),
    "growth": lambda _: growth(),
    "shapes": lambda _: shapes(),
    "kills": lambda said: kills(said.folder, said.engine, said.moments),
    "whole": lambda said: whole(said.folder),
    "workers": lambda said: workers(said.folder),
    "workers-child": lambda said: workers_child(said.folder, said.workers),
    "kill-child": lambda said: kill_child(said.folder, said.model, said.engine),
}

if __name__ == "__main__":
    main()
