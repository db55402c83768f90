"""What was learned of the children of each parent row, as a table for readers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from relsynth.errors import DataError, did_you_mean
from relsynth.metadata import Metadata, Plan
from relsynth.relational.children.summary_model import ExtensionModel
from relsynth.relational.fitting.fitted import FittedTable

WORDS = {
    "count": "number of children",
    "first": "first value",
    "last": "last value",
    "mean": "mean",
    "spread": "standard deviation",
    "distinct": "number of distinct values",
    "share": "share of a level",
    "mode": "most frequent value",
    "missing": "share of missing values",
}


def extension_columns(
    fitted: Mapping[str, FittedTable], metadata: Metadata, plan: Plan, table: str
) -> pd.DataFrame:
    """Return the child summaries that were learned of a table's rows.

    Parameters
    ----------
    table : str
        A parent.

    Returns
    -------
    DataFrame
        One row per summary, with the columns ``foreign_key``, ``child``, ``column``,
        ``summary`` and ``level``.
    """
    if table not in metadata.tables:
        raise DataError(f"no table {table!r}; {did_you_mean(table, metadata.tables)}")
    rows = []
    for key in metadata.children_of(table):
        child = fitted.get(key.child)
        if child is None:
            continue
        step = plan[key.child]
        models = [child.extension] if step.context == key else []
        models += [link.extension for link in child.links if link.key == key.name]
        for model in models:
            if model is not None:
                rows += [(key.name, key.child, *one) for one in _described(model, child)]
    names = ["foreign_key", "child", "column", "summary", "level"]
    return pd.DataFrame(rows, columns=names)


def _described(model: ExtensionModel, child: FittedTable) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = []
    for column, _, measure, level in model.layout.columns:
        label = None
        if measure == "share" and column in child.encoding.encoders:
            encoder = child.encoding.encoders[column]
            label = encoder.decode(np.array([level]), np.random.default_rng(0)).iloc[0]
        found.append((column or None, WORDS.get(measure, measure), label))
    return found
