"""Give columns of drawn rows the values of the parents that they repeat."""

from __future__ import annotations

import numpy as np
import pandas as pd

from relsynth.columns.matrix import Matrix
from relsynth.metadata import TablePlan
from relsynth.relational.children.ranks import Rank
from relsynth.relational.drawing.drawn import DrawnDatabase
from relsynth.relational.drawing.ruled import put
from relsynth.relational.fitting.fitted import FittedTable
from relsynth.relational.links.levels import at_level
from relsynth.seeding import stream
from relsynth.typing import Flags, Floats, Integers


def copy_context(drawn: DrawnDatabase, table: FittedTable, step: TablePlan) -> None:
    """Give columns that always repeat the context parent its value, as seen and as modelled.

    Parameters
    ----------
    drawn : DrawnDatabase
    table : FittedTable
    step : TablePlan
    """
    key = step.context
    if key is None or table.rows is None:
        return
    links = drawn.database.links[key.name]
    own, columns = drawn.database.own[table.name], drawn.columns[table.name]
    for name, source in table.copied.items():
        values = drawn.column(key.parent, source)
        if values is None or not len(values):
            continue
        rows = np.flatnonzero(links >= 0)
        columns[name] = _with_values(columns[name], rows, values.iloc[links[rows]])
        encoded = table.encoding.encoders[name].encode(columns[name])
        own.values[:, own.names.index(name)] = encoded


def repeat_parents(drawn: DrawnDatabase, table: FittedTable, step: TablePlan, seed: int) -> None:
    """Give columns that repeat one of any parent its value, and what follows from it.

    Parameters
    ----------
    drawn : DrawnDatabase
        All links of the table are made.
    table : FittedTable
    step : TablePlan
    seed : int
    """
    parents = {key.name: key.parent for key in step.early}
    for repeat in table.repeats:
        own, links = drawn.database.own[table.name], drawn.database.links[repeat.key]
        features = np.ones(len(own), bool) if repeat.always else own[repeat.flag] == 1.0
        rows = np.flatnonzero(features & (links >= 0))
        source = drawn.column(parents[repeat.key], repeat.source)
        if source is not None and len(rows):
            _replace(drawn, table, repeat.column, rows, source.iloc[links[rows]], seed)


def share_common(drawn: DrawnDatabase, table: FittedTable, step: TablePlan, seed: int) -> None:
    """Give rows that have what most children of their linked parent have its common value.

    Parameters
    ----------
    drawn : DrawnDatabase
        All links of the table are made.
    table : FittedTable
    step : TablePlan
    seed : int
    """
    keys = {key.name: key for key in step.linked if key.name in drawn.predicted_values}
    for common in (common for common in table.common if common.key in keys):
        links = drawn.database.links[common.key]
        features = drawn.database.own[table.name][common.flag] == 1.0
        values = drawn.common_value(keys[common.key], common.column)[np.maximum(links, 0)]
        rows = np.flatnonzero(features & (links >= 0) & ~np.isnan(values))
        if len(rows):
            encoder = table.encoding.encoders[common.column]
            shown = encoder.decode(values[rows], stream(seed, "common", common.column))
            _replace(drawn, table, common.column, rows, shown, seed)


def set_levels(drawn: DrawnDatabase, table: FittedTable, step: TablePlan, seed: int) -> None:
    """Move numbers to where the linked parents of their rows were to have them.

    Parameters
    ----------
    drawn : DrawnDatabase
        All links of the table are made.
    table : FittedTable
    step : TablePlan
    seed : int
    """
    fixed = {name for rule in table.unique for name in rule.columns}
    assigned = {key.name for key in step.linked if key.name in drawn.predicted_values}
    for link in (link for link in table.links if link.key in assigned):
        links, predicted = drawn.database.links[link.key], drawn.predicted_values[link.key]
        for name in (name for name in link.levels if name not in fixed):
            ends = (predicted[f"{table.name}.{name}.{measure}"] for measure in ("mean", "spread"))
            values = drawn.database.own[table.name][name]
            _replace_codes(drawn, table, name, at_level(values, links, *ends), seed)


def rank_rows(drawn: DrawnDatabase, table: FittedTable, ranks: list[Rank], seed: int) -> None:
    """Rank the rows of parents anew where drawn numbers repeat or leave some out.

    A parent with more rows than any real one gets ranks beyond the real ones.

    Parameters
    ----------
    drawn : DrawnDatabase
        The links of the ranks are made.
    table : FittedTable
    ranks : list of Rank
    seed : int
    """
    for rank in ranks:
        own, links = drawn.database.own[table.name], drawn.database.links[rank.key]
        values = own[rank.column]
        made = rank.ranked(values, links, stream(seed, "ranks", rank.column))
        put(drawn, table, rank.column, made, stream(seed, "ranks", rank.column, "shown"))


def _replace_codes(
    drawn: DrawnDatabase, table: FittedTable, name: str, column: Floats, seed: int
) -> None:
    """Give a column other values, as modelled; missing ones change nothing."""
    own = drawn.database.own[table.name]
    rows = np.flatnonzero((column != own[name]) & ~np.isnan(column))
    if len(rows):
        encoder = table.encoding.encoders[name]
        shown = encoder.decode(column[rows], stream(seed, "replaced", name, "shown"))
        _replace(drawn, table, name, rows, shown, seed)


def _replace(
    drawn: DrawnDatabase,
    table: FittedTable,
    name: str,
    rows: Integers,
    values: pd.Series,
    seed: int,
) -> None:
    """Give some rows other values of a column; what follows from them changes, too."""
    assert table.rows is not None  # noqa: S101
    columns, encoders = drawn.columns[table.name], table.encoding.encoders
    columns[name] = given = _with_values(columns[name], rows, values)
    rng, before = stream(seed, "replaced", name), drawn.database.own[table.name]
    after = table.rows.with_column(before.values, name, encoders[name].encode(given), rng)
    own = Matrix(before.names, before.kinds, after)
    for other in (column for column in table.roles.modelled if column != name):
        follows = ~np.isclose(own[other], before[other], rtol=0, atol=0, equal_nan=True)
        if follows.any():
            shown = encoders[other].decode(own[other][follows], rng)
            changed = columns[other].copy()
            changed.iloc[np.flatnonzero(follows)] = shown.astype(changed.dtype).to_numpy()
            columns[other] = changed
    drawn.database.own[table.name] = own


def _with_values(column: pd.Series, rows: Integers, values: pd.Series) -> pd.Series:
    """Return a column in which some rows hold other values, as far as it can hold them."""
    given = column.copy()
    fits = _can_be_held(values, given)
    given.iloc[rows[fits]] = values[fits].astype(given.dtype).to_numpy()
    return given


def _can_be_held(values: pd.Series, column: pd.Series) -> Flags:
    """Return which values a column can take without losing anything or becoming missing.

    A product drawn without a price gives none to a column that always has one, nor a
    fraction to a column of whole numbers.
    """
    known = values.notna().to_numpy()
    if pd.api.types.is_integer_dtype(column.dtype):
        numbers = values.to_numpy(dtype=float, na_value=np.nan)
        return known & (np.floor(numbers) == numbers)
    if isinstance(column.dtype, pd.CategoricalDtype):
        return values.isin(column.cat.categories).to_numpy()
    return known | bool(column.isna().any())
