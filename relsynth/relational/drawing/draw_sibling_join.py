"""Draw the rows of a table below the rows of a sibling."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from relsynth.columns.matrix import Matrix
from relsynth.errors import needed
from relsynth.metadata import TablePlan
from relsynth.metadata.plan import SiblingKey
from relsynth.metadata.references import shared_codes
from relsynth.relational.children.balance import TRIES
from relsynth.relational.children.counts import share_out
from relsynth.relational.children.history import Siblings
from relsynth.relational.children.row_model import Given
from relsynth.relational.children.stepwise import sample_siblings
from relsynth.relational.fitting.fitted import FittedTable
from relsynth.relational.sibling_join.join_counts import (
    JoinCounts,
    key_features,
    row_context,
    with_keys,
)
from relsynth.relational.sibling_join.join_keys import JoinKeys, neighbours
from relsynth.relational.sources.encoding import only
from relsynth.relational.sources.unique_rule import UniqueRule
from relsynth.seeding import integer_seed, stream
from relsynth.sorting import lexical_order
from relsynth.typing import Floats, Integers

if TYPE_CHECKING:
    from relsynth.relational.drawing.drawn import DrawnDatabase


@dataclass(slots=True)
class SiblingJoinDraw:
    """The rows of one table while they are drawn below those of a sibling.

    Parameters
    ----------
    drawn : DrawnDatabase
        Holds the rows of the parent and of the sibling.
    family : Matrix, shape (n_parents, n_features)

    Attributes
    ----------
    values : list of Series
        Key columns of the sibling, in the dtype of the table; missing where that has no such
        value.
    features : Matrix, shape (n_nodes, n_features)
    most : ndarray of float, shape (n_nodes,)
        Most rows that each join key may have.
    counts : ndarray of int, shape (n_nodes,)
        Rows drawn for each join key.
    source : ndarray of int, shape (n_rows,)
        After `draw`: the row of the sibling whose key each row has; -1 for none.
    context : Matrix, shape (n_parents, n_context)
        After `draw`: what the rows were drawn from.
    given : Given
        After `draw`: what was known of every row.
    """

    drawn: DrawnDatabase
    table: FittedTable
    step: TablePlan
    family: Matrix
    seed: int
    values: list[pd.Series] = field(init=False)
    join_keys: JoinKeys = field(init=False)
    features: Matrix = field(init=False)
    most: Floats = field(init=False)
    counts: Integers = field(init=False)
    source: Integers = field(init=False)
    context: Matrix = field(init=False)
    given: Given = field(init=False)

    def __post_init__(self) -> None:
        key, database = self.key, self.drawn.database
        own = database.own[key.sibling]
        theirs = [self._sibling_column(name) for name in key.sibling_columns]
        self.values = [
            _in_dtype(values, self._shown(name, np.empty(0)).dtype)
            for name, values in zip(key.columns, theirs, strict=True)
        ]
        self.join_keys = JoinKeys.of(
            database.links[key.sibling_key],
            theirs,
            only(own, key.sibling_columns).values,
            n_open=len(self.family) if self.join_counts.is_open else 0,
        )
        features = database.features_of(key.sibling)
        self.features = key_features(key, self.join_keys, features, self.join_counts.sums)
        self.most = self._most(theirs)
        below = sample_siblings(
            self.join_counts.counts,
            self.family,
            np.bincount(self.join_keys.parents, minlength=len(self.family)),
            None,
            integer_seed(self.seed, "below"),
            given=neighbours(self.join_keys, with_keys(key, self.join_keys, own, self.features)),
        )
        self.counts = np.minimum(np.round(below.values[:, 0]), self.most).astype(np.int64)

    @property
    def key(self) -> SiblingKey:
        """The key to the sibling."""
        return needed(self.step.sibling_join, f"the sibling join of {self.step.table}")

    @property
    def join_counts(self) -> JoinCounts:
        """How the rows hang below those of the sibling."""
        return needed(self.table.join_counts, f"the join counts of {self.step.table}")

    @property
    def per_parent(self) -> Integers:
        """Rows drawn for each parent."""
        return np.bincount(self.join_keys.parents, self.counts, len(self.family)).astype(np.int64)

    @property
    def room(self) -> Floats:
        """Most rows for which each parent has places."""
        return np.bincount(self.join_keys.parents, self.most, len(self.family)).astype(float)

    @property
    def usual(self) -> float:
        """Rows that as many of the sibling call for in the real data, and the unmatched ones."""
        unmatched = self.counts[self.join_keys.first < 0].sum()
        return float(self.join_counts.per_row * (self.join_keys.row_keys >= 0).sum() + unmatched)

    def draw(self, totals: Integers, alone: int) -> Matrix:
        """Draw the rows, sorted by parent and key, and note whose they are.

        Parameters
        ----------
        totals : ndarray of int, shape (n_parents,)
            Rows of each parent.
        alone : int
            Rows without a parent.
        """
        rng = stream(self.seed, "share")
        counts = share_out(self.counts, self.join_keys.parents, totals, self.most, rng)
        join_keys = np.append(np.repeat(np.arange(len(self.join_keys)), counts), np.full(alone, -1))
        parents = np.append(np.repeat(self.join_keys.parents, counts), np.full(alone, -1))
        source = np.append(np.repeat(self.join_keys.first, counts), np.full(alone, -1))
        groups = parents.copy()
        groups[len(groups) - alone :] = len(self.family) + np.arange(alone)
        keys = self._keys(source, groups)
        sequence = lexical_order((*keys.values.T[::-1], groups))
        keys, self.source, parents = keys.take(sequence), source[sequence], parents[sequence]
        own = self._rows(
            np.where(source < 0, -1, join_keys)[sequence], groups[sequence], keys, alone
        )
        self.drawn.database.links[self.step.generating.name] = parents
        self.drawn.positions[self.table.name] = Siblings.of(groups[sequence]).position
        return own

    def copy_keys(self, columns: dict[str, pd.Series]) -> None:
        """Give rows with a partner the key values of it, in place."""
        partnered = self.source >= 0
        if not partnered.any():
            return
        rows = np.where(partnered, self.source, self.source[partnered][0])
        for name, values in zip(self.key.columns, self.values, strict=True):
            repeated = values.iloc[rows].reset_index(drop=True).astype(columns[name].dtype)
            columns[name] = repeated.where(pd.Series(partnered), columns[name])

    def _rows(self, join_keys: Integers, groups: Integers, keys: Matrix, alone: int) -> Matrix:
        table, n_parents = self.table, len(self.family)
        parents = np.where(groups < n_parents, groups, -1)
        features = table.summaries.layout.known(self.key.columns).summarise(
            keys, parents, n_parents
        )
        predicted = table.summaries.sample(self.family, stream(self.seed, "extension"), features)
        self.context = context = Matrix.join([self.family, predicted])
        self.given = row_context(self.key, join_keys, keys, self.features)
        return sample_siblings(
            table.row_model,
            context.take(np.append(np.arange(n_parents), np.full(alone, -1))),
            np.bincount(groups, minlength=n_parents + alone),
            None,
            self.seed,
            given=self.given.context,
            conditions=self.drawn.conditions.get(table.name),
        )

    def _sibling_column(self, name: str) -> pd.Series:
        values = self.drawn.column(self.key.sibling, name)
        return needed(values, f"{self.key.sibling}.{name}").reset_index(drop=True)

    def _shown(self, name: str, values: Floats) -> pd.Series:
        """Return values of a key column as the table shows them."""
        return self.table.encoding.encoders[name].decode(values, np.random.default_rng(0))

    def _most(self, theirs: list[pd.Series]) -> Floats:
        """Return the most rows that each join key may have."""
        able = self.drawn.has_key(self.step.generating)[self.join_keys.parents]
        most = np.where(able, np.inf, 0.0)
        closed = self.join_keys.first >= 0
        rows = self.join_keys.first[closed]
        for name, values, raw in zip(self.key.columns, self.values, theirs, strict=True):
            wanted, had = shared_codes([raw, values])
            fits = wanted == had
            if name in self.join_counts.complete:
                fits &= had >= 0
            most[closed] = np.where(fits[rows], most[closed], 0.0)
        if any(self._is_limiting(rule) for rule in self.table.unique):
            most[closed] = np.minimum(most[closed], self.join_counts.most)
        return most

    def _is_limiting(self, rule: UniqueRule) -> bool:
        """Return whether rows of one join key differ in what a rule makes unique besides it."""
        inside = set(rule.keys) <= {self.step.generating.name}
        return inside and not rule.may_repeat and bool(set(rule.columns) & set(self.key.columns))

    def _keys(self, source: Integers, groups: Integers) -> Matrix:
        """Return the key columns of the rows as numbers."""
        own = self.drawn.database.own[self.key.sibling]
        columns, kinds = [], []
        for at, name in enumerate(self.key.columns):
            encoder = self.table.encoding.encoders[name]
            if name in self.join_counts.levels:
                codes = own[self.key.sibling_columns[at]]
                found = _levelled(codes, self.join_counts.levels[name])
            else:
                found = encoder.encode(self.values[at])
            columns.append(np.append(found, np.nan)[source])
            kinds.append(encoder.kind)
        keys = Matrix(self.key.columns, tuple(kinds), np.column_stack(columns))
        unmatched = np.flatnonzero(source < 0)
        if len(unmatched):
            keys.values[unmatched] = self._unmatched_keys(groups[unmatched])
        return keys

    def _unmatched_keys(self, groups: Integers) -> Floats:
        """Return the keys of rows without a partner; redraw those that find one after all."""
        model = needed(self.join_counts.unmatched, "the model of keys without a partner")
        members, sizes = np.unique(groups, return_counts=True)
        parents = np.where(groups < len(self.family), groups, -1)
        values = np.empty((len(groups), len(self.key.columns)))
        waiting = np.arange(len(groups))
        for number in range(TRIES):
            first = number == 0
            rows = np.where(members < len(self.family), members, -1) if first else parents[waiting]
            values[waiting] = sample_siblings(
                model,
                self.family.take(rows),
                sizes if first else np.ones(len(waiting), np.int64),
                None,
                integer_seed(self.seed, "strays", number),
            ).values
            waiting = np.flatnonzero(self._partners(values, parents) >= 0)
            if not len(waiting):
                break
        return values

    def _partners(self, keys: Floats, parents: Integers) -> Integers:
        """Return the join key of each row by its key; -1 for none."""
        theirs = [self.drawn.database.links[self.key.sibling_key]]
        own = [parents]
        for at, name in enumerate(self.key.columns):
            values = self._sibling_column(self.key.sibling_columns[at])
            codes = shared_codes([values, self._shown(name, keys[:, at])])
            theirs.append(codes[0])
            own.append(codes[1])
        return self.join_keys.match(theirs, own)


def _levelled(codes: Floats, levels: Floats) -> Floats:
    """Return what a table calls the levels of a sibling; invented ones are some other level."""
    if not len(levels):
        return np.full(len(codes), np.nan)
    known = np.where(np.isnan(codes), 0, codes).astype(np.int64) % len(levels)
    return np.where(np.isnan(codes), np.nan, levels[known])


def _in_dtype(values: pd.Series, dtype: object) -> pd.Series:
    """Return values in another dtype, missing where they are missing or it has no such value."""
    known = values[values.notna()]
    if isinstance(dtype, pd.CategoricalDtype):  # pandas 4 refuses what is no level
        known = known[known.isin(dtype.categories)].astype(dtype.categories.dtype)
    known = known.astype(dtype)
    return known if len(known) == len(values) else known.reindex(values.index)
