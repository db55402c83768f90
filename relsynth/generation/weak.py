"""References that no key declares: columns such as ``customer_id`` beside a table of customers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import networkx as nx

from relsynth.metadata.metadata import Metadata
from relsynth.schema import Column, ForeignKey, Note, Table
from relsynth.schema.expressions import column_names
from relsynth.schema.hints import singular, words_of_name
from relsynth.schema.native import parse_native

IDS = ("id", "uuid", "guid", "fk", "key")
_ITSELF = ("parent",)


def with_weak_references(metadata: Metadata) -> tuple[Metadata, list[Note]]:
    """Add the references that the names of columns tell where no key does.

    Returns
    -------
    Metadata
        With a key for each column whose name ends with that of one table and whose type is
        that of the table's primary key; none that would close a circle.
    list of Note
    """
    names = tables_by_name(metadata)
    graph = nx.DiGraph([(key.parent, key.child) for key in metadata.foreign_keys])
    graph.add_nodes_from(metadata.tables)
    keys, tables, notes = list(metadata.foreign_keys), dict(metadata.tables), list[Note]()
    for table in metadata.tables.values():
        for column in _free(metadata, table):
            parent = _target(metadata, table, column, names)
            if parent is None or (parent != table.name and nx.has_path(graph, table.name, parent)):
                continue
            target = metadata.tables[parent].primary_key
            optional = column.nullable is not False
            keys.append(ForeignKey(table.name, (column.name,), parent, target, nullable=optional))
            graph.add_edge(parent, table.name)
            home = tables[table.name]
            named = replace(column, kind=metadata.tables[parent].columns[target[0]].kind)
            tables[table.name] = replace(home, columns={**home.columns, column.name: named})
            decision = f"is assumed to refer to {parent}.{target[0]}"
            notes.append(Note(f"{table.name}.{column.name}", decision, "its name and type"))
    if not notes:
        return metadata, notes
    made = type(metadata)(tables, keys, notes=metadata.notes, source=metadata.source)
    return made, notes


def tables_by_name(metadata: Metadata) -> dict[str, list[str]]:
    """Return the tables whose rows a single column tells apart, by what one may be called."""
    names: dict[str, list[str]] = {}
    for table in metadata.tables.values():
        words = [*words_of_name(table.name)]
        if len(table.primary_key) == 1 and words:
            for last in _singulars(words[-1]):
                for start in range(len(words)):
                    base = "".join([*words[start:-1], last])
                    names.setdefault(base, []).append(table.name)
    return names


def _singulars(word: str) -> list[str]:
    """Return what one of the rows of a table may be called."""
    forms = [word, word.removesuffix("s"), word.removesuffix("es"), singular(word)]
    return [form for form in dict.fromkeys(forms) if form]


def _free(metadata: Metadata, table: Table) -> Iterator[Column]:
    """Yield the columns that may refer to something, of which nothing else is said."""
    keyed = metadata.key_columns(table.name) | {n for group in table.unique for n in group}
    keyed |= {name for check in table.checks for _, name in column_names(check)}
    keyed |= {str(value) for given in table.constraints for value in given.values()}
    for name, column in table.columns.items():
        said = (column.values, column.pattern, column.provider, column.low, column.high,
                column.format, column.distribution, column.derived)  # fmt: skip
        words = words_of_name(name)
        is_id = len(words) > 1 and words[-1] in IDS
        if is_id and name not in keyed and not column.generated and all(s is None for s in said):
            yield column


def _target(
    metadata: Metadata, table: Table, column: Column, names: dict[str, list[str]]
) -> str | None:
    words = words_of_name(column.name)[:-1]
    if words == _ITSELF and column.nullable is not False and len(table.primary_key) == 1:
        return table.name if fits_key(column, table) else None
    for start in range(len(words)):
        base = "".join(words[start:])
        found = [name for name in names.get(base, []) if fits_key(column, metadata.tables[name])]
        exact = [n for n in found if len(words_of_name(n)) == len(words) - start]
        best = exact if len(exact) == 1 else found
        if len(best) == 1:
            required_self = best[0] == table.name and column.nullable is False
            return None if required_self else best[0]
    return None


def fits_key(column: Column, parent: Table) -> bool:
    """Return whether a column holds what identifies the rows of a table."""
    target = parent.columns[parent.primary_key[0]]
    here, there = parse_native(column.native), parse_native(target.native)
    if target.kind not in ("key", "integer") or here.family != there.family:
        return False
    if here.family is None and column.kind != target.kind:
        return False
    if here.family == "integer":
        return (here.limit or 0) >= (there.limit or 0) or here.base in ("bigint", "int", "integer")
    return column.max_length is None or (
        target.max_length is not None and column.max_length >= target.max_length
    )
