"""Give columns of drawn rows the values of the parents that they repeat."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from relsynth.metadata import TablePlan
from relsynth.relational.children.ranks import Rank
from relsynth.relational.drawing.drawn import DrawnDatabase
from relsynth.relational.drawing.ruled import put
from relsynth.relational.fitting.fitted import FittedTable
from relsynth.relational.links.levels import at_level
from relsynth.relational.sources.repeats import Repeat
from relsynth.seeding import stream
from relsynth.typing import Flags, Floats, Integers


@dataclass(frozen=True, slots=True)
class Repeating:
    """Gives columns of the rows of one table what these have by their parents."""

    drawn: DrawnDatabase
    step: TablePlan
    seed: int

    @property
    def table(self) -> FittedTable:
        """What was learned of the table."""
        return self.drawn.fitted[self.step.table]

    def copy_context(self) -> None:
        """Give columns that always repeat the context parent its value, as seen and as modelled."""
        drawn, table, key = self.drawn, self.table, self.step.context
        if key is None or table.rows is None:
            return
        links = drawn.database.links[key.name]
        columns, rows = drawn.columns[table.name], np.flatnonzero(links >= 0)
        for name, source in table.sources.copied.items():
            values = drawn.column(key.parent, source)
            if values is None or not len(values):
                continue
            if name in table.rows.relations.tied:
                self._replace(name, rows, values.iloc[links[rows]])
                continue
            columns[name] = _with_values(columns[name], rows, values.iloc[links[rows]])
            encoded = table.encoding.encoders[name].encode(columns[name])
            own = drawn.database.own[table.name]
            own.values[:, own.names.index(name)] = encoded

    def follow_parents(self) -> None:
        """Give columns what the parents have, once all links are made, and what follows from it."""
        self._repeat()
        self._share()
        self._set_levels()

    def _repeat(self) -> None:
        """Give columns that repeat one of any parent its value."""
        drawn, table = self.drawn, self.table
        parents = {key.name: key.parent for key in self.step.early}
        for repeat in table.sources.repeats:
            own, links = drawn.database.own[table.name], drawn.database.links[repeat.key]
            repeats = np.ones(len(own), bool) if repeat.always else own[repeat.flag] == 1.0
            rows = np.flatnonzero(repeats & (links >= 0))
            source = drawn.column(parents[repeat.key], repeat.source)
            if source is None:
                continue
            if len(rows):
                self._replace(repeat.column, rows, source.iloc[links[rows]])
            if len(repeat.others):
                self._agree(repeat, source, np.where(repeats, -1, links))

    def _agree(self, repeat: Repeat, source: pd.Series, links: Integers) -> None:
        """Give rows that do not repeat their parent's value one other value a parent."""
        rng = stream(self.seed, "others", repeat.key, repeat.column)
        base = source.to_numpy(float, na_value=np.nan)
        values = base * rng.choice(repeat.others, len(base))
        rows = np.flatnonzero(links >= 0)
        rows = rows[values[links[rows]] > 0]
        if len(rows):
            self._replace_codes(repeat.column, rows, values[links[rows]])

    def _share(self) -> None:
        """Give rows that have what most children of their linked parent have its common value."""
        drawn, table = self.drawn, self.table
        keys = {key.name: key for key in self.step.linked if key.name in drawn.predicted_values}
        for common in (common for common in table.sources.common if common.key in keys):
            links = drawn.database.links[common.key]
            shares = drawn.database.own[table.name][common.flag] == 1.0
            values = drawn.common_value(keys[common.key], common.column)[np.maximum(links, 0)]
            rows = np.flatnonzero(shares & (links >= 0) & ~np.isnan(values))
            if len(rows):
                encoder = table.encoding.encoders[common.column]
                shown = encoder.decode(values[rows], stream(self.seed, "common", common.column))
                self._replace(common.column, rows, shown)

    def _set_levels(self) -> None:
        """Move numbers to where the linked parents of their rows were to have them."""
        drawn, table = self.drawn, self.table
        fixed = {name for rule in table.unique for name in rule.columns}
        assigned = {key.name for key in self.step.linked if key.name in drawn.predicted_values}
        for link in (link for link in table.links if link.key in assigned):
            links, predicted = drawn.database.links[link.key], drawn.predicted_values[link.key]
            for name in (name for name in link.levels if name not in fixed):
                ends = (predicted[f"{table.name}.{name}.{end}"] for end in ("mean", "spread"))
                values = drawn.database.own[table.name][name]
                column = at_level(values, links, *ends)
                rows = np.flatnonzero((column != values) & ~np.isnan(column))
                self._replace_codes(name, rows, column[rows])

    def rank(self, ranks: list[Rank]) -> None:
        """Rank the rows of parents anew where drawn numbers repeat or leave some out.

        A parent with more rows than any real one gets ranks beyond the real ones.
        """
        drawn, table = self.drawn, self.table
        for rank in ranks:
            own, links = drawn.database.own[table.name], drawn.database.links[rank.key]
            values = own[rank.column]
            made = rank.ranked(values, links, stream(self.seed, "ranks", rank.column))
            put(drawn, table, rank.column, made, stream(self.seed, "ranks", rank.column, "shown"))

    def _replace_codes(self, name: str, rows: Integers, values: Floats) -> None:
        """Give some rows other values of a column, as modelled."""
        if len(rows):
            rng = stream(self.seed, "replaced", name, "shown")
            self._replace(name, rows, self.table.encoding.encoders[name].decode(values, rng))

    def _replace(self, name: str, rows: Integers, values: pd.Series) -> None:
        """Give some rows other values of a column; what follows from them changes, too."""
        drawn, table = self.drawn, self.table
        columns, encoder = drawn.columns[table.name], table.encoding.encoders[name]
        columns[name] = given = _with_values(columns[name], rows, values)
        rng = stream(self.seed, "replaced", name)
        put(drawn, table, name, encoder.encode(given), rng, is_shown=True)


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
