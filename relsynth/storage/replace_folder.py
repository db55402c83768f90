"""Put many files into a folder in one step, whether it is new, has other files or is in use.

A new folder is renamed into place. An existing one is exchanged with a folder that holds the
new files and links to its other ones, where the system can exchange two names in one step.
Where that cannot be (a mount point, the current folder, one with folders of others, Windows)
the new files are moved in one by one from a hidden folder, ``.relsynth-commit``; if that is
interrupted, the next call that writes to the folder or reads it moves the rest.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from relsynth.errors import DataError
from relsynth.storage.atomic import is_temporary, made_temporary, remove, sweep, temporary_name

COMMIT = ".relsynth-commit"
_MOST_LINKS = 10_000  # files to link anew; beyond that, moving the new ones in is quicker
_HERE = -100  # AT_FDCWD of Linux: names are relative to the current folder
_EXCHANGE = 2  # RENAME_EXCHANGE of Linux and RENAME_SWAP of macOS


@contextmanager
def filling_folder(target: Path) -> Iterator[tuple[Path, Path]]:
    """Give two empty folders: one to work in, one whose entries appear in `target` together.

    Parameters
    ----------
    target : Path
        Folder to make, or one in which entries of the same names are replaced.

    Yields
    ------
    work, whole : Path
        After an exception nothing is left of them, and `target` is as it was.
    """
    target = Path(os.path.realpath(target))
    target.parent.mkdir(parents=True, exist_ok=True)
    sweep(target.parent)
    if target.is_dir():
        sweep(target)
        finish(target)
    exchangeable = not target.exists() or _may_be_exchanged(target)
    with made_temporary(target if exchangeable else target / "new", folder=True) as work:
        whole = work / "whole"
        whole.mkdir()
        yield work, whole
        if not target.exists():
            whole.rename(target)
        elif not (exchangeable and _linked(target, whole) and _exchanged(whole, target)):
            for path in whole.iterdir():
                if (path.name, path.stat().st_ino) in _identities(target):
                    remove(path)  # a link to what is there
            whole.rename(target / COMMIT)
            finish(target)


def finish(folder: Path) -> None:
    """Move what an interrupted call was about to move into a folder."""
    commit = folder / COMMIT
    if not commit.is_dir():
        return
    try:
        for path in sorted(commit.iterdir()):
            with suppress(FileNotFoundError):  # another process may do the same
                _put(path, folder / path.name)
        with suppress(FileNotFoundError):
            commit.rmdir()
        sweep(folder)
    except OSError as error:
        raise DataError(
            f"{folder}: writing into this folder was interrupted and cannot be finished "
            f"({error}); allow writing to it, then read or write it again"
        ) from error


def _put(new: Path, final: Path) -> None:
    if not final.exists() or not (new.is_dir() or final.is_dir()):
        new.replace(final)
        return
    old = temporary_name(final)
    final.rename(old)
    new.rename(final)
    remove(old)


def _may_be_exchanged(target: Path) -> bool:
    """Return whether a folder of the same files can take the place of this one."""
    status, above = target.stat(), target.parent.stat()
    if not hasattr(os, "geteuid") or status.st_uid != os.geteuid():
        return False
    if status.st_dev != above.st_dev or not os.access(target.parent, os.W_OK):
        return False
    here = os.path.realpath(os.curdir)
    if os.path.commonpath([here, target]) == str(target):
        return False
    entries = list(target.iterdir())
    folders = [entry for entry in entries if entry.is_dir() and not is_temporary(entry.name)]
    plain = not any(folder.is_symlink() or not _of_files(folder) for folder in folders)
    return plain and len(entries) <= _MOST_LINKS


def _of_files(folder: Path) -> bool:
    entries = list(folder.iterdir())
    return len(entries) <= _MOST_LINKS and all(entry.is_file() for entry in entries)


def _linked(target: Path, whole: Path) -> bool:
    """Link into `whole` what `target` has besides; False where links cannot be made."""
    try:
        for path in target.iterdir():
            other = whole / path.name
            if other.exists() or is_temporary(path.name):
                continue
            if path.is_dir():
                shutil.copytree(path, other, copy_function=_link)
            else:
                _link(path, other)
        shutil.copystat(target, whole)
    except (OSError, shutil.Error):
        return False
    return True


def _link(source: str | Path, target: str | Path) -> None:
    os.link(source, target, follow_symlinks=False)


def _identities(folder: Path) -> set[tuple[str, int]]:
    return {(entry.name, entry.stat().st_ino) for entry in folder.iterdir() if entry.is_file()}


def _exchanged(first: Path, second: Path) -> bool:
    """Exchange two folders in one step; False where the system cannot."""
    names = os.fsencode(first), os.fsencode(second)
    try:
        library = ctypes.CDLL(None)
        if sys.platform == "darwin":
            return int(library.renamex_np(*names, _EXCHANGE)) == 0
        return int(library.renameat2(_HERE, names[0], _HERE, names[1], _EXCHANGE)) == 0
    except (AttributeError, OSError, TypeError):
        return False
