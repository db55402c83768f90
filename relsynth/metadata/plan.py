"""The plan: tables in generation order and the part every foreign key plays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from relsynth.errors import Faults, SchemaError, needed
from relsynth.formats.html import html_table
from relsynth.metadata.association import Association, measure_associations
from relsynth.metadata.subjects import choose_subjects, describe_subjects
from relsynth.metadata.treatments import choose_kept, column_treatments
from relsynth.schema import ForeignKey
from relsynth.schema.graph import break_cycles, generation_order

if TYPE_CHECKING:
    from relsynth.schema import Schema
    from relsynth.typing import Tables


@dataclass(frozen=True, slots=True)
class SiblingKey:
    """A key that nobody declared, from a table to a sibling of the same parent.

    Attributes
    ----------
    columns, sibling_columns : tuple of str
        Pairwise corresponding columns; together with the parent they identify.
    key, sibling_key : str
        Names of the foreign keys of both tables to the parent they share.
    reason : str
        The evidence.
    """

    child: str
    columns: tuple[str, ...]
    sibling: str
    sibling_columns: tuple[str, ...]
    key: str
    sibling_key: str
    reason: str

    def __str__(self) -> str:
        columns = (
            own if own == other else f"{own} = {other}"
            for own, other in zip(self.columns, self.sibling_columns, strict=True)
        )
        return f"below the rows of {self.sibling} by {', '.join(columns)} ({self.reason})"


@dataclass(frozen=True, slots=True)
class TablePlan:
    """How one table is made.

    Attributes
    ----------
    kept : bool
        The rows are copied from the real table.
    context : ForeignKey or None
        The key through which rows are generated; ``None`` for a root.
    linked : tuple of ForeignKey
        Keys assigned by matching after the rows exist.
    lookups : tuple of ForeignKey
        Keys to kept tables, drawn like a category of the row. (A kept table is a context
        parent only where its key is part of the primary key or the schema asks for it.)
    deferred : tuple of ForeignKey
        Keys that close a cycle or refer to their own table, assigned last.
    reason : str
        Why this context was chosen.
    sibling_join : SiblingKey or None
        The sibling whose rows these hang below; found when a synthesizer is fitted.
    """

    table: str
    kept: bool
    context: ForeignKey | None
    linked: tuple[ForeignKey, ...]
    lookups: tuple[ForeignKey, ...]
    deferred: tuple[ForeignKey, ...]
    reason: str
    sibling_join: SiblingKey | None = None

    @property
    def generating(self) -> ForeignKey:
        """The context key of a table that has one."""
        return needed(self.context, f"the context key of {self.table}")

    @property
    def early(self) -> tuple[ForeignKey, ...]:
        """The keys that are assigned when the table is drawn, in this order."""
        context = () if self.context is None else (self.context,)
        return (*context, *self.lookups, *self.linked)

    @property
    def keys(self) -> tuple[ForeignKey, ...]:
        """All keys, in the order in which they are assigned."""
        return (*self.early, *self.deferred)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that is decided before the first row is drawn; print it to read it.

    Attributes
    ----------
    steps : tuple of TablePlan
        In generation order.
    rows : mapping of str to int
        Rows of the real tables, or those the schema asks for; empty where unknown.
    subjects : mapping of str to str
        The tables whose rows are protected, with the evidence.
    treatments : mapping of str to mapping of str to str
        Where the values of each column come from, by table.
    """

    steps: tuple[TablePlan, ...]
    rows: Mapping[str, int]
    subjects: Mapping[str, str] = field(default_factory=dict)
    treatments: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def order(self) -> tuple[str, ...]:
        """Table names in generation order."""
        return tuple(step.table for step in self.steps)

    def __getitem__(self, table: str) -> TablePlan:
        for step in self.steps:
            if step.table == table:
                return step
        raise KeyError(table)

    def _repr_html_(self) -> str:
        rows = []
        for step in self.steps:
            first, *further = self._lines(step, 0).splitlines()
            made = first.removeprefix(step.table).split(" rows  ")[-1].strip()
            known = self.rows.get(step.table)
            count = None if known is None else f"{known:,}"
            rows.append((step.table, count, made, "; ".join(line.strip() for line in further)))
        return html_table(("table", "rows", "made", "further keys"), rows, self._said())

    def _said(self) -> str:
        return str(describe_subjects(self.subjects))

    def __str__(self) -> str:
        width = max((len(step.table) for step in self.steps), default=5)
        lines = (self._lines(step, width) for step in self.steps)
        return "\n".join([self._said(), *lines])

    def _lines(self, step: TablePlan, width: int) -> str:
        count = self.rows.get(step.table)
        rows = "" if count is None else f"{count:>10,} rows  "
        if step.kept:
            made = "kept as it is"
        elif step.context is None:
            made = "root"
        else:
            made = f"children of {step.context.parent} by {'+'.join(step.context.columns)}"
        head = f"{step.table:<{width}}  {rows}{made}" + (f" ({step.reason})" if step.reason else "")
        parts = (("linked", step.linked), ("lookup", step.lookups), ("deferred", step.deferred))
        tail = [
            f"{'':<{width}}    {label}: {'+'.join(key.columns)} -> {key.parent}"
            for label, keys in parts
            for key in keys
        ]
        if step.sibling_join is not None:
            tail.insert(0, f"{'':<{width}}    {step.sibling_join}")
        columns = {} if step.kept else self.treatments.get(step.table, {})
        for treatment in dict.fromkeys(columns.values()):
            named = ", ".join(name for name, word in columns.items() if word == treatment)
            tail.append(f"{'':<{width}}    {treatment}: {named}")
        return "\n".join([head, *tail])


