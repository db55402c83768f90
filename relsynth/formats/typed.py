"""Columns and tables from what a database says of them: types, keys, nullability."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import networkx as nx

from relsynth.schema import Column, ForeignKey, Note, Schema, Table
from relsynth.schema.expressions import column_names
from relsynth.schema.native import KIND_OF_FAMILY, parse_native

_KINDS = KIND_OF_FAMILY | {"uuid": "key"}


def typed_column(
    name: str, native: str, *, nullable: bool, levels: Sequence[Any] | None = None
) -> Column:
    """Return a column of a database type.

    Parameters
    ----------
    native : str
        Such as ``"NUMERIC(10, 2)"``.
    levels : sequence, optional
        Values of an enumeration.
    """
    parsed = parse_native(native)
    levels = ("",) if parsed.length == 0 else levels  # CHAR(0) holds nothing else
    if levels:
        return Column(name, "categorical", nullable=nullable, values=tuple(levels), native="TEXT")
    return Column(
        name,
        _KINDS.get(parsed.family or "", "text"),
        nullable=nullable,
        decimals=parsed.scale,
        max_length=parsed.length,
        native=native,
    )


@dataclass
class Reference:
    """A foreign key as written: the parent's columns may be left out."""

    columns: tuple[str, ...]
    parent: str
    targets: tuple[str, ...] = ()
    name: str | None = None
    deferrable: bool = False
    schema: str = ""
    added: bool = False
    """Whether the key was added to a table that stood already."""


