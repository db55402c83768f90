"""A private MariaDB server for tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SECONDS = 60  # a slow machine needs so long to start


def _binary(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


@contextmanager
def server() -> Iterator[str]:
    """Run a server in a temporary folder, reached by a socket; give its URL without a name."""
    daemon, install = _binary("mariadbd"), _binary("mariadb-install-db")
    if daemon is None or install is None:
        pytest.skip("MariaDB is not installed: mariadbd was not found")
    pytest.importorskip("pymysql")
    folder = Path(tempfile.mkdtemp(prefix="relsynth-my-"))
    user = []
    if os.geteuid() == 0:
        shutil.chown(folder, "mysql")
        user = ["--user=mysql"]
    data, socket = folder / "data", folder / "socket"
    made = [install, "--no-defaults", f"--datadir={data}", *user]
    made += ["--auth-root-authentication-method=normal", "--skip-test-db"]
    subprocess.run(made, check=True, capture_output=True)
    command = [daemon, "--no-defaults", *user, f"--datadir={data}", f"--socket={socket}"]
    command += ["--skip-networking", f"--pid-file={folder / 'pid'}"]
    with Path(folder / "log").open("wb") as log:
        running = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        end = time.monotonic() + SECONDS
        while not socket.exists():
            if running.poll() is not None or time.monotonic() > end:
                pytest.fail((folder / "log").read_text(errors="replace")[-2_000:])
            time.sleep(0.1)
        yield f"mysql+pymysql://root@localhost/{{name}}?unix_socket={socket}&charset=utf8mb4"
    finally:
        running.terminate()
        running.wait(SECONDS)
        shutil.rmtree(folder, ignore_errors=True)
