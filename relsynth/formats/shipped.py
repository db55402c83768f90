"""Schema files that come with the library."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parents[1]  # the folder of the package


def shipped_schema(name: str) -> Path:
    """Return the path of a shipped schema file: inside the package, or beside it in a checkout.

    Parameters
    ----------
    name : str
        File name, such as ``"nycflights13.json"``.

    Raises
    ------
    FileNotFoundError

    Examples
    --------
    >>> shipped_schema("relsynth.schema.json").name
    'relsynth.schema.json'
    """
    for folder in (PACKAGE / "schemas", PACKAGE.parent / "schemas"):
        if (folder / name).is_file():
            return folder / name
    raise FileNotFoundError(f"{name} is missing: it should lie in {PACKAGE / 'schemas'}")
