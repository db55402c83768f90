"""All relations of one table: found once, applied before a model learns and after it draws."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Self

import numpy as np

from relsynth.columns.calendar_shares import CalendarShares
from relsynth.columns.endings import Endings
from relsynth.columns.matrix import ColumnKind, Matrix
from relsynth.columns.protection import Holders
from relsynth.columns.relations.bands import Bands
from relsynth.columns.relations.bounds import Bounds, find_bounds
from relsynth.columns.relations.completion import Completion, find_completions, flag_name
from relsynth.columns.relations.dependency import Lookup
from relsynth.columns.relations.draft import Draft
from relsynth.columns.relations.equality import Same
from relsynth.columns.relations.finders import FINDERS, KINDS, examined
from relsynth.columns.relations.formula import Formula
from relsynth.columns.relations.nested import Nested
from relsynth.columns.relations.precision import Precision, settle_columns
from relsynth.columns.relations.presence import find_needs, with_needs
from relsynth.columns.relations.relation import Relation
from relsynth.columns.relations.share import Share
from relsynth.errors import ModelFileError
from relsynth.packing import packable
from relsynth.seeding import Seed
from relsynth.typing import Floats

_CLASSES: Final[dict[str, type[Relation]]] = {
    c.name: c for c in (Bands, Formula, Lookup, Same, Share)
}


@packable
@dataclass(frozen=True, eq=False)
class Relations:
    """Exact and near-exact relations between the columns of one table.

    `encode` takes out what follows from other columns, so that a model need not learn
    it; `decode` puts it back, so that what was always true stays true.

    Attributes
    ----------
    names, kinds : tuple of str
        The table's columns, in its order.
    relations : dict of str to Relation
        By target; what a target follows from never follows from the target.
    bounds : dict of str to Bounds
        By the column that is moved.
    steps : dict of str to (float or None)
        `Precision` of every column.
    completions : tuple of Completion
        Bases that are filled in where they are missing, in this order.
    endings : mapping of str to Endings
        Of free numbers that go in steps or end alike.
    nested : tuple of Nested
        Categories that lie within others, in this order.
    calendars : mapping of str to CalendarShares
        Of free moments that keep to hours or days.
    needs : tuple of (str, str)
        Columns with a value only where another one has one.

    Examples
    --------
    >>> import numpy as np
    >>> from relsynth.columns.endings import Endings
    >>> from relsynth.columns.matrix import Matrix
    >>> from relsynth.columns.relations import Relations
    >>> rng = np.random.default_rng(0)
    >>> net, tax = rng.integers(100, 900, (2, 500)).astype(float)
    >>> bill = Matrix(("net", "tax", "total"), ("number",) * 3, np.stack([net, tax, net + tax], 1))
    >>> relations = Relations.find(bill, {"net": 0, "tax": 0, "total": 0}, {}, seed=0)
    >>> relations.notes
    ('total = net + tax in 100 % of 500 rows',)
    >>> learned = relations.encode(bill)
    >>> learned.names
    ('net', 'tax')
    >>> bool((relations.decode(learned, rng).values == bill.values).all())
    True
    """

    names: tuple[str, ...]
    kinds: tuple[ColumnKind, ...]
    steps: dict[str, float | None]
    relations: dict[str, Relation]
    bounds: dict[str, Bounds]
    completions: tuple[Completion, ...] = ()
    endings: Mapping[str, Endings] = field(default_factory=dict)
    nested: tuple[Nested, ...] = ()
    calendars: Mapping[str, CalendarShares] = field(default_factory=dict)
    needs: tuple[tuple[str, str], ...] = ()

    @classmethod
    def find(
        cls,
        table: Matrix,
        decimals: Mapping[str, int | None],
        steps: Mapping[str, float],
        seed: Seed = None,
        *,
        min_count: int = 3,
        fixed: Iterable[str] = (),
        kinds: Container[str] = KINDS,
        holders: Holders | None = None,
        ordered: str = "",
    ) -> Self:
        """Find the relations of a table.

        Parameters
        ----------
        table : Matrix, shape (n_rows, n_columns)
        decimals : mapping of str to (int or None)
            Digits after the point of a number, 0 for integers; None or absent where it
            is not rounded (but counts are integers). A column that does not keep them
            counts as not rounded.
        steps : mapping of str to float
            The datetime columns, with the seconds between neighbouring values: 86400
            for dates, 1 for seconds.
        min_count : int, default 3
            Rows in which a value must occur before what follows from it is written
            into a lookup.
        fixed : iterable of str, optional
            Columns that are known before the others are drawn; they may be bases, and
            are never the target of a relation.
        kinds : container of str, optional
            The kinds to look for, of ``KINDS``; all of them by default.
        holders : Holders, optional
            Whose the rows are: a value that too few subjects have is written into no lookup.
            Categories that it says lie within others, a city in a country, are left to
            another relation where one makes them, or makes use of them.
        ordered : str, optional
            The column of moments that follow each other in families.

        Notes
        -----
        Kinds are tried in the order conversion, numbers that follow from dates, functional
        dependency, arithmetic, sums of many terms, difference (or equality with
        exceptions), bounds; a column is the target of at most one of those before the last.
        For n rows and p columns the cost is p sorts of n
        values, O(p²) comparisons of up to n, and O(p³) of 40. The block-shuffle test
        asks whether a conditional draw from a decision tree's leaf, as in [1]_, would
        keep the relation anyway.

        References
        ----------
        .. [1] J. P. Reiter, "Using CART to generate partially synthetic public use
           microdata", Journal of Official Statistics 21(3), 2005.
        """
        holders = Holders(len(table)) if holders is None else holders
        evidence, grid = examined(table, decimals, steps, seed, min_count, holders)
        draft = Draft(table.names, fixed)
        for kind, find in FINDERS.items():
            if kind in kinds:
                find(evidence, draft)
        bounds = find_bounds(evidence, draft) if "order" in kinds else {}
        order = draft.order()
        relations = {name: draft.relations[name] for name in order if name in draft.relations}
        completions = find_completions(evidence, draft)
        endings = {
            name: found
            for name in table.names
            if name in decimals and name not in relations
            if (found := Endings.find(table[name], grid[name], holders)) is not None
        }
        tied = {name for r in relations.values() for name in (r.target, *r.bases)}
        known = {*fixed}
        tied |= known
        nested = tuple(
            Nested.of({n: table[n] for n in (name, *bases)}, name, bases, missing=len(bases) > 1)
            for name, bases in holders.within
            if {name, *bases} <= set(table.names) and name not in tied
        )
        calendars = {
            name: shares
            for name, step in steps.items()
            if name in table.names and name not in relations and name not in known
            if (
                shares := CalendarShares.find(
                    table[name], step, ordered=name == ordered, least=min_count
                )
            )
        }
        columns = table.names, table.kinds, grid
        needs = find_needs(table, draft.fixed) if "presence" in kinds else ()
        return cls(*columns, relations, bounds, completions, endings, nested, calendars, needs)

    @property
    def followed(self) -> frozenset[str]:
        """Columns that a formula gives entirely, and parts of what they follow from."""
        found = self.relations.values()
        exact = (r.target for r in found if isinstance(r, Formula) and not r.kept)
        return frozenset([*exact, *(r.target for r in found if isinstance(r, Share))])

    @property
    def notes(self) -> tuple[str, ...]:
        """One sentence per relation, with its evidence."""
        encoded = [relation.note for relation in self.relations.values()]
        needs = (f"{name} has a value only where {base} has one" for name, base in self.needs)
        return (*encoded, *(bound.note for bound in self.bounds.values()), *needs)

    @cached_property
    def order(self) -> tuple[str, ...]:
        """All columns, bases before their targets, otherwise as in the table."""
        draft = Draft(self.names)
        draft.relations.update(self.relations)
        return draft.order()

    @property
    def ties(self) -> tuple[frozenset[str], ...]:
        """The columns of each relation and bound."""
        ties = [frozenset((tie.target, *tie.bases)) for tie in self.relations.values()]
        ties += [frozenset((tie.target, *tie.bases)) for tie in self.bounds.values()]
        return tuple(ties)

    @property
    def _within(self) -> tuple[frozenset[str], ...]:
        return tuple(frozenset((one.target, *one.bases)) for one in self.nested)

    @property
    def tied(self) -> frozenset[str]:
        """Columns that a relation or a bound ties to others."""
        return frozenset[str]().union(*self.ties)

    def encode(self, table: Matrix) -> Matrix:
        """Return what a model learns: free columns and residuals, bases before targets.

        Parameters
        ----------
        table : Matrix, shape (n_rows, n_columns)
            All columns of the fitted table.

        Returns
        -------
        Matrix, shape (n_rows, n_kept)
            A residual has its target's name; columns that follow entirely are gone.
        """
        names: list[str] = []
        kinds: list[ColumnKind] = []
        columns: list[Floats] = []
        table = settle_columns(table, self.steps)
        whole = {name: table[name] for name in table.names}
        for filling in self.completions:
            whole[filling.base] = filling.fill(whole[filling.base], whole[filling.target])
        filled = {filling.base for filling in self.completions}
        for name in self.order:
            relation = self.relations.get(name)
            if name in filled:
                names.append(flag_name(name))
                kinds.append("category")
                columns.append(np.isnan(table[name]).astype(float))
            if relation is not None and not relation.kept:
                continue
            column = whole[name]
            if relation is not None:
                column = relation.encode(column, [whole[base] for base in relation.bases])
            names.append(name)
            kinds.append(self.kinds[self.names.index(name)] if relation is None else relation.kind)
            columns.append(column)
        return Matrix(tuple(names), tuple(kinds), _stack(columns, len(table)))

    def decode(self, rows: Matrix, rng: np.random.Generator) -> Matrix:
        """Return all columns of the table, in its order, with every relation in force.

        Parameters
        ----------
        rows : Matrix, shape (n_samples, n_kept)
            The columns `encode` gives, drawn by a model.
        rng : numpy.random.Generator
            For values that a model drew outside their bounds.

        Returns
        -------
        Matrix, shape (n_samples, n_columns)
        """
        columns: dict[str, Floats] = {}
        for name in self.order:
            columns[name] = self._decoded(name, rows, columns)
            if name in self.endings:
                columns[name] = self._settled_ending(name, rows, columns[name], rng)
            if name in self.calendars and not self.calendars[name].ordered:
                columns[name] = self._on_days(name, rows, columns[name], rng)
            if name in self.bounds:
                columns[name] = self.bounds[name].restore(columns[name], columns, rng)
        for one in self.nested:
            columns[one.target] = one.restore(columns[one.target], columns, rng)
        for name in {filling.base: None for filling in self.completions}:
            columns[name] = np.where(rows[flag_name(name)] == 1.0, np.nan, columns[name])
        columns = with_needs(columns, self.needs, self.tied.union(*self._within), rng)
        return Matrix(self.names, self.kinds, _stack([columns[n] for n in self.names], len(rows)))

    def to_state(self) -> dict[str, Any]:
        """Return nested dicts of JSON values and arrays."""
        return {
            "names": list(self.names),
            "kinds": list(self.kinds),
            "steps": dict(self.steps),
            "relations": {n: {"type": r.name, **r.to_state()} for n, r in self.relations.items()},
            "bounds": {name: bound.to_state() for name, bound in self.bounds.items()},
            "completions": [filling.to_state() for filling in self.completions],
            "endings": dict(self.endings),
            "nested": [one.to_state() for one in self.nested],
            "calendars": dict(self.calendars),
            "needs": [list(pair) for pair in self.needs],
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild relations from `to_state`.

        Raises
        ------
        ModelFileError
            If something is missing, unknown or contradicts itself.
        """
        try:
            names, kinds = tuple(state["names"]), tuple(state["kinds"])
            relations = {name: _relation(r) for name, r in state["relations"].items()}
            bounds = {name: Bounds.from_state(bound) for name, bound in state["bounds"].items()}
            steps = {name: state["steps"][name] for name in names}
            completions = tuple(Completion.from_state(filling) for filling in state["completions"])
            nested = tuple(Nested.from_state(one) for one in state["nested"])
            endings, calendars = state["endings"], state["calendars"]
            needs = tuple((name, base) for name, base in state["needs"])
        except KeyError as missing:
            raise ModelFileError(f"relations: {missing} is missing") from missing
        for name, bound in bounds.items():
            _check_names(name, bound.target, bound.bases, names)
        for filling in completions:
            _check_names(filling.target, filling.target, (filling.base,), names)
        for one in nested:
            _check_names(one.target, one.target, one.bases, names)
        draft = Draft(names)
        for name, relation in relations.items():
            _check_names(name, relation.target, relation.bases, names)
            if not draft.allows(name, relation.bases):
                raise ModelFileError(f"relation of {name!r}: follows from itself")
            draft.add(relation)
        for name, base in needs:
            _check_names(name, name, (base,), names)
        found = relations, bounds, completions, endings, nested, calendars, needs
        return cls(names, kinds, steps, *found)

    def _on_days(self, name: str, rows: Matrix, column: Floats, rng: np.random.Generator) -> Floats:
        """Return moments at hours and on days as in the real data, but for what fills gaps."""
        if all(filling.base != name for filling in self.completions):
            return self.calendars[name].settled(column, rng)
        gap = rows[flag_name(name)] == 1.0
        settled = self.calendars[name].settled(np.where(gap, np.nan, column), rng)
        return np.where(gap, column, settled)

    def _settled_ending(
        self, name: str, rows: Matrix, column: Floats, rng: np.random.Generator
    ) -> Floats:
        """Return a column with its endings; what only fills a gap has none and counts for none."""
        if all(filling.base != name for filling in self.completions):
            return self.endings[name].settled(column, rng)
        gap = rows[flag_name(name)] == 1.0
        return np.where(gap, column, self.endings[name].settled(np.where(gap, np.nan, column), rng))

    def _decoded(self, name: str, rows: Matrix, columns: Mapping[str, Floats]) -> Floats:
        relation = self.relations.get(name)
        if relation is None:
            return Precision(self.steps[name]).settle(rows[name])
        residual = rows[name] if relation.kept else None
        return relation.decode(residual, [columns[base] for base in relation.bases])


def _check_names(name: str, target: str, bases: tuple[str, ...], names: tuple[str, ...]) -> None:
    if name != target or not {target, *bases} <= set(names):
        raise ModelFileError(f"relation of {name!r}: names columns that are not there")


def _stack(columns: list[Floats], rows: int) -> Floats:
    return np.column_stack(columns) if columns else np.empty((rows, 0))


def _relation(state: Mapping[str, Any]) -> Relation:
    kind = state["type"]
    if kind not in _CLASSES:
        raise ModelFileError(f"relations: unknown type {kind!r}")
    return _CLASSES[kind].from_state({n: value for n, value in state.items() if n != "type"})
