"""Run a job again and again in a forked process, each time killed one step later.

A step is an event of the file system (open, rename, remove, ...) as Python audits them, or the
call of the system that exchanges two folders. So does a write that lets a file grow beyond some
bytes, of sizes from nothing to the largest file that is written: once the process is killed
there, once the disk is full.

python killing.py MODULE FUNCTION FOLDER   prints one line per kill: what was left
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import shutil
import signal
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
WRITES = 16  # sizes at which a growing file stops the process


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
    largest = max((p.stat().st_size for p in place.rglob("*") if p.is_file()), default=0)
    for limit in sorted({largest * at // WRITES for at in range(WRITES)}):
        for full in (False, True):
            place = _fresh(folder, prepare)
            _killed(job, place, limit=limit, full=full)
            yield f"{limit} bytes, {'disk full' if full else 'killed'}", place


def _fresh(folder: Path, prepare: Callable[[Path], None]) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    prepare(folder)
    return folder


def _killed(
    job: Callable[[Path], None],
    folder: Path,
    step: int | None = None,
    limit: int | None = None,
    *,
    full: bool = False,
) -> bool:
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0
    if limit is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if not full:  # Python makes an error of the signal
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
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
