"""Which joint counts a selection shall keep: small tables of binned columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product

import numpy as np

from relsynth.evaluate.aggregates import families as summarise
from relsynth.evaluate.binning import BINS, fit_bins
from relsynth.evaluate.database import Database, Kind
from relsynth.evaluate.sequences import runs
from relsynth.schema import ForeignKey
from relsynth.seeding import Seed, stream
from relsynth.selection.units import OUTSIDE, Family
from relsynth.typing import Array, Integers

# cells of one column, as margins are cheap
FINE: dict[Kind, int] = {"number": 50, "date": 50, "category": 2_000}
MOST_PAIRS = 300  # of columns a table: those that differ most; cost is linear in them
MOST_TRIPLES = 500  # a table, drawn at random beyond
CANDIDATES = 2_000  # pairs with summaries that are looked at before the most different are taken
BUDGET = 80_000_000  # entries of the table of units and cells: 320 MB
RARE = 5  # rows of a level that has a cell of its own
ROWS = 5.0  # weight of the number of rows against a margin
Subset = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Detail:
    """How finely a selection is compared with the real rows.

    Attributes
    ----------
    bins : int
        Of a column in pairs and triples.
    top_pairs : int or None
        Pairs of a table's columns with the most mutual information; of too many, 300 random
        ones by default.
    """

    bins: int = BINS
    top_pairs: int | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """Subsets of the columns of a view, and what they weigh together."""

    name: str
    subsets: Sequence[Subset]
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Side:
    """One database's rows in a view.

    Attributes
    ----------
    unit : ndarray of int, shape (n_rows,)
        ``-1`` for rows that do not count.
    codes : ndarray of int, shape (n_rows, n_columns)
        Bin of every value.
    """

    unit: Integers
    codes: Array


@dataclass(frozen=True, slots=True)
class View:
    """Rows that belong to units, as binned columns, and the subsets of them to keep.

    Attributes
    ----------
    sides : sequence of Side
        Real rows, those of the pool and, where there is one, of the holdout.
    sizes : sequence of int
        Bins per column.
    """

    sides: Sequence[Side]
    sizes: Sequence[int]
    levels: Sequence[Level]

    @property
    def cells(self) -> int:
        """Cells that the rows of the pool fill."""
        rows = int((self.sides[1].unit != OUTSIDE).sum())
        return rows * sum(len(level.subsets) for level in self.levels)

    def cells_of(self, size: int) -> int:
        """Cells of the subsets of one size."""
        rows = int((self.sides[1].unit != OUTSIDE).sum())
        return rows * sum(len(s) == size for level in self.levels for s in level.subsets)

    def thin(self, size: int, share: float, seed: Seed, *names: object) -> View:
        """Return the view with a share of the subsets of one size."""
        levels = []
        for level in self.levels:
            if level.subsets and len(level.subsets[0]) == size:
                most = int(len(level.subsets) * share)
                few = _few(list(level.subsets), most, seed, *names, level.name)
                level = replace(level, subsets=few)
            levels.append(level)
        return replace(self, levels=levels)


class Binned:
    """The columns of databases in common bins, cut where they are asked for first.

    Parameters
    ----------
    databases : sequence of Database
        The real one first: bins are fitted on it.
    """

    def __init__(self, databases: Sequence[Database], detail: Detail | None = None) -> None:
        self.databases = databases
        self.detail = detail or Detail()
        self._tables: dict[str, tuple[list[Array], list[int]]] = {}

    def table(self, name: str) -> tuple[list[Array], list[int]]:
        """Return the codes of a table per database, and the bins per column."""
        if name not in self._tables:
            coarse: dict[Kind, int] = dict.fromkeys(FINE, self.detail.bins)
            self._tables[name] = self._cut(name, coarse)
        return self._tables[name]

    def fine(self, name: str) -> tuple[list[Array], list[int]]:
        """Return the same with more bins: 50 for numbers, one for every frequent category."""
        return self._cut(name, FINE)

    def _cut(self, name: str, bins: Mapping[Kind, int]) -> tuple[list[Array], list[int]]:
        values = [database.values[name] for database in self.databases]
        rows = [database.rows[name] for database in self.databases]
        return cut(values, self.databases[0].kinds[name], rows, bins)


def cut(
    sides: Sequence[Mapping[str, Array]],
    kinds: Mapping[str, Kind],
    rows: Sequence[int],
    most: Mapping[Kind, int],
) -> tuple[list[Array], list[int]]:
    """Cut columns into the bins of the accuracy measures, fitted on the first side."""
    # of numbers no bin shall be rare, and so be merged with the other rare ones
    full = max(2, rows[0] // (RARE + 1))
    bins = {
        name: fit_bins(
            sides[0][name],
            kind,
            most.get(kind, BINS) if kind == "category" else min(most.get(kind, BINS), full),
        )
        for name, kind in kinds.items()
    }
    codes = [
        np.column_stack(
            [np.zeros((n, 0), np.uint16)]
            + [found.apply(side[name]).astype(np.uint16) for name, found in bins.items()]
        )
        for side, n in zip(sides, rows, strict=True)
    ]
    return codes, [found.size for found in bins.values()]


def views_of(
    binned: Binned,
    families: Sequence[Family],
    contexts: Mapping[str, ForeignKey | None],
    seed: Seed,
) -> list[View]:
    """Return all that the units of a family shall have in common with real ones.

    Parameters
    ----------
    families : sequence of Family
        The same family of every database.
    seed : int, SeedSequence or None
        For the pairs and triples that are kept where there are too many.

    Notes
    -----
    Of every table one, two and three columns; of every key columns of the child with
    columns of the parent; of parents the summaries of their children with each other and
    with their own columns; of siblings every column with that of the next row.
    """
    views: list[View | None] = []
    for table in families[0].unit:
        views.append(_own(binned, families, table, seed))
        views.append(_summaries(binned, families, table, seed))
        views.extend(
            _across(binned, families, key) for key in binned.databases[0].metadata.parents_of(table)
        )
        context = contexts[table]
        if context is not None and table != families[0].root:
            views.append(_next(binned, families, context))
    name = families[0].name
    return _within_budget([view for view in views if view is not None and view.cells], name, seed)


def _own(binned: Binned, families: Sequence[Family], table: str, seed: Seed) -> View:
    (codes, sizes), (fine, fine_sizes) = binned.table(table), binned.fine(table)
    columns = range(len(sizes))
    pairs: list[Subset] = list(combinations(columns, 2))
    triples: list[Subset] = list(combinations(columns, 3))
    levels = [
        Level("columns", [(a,) for a in range(len(sizes) + len(fine_sizes))]),
        Level("pairs", _pairs(binned, pairs, table, seed)),
        Level("triples", _few(triples, MOST_TRIPLES, seed, table, "triples")),
    ]
    if table != families[0].root:
        # one cell for the row itself: a unit may have any number of them
        levels.append(Level("rows", [()], ROWS))
    joint = [np.hstack(parts) for parts in zip(codes, fine, strict=True)]
    return View(_sides(families, table, joint), sizes + fine_sizes, levels)


def _across(binned: Binned, families: Sequence[Family], key: ForeignKey) -> View | None:
    """Return the columns of a child beside those of its parent."""
    (child, own), (parent, others) = binned.table(key.child), binned.table(key.parent)
    if not own or not others:
        return None
    sides = []
    for family, database, mine, theirs in zip(
        families, binned.databases, child, parent, strict=True
    ):
        link = database.links[key.name]
        rows = np.flatnonzero((link >= 0) & (family.unit[key.child] != OUTSIDE))
        unit = family.unit[key.child][rows]
        sides.append(Side(unit, np.hstack([mine[rows], theirs[link[rows]]])))
    pairs = list(product(range(len(own)), range(len(own), len(own) + len(others))))
    return View(sides, own + others, [Level(key.name, pairs)])


def _next(binned: Binned, families: Sequence[Family], key: ForeignKey) -> View | None:
    """Return the columns of a row beside those of the next row of the same parent."""
    codes, sizes = binned.table(key.child)
    sides = []
    for family, database, mine in zip(families, binned.databases, codes, strict=True):
        order, starts, _ = runs(database.links[key.name])
        follows = np.ones(len(order), dtype=bool)
        follows[starts] = False
        after = np.flatnonzero(follows)
        unit = family.unit[key.child][order[after]]
        sides.append(Side(unit, np.hstack([mine[order[after - 1]], mine[order[after]]])))
    width = len(sizes)
    pairs = [(a, a + width) for a in range(width)]
    return View(sides, sizes + sizes, [Level(f"{key.name}, next row", pairs)]) if width else None


def _summaries(binned: Binned, families: Sequence[Family], table: str, seed: Seed) -> View | None:
    """Return parents beside the summaries of their children."""
    databases = binned.databases
    if not databases[0].metadata.children_of(table):
        return None
    real, *others = databases
    made = [summarise(real, other, table, "full") for other in others]
    values = [made[0][0].values] + [pair[1].values for pair in made]
    kinds = {k: v for k, v in made[0][0].kinds.items() if k not in real.kinds[table]}
    codes, sizes = cut(values, kinds, [database.rows[table] for database in databases], {})
    own, own_sizes = binned.table(table)
    count = [name for name in kinds if name.endswith(":count")]
    fine, fine_sizes = cut(
        values, dict.fromkeys(count, "number"), [d.rows[table] for d in databases], FINE
    )
    joint = [np.hstack(parts) for parts in zip(own, codes, fine, strict=True)]
    sides = _sides(families, table, joint)
    sizes = own_sizes + sizes
    columns = range(len(own_sizes), len(sizes))
    pairs: list[Subset] = [*product(range(len(own_sizes)), columns), *combinations(columns, 2)]
    pairs = _few(pairs, CANDIDATES, seed, table, "summaries")
    levels = [
        Level("children", [(len(sizes) + a,) for a in range(len(fine_sizes))]),
        Level("summaries", [(a,) for a in columns]),
        Level("pairs of summaries", _worst(pairs, sides, sizes)),
    ]
    return View(sides, sizes + fine_sizes, levels)


def _worst(pairs: list[Subset], sides: Sequence[Side], sizes: Sequence[int]) -> list[Subset]:
    """Return the pairs in which the pool is farthest from the real data."""
    if len(pairs) <= MOST_PAIRS:
        return pairs
    rows = [side.codes[side.unit != OUTSIDE].T.astype(np.int64) for side in sides[:2]]
    apart = []
    for a, b in pairs:
        shares = []
        for columns in rows:
            joint = columns[a] * sizes[b] + columns[b]
            shares.append(np.bincount(joint, minlength=sizes[a] * sizes[b]) / max(len(joint), 1))
        apart.append(np.abs(shares[0] - shares[1]).sum())
    chosen = np.sort(np.argsort(-np.array(apart), kind="stable")[:MOST_PAIRS])
    return [pairs[place] for place in chosen]


def _sides(families: Sequence[Family], table: str, codes: Sequence[Array]) -> list[Side]:
    return [Side(family.unit[table], mine) for family, mine in zip(families, codes, strict=True)]


def _pairs(binned: Binned, pairs: list[Subset], table: str, seed: Seed) -> list[Subset]:
    """Return the pairs that count: random ones of too many, or those that tell most."""
    most = binned.detail.top_pairs
    if most is None or len(pairs) <= most:
        return _few(pairs, MOST_PAIRS, seed, table, "pairs") if most is None else pairs
    (real, *_), sizes = binned.table(table)
    columns = real.T.astype(np.int64)
    shared = [
        _information(columns[a] * sizes[b] + columns[b], sizes[a], sizes[b]) for a, b in pairs
    ]
    chosen = np.sort(np.argsort(-np.array(shared), kind="stable")[:most])
    return [pairs[place] for place in chosen]


def _information(joint: Integers, rows: int, columns: int) -> float:
    """Return the mutual information of a joint code."""
    shares = np.bincount(joint, minlength=rows * columns).reshape(rows, columns) / max(
        len(joint), 1
    )
    apart = shares.sum(axis=1, keepdims=True) * shares.sum(axis=0)
    filled = shares > 0
    return float((shares[filled] * np.log(shares[filled] / apart[filled])).sum())


def _few(subsets: list[Subset], most: int, seed: Seed, *names: object) -> list[Subset]:
    if len(subsets) <= most:
        return subsets
    chosen = stream(seed, "margins", *names).choice(len(subsets), most, replace=False)
    return [subsets[place] for place in np.sort(chosen)]


def _within_budget(views: list[View], family: str, seed: Seed) -> list[View]:
    """Thin out triples, then pairs, until the cells fit into memory."""
    for size in (3, 2):
        total = sum(view.cells for view in views)
        large = sum(view.cells_of(size) for view in views)
        share = 1 - (total - BUDGET) / max(large, 1)
        if share < 1:
            views = [
                view.thin(size, max(share, 0.0), seed, family, number)
                for number, view in enumerate(views)
            ]
    return views
