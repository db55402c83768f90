"""What is read at most, so that a small or endless file cannot take the memory or hang.

A limit is far above what the library writes itself. What is larger on purpose is stored without
compression (model files) or unpacked first (CSV).
"""

from __future__ import annotations

import io
import stat
import zlib
from pathlib import Path
from typing import IO

from relsynth.errors import DataError, ModelFileError
from relsynth.schema import MOST_COLUMNS

FREE = 1 << 20
"""Bytes that any part of a model file may unpack to: the states of small models are below."""

MODEL_RATIO = 30
"""Times its packed size that a part may unpack to; the models of 15 databases reach 14."""

MODEL_NODES = 1_000_000
"""Values of a state besides those its file size accounts for; 13 tables have 25,000."""

MODEL_ARRAYS = 100_000
"""Arrays of a model; 13 tables have a few thousand."""

MODEL_ENTRIES = 1 << 16
"""Bytes of the directory of a model file, whose three parts need 200."""

CSV_FREE = 1 << 26
"""Bytes that any compressed CSV file may unpack to."""

CSV_RATIO = 200
"""Times its packed size that a CSV file may unpack to; tables of one repeated row reach 150."""

LINE = 1 << 24
"""Bytes of a line of a CSV file, or of a cell of a SQLite file; what is larger is a file."""

PARQUET_FREE = 1 << 30
"""Bytes that any Parquet file may unpack to: 1 GB, which tables of repeated rows reach."""

PARQUET_RATIO = 200
"""Times its size that a larger Parquet file may unpack to, as of compressed CSV."""


def check_columns(count: int, source: object) -> None:
    """Refuse a table that is wider than anything that is learned or generated.

    Raises
    ------
    DataError
    """
    if count > MOST_COLUMNS:
        raise DataError(
            f"{source}: {count:,} columns, at most {MOST_COLUMNS:,} are read; leave some out, or "
            "store measurements as rows"
        )


def refuse_special(path: Path, what: str) -> None:
    """Refuse a pipe, a device or a socket, which may never end.

    Raises
    ------
    DataError
        Where something is there that is neither a regular file nor a folder.
    """
    try:
        mode = path.stat().st_mode
    except OSError:
        return  # whoever opens it says what is wrong
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        kind = "a pipe" if stat.S_ISFIFO(mode) else "a device or a socket"
        raise DataError(f"{path}: {what} is read from a regular file, this is {kind}; copy it")


def check_ratio(path: Path, part: str, packed: int, unpacked: int) -> None:
    """Refuse a part of a model file that unpacks to far more than it takes."""
    if unpacked > FREE and unpacked > MODEL_RATIO * packed:
        raise ModelFileError(
            f"{path}: model file refused: {part} unpacks from {packed:,} to {unpacked:,} bytes, "
            f"more than {MODEL_RATIO} times as much, which no model does; get it from its author"
        )


class LimitedStream(io.RawIOBase):
    """The bytes of a stream, refused where a line or the whole is too long.

    Parameters
    ----------
    path : Path
        For messages.
    most : int or None
        Bytes it may give in all.
    """

    def __init__(self, raw: IO[bytes], path: Path, most: int | None) -> None:
        self._raw, self._path, self._most = raw, path, most
        self._read, self._line = 0, 0

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: object) -> int:
        """Fill a buffer, as files do."""
        view = memoryview(buffer)  # type: ignore[arg-type]
        try:
            data = self._raw.read(len(view))
        except zlib.error as error:
            raise OSError(f"the packed bytes are damaged: {error}") from error
        view[: len(data)] = data
        self._read += len(data)
        if self._most is not None and self._read > self._most:
            raise DataError(
                f"{self._path}: the file unpacks to more than {self._most:,} bytes, over "
                f"{CSV_RATIO} times its size; unpack it first if it is meant"
            )
        first = data.find(b"\n")
        longest = self._line + (len(data) if first < 0 else first)
        self._line = longest if first < 0 else len(data) - 1 - data.rfind(b"\n")
        if longest > LINE:
            raise DataError(
                f"{self._path}: a line of more than {LINE:,} bytes; keep cells of this size in "
                "files of their own"
            )
        return len(data)

    def close(self) -> None:
        """Close what it reads."""
        self._raw.close()
        super().close()
