"""The relations accepted so far: one per target, never in a circle."""

from __future__ import annotations

from collections.abc import Iterable

from relsynth.columns.relations.relation import Relation


class Draft:
    """Relations under construction.

    Parameters
    ----------
    names : iterable of str
        All columns, in the table's order.
    fixed : iterable of str, optional
        Columns that are known anyhow and never follow from others; first in the order.
    """

    def __init__(self, names: Iterable[str], fixed: Iterable[str] = ()) -> None:
        self.names = tuple(names)
        self.fixed = frozenset(fixed)
        self.relations: dict[str, Relation] = {}

    def allows(self, target: str, bases: Iterable[str]) -> bool:
        """Return whether the target is still free and none of the bases follows from it."""
        taken = target in self.fixed or target in self.relations
        return not taken and not any(target in self._origins(base) for base in bases)

    def add(self, relation: Relation) -> None:
        """Accept a relation that is allowed."""
        if not self.allows(relation.target, relation.bases):
            raise ValueError(f"{relation.target!r} already follows from another column")
        self.relations[relation.target] = relation

    def order(self) -> tuple[str, ...]:
        """Return all columns in the given order, save that bases come before their targets."""
        placed: dict[str, None] = {}
        for name in sorted(self.names, key=lambda name: name not in self.fixed):
            self._place(name, placed)
        return tuple(placed)

    def _place(self, name: str, placed: dict[str, None]) -> None:
        if name not in placed:
            for base in self._bases(name):
                self._place(base, placed)
            placed[name] = None

    def _origins(self, name: str) -> set[str]:
        found: set[str] = set()
        waiting = [name]
        while waiting:
            origin = waiting.pop()
            if origin not in found:
                found.add(origin)
                waiting += self._bases(origin)
        return found

    def _bases(self, name: str) -> tuple[str, ...]:
        return self.relations[name].bases if name in self.relations else ()
