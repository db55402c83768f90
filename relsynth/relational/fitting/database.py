"""What is known of a database while it is learned or drawn: rows, links and summaries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.metadata import Plan
from relsynth.relational.children.parent_values import ParentValues
from relsynth.relational.children.summary import ExtensionLayout
from relsynth.relational.sources.moment_features import moment_features
from relsynth.schema import ForeignKey
from relsynth.typing import Array, Floats, Integers


@dataclass(slots=True)
class Database:
    """The state that fitting (on real rows) and sampling (on drawn ones) share.

    Attributes
    ----------
    own : dict of str to Matrix
        Own columns of every table known so far, hidden ones first.
    links : dict of str to ndarray of int
        Parent row of every child row, by foreign key name; -1 for null.
    features : dict of str to list of Matrix
        Summaries of a table's children, one matrix per child table so far.
    parent_values : dict of str to ParentValues
        Columns of which others learn how their values recur, not what they are.
    moments : dict of str to mapping
        Columns of every table that are points in time, with their parts; see `moments_of`.
    """

    plan: Plan
    own: dict[str, Matrix] = field(default_factory=dict)
    links: dict[str, Integers] = field(default_factory=dict)
    features: dict[str, list[Matrix]] = field(default_factory=dict)
    parent_values: dict[str, ParentValues] = field(default_factory=dict)
    moments: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)

    def lineage(self, table: str) -> Matrix:
        """Return the columns of a table's rows and of their ancestors by context keys."""
        context = self.plan[table].context
        parts = [prefixed(self.features_of(table), table)]
        if context is not None:
            parts.append(self.lineage(context.parent).take(self.links[context.name]))
        return Matrix.join(parts)

    def turn(self, table: str, rows: Integers, places: Integers) -> Integers:
        """Return which of some rows comes how late, by the first moment of them or their ancestors.

        Parameters
        ----------
        table : str
        rows : ndarray of int, shape (n_rows,)
        places : ndarray of int, shape (n_rows,)
            Order rows of one moment, and all where nothing tells moments.
        """
        moments = self._moments(table)
        keys: list[Array] = [places] if moments is None else [places, moments[rows]]
        turn = np.empty(len(rows), np.int64)
        turn[np.lexsort(keys)] = np.arange(len(rows))
        return turn

    def _moments(self, table: str) -> Floats | None:
        own, context = self.own[table], self.plan[table].context
        for name in self.moments.get(table, {}):
            if name in own.names:
                return own[name]
        above = None if context is None else self._moments(context.parent)
        if context is None or above is None:
            return None
        return np.append(above, np.nan)[self.links[context.name]]

    def owners(self, key: ForeignKey) -> dict[tuple[str, ...], str]:
        """Return whose rows the rows of a linked key may be: tables by the paths to them.

        Those are the context parent, its context parent and so on, then the parents of keys
        that are assigned before.
        """
        step, found = self.plan[key.child], dict[tuple[str, ...], str]()
        context, path = step.context, tuple[str, ...]()
        while context is not None:
            path = (*path, context.name)
            found[path] = context.parent
            context = self.plan[context.parent].context
        before = step.linked if key not in step.linked else step.linked[: step.linked.index(key)]
        return found | {(other.name,): other.parent for other in (*step.lookups, *before)}

    def features_of(self, table: str) -> Matrix:
        """Return a table's rows as others know them: values of single families as they recur."""
        own, context = self.own[table], self.plan[table].context
        parent_values = self.parent_values_of(table)
        if parent_values is None:
            return own
        groups = np.arange(len(own)) if context is None else self.links[context.name]
        return parent_values.features(own, groups)

    def family(self, table: str) -> Matrix:
        """Return the lineage of rows, what their moments tell, their children's summaries."""
        own = moment_features(self.features_of(table), self.moments.get(table, {}))
        parts = [self.lineage(table), prefixed(own, table), *self.summaries_of(table)]
        return Matrix.join(parts)

    def parent_values_of(self, table: str) -> ParentValues | None:
        """Return the columns of a table whose values are private to its families, if any."""
        return self.parent_values.get(table)

    def summaries_of(self, table: str) -> Sequence[Matrix]:
        """Return the summaries of a table's children so far."""
        return self.features.get(table, ())

    def note_parent_values(self, table: str, parent_values: ParentValues | None) -> None:
        """Keep what values are private to a table's families from all that is learned of it."""
        if parent_values is not None:
            self.parent_values[table] = parent_values

    def add_linked_summary(self, key: ForeignKey, layout: ExtensionLayout) -> None:
        """Add the number and the own columns of the children of a linked parent."""
        children = prefixed(self.features_of(key.child), key.child)
        own, links = layout.own(f"{key.child}."), self.links[key.name]
        self.add_summary(
            key.parent, key.name, own.summarise(children, links, len(self.own[key.parent]))
        )

    def add_summary(self, parent: str, child: str, summary: Matrix) -> None:
        """Add the summary of a child table."""
        self.features.setdefault(parent, []).append(prefixed(summary, child))


def prefixed(table: Matrix, prefix: str) -> Matrix:
    """Return columns with names of another table or key before theirs."""
    return Matrix(tuple(f"{prefix}.{name}" for name in table.names), table.kinds, table.values)
