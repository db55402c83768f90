"""Run a job again and again in a forked process, each time killed one step later.

A step is an event of the file system (open, rename, remove, ...) as Python audits them, or the
call of the system that exchanges two folders. A file that grows beyond some bytes kills too.

python killing.py MODULE FUNCTION FOLDER   prints one line per kill: what was left
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

STEPS = {
    "open",
    "os.rename",
    "os.remove",
    "os.mkdir",
    "os.rmdir",
    "os.link",
    "os.scandir",
    "os.listdir",
    "shutil.rmtree",
    "shutil.copytree",
    "ctypes.dlsym",
}
KILLED = 9
LIMITS = (0, 1, 10, 100, 1_000, 2_000)
"""Bytes after which a growing file kills the process."""


def killed_each_time(
    prepare: Callable[[Path], None], job: Callable[[Path], None], folder: Path
) -> Iterator[tuple[str, Path]]:
    """Yield what stopped the job, and the folder as it was then."""
    step, finished = 0, False
    while not finished:
        place = _fresh(folder, prepare)
        finished = not _killed(job, place, step)
        yield f"step {step}", place
        step += 1
    for limit in LIMITS:
        place = _fresh(folder, prepare)
        _killed(job, place, limit=limit)
        yield f"{limit} bytes", place


def _fresh(folder: Path, prepare: Callable[[Path], None]) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    prepare(folder)
    return folder


def _killed(
    job: Callable[[Path], None], folder: Path, step: int | None = None, limit: int | None = None
) -> bool:
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0
    if limit is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    left = [step]

    def count(event: str, _: tuple[object, ...]) -> None:
        if event in STEPS and left[0] is not None:
            left[0] -= 1
            if left[0] < 0:
                os._exit(KILLED)

    sys.addaudithook(count)
    try:
        job(folder)
    except BaseException:  # noqa: BLE001 a full disk is an error, and as good as a kill
        os._exit(1)
    os._exit(0)


def main() -> None:
    """Print, for every kill, what the module's function finds then and after the next call."""
    module = importlib.import_module(sys.argv[1])
    prepare, job, found, again = getattr(module, sys.argv[2])()
    for stopped, folder in killed_each_time(prepare, job, Path(sys.argv[3])):
        now = found(folder)
        again(folder)
        left = sorted(str(p.relative_to(folder)) for p in folder.rglob("*"))
        sys.stdout.write(json.dumps([stopped, now, found(folder), left]) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