@dataclass
class Unique:
    """A unique constraint or index as written.

    Attributes
    ----------
    columns : tuple of str
        Columns; an expression begins with ``=``.
    where : str
        Condition of the rows it holds for; all where empty.
    together : bool
        Whether missing values count as equal.
    """

    columns: tuple[str, ...]
    name: str | None = None
    where: str = ""
    together: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether it is a set of columns and nothing more."""
        return not self.where and not self.together and not any(c[:1] == "=" for c in self.columns)


@dataclass
class Declared:
    """A table while its declaration is read."""

    name: str
    columns: dict[str, Column] = field(default_factory=dict)
    primary: tuple[str, ...] = ()
    unique: list[Unique] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    schema: str = ""
    primary_label: str | None = None
    partitioned: tuple[str, ...] = ()
    bounds: list[str] = field(default_factory=list)
    apart: list[dict[str, Any]] = field(default_factory=list)
    """Ranges that never meet, as constraints of the schema."""
    labels: dict[str, str] = field(default_factory=dict)
    """Conditions by the name of their constraint."""
    domains: dict[str, list[Any]] = field(default_factory=dict)
    """Types of the script's own that columns have, with conditions that follow."""

    def add_check(self, text: str, label: str | None) -> None:
        """Add a condition, under its name where it has one."""
        self.checks.append(text)
        if label is not None:
            self.labels[label.lower()] = text

    def spelled(self, name: str) -> str:
        """Return a column's name as it was declared, whatever the case."""
        return _spelled(name, self.columns)

    def drop_constraint(self, name: str) -> None:
        """Forget a constraint or index by its name."""
        low = name.lower()
        text = self.labels.pop(low, None)
        if text in self.checks:
            self.checks.remove(text)
        self.unique = [u for u in self.unique if low not in self._names_of(u)]
        self.references = [r for r in self.references if not _is_named(self, r, low)]
        if low in ((self.primary_label or "").lower(), f"{self.name.lower()}_pkey"):
            self.drop_primary()

    def drop_primary(self) -> None:
        """Forget the primary key; its columns stay required."""
        for name in self.primary:
            if name in self.columns:
                self.columns[name] = replace(self.columns[name], nullable=False)
        self.primary = ()

    def _names_of(self, unique: Unique) -> tuple[str, ...]:
        """Return the names a unique set goes by: those that PostgreSQL and MySQL give, if none."""
        if unique.name:
            return (unique.name.lower(),)
        return f"{self.name}_{'_'.join(unique.columns)}_key".lower(), unique.columns[0].lower()

    def rename_constraint(self, old: str, new: str) -> None:
        """Give a constraint another name."""
        if old.lower() in self.labels:
            self.labels[new.lower()] = self.labels.pop(old.lower())
        items: list[Unique | Reference] = [*self.unique, *self.references]
        for item in items:
            if (item.name or "").lower() == old.lower():
                item.name = new
        if (self.primary_label or "").lower() == old.lower():
            self.primary_label = new

    def drop_column(self, name: str) -> None:
        """Forget a column and every rule that names it."""
        spelled = self.spelled(name)
        if spelled not in self.columns:
            return
        del self.columns[spelled]
        self.domains.pop(spelled, None)
        self.unique = [u for u in self.unique if spelled not in _named(u)]
        self.apart = [said for said in self.apart if spelled not in _ends(said)]
        self.references = [r for r in self.references if spelled not in r.columns]
        self.checks = [c for c in self.checks if all(n != spelled for _, n in column_names(c))]
        if spelled in self.primary:
            self.primary = ()

    def rename_column(self, old: str, new: str) -> None:
        """Give a column another name, in the rules of the table too."""
        if old not in self.columns:
            return

        def renamed(names: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(new if name == old else name for name in names)

        self.columns = {
            new if name == old else name: replace(column, name=new) if name == old else column
            for name, column in self.columns.items()
        }
        self.domains = {new if n == old else n: kinds for n, kinds in self.domains.items()}
        self.partitioned = tuple(_renamed_in(part, old, new) for part in self.partitioned)
        self.bounds = [_renamed_in(bound, old, new) for bound in self.bounds]
        self.primary = renamed(self.primary)
        for unique in self.unique:
            unique.columns = renamed(unique.columns)
            unique.where = _renamed_in(unique.where, old, new)
        for reference in self.references:
            reference.columns = renamed(reference.columns)
        for said in self.apart:
            said |= {end: new for end in ("low", "high") if said[end] == old}
            said["equal"] = [_renamed_in(part, old, new) for part in said["equal"]]
            said["where"] = _renamed_in(said["where"], old, new)
        self.labels = {k: _renamed_in(text, old, new) for k, text in self.labels.items()}
        self.checks = [_renamed_in(text, old, new) for text in self.checks]

    def follow_rename(self, other: Declared, old: str, new: str) -> None:
        """Let references to a renamed column of another table follow it."""
        for reference in self.references:
            if reference.parent.lower() == other.name.lower():
                reference.targets = tuple(new if t == old else t for t in reference.targets)


def _ends(said: Mapping[str, Any]) -> set[str]:
    texts = [*said["equal"], said["where"]]
    return {said["low"], said["high"], *(n for text in texts for _, n in column_names(text))}


def _named(unique: Unique) -> set[str]:
    names = {n for part in unique.columns if part[:1] == "=" for _, n in column_names(part[1:])}
    return names | set(unique.columns) | {n for _, n in column_names(unique.where)}


def _is_named(table: Declared, reference: Reference, name: str) -> bool:
    usual = f"{table.name}_{'_'.join(reference.columns)}_fkey".lower()
    return name == (reference.name or usual).lower()


def _renamed_in(text: str, old: str, new: str) -> str:
    quoted = '"' + new + '"'
    return re.sub(rf'(?<![\w"\'])("?){re.escape(old)}\1(?![\w"\'(])', quoted, text)


def assemble(declared: Mapping[str, Declared], source: str, *, mysql: bool = False) -> Schema:
    """Return the schema of declared tables.

    Columns that only identify or refer become keys; a reference without columns goes to
    the parent's primary key; names are matched whatever their case.
    """
    spelled = {name.lower(): name for name in declared}
    keys = [key for table in declared.values() for key in _keys(table, declared, spelled)]
    if mysql:
        _count_in_keys(declared, keys)
    keys = _held_by_order(list(_distinct(keys)), declared)
    names = [key.name for key in keys]
    keys = [replace(key, name="") if names.count(key.name) > 1 else key for key in keys]
    tables = [_table(table, keys) for table in declared.values()]
    return Schema(tables, keys, source=source)


def distinguish_targets(declared: Mapping[str, Declared]) -> list[Note]:
    """Let what is referred to differ where nothing says so, as MySQL allows; say so in notes."""
    spelled = {name.lower(): name for name in declared}
    notes = []
    for key in [k for table in declared.values() for k in _keys(table, declared, spelled)]:
        parent = declared.get(key.parent)
        if parent is None or not set(key.parent_columns) <= set(parent.columns):
            continue
        unique = [set(parent.primary), *(set(u.columns) for u in parent.unique if u.is_plain)]
        if key.parent_columns and set(key.parent_columns) not in unique:
            parent.unique.append(Unique(key.parent_columns))
            where = f"{key.parent}.{'+'.join(key.parent_columns)}"
            notes.append(Note(where, "is taken as unique", f"{key.child} refers to it"))
    return notes


def _count_in_keys(declared: Mapping[str, Declared], keys: Iterable[ForeignKey]) -> None:
    """Take TINYINT(1), which MySQL writes for a boolean, as the number it is where it is a key.

    A table is identified by numbers, and a reference has the type of what it refers to.
    """
    for table in declared.values():
        for name in table.primary if len(table.primary) == 1 else ():
            _count(table, _spelled(name, table.columns))
    for key in keys:
        pairs = zip(key.columns, key.parent_columns, strict=False)
        for name, target in pairs:
            sides = [(declared[key.child], name)]
            if key.parent in declared:
                sides.append((declared[key.parent], target))
            kinds = {t.columns[n].kind for t, n in sides if n in t.columns}
            if kinds & {"integer", "numeric", "key"}:
                for table, column in sides:
                    _count(table, column)


def _count(table: Declared, name: str) -> None:
    column = table.columns.get(name)
    if column is not None and column.kind == "boolean":
        counted = typed_column(name, "TINYINT", nullable=True)
        table.columns[name] = replace(counted, nullable=column.nullable)


def _held_by_order(keys: list[ForeignKey], declared: Mapping[str, Declared]) -> list[ForeignKey]:
    """Let required keys of a circle be set last where the script adds all of them last.

    Rows are written between the tables and such keys, as a dump does.
    """
    added = {(t.name, r.columns) for t in declared.values() for r in t.references if r.added}
    graph: nx.MultiDiGraph = nx.MultiDiGraph()
    graph.add_edges_from((k.child, k.parent, n) for n, k in enumerate(keys) if k.child != k.parent)
    for part in nx.strongly_connected_components(graph):
        inner = [n for _, _, n in graph.subgraph(part).edges(keys=True)]
        if inner and all((keys[n].child, keys[n].columns) in added for n in inner):
            for n in inner:
                keys[n] = replace(keys[n], deferrable=True)
    return keys


def _distinct(keys: Iterable[ForeignKey]) -> Iterable[ForeignKey]:
    seen = set()
    for key in keys:
        said = (key.child, key.columns, key.parent, key.parent_columns)
        if said not in seen:
            seen.add(said)
            yield key


def _keys(
    table: Declared, declared: Mapping[str, Declared], spelled: Mapping[str, str]
) -> Iterable[ForeignKey]:
    for reference in table.references:
        parent = reference.parent
        parent = parent if parent in declared else spelled.get(parent.lower(), parent)
        known = declared.get(parent)
        targets = reference.targets or (known.primary if known else ())
        columns = tuple(_spelled(name, table.columns) for name in reference.columns)
        if known:
            targets = tuple(_spelled(name, known.columns) for name in targets)
        optional = any(
            name in table.columns and table.columns[name].nullable and name not in table.primary
            for name in columns
        )
        yield ForeignKey(
            table.name,
            columns,
            parent,
            targets,
            name=reference.name or "",
            nullable=optional,
            deferrable=reference.deferrable,
        )


def _spelled(name: str, names: Iterable[str]) -> str:
    listed = list(names)
    if name in listed:
        return name
    return next((known for known in listed if known.lower() == name.lower()), name)


def _table(table: Declared, keys: Sequence[ForeignKey]) -> Table:
    refers = {n for key in keys if key.child == table.name for n in key.columns}
    told = [set(names) for names in (table.primary, *(u.columns for u in table.unique)) if names]
    for key in [key for key in keys if key.parent == table.name]:
        wanted = set(key.parent_columns)
        apart = [names for names in told if names < wanted]  # the others are carried along
        refers |= set[str]().union(*apart) if apart else wanted
    primary = tuple(_spelled(name, table.columns) for name in table.primary)
    keyed = refers | (set(primary) if len(primary) == 1 else set())
    columns = {}
    for name, column in table.columns.items():
        identifies = name in keyed and column.kind in ("integer", "text")
        columns[name] = replace(
            column,
            kind="key" if identifies else column.kind,
            nullable=False if name in primary else column.nullable,
        )
    plain = [u.columns for u in table.unique if u.is_plain]
    unique = [tuple(_spelled(n, table.columns) for n in group) for group in plain]
    others = [group for group in dict.fromkeys(unique) if set(group) != set(primary)]
    further = [_unique_index(table, u) for u in table.unique if not u.is_plain]
    further += [{k: v for k, v in said.items() if v} for said in table.apart]
    bounds = [bound for bound in table.bounds if bound]
    partitions = [" OR ".join(f"({bound})" for bound in bounds)] if bounds else []
    if "" in table.bounds:
        partitions = []  # a default partition takes the rest
    return Table(
        table.name,
        columns,
        primary_key=primary,
        unique=tuple(others),
        checks=(*dict.fromkeys(table.checks), *partitions),
        constraints=tuple(further),
    )


def _unique_index(table: Declared, unique: Unique) -> dict[str, Any]:
    """Return a unique index that a plain set of columns cannot say, as a constraint."""
    parts = [
        part[1:] if part[:1] == "=" else _quoted(_spelled(part, table.columns))
        for part in unique.columns
    ]
    said: dict[str, Any] = {"type": "unique_index", "of": parts}
    if unique.where:
        said["where"] = unique.where
    if unique.together:
        said["nulls"] = "equal"
    return said


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
