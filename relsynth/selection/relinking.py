"""Give children whose parent was not chosen another one that was, by every linked key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from relsynth.errors import CapacityError, Faults
from relsynth.evaluate.database import Database
from relsynth.metadata import Metadata
from relsynth.metadata.plan import Plan
from relsynth.metadata.references import referenced_rows, shared_codes
from relsynth.relational.links.forest import depths
from relsynth.relational.links.swaps import swap_until_unique
from relsynth.schema import ForeignKey
from relsynth.seeding import Seed, stream
from relsynth.selection.combinations import combined, elsewhere
from relsynth.selection.edges import NONE, embed, match_edges
from relsynth.selection.margins import Binned
from relsynth.typing import Array, Flags, Floats, Integers, Tables

MOSTLY = 0.5  # of the rows that must agree
BY_CHANCE = 0.25  # that chance must leave between it and them


@dataclass
class _Table:
    """A table being finished: chosen rows of the pool and what they refer to by now."""

    rows: Integers
    frame: pd.DataFrame
    written: set[str] = field(default_factory=set)
    links: dict[str, Integers] = field(default_factory=dict)
    moved: dict[str, Flags] = field(default_factory=dict)
    groups: dict[str, Integers] = field(default_factory=dict)


class Relinker:
    """Chosen rows of a pool and the keys between them.

    Parameters
    ----------
    database : Database
        The pool, prepared.
    binned : Binned
        The columns in bins; the pool is its second database.
    chosen : mapping of str to ndarray of int
        Rows of the pool per table, rising.

    Notes
    -----
    A child that is chosen while its linked parent is not takes the place of a child that is
    not chosen while its parent is: pool places are kept, so every parent has as many
    children as in the pool, up to chance. Rows and places are matched by what child and
    parent are like (`match_edges`), inside groups of equal values where columns are shared
    with another key, where the child repeats a column of the parent, and of equal depth in a
    forest. Combinations that are unique stay so by exchanges.
    """

    def __init__(
        self,
        pool: Tables,
        database: Database,
        binned: Binned,
        metadata: Metadata,
        chosen: Mapping[str, Integers],
        seed: Seed,
    ) -> None:
        self.pool, self.database, self.binned = pool, database, binned
        self.metadata, self.seed = metadata, seed
        self._found: dict[str, list[tuple[str, str, Flags]]] = {}
        self.tables = {
            name: _Table(rows, pool[name].iloc[rows].reset_index(drop=True))
            for name, rows in chosen.items()
        }

    def run(self, plan: Plan) -> tuple[dict[str, pd.DataFrame], dict[str, int]]:
        """Return the finished tables and, per key, how many rows got another parent."""
        for step in plan.steps:
            context = [step.context] if step.context is not None else []
            self._finish(step.table, (*context, *step.lookups, *step.linked))
        for step in plan.steps:
            self._finish(step.table, step.deferred)
        frames = {name: self.tables[name].frame for name in self.metadata.tables}
        moved = {
            key.name: int(self.tables[key.child].moved[key.name].sum())
            for key in self.metadata.foreign_keys
        }
        return frames, {name: count for name, count in moved.items() if count}

    def _finish(self, name: str, keys: Sequence[ForeignKey]) -> None:
        table = self.tables[name]
        for key in keys:
            self._link(table, key)
            self._write(table, key)
        moved = [key for key in keys if table.moved[key.name].any()]
        for key in moved:
            self._keep_unique(table, key)
            self._write(table, key)
        if moved:
            self._prove_unique(name, moved)

    def _link(self, table: _Table, key: ForeignKey) -> None:
        """Find the parent of every row by its position among the chosen ones."""
        parent = self.tables[key.parent]
        place = np.full(self.database.rows[key.parent] + 1, NONE)
        place[parent.rows] = np.arange(len(parent.rows))
        link = self.database.links[key.name][table.rows]
        now = place[link]
        if table.written & set(key.columns):
            now = np.maximum(referenced_rows(table.frame, parent.frame, key), NONE)
        table.links[key.name] = now
        table.groups[key.name] = np.zeros(len(now), dtype=np.int64)
        lost = np.flatnonzero((link >= 0) & (now < 0))
        table.moved[key.name] = np.zeros(len(now), dtype=bool)
        if len(lost):
            table.moved[key.name][lost] = True
            self._match(table, key, lost, place)

    def _match(self, table: _Table, key: ForeignKey, lost: Integers, place: Integers) -> None:
        links = self.database.links[key.name]
        now = table.links[key.name]
        unchosen = np.ones(len(links), dtype=bool)
        unchosen[table.rows] = False
        places = np.flatnonzero(unchosen & (place[links] >= 0))
        hard, soft = self._groups(key)
        table.groups[key.name] = hard[table.rows]
        asking = table.rows[lost]
        features = self._features(key, np.concatenate([asking, places]))
        once = len(np.unique(links[links >= 0])) == int((links >= 0).sum())
        rng = stream(self.seed, "relink", key.name)
        free = np.ones(len(places), dtype=bool)
        # first places of an equal value, then any, then places taken a second time
        for groups, again in ((soft, False), (hard, False), (hard, not once)):
            left = np.flatnonzero(now[lost] < 0)
            open_ = np.flatnonzero(free | again)
            found = match_edges(
                features[left],
                features[len(asking) + open_],
                groups[asking[left]],
                groups[places[open_]],
                rng,
                once=not again,
            )
            got = found >= 0
            now[lost[left[got]]] = place[links[places[open_[found[got]]]]]
            free[open_[found[got]]] = False
        # then any other parent; one that has a child already where nothing forbids it
        declared = any(
            set(columns) <= set(key.columns)
            for columns in self.metadata.tables[key.child].candidate_keys
        )
        for single in (True,) if declared else (once, False):
            left = lost[now[lost] < 0]
            if len(left):
                now[left] = self._anywhere(table, key, left, single, rng)
        self._prove_found(key, lost[now[lost] < 0])

    def _groups(self, key: ForeignKey) -> tuple[Integers, Integers]:
        """Return groups that must, and groups that should, be kept, per row of the pool."""
        child, parent = self.pool[key.child], self.pool[key.parent]
        links = self.database.links[key.name]
        hard = [shared_codes([child[column]])[0] for column in self._shared(key)]
        if key.is_self_reference:
            hard.append(self._depths(links))
        soft = [
            pd.factorize(parent[theirs].iloc[links])[0]
            for _, theirs, _ in self._repeats(key)
            if len(parent)
        ]
        return combined(hard, len(child)), combined(hard + soft, len(child))

    @staticmethod
    def _depths(links: Integers) -> Integers:
        """Return levels that keep a forest free of cycles; one level where the pool has some."""
        found = depths(links)
        return np.zeros(len(links), np.int64) if found is None else found

    def _shared(self, key: ForeignKey) -> list[str]:
        """Return the columns of a key that belong to another key of the table as well."""
        others = {
            column
            for other in self.metadata.parents_of(key.child)
            if other.name != key.name
            for column in other.columns
        }
        return [column for column in key.columns if column in others]

    def _repeats(self, key: ForeignKey) -> list[tuple[str, str, Flags]]:
        """Return columns of a child that mostly repeat one of the parent, and where they do."""
        if key.name not in self._found:
            self._found[key.name] = list(self._find_repeats(key))
        return self._found[key.name]

    def _find_repeats(self, key: ForeignKey) -> Iterator[tuple[str, str, Flags]]:
        links = self.database.links[key.name]
        has = np.flatnonzero(links >= 0)
        kinds = self.database.kinds
        if not len(has) or key.is_self_reference:
            return
        other = stream(self.seed, "repeats", key.name).permutation(links[has])
        for own, kind in kinds[key.child].items():
            for theirs, parent_kind in kinds[key.parent].items():
                if kind != parent_kind:
                    continue
                mine, value = self._texts(key.child, own), self._texts(key.parent, theirs)
                same = np.zeros(len(links), dtype=bool)
                same[has] = mine[has] == value[links[has]]
                chance = float((mine[has] == value[other]).mean())
                if same[has].mean() >= max(MOSTLY, chance + BY_CHANCE):
                    yield own, theirs, same

    def _texts(self, table: str, column: str) -> Array:
        values = self.database.values[table][column]
        if self.database.kinds[table][column] != "category":
            return values
        return np.append(np.array(self.database.levels[table].get(column, ()), dtype=object), "")[
            values
        ]

    def _features(self, key: ForeignKey, rows: Integers) -> Floats:
        (child, own), (parent, others) = self.binned.table(key.child), self.binned.table(key.parent)
        ordered = [
            [kind != "category" for kind in self.database.kinds[name].values()]
            for name in (key.child, key.parent)
        ]
        theirs = parent[1][self.database.links[key.name][rows]]
        return np.hstack(
            [embed(child[1][rows], own, ordered[0]), embed(theirs, others, ordered[1])]
        )

    def _anywhere(
        self, table: _Table, key: ForeignKey, rows: Integers, once: bool, rng: np.random.Generator
    ) -> Integers:
        """Return any chosen parent that fits, ``-1`` where there is none."""
        parent = self.tables[key.parent]
        taken = np.bincount(
            np.maximum(table.links[key.name], NONE) + 1, minlength=len(parent.rows) + 1
        )[1:]
        open_ = np.flatnonzero(taken == 0) if once else np.arange(len(parent.rows))
        shared = self._shared(key)
        mine, theirs = np.zeros(len(rows), np.int64), np.zeros(len(open_), np.int64)
        if shared:
            pairs = [
                shared_codes([table.frame[c].iloc[rows], parent.frame[p].iloc[open_]])
                for c, p in zip(key.columns, key.parent_columns, strict=True)
                if c in shared
            ]
            both = combined([np.concatenate(pair) for pair in pairs], len(rows) + len(open_))
            mine, theirs = both[: len(rows)], both[len(rows) :]
        if key.is_self_reference:
            depth = self._depths(self.database.links[key.name])
            # the top of a chosen tree is the nearest place that closes no cycle
            open_ = open_[depth[parent.rows[open_]] == 0] if not shared else open_[:0]
            theirs = np.zeros(len(open_), np.int64)
        blank = np.zeros((len(rows), 1)), np.zeros((len(open_), 1))
        found = match_edges(*blank, mine, theirs, rng, once=once)
        return np.where(found >= 0, np.append(open_, NONE)[found], NONE)

    def _prove_found(self, key: ForeignKey, rows: Integers) -> None:
        """Refuse to leave a key null that must not, or in the pool never does."""
        required = (
            key.nullable is False
            or bool((self.database.links[key.name] >= 0).all())
            or bool(set(self.metadata.tables[key.child].primary_key) & set(key.columns))
        )
        if len(rows) and required:
            shared = self._shared(key)
            why = f" that shares {'+'.join(shared)}" if shared else ""
            raise CapacityError(
                f"{key.child}.{'+'.join(key.columns)}: {len(rows)} chosen rows find no free chosen "
                f"row of {key.parent}{why}; choose more rows of {key.parent!r}, or from a larger "
                "pool"
            )

    def _keep_unique(self, table: _Table, key: ForeignKey) -> None:
        """Exchange parents where a combination that is unique in the pool would repeat."""
        rng = stream(self.seed, "unique", key.name)
        links = table.links[key.name]
        for columns in self._unique_sets(key):
            fixed, may_be_equal = self._fixed(table, key, columns)
            rows = np.flatnonzero((links >= 0) & (fixed >= 0))
            source, left = swap_until_unique(
                fixed[rows],
                links[rows],
                table.groups[key.name][rows],
                rng,
                may_be_equal=may_be_equal,
                within=True,
            )
            linked = links[rows][source]
            if left.any() and not table.groups[key.name].any():
                parents = len(self.tables[key.parent].rows)
                linked = elsewhere(fixed[rows], linked, left, parents, may_be_equal, rng)
            table.moved[key.name][rows] |= linked != links[rows]
            links[rows] = linked

    def _unique_sets(self, key: ForeignKey) -> list[tuple[str, ...]]:
        """Return the sets of columns that are declared, or in the pool happen, to be unique."""
        sets = [
            columns
            for columns in self.metadata.tables[key.child].candidate_keys
            if set(columns) & set(key.columns)
        ]
        keys = self.metadata.parents_of(key.child)
        every = tuple(dict.fromkeys(column for other in keys for column in other.columns))
        if len(keys) > 1 and not self.pool[key.child].duplicated(list(every)).any():
            sets.append(every)
        return sets

    def _prove_unique(self, name: str, moved: Sequence[ForeignKey]) -> None:
        frame = self.tables[name].frame
        parents = " or ".join(repr(key.parent) for key in moved)
        with Faults(name, CapacityError) as faults:
            for columns in self.metadata.tables[name].candidate_keys:
                keyed = frame[list(columns)].dropna()
                again = int(keyed.duplicated().sum())
                if again:
                    faults.add(
                        f"{again} chosen rows would repeat a combination of "
                        f"{', '.join(columns)}, which is unique; choose more rows of {parents}"
                    )

    def _fixed(
        self, table: _Table, key: ForeignKey, columns: tuple[str, ...]
    ) -> tuple[Integers, bool]:
        """Return the code of the other columns, and whether it may equal the parent's row."""
        others = {column for column in columns if column not in key.columns}
        for other in self.metadata.parents_of(key.child):
            if other.parent == key.parent and set(other.columns) == others:
                mine, theirs = (self.database.links[name] for name in (key.name, other.name))
                return table.links[other.name], bool(((mine == theirs) & (mine >= 0)).any())
        codes = [shared_codes([table.frame[column]])[0] for column in sorted(others)]
        fixed = combined(codes, len(table.rows))
        for code in codes:
            fixed[code < 0] = NONE
        return fixed, True

    def _write(self, table: _Table, key: ForeignKey) -> None:
        """Write the key columns of rows whose parent, or whose parent's key, changed."""
        parent = self.tables[key.parent]
        now, moved = table.links[key.name], table.moved[key.name]
        if moved.any():
            for own, theirs, same in self._repeats(key):
                rows = np.flatnonzero(moved & same[table.rows] & (now >= 0))
                _copy(table.frame, own, rows, parent.frame[theirs].iloc[now[rows]])
        changed = moved.copy()
        if parent.written & set(key.parent_columns):
            changed |= now >= 0
        if not changed.any():
            return
        shared = self._shared(key) if not parent.written & set(key.parent_columns) else []
        for own, theirs in zip(key.columns, key.parent_columns, strict=True):
            if own in shared:
                continue
            rows = np.flatnonzero(changed & (now >= 0))
            _copy(table.frame, own, rows, parent.frame[theirs].iloc[now[rows]])
            gone = np.flatnonzero(changed & (now < 0))
            if len(gone):
                table.frame[own] = table.frame[own].mask(np.isin(np.arange(len(now)), gone))
            table.written.add(own)


def _copy(frame: pd.DataFrame, column: str, rows: Integers, values: pd.Series) -> None:
    """Write values into some rows of a column, which keeps its dtype."""
    if len(rows):
        whole = frame[column].copy()
        whole.iloc[rows] = values.astype(whole.dtype).array
        frame[column] = whole
