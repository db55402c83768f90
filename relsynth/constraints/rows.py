"""The rows of one table as constraints see them: columns, parents, and what must not change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from relsynth.constraints.meant import as_meant, as_moments, from_moments
from relsynth.constraints.positions import positions_of, stacked
from relsynth.errors import SchemaError, did_you_mean
from relsynth.metadata.metadata import Metadata
from relsynth.schema import Column, ForeignKey
from relsynth.typing import Array, Flags, Integers

Reading = Callable[[pd.Series, Column], pd.Series]
"""Returns the values of a column as they are compared."""


@dataclass
class Rows:
    """One table among the others.

    Parameters
    ----------
    tables : dict of str to DataFrame
        Changed columns replace the frame of their table.
    fixed : frozenset of str
        Columns that must not change: keys and what is computed.
    kept : int
        Rows at the top that must not change at all.
    """

    metadata: Metadata
    tables: dict[str, pd.DataFrame]
    name: str
    fixed: frozenset[str] = frozenset()
    kept: int = 0
    _positions: dict[str, Integers] = field(default_factory=dict)

    @property
    def frame(self) -> pd.DataFrame:
        """The rows."""
        return self.tables[self.name]

    @property
    def referring(self) -> frozenset[str]:
        """The columns that refer to rows of other tables."""
        keys = self.metadata.parents_of(self.name)
        return frozenset(name for key in keys for name in key.columns)

    def column(self, name: str) -> Column:
        """Return the description of a column.

        Raises
        ------
        SchemaError
            Where it does not exist.
        """
        columns = self.metadata.tables[self.name].columns
        if name not in columns:
            raise SchemaError(f"{self.name}: no column {name!r}; {did_you_mean(name, columns)}")
        return columns[name]

    def values(self, table: str, name: str) -> pd.Series:
        """Return a column of the row itself or, where a table is named, of its parent."""
        return self._values(table, name, as_moments)

    def meant(self, table: str, name: str) -> pd.Series:
        """Return a column like `values`, as conditions compare it: ranges with their ends."""
        return self._values(table, name, as_meant)

    def _values(self, table: str, name: str, read: Reading) -> pd.Series:
        if table in ("", self.name):
            return self._read(self.name, self._spelled(self.name, name), read)
        key = self.key_to(table)
        column = self._read(key.parent, self._spelled(key.parent, name), read)
        positions = self.positions(key)
        taken = column.take(np.maximum(positions, 0)) if len(column) else column.reindex(positions)
        return taken.reset_index(drop=True).mask(positions < 0)

    def _spelled(self, table: str, name: str) -> str:
        columns = self.metadata.tables[table].columns
        if name in columns:
            return name
        alike = [known for known in columns if known.lower() == name.lower()]
        if not alike:
            raise SchemaError(f"{table}: no column {name!r}; {did_you_mean(name, columns)}")
        return alike[0]

    def _read(self, table: str, name: str, read: Reading) -> pd.Series:
        column = self.metadata.tables[table].columns[name]
        return read(self.tables[table][name].reset_index(drop=True), column)

    def key_to(self, table: str) -> ForeignKey:
        """Return the foreign key to a parent, named by its table or by the key itself."""
        keys = [
            key
            for key in self.metadata.parents_of(self.name)
            if table in (key.parent, key.name, key.columns[0])
        ]
        if len(keys) == 1:
            return keys[0]
        names = [key.name for key in self.metadata.parents_of(self.name)]
        leading = "several foreign keys lead" if keys else "no foreign key leads"
        raise SchemaError(f"{self.name}: {leading} to {table!r}; {did_you_mean(table, names)}")

    def positions(self, key: ForeignKey) -> Integers:
        """Return the parent row of each row, ``-1`` where there is none."""
        if key.name not in self._positions:
            parent = self.tables[key.parent]
            found = positions_of(
                [self.frame[name] for name in key.columns],
                [parent[name] for name in key.parent_columns],
            )
            for name, value in (key.when or {}).items():
                found = np.where((self.frame[name] == value).fillna(False), found, -1)
            self._positions[key.name] = found
        return self._positions[key.name]

    def write(self, name: str, values: pd.Series) -> None:
        """Replace a column; moments are written in the column's own form."""
        column, old = self.column(name), self.frame[name]
        new = from_moments(values.reset_index(drop=True), column, old.reset_index(drop=True))
        if self.kept:
            new = stacked(old.iloc[: self.kept], new.iloc[self.kept :])
        if new.dtype != old.dtype and not (pd.api.types.is_integer_dtype(old) and new.isna().any()):
            whole = pd.api.types.is_integer_dtype(old) and pd.api.types.is_float_dtype(new)
            new = (np.round(new) if whole else new).astype(old.dtype)
        changed = self.frame.copy(deep=False)
        changed[name] = new
        self.tables[self.name] = changed

    def donate(self, wrong: Flags, names: list[str], rng: np.random.Generator) -> bool:
        """Give wrong rows the values of right ones; say whether there was any right row."""
        free = [name for name in names if name not in self.fixed]
        self._positions.clear()
        right = np.flatnonzero(~wrong)
        if not len(right) or not free:
            return False
        source = np.arange(len(wrong))
        source[wrong] = rng.choice(right, size=int(wrong.sum()))
        self.tables[self.name] = self.frame.assign(
            **{name: self.frame[name].array.take(source) for name in free}
        )
        return True


def matches(frame: pd.DataFrame, when: Mapping[str, object]) -> Flags:
    """Return which rows hold one of the listed values in every named column."""
    found: Array = np.ones(len(frame), dtype=bool)
    for name, wanted in when.items():
        listed = wanted if isinstance(wanted, (list, tuple)) else [wanted]
        found &= frame[name].isin(list(listed)).to_numpy()
    return found
