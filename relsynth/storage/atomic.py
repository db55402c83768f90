"""Write files under a temporary name and rename them when they are complete."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4


def temporary_name(path: Path) -> Path:
    """Return a hidden name beside `path` that nothing else uses."""
    return path.with_name(f".{path.name}.{uuid4().hex[:12]}.tmp")


def put_in_place(made: Path, final: Path) -> None:
    """Move a file or folder to where a file or a folder may be, which it replaces."""
    if not final.exists() or not (made.is_dir() or final.is_dir()):
        made.replace(final)
        return
    old = temporary_name(final)
    final.rename(old)
    made.rename(final)
    if old.is_dir():
        shutil.rmtree(old)
    else:
        old.unlink()


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
    temporary = temporary_name(path)
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
