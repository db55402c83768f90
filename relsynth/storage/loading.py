"""In which order a database with all its constraints is filled."""

from __future__ import annotations

from relsynth.schema import Schema
from relsynth.schema.graph import break_cycles, generation_order


def loading_order(
    schema: Schema, *, self_references: bool = True
) -> tuple[tuple[str, ...], dict[str, list[str]]]:
    """Return the tables in the order to fill them, and what is left open at first.

    Parameters
    ----------
    self_references : bool, default True
        Leave open as well what refers to another row of the same table.

    Returns
    -------
    order : tuple of str
        Parents before their children.
    late : dict of str to list of str
        Per table the columns of keys that close a cycle: they are set when all rows are
        there. Required columns and those of a primary key are not among them.

    Examples
    --------
    >>> from relsynth.schema import Column, ForeignKey, Table
    >>> columns = {"id": Column("id", "key"), "boss": Column("boss", "key")}
    >>> staff = Table("staff", columns, primary_key=("id",))
    >>> loading_order(Schema([staff], [ForeignKey("staff", ("boss",), "staff", ("id",))]))
    (('staff',), {'staff': ['boss']})
    """
    deferred = break_cycles(schema.graph)
    late: dict[str, list[str]] = {name: [] for name in schema.tables}
    for key in sorted(schema.foreign_keys, key=lambda key: key.name):
        if key.name not in deferred or key.when is not None:
            continue
        if key.is_self_reference and not self_references:
            continue
        table, found = schema.tables[key.child], late[key.child]
        found += [
            name
            for name in key.columns
            if name not in found
            and table.columns[name].nullable is not False
            and name not in table.primary_key
        ]
    return generation_order(schema.graph, deferred), late
