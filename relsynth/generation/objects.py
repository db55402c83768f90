"""Generated rows as objects: of Pydantic models, dataclasses and other classes."""

from __future__ import annotations

import json
import typing
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from relsynth.formats.classes import fields_of, is_class, unwrapped
from relsynth.metadata.sources import metadata_of


def objects(tables: Mapping[str, pd.DataFrame], classes: Iterable[Any]) -> dict[str, list[Any]]:
    """Return the rows of generated tables as objects of their classes.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        As `generate` returns them for the classes.
    classes : iterable of type
        Pydantic models or dataclasses.

    Returns
    -------
    dict of str to list
        By the name of the class. A field that holds another class holds the object that its
        row refers to; what a model demands beyond its fields is checked by the model itself.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Tag:
    ...     id: int
    ...     name: str
    >>> import relsynth as rs
    >>> made = objects(rs.generate([Tag], 3), [Tag])["Tag"]
    >>> [tag.id for tag in made]
    [1, 2, 3]
    """
    listed = list(classes)
    plan = metadata_of(listed)
    known = {one.__name__: one for one in _closed(listed)}
    made: dict[str, list[Any]] = {}
    by_key: dict[str, dict[Any, Any]] = {}
    for name in plan.plan().order:
        one, frame = known[name], tables[name]
        kinds = {field: unwrapped(kind, [])[0] for field, (kind, _) in fields_of(one).items()}
        values = {
            field: [by_key.get(kind.__name__, {}).get(key) for key in _plain(frame[f"{field}_id"])]
            if is_class(kind)
            else [_typed(value, kind) for value in _plain(frame[field])]
            for field, kind in kinds.items()
        }
        rows = [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]
        made[name] = [one(**row) for row in rows]
        primary = plan.tables[name].primary_key
        if primary:
            by_key[name] = dict(zip(_plain(frame[primary[0]]), made[name], strict=True))
        for field in [field for field, kind in kinds.items() if kind is one]:  # of its own class
            for row, key in zip(made[name], _plain(frame[f"{field}_id"]), strict=True):
                object.__setattr__(row, field, by_key[name].get(key))
    return made


def _closed(classes: list[Any]) -> list[Any]:
    found = list(classes)
    for one in found:
        kinds = [unwrapped(kind, [])[0] for kind, _ in fields_of(one).values()]
        found += [kind for kind in kinds if is_class(kind) and kind not in found]
    return found


def _plain(column: pd.Series) -> list[Any]:
    """Return values of Python's own, ``None`` where one is missing."""
    values = column.astype(object)
    return [
        None if missing else value for value, missing in zip(values, column.isna(), strict=True)
    ]


def _typed(value: Any, kind: Any) -> Any:
    """Return a value in the type of its field, where a table keeps it in another."""
    if value is None:
        return None
    outer = typing.get_origin(kind) or kind
    if isinstance(value, str) and outer in (list, dict, tuple, set):
        return outer(json.loads(value))
    if isinstance(value, pd.Timestamp):
        moment = value.to_pydatetime()
        return moment.date() if getattr(kind, "__name__", "") == "date" else moment
    if isinstance(value, pd.Timedelta):
        return value.to_pytimedelta()
    made = outer if isinstance(outer, type) and outer.__module__ != "builtins" else None
    from_text = made is not None and isinstance(value, str) and outer is not typing.Literal
    return _from_text(made, value) if from_text else value


def _from_text(kind: Any, value: str) -> Any:
    """Return a value that is written as text, such as an identifier or a time of day."""
    if hasattr(kind, "fromisoformat"):
        return kind.fromisoformat(value)
    return (
        value
        if hasattr(kind, "_validate") or hasattr(kind, "__get_pydantic_core_schema__")
        else kind(value)
    )
