"""Folders of table files: found by name, written whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from relsynth.errors import DataError, Faults, did_you_mean
from relsynth.storage.csv import read_csv, write_csv
from relsynth.storage.parquet import read_parquet, write_parquet
from relsynth.storage.replace_folder import filling_folder, finish

if TYPE_CHECKING:
    import pandas as pd

    from relsynth.typing import Tables

_READERS: dict[str, Callable[..., pd.DataFrame]] = {
    ".csv.gz": read_csv,
    ".csv": read_csv,
    ".tsv": read_csv,
    ".tsv.gz": read_csv,
    ".parquet": read_parquet,
}
_WRITERS: dict[str, Callable[[pd.DataFrame, Path], None]] = {
    "csv": lambda table, path: write_csv(table, path, compress=False),
    "csv.gz": lambda table, path: write_csv(table, path, compress=True),
    "parquet": write_parquet,
}


def find_files(source: Path) -> dict[str, Path]:
    """Return the files of a folder that hold tables, by table name.

    Parameters
    ----------
    source : Path
        A folder, or one file.

    Returns
    -------
    dict of str to Path
        A folder of Parquet parts counts as one file. Hidden files and files of other kinds
        are left out.

    Raises
    ------
    DataError
        Where there is none, or a table has two.
    FileNotFoundError
        Where `source` does not exist.
    """
    if not source.exists():
        raise FileNotFoundError(f"{source}: no such file or folder")
    if source.is_file():
        candidates = [source]
    else:
        finish(source)
        candidates = sorted(path for path in source.iterdir() if path.name[0] not in ".~")
    found: dict[str, Path] = {}
    with Faults(str(source), DataError) as faults:
        for path in candidates:
            suffix = _suffix(path)
            if suffix is None:
                continue
            name = path.name[: len(path.name) - len(suffix)]
            other = found.setdefault(name, path)
            if other is not path:
                faults.add(
                    f"the table {name!r} is there twice, as {other.name} and as {path.name}; "
                    "remove one of them"
                )
        if not found:
            seen = ", ".join(path.name for path in candidates[:5]) or "nothing"
            faults.add(
                f"no tables found (there is {seen}); "
                f"a table is a file ending in {', '.join(sorted(_READERS))}"
            )
    return found


def left_out(source: Path) -> list[str]:
    """Return the names of the files in a folder that hold no tables, as far as one can tell."""
    if not source.is_dir():
        return []
    there = (path for path in source.iterdir() if path.name[0] not in ".~")
    return sorted(path.name for path in there if path.is_file() and _suffix(path) is None)


def read_file(
    path: Path, separator: str | None = None, encoding: str | None = None
) -> pd.DataFrame:
    """Read one table, from a file or a folder of Parquet parts; see `read_csv` for the others."""
    read = _READERS[_suffix(path) or ".parquet"]
    return read_csv(path, separator, encoding) if read is read_csv else read(path)


def write_folder(tables: Tables, target: Path, form: str) -> None:
    """Write every table to a file of its own; see `relsynth.write_tables`."""
    refuse_collisions(tables, target, form)
    with filling_folder(target) as (_, whole):
        for name, table in tables.items():
            write_file(table, whole / f"{name}.{form}", form, name)


def write_file(table: pd.DataFrame, path: Path, form: str, name: str) -> None:
    """Write one table to a file, and say which one where that fails."""
    try:
        _WRITERS[form](table, path)
    except DataError as error:
        raise DataError(f"the table {name!r} cannot be written: {error}") from error


def refuse_collisions(tables: Iterable[str], target: Path, form: str) -> None:
    """Refuse a form nobody knows, and names that a folder cannot hold or holds otherwise."""
    if not isinstance(form, str) or form not in _WRITERS:
        raise DataError(f"unknown file format {form!r}; {did_you_mean(form, _WRITERS)}")
    with Faults(str(target), DataError) as faults:
        if target.is_file():
            faults.add("this is a file; tables are written into a folder")
            return
        for name in tables:
            if not name or Path(name).name != name or name[0] in ".~":
                faults.add(f"the table name {name!r} cannot be the name of a file")
            for suffix in _READERS:
                other = target / f"{name}{suffix}"
                if suffix != f".{form}" and other.exists():
                    faults.add(
                        f"{other.name} is there already; with {name}.{form} beside it the table "
                        f"{name!r} would be there twice; remove it or choose another folder"
                    )


def _suffix(path: Path) -> str | None:
    lowered = path.name.lower()
    for suffix in _READERS:
        if lowered.endswith(suffix) and len(lowered) > len(suffix):
            return path.name[-len(suffix) :].lower()
    if path.is_dir() and any(path.glob("*.parquet")):
        return ""
    return None
