"""Tables as CSV files, plain or gzipped: what is read and written again is the same text.

Only marks of missing values among numbers, such as ``NA``, come back as empty cells.
"""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from relsynth.errors import DataError
from relsynth.storage.cells import cells_of, column_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_ROWS = 65_536
_SPECIAL = '[",\r\n]'
_BLOCK = 1 << 22


def read_csv(path: Path) -> pd.DataFrame:
    """Read one CSV file; an empty cell, or ``NA`` among numbers, is a missing value.

    Parameters
    ----------
    path : Path
        UTF-8 text with a header, separated by commas; gzipped where it ends in ``.gz``.

    Returns
    -------
    DataFrame of shape (n_rows, n_columns)
        Dates and whatever would not be written back as the same text are left as text.

    Raises
    ------
    DataError
        For a broken file, a missing header and column names that are used twice.
    """
    names = _header(path)
    try:
        with _open(path) as stream:
            table = pacsv.read_csv(
                stream,
                read_options=pacsv.ReadOptions(block_size=_BLOCK),
                parse_options=pacsv.ParseOptions(newlines_in_values=True),
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
    columns = {}
    for name in names:
        columns[name] = column_of(table.column(0))
        table = table.remove_column(0)
    return pd.DataFrame(columns, copy=False)


def write_csv(table: pd.DataFrame, path: Path, *, compress: bool) -> None:
    """Write one CSV file; the same table gives the same bytes.

    Parameters
    ----------
    table : DataFrame of shape (n_rows, n_columns)
        The index is not written; a missing value is an empty cell.
    path : Path
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


def _header(path: Path) -> list[str]:
    try:
        with _open(path) as stream:
            text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
            names = next(csv.reader(text), [])
    except (UnicodeDecodeError, OSError, EOFError, csv.Error) as error:
        raise DataError(f"{path}: not CSV in UTF-8: {error}") from error
    if not names:
        raise DataError(f"{path}: the file is empty; a header with the column names is needed")
    if "" in names:
        raise DataError(f"{path}: column {names.index('') + 1} of the header has no name")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        listed = ", ".join(map(repr, twice))
        raise DataError(f"{path}: the header names {listed} more than once")
    if len(names) == 1 and any(sign in names[0] for sign in ";\t|"):
        raise DataError(
            f"{path}: the header is the single column {names[0]!r}; separate columns with commas"
        )
    return names


def _open(path: Path) -> IO[bytes]:
    if path.name.lower().endswith(".gz"):
        return cast(IO[bytes], gzip.open(path, "rb"))
    return path.open("rb")


def _moments_as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Write out moments column by column: whether a time of day is shown holds for all rows."""
    moments = table.select_dtypes(["datetime", "datetimetz", "timedelta"])
    texts = {name: moments[name].astype(str).where(moments[name].notna()) for name in moments}
    return table.assign(**texts) if texts else table


def _blocks(table: pd.DataFrame) -> Iterator[bytes]:
    for start in range(0, len(table), _ROWS):
        part = table.iloc[start : start + _ROWS]
        cells = [_quoted(cells_of(part.iloc[:, i])) for i in range(part.shape[1])]
        if len(cells) == 1:
            cells = [pc.if_else(pc.equal(pc.fill_null(cells[0], ""), ""), '""', cells[0])]
        lines = pc.binary_join_element_wise(
            *cells, ",", null_handling="replace", null_replacement=""
        )
        yield "".join(pc.binary_join_element_wise(lines, "\n", "").to_pylist()).encode()


def _quoted(cells: pa.Array) -> pa.Array:
    special = pc.match_substring_regex(cells, _SPECIAL)
    if not pc.any(special).as_py():
        return cells
    doubled = pc.replace_substring(cells, '"', '""')
    return pc.if_else(special, pc.binary_join_element_wise('"', doubled, '"', ""), cells)
