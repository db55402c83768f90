"""Tables as CSV files, plain or gzipped: what is read and written again is the same text.

Only marks of missing values among numbers, such as ``NA``, come back as empty cells.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
from collections import Counter
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
from charset_normalizer import from_bytes

from relsynth.errors import DataError
from relsynth.storage.cells import cells_of, column_of
from relsynth.storage.limits import (
    CSV_FREE,
    CSV_RATIO,
    LimitedStream,
    check_columns,
    refuse_special,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_ROWS = 65_536  # written at a time, to bound memory
_SPECIAL = '[",\r\n]'
_BLOCK = 1 << 22  # bytes read at a time: 4 MB
_SAMPLE = 1 << 18  # bytes that tell encoding and separator
_LINES = 50  # of these, which must all have as many columns
_SEPARATORS = (",", ";", "\t", "|")
# what files that are not in UTF-8 are mostly in
_ENCODINGS = ("cp1252", "cp1250", "cp1251", "shift_jis", "gb18030", "big5", "euc_kr")


def read_csv(path: Path, separator: str | None = None, encoding: str | None = None) -> pd.DataFrame:
    """Read one CSV file; an empty cell, or ``NA`` among numbers, is a missing value.

    Parameters
    ----------
    path : Path
        Text with a header; gzipped where it ends in ``.gz``.
    separator, encoding : str, optional
        By default recognised in the first part of the file: comma, semicolon, tab or bar.

    Returns
    -------
    DataFrame of shape (n_rows, n_columns)
        Dates and whatever would not be written back as the same text are left as text.

    Raises
    ------
    DataError
        For a broken file, a missing header and column names that are used twice.
    """
    if separator is None or encoding is None:
        guessed = sniffed(path)
        encoding, separator = encoding or guessed[0], separator or guessed[1]
    names = _header(path, encoding, separator)
    try:
        with _open(path) as stream:
            table = pacsv.read_csv(
                stream,
                read_options=pacsv.ReadOptions(block_size=_BLOCK, encoding=encoding),
                parse_options=pacsv.ParseOptions(delimiter=separator, newlines_in_values=True),
                convert_options=pacsv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()),
                    null_values=[""],
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=True,
                ),
            )
    except (pa.ArrowInvalid, UnicodeDecodeError, OSError, EOFError) as error:
        hint = "; write the file in UTF-8" if "UTF8" in str(error) else ""
        raise DataError(f"{path}: broken CSV: {error}{hint}") from error
    parts = table.columns
    _refuse_open_quote(path, encoding, parts[-1])
    del table
    columns = {}
    for name in reversed(names):
        columns[name] = column_of(parts.pop())
    return pd.DataFrame({name: columns[name] for name in names}, copy=False)


def write_csv(table: pd.DataFrame, path: Path, *, compress: bool) -> None:
    """Write one CSV file; the same table gives the same bytes.

    Parameters
    ----------
    table : DataFrame of shape (n_rows, n_columns)
        The index is not written; a missing value is an empty cell.
    compress : bool
        Write gzip.
    """
    header = header_line(table.columns)
    table = _moments_as_text(table)
    with path.open("wb") as raw:
        target = gzip.GzipFile("", "wb", 6, raw, mtime=0) if compress else raw
        with target:
            target.write(header)
            for block in _blocks(table):
                target.write(block)


def header_line(names: Iterable[object]) -> bytes:
    """Return the first line of a CSV file."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(names)
    return line.getvalue().encode()


def sniffed(path: Path) -> tuple[str, str]:
    """Return the encoding and the separator of a CSV file, recognised in its first part.

    Raises
    ------
    DataError
        Where it cannot be read.
    """
    try:
        with _open(path) as stream:
            sample = stream.read(_SAMPLE)
            encoding = _encoding(sample)
            if encoding == "utf8" and sample.isascii() and len(sample) == _SAMPLE:
                encoding = _encoding(sample + stream.read())
    except (OSError, EOFError) as error:
        raise DataError(f"{path}: not CSV: {error}") from error
    text = sample.decode("utf-8-sig" if encoding == "utf8" else encoding, errors="ignore")
    return encoding, _separator(text)


def _encoding(sample: bytes) -> str:
    """Return the encoding of some bytes: UTF-8 where they can be that."""
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf16"
    try:
        codecs.getincrementaldecoder("utf8")().decode(sample)
    except UnicodeDecodeError:
        found = from_bytes(sample, cp_isolation=list(_ENCODINGS)).best()
        return "cp1252" if found is None else found.encoding
    return "utf8"


