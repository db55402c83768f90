"""Parts drawn by processes of joblib, Dask and Ray: same bytes, also when a worker is killed."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from small_databases import cart, shop_schema, shop_tables

pytestmark = pytest.mark.slow

SCRIPT = """
import os, signal, sys, threading, time
from pathlib import Path
import joblib
import relsynth as rs

MODEL, OUT, ENGINE, KILL = sys.argv[1:5]


def workers():
    "Processes that draw, by what their command line says."
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().decode(errors="replace")
            above = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if any(word in line for word in ("loky", "spawn_main", "ray::")) and "tracker" not in line:
            found.append((int(folder.name), above))
    mine = {os.getpid()}
    for _ in range(4):
        mine |= {pid for pid, above in found if above in mine}
    return sorted(mine - {os.getpid()})


def kill():
    "Kill one worker as soon as some parts are there."
    hidden = Path(OUT).parent
    while len(list(hidden.glob(".*/part-*.json"))) < 2:
        time.sleep(0.01)
    os.kill(workers()[-1], signal.SIGKILL)


def draw():
    if KILL == "kill":
        threading.Thread(target=kill, daemon=True).start()
    synthesizer.sample_to(OUT, scale=12, rows_of_a_part=600, workers=None, resume=True)


if __name__ == "__main__":
    synthesizer = rs.RelationalSynthesizer.load(MODEL)
    if ENGINE == "dask":
        from distributed import Client

        with Client(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None):
            with joblib.parallel_config(backend="dask"):
                draw()
    elif ENGINE == "ray":
        import ray
        from ray.util.joblib import register_ray

        ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
        register_ray()
        with joblib.parallel_config(backend="ray", n_jobs=2):
            draw()
    else:
        with joblib.parallel_config(backend="loky", n_jobs=int(ENGINE)):
            draw()
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "shop.relsynth"
    cart(shop_schema(), shop_tables(), seed=3).save(path)
    return path


def digest(folder: Path) -> str:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    parts = [str(path.relative_to(folder)).encode() + path.read_bytes() for path in files]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def draw(model: Path, folder: Path, engine: str, kill: str = "") -> subprocess.CompletedProcess:
    script = folder / "draw.py"
    script.write_text(SCRIPT, encoding="utf-8")
    out = folder / "place" / "out"
    out.parent.mkdir(exist_ok=True)
    command = [sys.executable, "-W", "ignore", str(script), str(model), str(out), engine, kill]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="module")
def expected(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("one")
    done = draw(model, folder, "1")
    assert done.returncode == 0, done.stderr
    return digest(folder / "place" / "out")


def required(engine: str) -> None:
    if engine in ("dask", "ray"):
        pytest.importorskip({"dask": "distributed", "ray": "ray"}[engine])


@pytest.mark.parametrize("engine", ["2", "3", "dask", "ray"])
def test_processes_change_no_byte(model, expected, tmp_path, engine):
    required(engine)
    done = draw(model, tmp_path, engine)
    assert done.returncode == 0, done.stderr
    assert digest(tmp_path / "place" / "out") == expected


@pytest.mark.parametrize("engine", ["2", "dask"])
def test_a_killed_worker_costs_time_at_most(model, expected, tmp_path, engine):
    required(engine)
    first = draw(model, tmp_path, engine, "kill")
    out = tmp_path / "place" / "out"
    if first.returncode:  # joblib gives up, Dask gives the part to another worker
        assert not out.exists()
        done = draw(model, tmp_path, engine)
        assert done.returncode == 0, done.stderr
    assert digest(out) == expected
    assert [path.name for path in out.parent.iterdir()] == ["out"]
