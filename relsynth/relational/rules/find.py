"""All rules of a table: kinds by name, in the order in which they are looked for and kept."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np

from relsynth.columns.protection import Holders
from relsynth.relational.rules.across import Across, find_across
from relsynth.relational.rules.conservation import find_conservation
from relsynth.relational.rules.derived import find_derived
from relsynth.relational.rules.determined import find_determined
from relsynth.relational.rules.level import find_levels
from relsynth.relational.rules.monotone import find_monotone
from relsynth.relational.rules.running import find_running
from relsynth.relational.rules.view import Base, TableView
from relsynth.seeding import Seed, stream
from relsynth.typing import Floats, Integers

ACROSS = (
    "determined",
    "across",
    "level",
    "conservation",
    "monotone",
    "derived",
    "running",
)  # in the order in which they are kept
KINDS = (*ACROSS, "composed")


class Rule(Protocol):
    """What holds across the rows of a table, or between them and the rows they refer to."""

    @property
    def note(self) -> str:
        """One sentence with the evidence."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that the rule changes."""

    @property
    def late(self) -> bool:
        """Whether it has to wait for keys that are assigned last."""

    def usable(self, view: TableView) -> bool:
        """Return whether what it needs is there."""

    def settle(
        self, view: TableView, groups: Integers, rng: np.random.Generator
    ) -> dict[str, Floats]:
        """Return the columns as they have to be."""


def find_rules(
    view: TableView,
    table: str,
    columns: Sequence[str],
    groups: Integers | None,
    order: str | None,
    *,
    kinds: Container[str],
    skip: Callable[[Base], bool],
    after: Mapping[str, str],
    fixed: Mapping[str, str | None],
    orders: Mapping[str, str | None],
    levels: Sequence[str],
    kept: Collection[str],
    holders: Holders,
    seed: Seed,
) -> tuple[Rule, ...]:
    """Return the rules of a table.

    A column is changed by one of them at most, save that values between ends may be sorted.

    Parameters
    ----------
    view : TableView
        The real table.
    columns : sequence of str
        Columns that may be changed.
    groups : ndarray of int or None
        Context parent of each row.
    order : str or None
        The column by which rows of one parent happen.
    kinds : container of str
        Of ``KINDS``.
    skip : callable
        Tells which columns of parents follow from the rows themselves.
    after : mapping of str to str
        Which columns are learned as a distance, never negative, from another one.
    fixed : mapping of str to (str or None)
        Columns that are not to be sorted, save inside the parents by the named key.
    orders : mapping of str to (str or None)
        By which column rows of one parent lie in the order in which they happen, by key.
    levels : sequence of str
        Columns of levels that may be changed.
    kept : collection of str
        Names of keys to tables that are kept as they are.
    holders : Holders
        Whose the rows are.
    """
    bounded = dict(fixed)
    finders: dict[str, Callable[[list[str]], Iterable[Rule]]] = {
        "determined": lambda free: find_determined(view, [*free, *levels], kept, holders),
        "level": lambda free: find_levels(view, free, table),
        "running": lambda free: (
            ()
            if groups is None
            else find_running(view, free, groups, order, stream(seed, "running"))
        ),
        "conservation": lambda free: find_conservation(view, free, stream(seed, "conservation")),
        "derived": lambda free: find_derived(view, free, skip, seed),
        "across": lambda free: find_across(view, free, skip, after, stream(seed, "across")),
        "monotone": lambda free: find_monotone(
            view, free, bounded, orders, stream(seed, "monotone")
        ),
    }
    found: dict[str, Sequence[Rule]] = {}
    free = list(columns)
    for kind, find in finders.items():
        found[kind] = list(find(free)) if kind in kinds else []
        changed = {name for rule in found[kind] for name in rule.columns}
        if kind == "across":  # sorted inside the parent that sets the ends, values keep to them
            bounded.update({r.column: r.key for r in found[kind] if isinstance(r, Across)})
            continue
        free = [name for name in free if name not in changed]
    return tuple(rule for kind in ACROSS for rule in found[kind])
