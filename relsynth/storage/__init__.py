"""Tables in folders of files and in databases, read and written without loss."""

from __future__ import annotations

import codecs
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from relsynth.errors import DataError, Faults, did_you_mean
from relsynth.frames import frames_of
from relsynth.storage.database import is_database, is_database_target, read_database, write_database
from relsynth.storage.folder import find_files, read_file, write_folder
from relsynth.storage.formulas import escaped_formulas
from relsynth.storage.references import align_references
from relsynth.storage.remote import fetched, is_remote, publishing

if TYPE_CHECKING:
    import pandas as pd

    from relsynth.schema import Schema
    from relsynth.typing import Source

__all__ = ["read_tables", "tables_of", "write_tables"]


def read_tables(
    source: str | Path,
    metadata: Schema | None = None,
    *,
    separator: str | None = None,
    encoding: str | None = None,
) -> dict[str, pd.DataFrame]:
    """Read the tables of a folder, a file or a database.

    Parameters
    ----------
    source : str or Path
        A folder of ``TABLE.csv``, ``TABLE.csv.gz`` and ``TABLE.parquet`` (other files are
        ignored), one such file, a SQLite file or an SQLAlchemy URL; or the URL of files, such
        as ``s3://bucket/folder``, through fsspec.
    metadata : Metadata, optional
        Read the tables of this schema only, and give both ends of every reference one type.
    separator, encoding : str, optional
        Of CSV files, such as ``";"`` and ``"cp1252"``; by default recognised in each file.

    Returns
    -------
    dict of str to DataFrame
        In the order of the schema, else by name.

    Raises
    ------
    DataError
        Where there are no tables, two files for one table, a broken file, or a table of the
        schema is missing.
    FileNotFoundError
        Where `source` does not exist.

    Notes
    -----
    CSV cells become numbers or flags only where writing them back gives the very same text;
    dates stay text, because only the schema knows their format. An empty cell is missing. So is
    ``NA``, ``NULL``, ``NaN`` and the like in a column that otherwise holds numbers or dates only;
    it is written as an empty cell. In a column of other text it stays text.

    Examples
    --------
    >>> import pandas as pd, relsynth as rs
    >>> folder = getfixture("tmp_path")
    >>> rs.write_tables({"parts": pd.DataFrame({"code": ["007", "12"], "n": [1, 2]})}, folder)
    >>> rs.read_tables(folder)["parts"].loc[0, "code"]
    '007'
    """
    wanted = None if metadata is None else list(metadata.tables)
    style = _checked_style(separator, encoding)
    if is_database(source):
        tables = read_database(source, metadata)
    elif is_remote(source):
        with fetched(str(source)) as local:
            tables = _read_files(local, str(source), wanted, style)
    else:
        tables = _read_files(Path(source), str(source), wanted, style)
    return tables if metadata is None else align_references(tables, metadata)


def tables_of(
    data: Source, metadata: Schema | None = None, what: str = "data"
) -> dict[str, pd.DataFrame]:
    """Return tables as pandas DataFrames: the door through which all data come in.

    Parameters
    ----------
    data : mapping of str to frame, frame, str or Path
        Frames of pandas, polars, PyArrow, DuckDB or any other library that narwhals knows,
        lazy ones included; a folder, a file, a SQLite file or a database URL; or, as a
        mapping, any of these by table name. A single frame is a database of one table.
    metadata : Metadata, optional
        Names the table of a single frame, and what is read from a folder or database.
    what : str
        What the data are; opens error messages.

    Raises
    ------
    DataError
        Listing everything that is no table.
    FileNotFoundError
        Where a path leads nowhere.
    """
    if isinstance(data, (str, Path)):
        return read_tables(data, metadata)
    return frames_of(data, metadata, what, read_tables)


def write_tables(
    tables: Source,
    target: str | Path,
    format: Literal["csv", "csv.gz", "parquet"] = "csv",  # noqa: A002
    metadata: Schema | None = None,
    *,
    escape_formulas: bool = False,
) -> None:
    """Write tables to a folder or into a database.

    Parameters
    ----------
    tables : mapping of str to frame, or frame
    target : str or Path
        A folder, a SQLite file ``*.db``, or an SQLAlchemy URL such as ``"sqlite:///shop.db"``.
    format : {"csv", "csv.gz", "parquet"}
        Of the files in a folder.
    metadata : Metadata, optional
        Gives a database its primary, unique and foreign keys and its date types.
    escape_formulas : bool, default False
        Put an apostrophe before text in CSV files that a spreadsheet would run as a formula.
        Read again, such text has the apostrophe.

    Raises
    ------
    DataError
        Where a table of the database exists already, or a folder holds the same table in
        another format, and for formulas to escape elsewhere than in CSV files.

    Notes
    -----
    A new folder appears when it is complete; files in an existing one are replaced together,
    after all were written under temporary names. A database gets all tables or none.
    """
    frames = frames_of(tables, metadata, "tables to write")
    if escape_formulas:
        check_formulas(target, format)
        frames = escaped_formulas(frames)
    if is_database_target(target):
        write_database(frames, target, metadata)
    elif is_remote(target):
        with publishing(str(target), format, frames, None) as parts:
            parts.written[0] = parts.write(0, frames)
            parts.publish({name: len(frame) for name, frame in frames.items()})
    else:
        write_folder(frames, Path(target), format)


def check_formulas(target: str | Path, form: str) -> None:
    """Refuse to escape formulas elsewhere than in CSV files."""
    if form == "parquet" or is_database_target(target):
        raise DataError("escape_formulas: only CSV files are opened by spreadsheets")


def _read_files(
    folder: Path, shown: str, wanted: list[str] | None, style: tuple[str | None, str | None]
) -> dict[str, pd.DataFrame]:
    files = find_files(folder)
    if wanted is not None:
        _require(shown, wanted, files)
    return {name: read_file(files[name], *style) for name in wanted or files}


def _checked_style(separator: str | None, encoding: str | None) -> tuple[str | None, str | None]:
    """Return separator and name of the encoding as asked for, if there are such."""
    with Faults("CSV files", DataError) as faults:
        if separator is not None and (len(separator) != 1 or separator in '"\r\n'):
            faults.add(f"separator must be one character such as ';', not {separator!r}")
        if encoding is not None:
            try:
                encoding = codecs.lookup(encoding).name
            except LookupError:
                faults.add(f"unknown encoding {encoding!r}; utf-8, cp1252 and utf-16 are usual")
    return separator, "utf8" if encoding in ("utf-8", "utf-8-sig") else encoding


def _require(where: str, wanted: Iterable[str], found: Collection[str]) -> None:
    with Faults(where, DataError) as faults:
        for name in wanted:
            if name not in found:
                faults.add(f"the table {name!r} is missing; {did_you_mean(name, found)}")
