"""What a model file holds of the real data: values that one row alone has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from relsynth.evaluate.database import as_numbers, as_seconds, scored_columns
from relsynth.metadata import Metadata
from relsynth.relational.learned import KIND
from relsynth.storage.model_file import read_model
from relsynth.typing import Tables

COMMON = 10_000  # whole numbers below are counts, codes and sizes in any file
FEWEST = 20  # values of a column, fewer are no share
SHORTEST = 4  # characters of a text that is not met by chance


def contents(path: str | Path, real: Tables, metadata: Metadata) -> dict[str, Any]:
    """Return by table and column which share of the values of single rows the file holds.

    Parameters
    ----------
    path : str or Path
        Model file.
    real : mapping of str to DataFrame
        What it was fitted on.
    metadata : Metadata

    Notes
    -----
    Numbers are compared as they are stored, dates as seconds; whole numbers below 10,000 and
    texts of less than 4 characters are left out, because any file holds such. Keys and kept
    tables are left out.
    """
    numbers, texts = _values_of(read_model(path, KIND))
    held = np.sort(np.fromiter(numbers, float, len(numbers)))
    found: dict[str, dict[str, Any]] = {}
    for name in metadata.tables:
        if metadata.tables[name].role == "reference":
            continue
        keys, kinds = metadata.key_columns(name), scored_columns(metadata, name)
        for column, declared in metadata.tables[name].columns.items():
            series = real[name][column]
            counts = series.dropna().value_counts()
            single = series[series.isin(counts.index[counts == 1])]
            if column in keys or len(single) < FEWEST:
                continue
            kind = kinds.get(column)
            dates = kind == "date"
            if dates or kind == "number":
                values = (
                    as_seconds(single, declared.format) if kind == "date" else as_numbers(single)
                )
                telling = values[(np.abs(values) >= COMMON) | (values != np.floor(values))]
                inside = np.isin(telling, held)
            else:
                listed = [str(v) for v in single if len(str(v)) >= SHORTEST]
                inside = np.array([text in texts for text in listed], bool)
            if len(inside) >= FEWEST:
                share = float(inside.mean())
                found.setdefault(name, {})[column] = {"values": len(inside), "held": share}
    shares = [entry["held"] for columns in found.values() for entry in columns.values()]
    return {"model_values": max(shares, default=0.0), "columns": found}


def _values_of(state: Any) -> tuple[set[float], set[str]]:
    """Return every number and every text of a state."""
    numbers, texts, left = set[float](), set[str](), [state]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            left += [*value, *value.values()]
        elif isinstance(value, (list, tuple)):
            left += value
        elif isinstance(value, np.ndarray):
            if value.dtype.kind in "iuf":
                numbers.update(np.unique(value).astype(float).tolist())
            elif value.dtype.kind in "OU":
                left += value.ravel().tolist()
        elif isinstance(value, str):
            texts.add(value)
        elif isinstance(value, (int, float, np.number)) and not isinstance(value, bool):
            numbers.add(float(value))
    return numbers, texts