def _separator(text: str) -> str:
    """Return what separates the columns in the same number in every line, a comma if nothing."""
    counts = {}
    for separator in _SEPARATORS:
        try:
            rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
        except csv.Error:
            continue
        rows = [row for row in rows[:_LINES] if row]
        widths = [len(row) for row in (rows if len(rows) < 3 else rows[:-1])]
        if widths and widths[0] > 1 and len(set(widths)) == 1:
            counts[separator] = widths[0]
    if "," in counts or not counts:
        return ","
    return max(counts, key=lambda separator: counts[separator])


def _header(path: Path, encoding: str, separator: str) -> list[str]:
    try:
        with _open(path) as stream:
            name = "utf-8-sig" if encoding == "utf8" else encoding
            text = io.TextIOWrapper(stream, encoding=name, newline="")
            names = next(csv.reader(text, delimiter=separator), [])
    except (UnicodeDecodeError, OSError, EOFError, csv.Error) as error:
        raise DataError(f"{path}: not CSV: {error}") from error
    if not names:
        raise DataError(f"{path}: the file is empty; a header with the column names is needed")
    if "" in names:
        raise DataError(f"{path}: column {names.index('') + 1} of the header has no name")
    check_columns(len(names), path)
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        listed = ", ".join(map(repr, twice))
        raise DataError(f"{path}: the header names {listed} more than once")
    return names


def _refuse_open_quote(path: Path, encoding: str, last: pa.ChunkedArray) -> None:
    """Raise where a quote that is never closed took the rest of the file into one cell."""
    cell = last[-1].as_py() if len(last) else None
    if cell is None or "\n" not in cell:
        return
    with _open(path) as stream:
        tail = b""
        while block := stream.read(_SAMPLE):
            tail = (tail + block)[-_SAMPLE:]
    name = "utf-8" if encoding == "utf8" else encoding
    if not tail.decode(name, errors="ignore").rstrip().endswith('"'):
        raise DataError(
            f"{path}: a quote in row {len(last)} is never closed, the rest of the file would be "
            f"one cell: {cell.splitlines()[0][:40]!r}; close it, or double it where it is text"
        )


def _open(path: Path) -> IO[bytes]:
    refuse_special(path, "a table")
    if not path.name.lower().endswith(".gz"):
        return cast(IO[bytes], io.BufferedReader(LimitedStream(path.open("rb"), path, None)))
    most = max(CSV_FREE, CSV_RATIO * path.stat().st_size)
    unpacked = cast(IO[bytes], gzip.open(path, "rb"))  # noqa: SIM115 the stream closes it
    return cast(IO[bytes], io.BufferedReader(LimitedStream(unpacked, path, most)))


def _moments_as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Write out moments column by column: whether a time of day is shown holds for all rows."""
    moments = table.select_dtypes(["datetime", "datetimetz", "timedelta"])
    texts = {name: moments[name].astype(str).where(moments[name].notna()) for name in moments}
    return table.assign(**texts) if texts else table


def _blocks(table: pd.DataFrame) -> Iterator[bytes]:
    for start in range(0, len(table), _ROWS):
        part = table.iloc[start : start + _ROWS]
        cells = [_quoted_cells(part.iloc[:, i]) for i in range(part.shape[1])]
        if len(cells) == 1:
            cells = [pc.if_else(pc.equal(pc.fill_null(cells[0], ""), ""), '""', cells[0])]
        lines = pc.binary_join_element_wise(
            *cells, ",", null_handling="replace", null_replacement=""
        )
        yield _bytes(pc.binary_join_element_wise(lines, "\n", ""))


def _bytes(texts: pa.Array | pa.ChunkedArray) -> bytes:
    """Return texts, none missing, one behind the other, as they lie in memory."""
    chunks = texts.chunks if isinstance(texts, pa.ChunkedArray) else [texts]
    held = []
    for chunk in filter(len, chunks):
        _, places, characters = chunk.buffers()
        ends = np.frombuffer(places, np.int32 if chunk.type == pa.string() else np.int64)
        first, last = int(ends[chunk.offset]), int(ends[chunk.offset + len(chunk)])
        held.append(characters.slice(first, last - first).to_pybytes())
    return b"".join(held)


def _quoted_cells(column: pd.Series) -> pa.Array:
    """Return the text of every cell, in quotes where need be; no number needs them."""
    cells = cells_of(column)
    return cells if getattr(column.dtype, "kind", "O") in "iufb" else _quoted(cells)


def _quoted(cells: pa.Array) -> pa.Array:
    special = pc.match_substring_regex(cells, _SPECIAL)
    if not pc.any(special).as_py():
        return cells
    doubled = pc.replace_substring(cells, '"', '""')
    return pc.if_else(special, pc.binary_join_element_wise('"', doubled, '"', ""), cells)