def build_plan(
    metadata: Schema,
    tables: Tables | None = None,
    *,
    keep: str | Iterable[str] = "auto",
    subjects: str | Iterable[str] = "auto",
    invent: Iterable[str] = (),
) -> Plan:
    """Return the plan of a schema; see `Metadata.plan`."""
    found = choose_subjects(metadata, subjects)
    kept = choose_kept(metadata, tables, found, keep, invent)
    with Faults("keep", SchemaError) as faults:
        for key in metadata.foreign_keys:
            if key.child in kept and key.parent not in kept:
                faults.add(
                    f"{key.child!r} is kept as it is but refers to {key.parent!r} by "
                    f"{'+'.join(key.columns)}, which is not kept; keep {key.parent!r} as well"
                )
    evidence = {} if tables is None else measure_associations(metadata, tables)
    shares = {name: found.null_share for name, found in evidence.items()}
    deferred = set(break_cycles(metadata.graph, shares))
    order = generation_order(metadata.graph, deferred)
    steps = tuple(_plan_table(metadata, name, kept, deferred, evidence) for name in order)
    if tables is None:
        rows = {n: t.rows for n, t in metadata.tables.items() if t.rows is not None}
    else:
        rows = {name: len(tables[name]) for name in metadata.tables}
    return Plan(steps, rows, found, column_treatments(metadata, kept))


def _plan_table(
    metadata: Schema,
    name: str,
    kept: Mapping[str, str],
    deferred: set[str],
    evidence: Mapping[str, Association],
) -> TablePlan:
    keys = sorted(metadata.parents_of(name), key=lambda key: key.name)
    if name in kept:
        return TablePlan(name, True, None, (), (), (), kept[name])
    late = tuple(key for key in keys if key.name in deferred)
    early = [key for key in keys if key not in late]
    primary = set(metadata.tables[name].primary_key)
    free = [
        key for key in early if key.parent not in kept or key.context or set(key.columns) < primary
    ]
    context, reason = _choose_context(metadata, free, evidence)
    lookups = tuple(key for key in early if key.parent in kept and key != context)
    linked = tuple(key for key in early if key.parent not in kept and key != context)
    return TablePlan(name, False, context, linked, lookups, late, reason)


def _choose_context(
    metadata: Schema, keys: list[ForeignKey], evidence: Mapping[str, Association]
) -> tuple[ForeignKey | None, str]:
    usable = [key for key in keys if key.when is None] or keys
    if not usable:
        return None, ""
    wished = [key for key in usable if key.context]
    wished = wished or [key for key in usable if key.children is not None][:1]
    if wished:
        return wished[0], "as the schema asks"
    if len(usable) == 1:
        return usable[0], ""
    primary = set(metadata.tables[usable[0].child].primary_key)
    identifying = [key for key in usable if set(key.columns) < primary]
    if len(identifying) == 1:
        return identifying[0], "part of the primary key"
    pool = identifying or usable
    if not evidence:
        return pool[0], "first by name; data would tell more"
    best = max(
        pool,
        key=lambda key: (
            round(evidence[key.name].association, 6),
            evidence[key.name].children_per_parent,
        ),
    )
    found = evidence[best.name]
    return best, f"explains {found.association:.0%} of the rows' variation"
