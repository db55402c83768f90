"""A private PostgreSQL cluster for tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def binaries() -> Path | None:
    """Return the folder with initdb and pg_ctl, wherever the system keeps them."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    listed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return listed[-1].parent if listed else None


@contextmanager
def cluster() -> Iterator[str]:
    """Run a cluster in a temporary folder, reached by a socket; give its URL without a name."""
    home = binaries()
    if home is None:
        pytest.skip("PostgreSQL is not installed: initdb was not found")
    folder = Path(tempfile.mkdtemp(prefix="relsynth-pg-"))
    as_owner: list[str] = []
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
        as_owner = ["runuser", "-u", "postgres", "--"]
    data = folder / "data"

    def run(*command: str) -> None:
        subprocess.run([*as_owner, *command], check=True, capture_output=True, cwd=folder)

    run(str(home / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8")
    options = f"-k {folder} -c listen_addresses='' -c fsync=off"
    run(
        str(home / "pg_ctl"),
        "-D",
        str(data),
        "-o",
        options,
        "-w",
        "-l",
        str(folder / "log"),
        "start",
    )
    try:
        yield f"postgresql+psycopg://postgres@/{{name}}?host={folder}"
    finally:
        run(str(home / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)
