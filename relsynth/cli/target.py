"""Where commands write: what ``-o`` means, and what is wrong with it before any work is done."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from relsynth.errors import DataError
from relsynth.formats.html import check_report_name
from relsynth.storage.database import connect, is_database_target, refuse_tables
from relsynth.storage.folder import refuse_collisions
from relsynth.storage.remote import is_remote

OUTPUT_HELP = "Folder, SQLite file *.db or database URL to write."


def check_target(
    output: str, tables: Iterable[str], form: str, sources: Iterable[str] = ()
) -> None:
    """Raise for an output that cannot be written, before anything is read, learned or drawn.

    Parameters
    ----------
    output : str
        A folder, a SQLite file or a database URL.
    tables : iterable of str
        Tables to write.
    form : str
        Of the files in a folder.
    sources : iterable of str
        Data that are read, and must not be replaced by what is written.

    Raises
    ------
    DataError
        Where tables exist already, or lie there in another form, or are those that are read.
    OSError
        Where the place cannot be.
    """
    for source in sources:
        if _replaces(output, source):
            raise DataError(
                f"{output}: the data to read lie there and would be replaced; name another output"
            )
    if is_remote(output):
        return
    if not is_database_target(output):
        check_place(Path(output))
        refuse_collisions(tables, Path(output), form)
        return
    if "://" not in output:
        check_place(Path(output))
        if not Path(output).exists():
            return
    elif output.startswith("sqlite:///") and not Path(output.removeprefix("sqlite:///")).exists():
        check_place(Path(output.removeprefix("sqlite:///")))
        return
    with connect(output) as connection:
        refuse_tables(connection, output, tables)


def _replaces(output: str, source: str) -> bool:
    """Return whether files written to an output may be those of a source."""
    if "://" in output or "://" in source:
        return output.rstrip("/") == source.rstrip("/")
    target, read = Path(output).resolve(), Path(source).resolve()
    return target in (read, read.parent if read.is_file() else read)


def check_report(report: Path | None) -> None:
    """Raise for a report that is neither HTML nor JSON, or whose place cannot be."""
    if report is None:
        return
    check_report_name(report)
    check_place(report)


def check_place(path: Path) -> None:
    """Raise where a file stands in place of a folder above a path."""
    for above in path.absolute().parents:
        if above.is_dir():
            return
        if above.exists():
            raise NotADirectoryError(f"{path}: {above} is a file, not a folder")
