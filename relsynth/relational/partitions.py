"""How a large output is cut into parts that are drawn apart: rows of each, and blocks of keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from relsynth.metadata import ForeignKey, Metadata, Plan, TablePlan
from relsynth.relational.fitting.fitted import FittedTable
from relsynth.relational.requests import KeyBlocks, Request
from relsynth.relational.sources.unique_rule import UniqueRule
from relsynth.seeding import Seed

# of all tables together; a part of twice as many takes twice the memory
ROWS_OF_A_PART = 200_000
# of a linked parent a part, to have a choice; more cost rows that nobody refers to
LINKED_ROWS = 100


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the rows of every drawn table are cut.

    Attributes
    ----------
    request : Request
        Of the whole.
    cuts : mapping of str to ndarray of int, shape (n_parts + 1,)
        Rows of each table before each part, at last all of them.
    fixed : frozenset of str
        Tables of which every part has exactly so many rows; others have no more than that.
    """

    request: Request
    cuts: Mapping[str, np.ndarray]
    fixed: frozenset[str]

    @property
    def n_parts(self) -> int:
        """Number of parts."""
        return max((len(cuts) - 1 for cuts in self.cuts.values()), default=1)

    @property
    def totals(self) -> dict[str, int]:
        """Rows of the whole by table."""
        return {name: int(cuts[-1]) for name, cuts in self.cuts.items()}

    def part(self, number: int, key_seed: Seed) -> tuple[Request, KeyBlocks]:
        """Return what is asked of one part, and where its keys begin."""
        sizes = {name: int(c[number + 1] - c[number]) for name, c in self.cuts.items()}
        rows = {name: size for name, size in sizes.items() if name in self.fixed}
        aims = {name: size for name, size in sizes.items() if name not in self.fixed}
        starts = {name: int(cuts[number]) for name, cuts in self.cuts.items()}
        request = Request(self.request.scale, rows, self.request.conditions, aims)
        return request, KeyBlocks(key_seed, starts)


@dataclass(frozen=True, slots=True)
class Partitioning:
    """Decides into how many parts a request is cut, and where.

    Attributes
    ----------
    rows_of_a_part : int
        About how many rows a part may have, of all tables together.
    ratios : mapping of str to float
        Rows of a table for each row of the table it is cut by; the real ones by default.
    """

    fitted: Mapping[str, FittedTable]
    metadata: Metadata
    plan: Plan
    request: Request
    rows_of_a_part: int
    ratios: Mapping[str, float] = field(default_factory=dict)

    def layout(self, n_parts: int | None = None) -> Layout:
        """Return the cuts; in as many parts as `parts` says by default."""
        number = self.parts() if n_parts is None else n_parts
        totals = self.totals()
        cuts: dict[str, np.ndarray] = {}
        for step in self._drawn():
            source, total = self.source(step), totals[step.table]
            if source is None or totals[source] == 0:
                cuts[step.table] = total * np.arange(number + 1) // number
            else:
                cuts[step.table] = total * cuts[source] // totals[source]
        fixed = {s.table for s in self._drawn() if s.context is None} | set(self.request.rows)
        return Layout(self.request, cuts, frozenset(fixed))

    def totals(self) -> dict[str, int]:
        """Return the rows of every drawn table in the whole."""
        totals: dict[str, int] = {}
        for step in self._drawn():
            table, source = self.fitted[step.table], self.source(step)
            if table.name in self.request.rows:
                total = self.request.rows[table.name]
            elif source is not None:
                real = self.fitted[source].n_rows
                ratio = self.ratios.get(table.name, table.n_rows / max(real, 1))
                total = int(np.ceil(round(totals[source] * ratio, 6)))
            elif step.context is not None:
                total = table.n_rows
            else:
                total = max(round(table.n_rows * self.request.scale), min(table.n_rows, 1))
            totals[table.name] = total
        return totals

    def parts(self) -> int:
        """Return the number of parts.

        Parts have about `rows_of_a_part` rows, but every root table of several rows has a row in
        each, and every table that rows of others are linked to as many as in the real data, or
        ``LINKED_ROWS``, so that there is something to choose from. What must be unique beyond
        partitioned parents, or hangs below a kept table in order, is drawn as one part.
        """
        totals = self.totals()
        if any(True for _ in self.reasons_for_one()):
            return 1
        roots = [s.table for s in self._drawn() if s.context is None and totals[s.table] > 1]
        most = min((totals[name] for name in roots), default=1)
        for name in {key.parent for step in self._drawn() for key in step.linked}:
            if name in totals:
                enough = min(max(self.fitted[name].n_rows, 1), LINKED_ROWS)
                most = min(most, totals[name] // enough)
        wanted = -(-sum(totals.values()) // self.rows_of_a_part)
        return max(min(wanted, most), 1)

    def reasons_for_one(self) -> Iterator[str]:
        """Yield why the rows of a table cannot be drawn apart from each other."""
        drawn = {step.table for step in self._drawn()}
        for step in self._drawn():
            table, context = self.fitted[step.table], step.context
            if context is not None and context.parent not in drawn:
                counted = table.roles.numbering is not None or table.sources.number is not None
                if counted or table.most == 1 or step.sibling_join is not None:
                    yield f"{table.name}: its rows belong together below {context.parent!r}"
            keys = {key.name: key for key in step.keys}
            for rule in table.unique:
                if rule.declared and not _is_local(rule, keys, drawn):
                    columns = "+".join(rule.on)
                    yield f"{table.name}: {columns} is unique, whatever its parents are"

    def source(self, step: TablePlan) -> str | None:
        """Return the table by whose rows those of another are cut: its parent, if it is drawn.

        A row that has one parent to itself goes where that one goes.
        """
        drawn = {other.table for other in self._drawn()}
        table, parents = self.fitted[step.table], {key.name: key.parent for key in step.linked}
        for link in table.links:
            parent = parents.get(link.key)
            if parent is None or parent not in drawn or link.most != 1 or link.has_nulls:
                continue
            if self.fitted[parent].n_rows == table.n_rows:
                return parent
        if step.context is not None and step.context.parent in drawn:
            return step.context.parent
        return None

    def _drawn(self) -> list[TablePlan]:
        return [step for step in self.plan.steps if not step.kept]


def _is_local(rule: UniqueRule, keys: Mapping[str, ForeignKey], drawn: set[str]) -> bool:
    """Return whether rows of different parts differ in a rule: by a parent of one part only."""
    return any(
        keys[name].parent in drawn and set(keys[name].columns) <= set(rule.on)
        for name in rule.keys
        if name in keys
    )
