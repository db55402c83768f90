"""References that lead to one of several tables, which a column beside them names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import networkx as nx

from relsynth.constraints.narrowing import narrowed_columns
from relsynth.generation.weak import IDS, fits_key, tables_by_name
from relsynth.metadata.metadata import Metadata
from relsynth.schema import Column, ForeignKey, Note, Table
from relsynth.schema.hints import singular, words_of_name

_KINDS = ("type", "class", "model", "kind", "table")
MOST_CASES = 3  # tables that a reference of several kinds leads to, where none is named


def with_polymorphic_references(metadata: Metadata) -> tuple[Metadata, list[Note]]:
    """Add the references that a kind and a key tell: ``owner_type`` and ``owner_id``.

    Returns
    -------
    Metadata
        With a key for each table that the kinds name, under the condition that they do.
    list of Note
    """
    names = tables_by_name(metadata)
    graph = nx.DiGraph([(key.parent, key.child) for key in metadata.foreign_keys])
    graph.add_nodes_from(metadata.tables)
    keys, tables, notes = list(metadata.foreign_keys), dict(metadata.tables), list[Note]()
    for table in metadata.tables.values():
        for kind, column in _typed(metadata, table):
            cases = {
                value: parent
                for value, parent in _cases(metadata, table, kind, column, names).items()
                if not nx.has_path(graph, table.name, parent)
            }
            if not cases or (kind.nullable is False) > (column.nullable is False):
                continue
            home = tables[table.name]
            values = kind.values or narrowed_columns(table)[kind.name].values or tuple(cases)
            given = {kind.name: replace(kind, values=values)}
            tables[table.name] = home = replace(home, columns={**home.columns, **given})
            for value, parent in cases.items():
                target = metadata.tables[parent].primary_key
                graph.add_edge(parent, table.name)
                keys.append(ForeignKey(
                    table.name, (column.name,), parent, target, when={kind.name: value},
                    name=f"{table.name}.{column.name} -> {parent} of {value}",
                    nullable=column.nullable is not False,
                ))  # fmt: skip
                decision = f"is assumed to refer to {parent}.{target[0]} where {value!r}"
                notes.append(Note(f"{table.name}.{column.name}", decision, f"{kind.name} names it"))
    if not notes:
        return metadata, notes
    made = type(metadata)(tables.values(), keys, notes=metadata.notes, source=metadata.source)
    return made, notes


def _typed(metadata: Metadata, table: Table) -> Iterator[tuple[Column, Column]]:
    """Yield the columns with what is referred to and with its key: owner_type and owner_id."""
    keyed = metadata.key_columns(table.name)
    spelled = {words_of_name(name): column for name, column in table.columns.items()}
    for words, column in spelled.items():
        kind = next(
            (spelled[(*words[:-1], k)] for k in _KINDS if (*words[:-1], k) in spelled), None
        )
        if kind is None or len(words) < 2 or words[-1] not in IDS or column.name in keyed:
            continue
        said = (kind.pattern, kind.provider, kind.distribution, kind.derived, column.values,
                column.pattern, column.provider, column.distribution)  # fmt: skip
        alone = not {kind.name, column.name} & {n for group in table.candidate_keys for n in group}
        worded = (
            alone
            and kind.kind in ("text", "categorical")
            and not (kind.generated or column.generated)
        )
        if worded and kind.name not in keyed and all(part is None for part in said):
            yield kind, column


def _cases(
    metadata: Metadata, table: Table, kind: Column, column: Column, names: dict[str, list[str]]
) -> dict[str, str]:
    """Return the table that each kind names; where none is named, tables much referred to."""

    def fits(name: str) -> bool:
        return name != table.name and fits_key(column, metadata.tables[name])

    values = kind.values or (narrowed_columns(table)[kind.name].values if table.checks else None)
    if values is not None:
        found = {}
        for value in values:
            base = "".join(words_of_name(re.split(r"[\\\\/.:]", str(value))[-1]))
            near = [name for name in names.get(base, []) if fits(name)]
            whole = [name for name in near if "".join(words_of_name(name)).startswith(base[:-1])]
            if len(whole or near) == 1:
                found[value] = (whole or near)[0]
        return found
    used = Counter(key.parent for key in metadata.foreign_keys)
    listed = [name for group in names.values() for name in group if fits(name)]
    tables = sorted(dict.fromkeys(listed), key=lambda name: (-used[name], name))[:MOST_CASES]
    cases = {_class_name(name): name for name in tables}
    longest = kind.max_length
    return {c: n for c, n in cases.items() if longest is None or len(c) <= longest}


def _class_name(table: str) -> str:
    """Return what a class of the rows of a table is called.

    Examples
    --------
    >>> _class_name("blog_posts")
    'BlogPost'
    """
    words = [*words_of_name(table)]
    return "".join(word.capitalize() for word in [*words[:-1], singular(words[-1])])
