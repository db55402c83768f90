"""Tables as JSON: one file with a list of rows per table, or one file per table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relsynth.storage.atomic import replacing
from relsynth.storage.replace_folder import filling_folder

if TYPE_CHECKING:
    import pandas as pd

    from relsynth.typing import Tables


def rows_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows as JSON values: dates as ISO text, missing values as null."""
    text = frame.to_json(orient="records", date_format="iso", date_unit="us", double_precision=15)
    rows: list[dict[str, Any]] = json.loads(text)
    return rows


def write_json(tables: Tables, target: str | Path) -> None:
    """Write tables as JSON.

    Parameters
    ----------
    target : str or Path
        A file ``*.json`` with one object of lists of rows; otherwise a folder with one
        list of rows per table.
    """
    path = Path(target)
    if path.suffix == ".json":
        with replacing(path) as temporary:
            _write(temporary, {name: rows_of(frame) for name, frame in tables.items()})
        return
    with filling_folder(path) as (_, whole):
        for name, frame in tables.items():
            _write(whole / f"{name}.json", rows_of(frame))


def _write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", "utf-8")
