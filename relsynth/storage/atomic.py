"""Write under a temporary name and rename what is complete.

A temporary file or folder is locked by the process that writes it. The lock ends with the
process, however it ends, so that a later call can tell what nobody will finish and removes it.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

try:
    import fcntl
except ImportError:  # Windows: nothing is locked, and nothing is taken for left behind
    fcntl = None  # type: ignore[assignment]

_TEMPORARY = re.compile(r"\..*\.relsynth-[0-9a-f]{12}\.tmp")
_LONGEST = 100  # of the 255 bytes of a file name, so that the name of a long table fits


def temporary_name(path: Path) -> Path:
    """Return a hidden name beside `path` that nothing else uses."""
    return path.with_name(f".{path.name[:_LONGEST]}.relsynth-{uuid4().hex[:12]}.tmp")


def is_temporary(name: str) -> bool:
    """Return whether a name is one that `temporary_name` gives."""
    return _TEMPORARY.fullmatch(name) is not None


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path` that takes its place when the block succeeds.

    Parameters
    ----------
    path : Path
        File to write or to replace; its folder is made where it is missing.

    Yields
    ------
    Path
        To write to. After an exception it is removed and `path` is as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    sweep(path.parent)
    with made_temporary(path, folder=False) as temporary:
        yield temporary
        temporary.replace(path)


@contextmanager
def made_temporary(path: Path, *, folder: bool) -> Iterator[Path]:
    """Give a new, locked file or folder beside `path`; what is left of it is removed after."""
    lock, temporary = _made(path, folder)
    try:
        yield temporary
    finally:
        remove(temporary)
        if lock is not None:
            os.close(lock)


@contextmanager
def locked(path: Path) -> Iterator[bool]:
    """Lock a path while the block runs; give False where another process has locked it."""
    lock = _lock(path)
    try:
        yield lock is not None or fcntl is None
    finally:
        if lock is not None:
            os.close(lock)


def sweep(folder: Path) -> None:
    """Remove the temporary files and folders that a dead process left in a folder."""
    with suppress(OSError), os.scandir(folder) as entries:
        left = [
            Path(entry.path)
            for entry in entries
            if is_temporary(entry.name) and not entry.is_symlink()
        ]
        for path in left:
            with suppress(OSError):
                lock = _lock(path)
                if lock is not None:
                    remove(path)
                    os.close(lock)


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there and as far as that is allowed."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _made(path: Path, folder: bool) -> tuple[int | None, Path]:
    """Return a lock and what it locks; another call may sweep it before it is locked."""
    while True:
        temporary = temporary_name(path)
        if folder:
            temporary.mkdir(parents=True)
        else:
            temporary.touch(exist_ok=False)
        with suppress(FileNotFoundError):
            lock = _lock(temporary)
            if temporary.exists():
                return lock, temporary
            if lock is not None:
                os.close(lock)


def _lock(path: Path) -> int | None:
    """Return the lock of a path, or None where another process has it or there are no locks."""
    if fcntl is None:
        return None
    lock = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    return lock
