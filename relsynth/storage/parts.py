"""Tables written in parts, by one process or several, that appear together when all are there.

Parts that are to outlive an interruption lie in a hidden folder beside the target whose name
tells what is written. A part counts as finished where a record of it is there and its files
have the digests that the record gives.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from relsynth.errors import DataError
from relsynth.storage.atomic import locked, remove
from relsynth.storage.csv import header_line, read_csv, write_csv
from relsynth.storage.folder import refuse_collisions, write_file
from relsynth.storage.replace_folder import filling_folder

if TYPE_CHECKING:
    from relsynth.typing import Tables

Details = Mapping[str, Mapping[str, int]]
_FURTHER = ("", " 00:00:00", ".000000", "000")


@dataclass(frozen=True, slots=True)
class Parts:
    """A folder in which parts of tables are collected.

    Attributes
    ----------
    folder : Path
        Temporary, beside what it will become.
    form : str
        ``"csv"``, ``"csv.gz"`` or ``"parquet"``.
    recorded : bool
        Whether finished parts are recorded for a later call that goes on.
    written : dict of int to mapping
        What `write` returned, by number of the part; kept by the process that joins them.
    """

    folder: Path
    form: str
    recorded: bool = False
    written: dict[int, Details] = field(default_factory=dict)

    def write(self, number: int, tables: Tables) -> Details:
        """Write one part; return how much every column spells out.

        Several processes may do so at once, also the same part twice.
        """
        for name, table in tables.items():
            path = self._path(name, number)
            path.parent.mkdir(exist_ok=True)
            unfinished = path.with_name(f"{path.name}.{os.getpid()}")
            write_file(table, unfinished, self._form, name)
            unfinished.replace(path)
        return {name: {c: _detail(table[c]) for c in table} for name, table in tables.items()}

    def record(self, number: int, rows: Mapping[str, int], details: Details) -> None:
        """Note that a part is finished, where parts are recorded."""
        if not self.recorded:
            return
        files = {name: _digest(self._path(name, number)) for name in details}
        text = json.dumps({"rows": dict(rows), "details": details, "files": files})
        path = self._record(number)
        unfinished = path.with_name(f"{path.name}.{os.getpid()}")
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)

    def finished(self, number: int) -> tuple[dict[str, int], Details] | None:
        """Return what was recorded of a part, if its files are as they were written."""
        try:
            found = json.loads(self._record(number).read_text(encoding="utf-8"))
            for name, digest in found["files"].items():
                if _digest(self._path(name, number)) != digest:
                    return None
            return found["rows"], found["details"]
        except (OSError, ValueError, KeyError, AttributeError):
            return None

    def join(self) -> dict[str, Path]:
        """Make one CSV file of every table, or a folder of Parquet files; return them by name."""
        names = dict.fromkeys(
            name for number in sorted(self.written) for name in self.written[number]
        )
        return {f"{name}.{self.form}": self._joined(name) for name in names}

    def _joined(self, name: str) -> Path:
        """Join the parts of one table in order, each as explicit as all of them must be."""
        details = {
            n: self.written[n][name] for n in sorted(self.written) if name in self.written[n]
        }
        paths = {number: self._path(name, number) for number in details}
        if self.form == "parquet":
            first = next(iter(paths.values()))
            return first if len(paths) == 1 else first.parent
        columns = list(next(iter(details.values())))
        whole = {column: max(part[column] for part in details.values()) for column in columns}
        header = header_line(columns)
        final = self.folder / f"{name}.{self.form}"
        with final.open("wb") as raw, _compressed(raw, self.form) as target:
            target.write(header)
            for number, path in paths.items():
                if details[number] != whole:
                    _respell(path, details[number], whole)
                with path.open("rb") as part:
                    part.seek(len(header))
                    shutil.copyfileobj(part, target)
                path.unlink()
        return final

    def _record(self, number: int) -> Path:
        return self.folder / f"part-{number:05d}.json"

    def _path(self, name: str, number: int) -> Path:
        return self.folder / name / f"part-{number:05d}.{self._form}"

    @property
    def _form(self) -> str:
        """The format of a part: CSV is compressed when it is joined."""
        return "parquet" if self.form == "parquet" else "csv"


@contextmanager
def collecting(
    target: Path, form: str, names: Collection[str], kept: str | None = None
) -> Iterator[Parts]:
    """Give a place for parts; when the block succeeds, what they make up appears in one step.

    Parameters
    ----------
    target : Path
        Folder to make, or one whose tables of these names are replaced.
    names : collection of str
        Of the tables.
    kept : str, optional
        Tells what is written from anything else. Parts stay after an exception, and are there
        for a later call with the same word.

    Yields
    ------
    Parts
        To write to, and to note in ``written`` what that gave. After an exception nothing
        is left of it but what is kept, and `target` is as it was.

    Raises
    ------
    DataError
        Where another process is writing the same.
    """
    refuse_collisions(names, target, form)
    with ExitStack() as stack:
        folder, whole = stack.enter_context(filling_folder(target))
        if kept is None:
            parts = Parts(folder / "parts", form)
            parts.folder.mkdir()
        else:
            parts = Parts(stack.enter_context(_kept_folder(target, kept)), form, recorded=True)
        yield parts
        for name, path in parts.join().items():
            path.rename(whole / name)
    if kept is not None:
        remove(parts.folder)


@contextmanager
def _kept_folder(target: Path, kept: str) -> Iterator[Path]:
    """Give the folder of parts of one output, and remove those of others that nobody writes."""
    target = Path(os.path.realpath(target))
    folder = target.with_name(f".{target.name}.{kept}.relsynth-parts")
    folder.mkdir(parents=True, exist_ok=True)
    others = re.compile(re.escape(f".{target.name}.") + r"[0-9a-f]+\.relsynth-parts")
    with locked(folder) as mine:
        if not mine:
            raise DataError(f"{target}: another process is writing the same output; let it finish")
        for other in target.parent.iterdir():
            if other != folder and others.fullmatch(other.name):
                with locked(other) as free:
                    if free:
                        remove(other)
        yield folder


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _compressed(raw: IO[bytes], form: str) -> IO[bytes]:
    if form == "csv":
        return raw
    return cast(IO[bytes], gzip.GzipFile("", "wb", 6, raw, mtime=0))


def _detail(column: pd.Series) -> int:
    """Return how much the text of a column spells out: time of day, fractions, decimal points.

    That depends on all of its values, so that parts of one column may differ.
    """
    kind = getattr(column.dtype, "kind", "O")
    if kind in "mM":
        known = column.dropna()
        ticks = 10 ** (3 * ("s", "ms", "us", "ns").index(known.dt.unit))
        whole = known.astype("int64").to_numpy()
        units = (86_400 * ticks, ticks, max(1, ticks // 1_000_000))
        return next((n for n, unit in enumerate(units) if not (whole % unit).any()), len(units))
    return int(kind == "f")


def _respell(path: Path, now: Mapping[str, int], wanted: Mapping[str, int]) -> None:
    """Write a CSV part anew with as much detail as others have."""
    table = read_csv(path)
    changed: dict[str, Any] = {}
    for name, detail in wanted.items():
        column = table[name]
        if now[name] == detail or column.isna().all():
            continue
        if column.dtype.kind in "iu":
            changed[name] = column.astype(np.float64)
        else:
            further = "".join(_FURTHER[now[name] + 1 : detail + 1])
            changed[name] = column.where(column.isna(), column.astype(str) + further)
    write_csv(table.assign(**changed), path, compress=False)
