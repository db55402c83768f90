"""Hypothesis strategies: whole databases of a schema, and schemas themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from relsynth.generation import generate
from relsynth.generation.profiles import PROFILES
from relsynth.metadata import Column, ForeignKey, Metadata, Table
from relsynth.optional import require

__all__ = ["databases", "schemas"]

_FREE_KINDS = ("integer", "numeric", "boolean", "categorical", "datetime", "text")


def databases(
    metadata: Metadata | str | Path,
    rows: Mapping[str, int] | int | None = None,
    profiles: tuple[str, ...] = ("minimal", "realistic", "edge"),
) -> Any:
    """Return a hypothesis strategy of databases that satisfy a schema.

    Parameters
    ----------
    metadata : Metadata, str or Path
    rows : mapping of str to int or int, optional
        As in `generate`.
    profiles : tuple of str
        Simplest first: a failing example shrinks towards the first profile and seed 0.

    Returns
    -------
    hypothesis.strategies.SearchStrategy
        Of ``dict[str, DataFrame]``.

    Examples
    --------
    >>> from relsynth.metadata import Column, Metadata, Table
    >>> table = Table("t", {"id": Column("id", "key")}, primary_key=("id",))
    >>> strategy = databases(Metadata([table]), rows={"t": 3})
    """
    st = require("hypothesis.strategies", "test", "Drawing databases for property tests")
    schema = metadata if isinstance(metadata, Metadata) else Metadata.load(metadata)
    chosen = tuple(name for name in PROFILES if name in profiles)
    seeds = st.integers(0, 2**32 - 1)
    return st.builds(
        lambda profile, seed: generate(schema, rows, profile=profile, seed=seed),
        st.sampled_from(sorted(chosen, key=profiles.index)),
        seeds,
    )


def schemas(max_tables: int = 6) -> Any:
    """Return a hypothesis strategy of random schemas that can be generated.

    Parameters
    ----------
    max_tables : int, default 6

    Returns
    -------
    hypothesis.strategies.SearchStrategy
        Of `Metadata`: composite keys, keys that are part of the primary key, bridges with
        unique pairs, primary key = foreign key, keys to an alternate key, several keys to one
        parent, polymorphic and nullable keys, self-references and cycles.
    """
    st = require("hypothesis.strategies", "test", "Drawing schemas for property tests")
    return st.builds(_schema, st.integers(1, max_tables), st.data())


class _Draw:
    """Short words over hypothesis' interactive data object."""

    def __init__(self, data: Any) -> None:
        self.data = data
        self.st = require("hypothesis.strategies", "test", "Drawing schemas")

    def coin(self) -> bool:
        return bool(self.data.draw(self.st.booleans()))

    def pick(self, options: Any) -> Any:
        return self.data.draw(self.st.sampled_from(list(options)))

    def upto(self, low: int, high: int) -> int:
        return int(self.data.draw(self.st.integers(low, high)))


def _schema(count: int, data: Any) -> Metadata:
    draw = _Draw(data)
    tables: dict[str, Table] = {}
    keys: list[ForeignKey] = []
    for number in range(count):
        table, own = _table(draw, f"t{number}", tables)
        tables[table.name] = table
        keys += own
    keyed = [name for name, table in tables.items() if table.candidate_keys]
    for name in list(tables) if keyed else ():
        if draw.upto(0, 3) == 0:
            other = tables[draw.pick(keyed)]
            tables[name], key = _add_key(draw, tables[name], other, "back", optional=True)
            keys.append(key)
    return Metadata(tables, keys)


def _table(draw: _Draw, name: str, earlier: Mapping[str, Table]) -> tuple[Table, list[ForeignKey]]:
    shape = draw.pick(("plain", "plain", "composite", "part", "bridge", "one to one", "no key"))
    parents = [table for table in earlier.values() if table.candidate_keys]
    if shape in ("part", "bridge", "one to one") and not parents:
        shape = "plain"
    table, keys = Table(name, {}), list[ForeignKey]()
    if shape in ("plain", "composite"):
        parts = ("id",) if shape == "plain" else ("area", "id")
        columns = {part: _key_column(draw, part) for part in parts}
        table = Table(name, columns, primary_key=tuple(columns))
    elif shape != "no key":
        for number in range(2 if shape == "bridge" else 1):
            table, key = _add_key(draw, table, draw.pick(parents), f"p{number}", optional=False)
            keys.append(key)
        primary = tuple(dict.fromkeys(n for key in keys for n in key.columns))
        if shape == "part":
            table = replace(table, columns={**table.columns, "line": Column("line", "integer")})
            primary = (*primary, "line")
        table = replace(table, primary_key=primary)
    for number in range(draw.upto(0, 2) if parents else 0):
        table, key = _add_key(draw, table, draw.pick(parents), f"f{number}", optional=draw.coin())
        keys.append(key)
    single = [k.columns[0] for k in keys if len(k.columns) == 1 and k.columns != table.primary_key]
    return _with_values(draw, table, single), keys


def _key_column(draw: _Draw, name: str) -> Column:
    return draw.pick(
        (
            Column(name, "key"),
            Column(name, "key", pattern="[A-Z]{3}-[0-9]{4}"),
            Column(name, "key", native="UUID"),
            Column(name, "key", native="VARCHAR(12)"),
            Column(name, "datetime", format="%Y-%m-%d"),
        )
    )


def _add_key(
    draw: _Draw, table: Table, parent: Table, label: str, *, optional: bool
) -> tuple[Table, ForeignKey]:
    """Add a foreign key with columns of its own to a table."""
    targets = draw.pick(parent.candidate_keys)
    columns = {
        f"{label}_{target}": replace(
            parent.columns[target], name=f"{label}_{target}", nullable=optional, null_share=None
        )
        for target in targets
    }
    key = ForeignKey(table.name, tuple(columns), parent.name, targets, nullable=optional)
    return replace(table, columns={**table.columns, **columns}), key


def _with_values(draw: _Draw, table: Table, single: list[str]) -> Table:
    columns = dict(table.columns)
    for number in range(draw.upto(1, 3)):
        kind = draw.pick(_FREE_KINDS)
        columns[f"c{number}"] = Column(f"c{number}", kind, nullable=draw.coin())
    unique = list(table.unique)
    if draw.upto(0, 3) == 0:
        columns["code"] = Column("code", "text", pattern="[a-z]{6}", nullable=False)
        unique.append(("code",))
    if single and draw.upto(0, 2) == 0:
        unique.append((draw.pick(single), "c0"))
    return replace(table, columns=columns, unique=tuple(unique))
