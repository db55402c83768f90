"""Find keys that nobody declared: a table whose rows belong to rows of a sibling table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import networkx as nx
import numpy as np

from relsynth.evidence import (
    ENOUGH,
    FEW,
    GLANCE,
    LARGE_SAMPLE,
    LARGELY,
    MOST,
    NEARLY_ALL,
    RARELY,
    VISIBLE,
)
from relsynth.groups import unique_values
from relsynth.metadata import ForeignKey, Metadata, Plan, TablePlan
from relsynth.metadata.plan import SiblingKey
from relsynth.metadata.references import shared_codes
from relsynth.relational.sibling_join.join_keys import key_cells
from relsynth.relational.sources.roles import find_roles
from relsynth.seeding import stream
from relsynth.sorting import lexical_order, stable_order
from relsynth.typing import Integers, Tables

VALUES_PER_PARENT = 1.5  # with fewer the value is the parent's own
LOSS = 0.005  # of the rows that a further column may lose
FAMILIES = {
    "numeric": "number",
    "integer": "number",
    "datetime": "date",
    "categorical": "level",
    "ordinal": "level",
}

Pairs = tuple[tuple[str, str], ...]


def find_sibling_joins(
    metadata: Metadata, plan: Plan, tables: Tables, links: Mapping[str, Integers]
) -> Plan:
    """Return the plan with every table placed below the sibling whose rows its own belong to.

    Parameters
    ----------
    plan : Plan
        By declared keys alone.
    links : mapping of str to ndarray of int
        Parent row of every child row by key name; see `parent_rows`.

    Notes
    -----
    A table belongs to a sibling, another child of its context parent, where nearly all its
    rows find their own value of a column, under their own parent, in a column of the
    sibling, and clearly fewer would under a parent with as many rows of the sibling or were
    that column permuted: what all parents have, such as a common calendar or the numbers
    1, 2, 3, …, is no key, and neither is what a parent has only once. Further columns are
    added that make the key finer. It has to tell at least half of the sibling's rows apart.
    Looks at complete families of at most about ``LARGE_SAMPLE`` rows a pair of tables; linear in
    those.
    """
    declared = _declared(metadata, plan)
    candidates = list(_candidates(metadata, plan, declared))
    names = {key.child for pair in candidates for key in pair}
    families = {name: _families(metadata, plan[name], tables, links) for name in names}
    sides: dict[frozenset[str], dict[str, _Side]] = {}
    found = []
    for mine, other in candidates:
        pair = frozenset((mine.name, other.name))
        if pair not in sides:
            sides[pair] = _sides(tables, links, families, mine, other)
        direction = _strongest(sides[pair], mine, other)
        if direction is not None:
            found.append((direction.rank, direction.key))
    order = nx.DiGraph(declared)
    keys: dict[str, SiblingKey] = {}
    for _, key in sorted(found, key=lambda item: (item[0], item[1].child, item[1].sibling)):
        if key.child not in keys and not nx.has_path(order, key.child, key.sibling):
            order.add_edge(key.sibling, key.child)
            keys[key.child] = key
    if not keys:
        return plan
    steps = (plan[name] for name in nx.lexicographical_topological_sort(order))
    sibling_join = (replace(step, sibling_join=keys.get(step.table)) for step in steps)
    return replace(plan, steps=tuple(sibling_join))


def _declared(metadata: Metadata, plan: Plan) -> nx.DiGraph:
    """Return which table must stand before which by declared keys."""
    deferred = {key.name for step in plan.steps for key in step.deferred}
    order = nx.DiGraph()
    order.add_nodes_from(plan.order)
    keys = (key for key in metadata.foreign_keys if key.name not in deferred)
    order.add_edges_from((key.parent, key.child) for key in keys)
    return order


def _candidates(
    metadata: Metadata, plan: Plan, declared: nx.DiGraph
) -> Iterator[tuple[ForeignKey, ForeignKey]]:
    """Yield the keys of a table and of a sibling to the parent both have, in both directions."""
    for step in plan.steps:
        mine = step.context
        if mine is None or mine.when is not None:
            continue
        for other in metadata.children_of(mine.parent):
            deferred = other in plan[other.child].deferred
            shares = other.parent_columns == mine.parent_columns and other.when is None
            lines = nx.ancestors(declared, step.table) | nx.descendants(declared, step.table)
            if shares and not deferred and other.child not in lines | {step.table}:
                yield mine, other


@dataclass(frozen=True, slots=True)
class _Direction:
    """A key found from a table to a sibling; the lowest rank is taken first."""

    key: SiblingKey
    rank: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Side:
    """Rows of complete families in one of the two tables.

    Attributes
    ----------
    parents : ndarray of int, shape (n_rows,)
    codes : dict of str to ndarray of int, shape (n_rows,)
        Values by column, equal for equal values of both tables; -1 for missing.
    families : dict of str to str
        By column; only values of one family can be equal.
    """

    parents: Integers
    codes: dict[str, Integers]
    families: dict[str, str]


class _Evidence:
    """What complete families of two tables say about a key from the one to the other."""

    def __init__(self, child: _Side, sibling: _Side) -> None:
        self.child = child
        self.sibling = sibling
        rows = np.bincount(sibling.parents, minlength=int(child.parents.max(initial=-1)) + 1)
        self.rng = stream(0, "other families")
        ranked = lexical_order((self.rng.random(len(rows)), rows))
        ranked = ranked[np.isin(ranked, np.concatenate([child.parents, sibling.parents]))]
        self.elsewhere = np.arange(len(rows))
        if len(ranked) > 1:
            self.elsewhere[ranked] = np.append(ranked[1:], ranked[-2])

        self.permuted = self.rng.permutation(len(sibling.parents))
        self.within = self._within_families()
        self.screened = self._screened() if self._is_enough() else []

    def first(self) -> Pairs | None:
        """Return the pair of columns that is a key by itself and most clearly so."""
        best, most = None, VISIBLE
        for pair in self.screened:
            found = self.found((pair,))
            if found < NEARLY_ALL or not self._is_varied(pair):
                continue
            elsewhere = self.found_elsewhere((pair,))
            margin = found - max(elsewhere, self.found((pair,), self.permuted))
            if margin > most and found - elsewhere >= MOST * (1 - elsewhere):
                best, most = (pair,), margin
        return best

    def finer(self, pairs: Pairs) -> tuple[str, str] | None:
        """Return the further pair that tells rows of one family apart best, or ``None``.

        Nearly as many rows as before find their values, and fewer do where the column is
        permuted within the families of the sibling.
        """
        found, used = self.found(pairs), {name for pair in pairs for name in pair}
        best, most = None, RARELY
        for pair in self.screened:
            if used & set(pair) and (pair[0] in dict(pairs) or pair[1] in dict(pairs).values()):
                continue
            share = self.found((*pairs, pair))
            if share < found - LOSS:
                continue
            gain = share - self.found((*pairs, pair), self.within)
            if gain > most:
                best, most = pair, gain
        return best

    def found(self, pairs: Pairs, permuted: Integers | None = None) -> float:
        """Return the share of rows whose values a row of the sibling has in the same family.

        With `permuted`, the last column of the sibling is taken from those rows.
        """
        own, theirs = self.cells(pairs, permuted)
        return float(np.isin(own, theirs[theirs >= 0]).mean())

    def found_elsewhere(self, pairs: Pairs) -> float:
        """Return the share that finds its values in a family with as many rows of the sibling."""
        side = _Side(self.elsewhere[self.child.parents], self.child.codes, self.child.families)
        own, theirs = _cells(side, self.sibling, pairs, None)
        return float(np.isin(own, theirs[theirs >= 0]).mean())

    def cells(self, pairs: Pairs, permuted: Integers | None = None) -> tuple[Integers, Integers]:
        """Return a number per family and values for the rows of both tables, -1 for none."""
        return _cells(self.child, self.sibling, pairs, permuted)

    def _is_enough(self) -> bool:
        families = np.intersect1d(self.child.parents, self.sibling.parents)
        return len(self.child.parents) >= ENOUGH and len(families) >= FEW

    def _screened(self) -> list[tuple[str, str]]:
        """Return the pairs of columns that a few rows do not rule out, those of one name first."""
        some = np.sort(self.rng.permutation(len(self.child.parents))[:GLANCE])
        span = 2 + max(int(c.max(initial=0)) for c in self.sibling.codes.values())
        passed = []
        for theirs, codes in self.sibling.codes.items():
            ordered = np.sort(self.sibling.parents * span + codes + 1)
            for own, family in self.child.families.items():
                if family != self.sibling.families[theirs]:
                    continue
                wanted = self.child.parents[some] * span + self.child.codes[own][some] + 1
                at = np.minimum(np.searchsorted(ordered, wanted), len(ordered) - 1)
                known = self.child.codes[own][some] < span - 1
                if (known & (ordered[at] == wanted)).mean() >= LARGELY:
                    passed.append((own, theirs))
        return sorted(passed, key=lambda pair: (pair[0] != pair[1], pair))

    def _is_varied(self, pair: tuple[str, str]) -> bool:
        """Return whether a column of the sibling has several values a family."""
        cells = self.cells((pair,))[1]
        families = unique_values(self.sibling.parents[cells >= 0])
        return len(unique_values(cells[cells >= 0])) >= VALUES_PER_PARENT * max(len(families), 1)

    def _within_families(self) -> Integers:
        parents = self.sibling.parents
        source = np.empty(len(parents), np.int64)
        source[stable_order(parents)] = lexical_order((self.rng.random(len(parents)), parents))
        return source


def _cells(
    child: _Side, sibling: _Side, pairs: Pairs, permuted: Integers | None
) -> tuple[Integers, Integers]:
    """Return numbers that are equal for equal families and values; see `key_cells`."""
    codes = []
    for own, theirs in pairs:
        shuffled = sibling.codes[theirs]
        if permuted is not None and (own, theirs) == pairs[-1]:
            shuffled = shuffled[permuted]
        codes.append(np.concatenate([child.codes[own], shuffled]))
    cells = key_cells(np.concatenate([child.parents, sibling.parents]), codes)
    return cells[: len(child.parents)], cells[len(child.parents) :]


def _strongest(
    sides: Mapping[str, _Side], mine: ForeignKey, other: ForeignKey
) -> _Direction | None:
    """Return the key of a table to a sibling that the data show, or ``None``."""
    if not sides:
        return None
    child = sides[mine.name]
    evidence = _Evidence(child, sides[other.name])
    pairs = evidence.first()
    if pairs is None:
        return None
    swapped = evidence.found_elsewhere(pairs)
    while (finer := evidence.finer(pairs)) is not None:
        pairs = (*pairs, finer)
    order = list(FAMILIES.values())
    pairs = tuple(sorted(pairs, key=lambda pair: order.index(child.families[pair[0]])))
    cells = evidence.cells(pairs)[1]
    distinct, rows = len(unique_values(cells[cells >= 0])), int((cells >= 0).sum())
    if distinct < MOST * rows:
        return None
    found = evidence.found(pairs)
    key = SiblingKey(
        mine.child,
        tuple(own for own, _ in pairs),
        other.child,
        tuple(theirs for _, theirs in pairs),
        mine.name,
        other.name,
        f"{found:.1%} of the rows are found there, "
        f"{swapped:.0%} under another row of {mine.parent}",
    )
    return _Direction(key, (-round(distinct / rows, 2), -distinct, -round(found - swapped, 3)))


def _sides(
    tables: Tables,
    links: Mapping[str, Integers],
    families: Mapping[str, dict[str, str]],
    mine: ForeignKey,
    other: ForeignKey,
) -> dict[str, _Side]:
    """Return some complete families of both tables by key; none where they share no kind."""
    keys = (mine, other)
    columns = [families[key.child] for key in keys]
    shared = sorted(set(columns[0].values()) & set(columns[1].values()))
    if not shared:
        return {}
    n_parents = len(tables[mine.parent])
    parents = [links[key.name] for key in keys]
    placed = np.concatenate(parents)
    sizes = np.bincount(placed[placed >= 0], minlength=n_parents)
    order = stream(0, "families", *sorted((mine.name, other.name))).permutation(n_parents)
    chosen = np.zeros(n_parents, bool)
    chosen[order[: np.searchsorted(np.cumsum(sizes[order]), LARGE_SAMPLE) + 1]] = True
    kept = [np.flatnonzero(np.append(chosen, False)[rows]) for rows in parents]
    codes: list[dict[str, Integers]] = [{}, {}]
    for family in shared:
        both = [(at, name) for at in (0, 1) for name, f in columns[at].items() if f == family]
        values = [tables[keys[at].child][name].iloc[kept[at]] for at, name in both]
        for (at, name), coded in zip(both, shared_codes(values), strict=True):
            codes[at][name] = coded
    return {
        key.name: _Side(parents[side][kept[side]], codes[side], columns[side])
        for side, key in enumerate(keys)
    }


def _families(
    metadata: Metadata, step: TablePlan, tables: Tables, links: Mapping[str, Integers]
) -> dict[str, str]:
    """Return the columns of a table that may be part of a key, with their families."""
    groups = None if step.context is None else links[step.context.name]
    modelled = find_roles(metadata, step, tables[step.table], groups).modelled
    kinds = {name: metadata.tables[step.table].columns[name].kind for name in modelled}
    return {name: FAMILIES[kind] for name, kind in kinds.items() if kind in FAMILIES}
