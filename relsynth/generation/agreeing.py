"""References that agree: the customer of a payment is that of its invoice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from relsynth.metadata.metadata import Metadata
from relsynth.schema import ForeignKey, Note
from relsynth.schema.hints import singular, words_of_name

_OWNERS = ("customer", "client", "patient", "tenant", "organization", "organisation", "org",
           "company", "account", "workspace", "project", "member", "student", "guest",
           "subscriber", "household", "policy", "merchant", "applicant", "borrower", "donor",
           "insured", "vehicle")  # fmt: skip
"""What things belong to. Users, authors and staff act on what belongs to others."""


def with_agreeing_references(metadata: Metadata) -> tuple[Metadata, list[Note]]:
    """Let a row belong to the owner of what it refers to, where a column of both says whose it is.

    Returns
    -------
    Metadata
        With references that carry the owner: ``(invoice_id, customer_id)`` for ``invoice_id``.
    list of Note
    """
    metadata = _with_few_groups(metadata)
    changed: dict[str, ForeignKey] = {}
    wished = {key.child for key in metadata.foreign_keys if key.context}
    notes = []
    for key in metadata.foreign_keys:
        shared = list(_shared(metadata, key))
        if shared:
            added = tuple(dict.fromkeys(shared))
            changed[key.name] = replace(
                key,
                columns=(*key.columns, *added),
                parent_columns=(*key.parent_columns, *added),
                name=key.name,
                context=key.context or key.child not in wished,
            )
            wished.add(key.child)
            decision = f"is assumed to be that of the row of {key.parent!r}"
            notes += [
                Note(f"{key.child}.{name}", decision, "both say whose it is") for name in added
            ]
    if not changed:
        return metadata, notes
    keys = [changed.get(key.name, key) for key in metadata.foreign_keys]
    tables = dict(metadata.tables)
    for key in changed.values():
        parent = tables[key.parent]
        unique = tuple(dict.fromkeys((*parent.unique, key.parent_columns)))
        tables[key.parent] = replace(parent, unique=unique)
    made = type(metadata)(tables.values(), keys, notes=metadata.notes, source=metadata.source)
    return made, notes


GROUPS = 4  # so few that two rows of one group are found for a game or a transfer


def _with_few_groups(metadata: Metadata) -> Metadata:
    """Let rows that one row refers to twice be of few groups, where both must be of one."""
    for key in metadata.foreign_keys:
        twins = [k for k in metadata.parents_of(key.child) if k.parent == key.parent and k != key]
        for own, name in zip(key.columns, key.parent_columns, strict=True):
            column = metadata.tables[key.parent].columns[name]
            said = (column.low, column.high, column.values, column.pattern, column.distribution,
                    column.derived)  # fmt: skip
            bound = {n for k in metadata.parents_of(key.parent) for n in k.columns}
            alone = (name,) in metadata.tables[key.parent].candidate_keys
            if (
                any(own in k.columns for k in twins)
                and column.kind == "integer"
                and not alone
                and name not in bound
                and all(part is None for part in said)
            ):
                few = replace(column, low=1, high=GROUPS)
                table = metadata.tables[key.parent].with_columns({name: few})
                metadata = metadata.replace_tables([table])
    return metadata


def _shared(metadata: Metadata, key: ForeignKey) -> Iterator[str]:
    """Yield the columns that say of a row and of the row it refers to whose they are."""
    plain = len(key.columns) == 1 and key.when is None and key.children is None
    if not plain or key.is_self_reference:
        return
    above = metadata.parents_of(key.parent)
    beside = [k for k in metadata.parents_of(key.child) if k is not key and len(k.columns) == 1]
    here, there = metadata.tables[key.child].columns, metadata.tables[key.parent].columns
    for own in beside:
        (name,) = own.columns
        alike = any(
            k.columns == own.columns
            and (k.parent, k.parent_columns) == (own.parent, own.parent_columns)
            for k in above
        )
        owner = singular((words_of_name(own.parent) or ("",))[-1]) in _OWNERS
        required = here[name].nullable is False and name in there and there[name].nullable is False
        if alike and owner and required and own.when is None and own.children is None:
            yield name
