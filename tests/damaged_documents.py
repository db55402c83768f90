"""JSON documents with one part replaced by junk."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from relsynth.errors import SchemaError
from relsynth.metadata import Metadata


def paths(node: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every part of a document."""
    yield way
    items = {dict: dict.items, list: enumerate}.get(type(node), lambda _: ())(node)
    for key, inner in items:
        yield from paths(inner, (*way, key))


def damaged(document: dict[str, Any], keys: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy of documents in which one part is junk, such as objects with `keys`."""
    words = st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-2, 2)
    junk = st.recursive(
        words | st.sampled_from(["id", "x"]),
        lambda inner: (
            st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(keys), inner, max_size=2)
        ),
        max_leaves=4,
    )
    return st.builds(_replaced, st.just(document), st.sampled_from([*paths(document)][1:]), junk)


def read_or_refused(document: dict[str, Any]) -> Metadata | None:
    """Read a schema that comes back as it is, or is refused by a schema error."""
    try:
        metadata = Metadata.from_dict(document)
    except SchemaError:
        return None
    assert Metadata.from_dict(json.loads(json.dumps(metadata.to_dict()))) == metadata
    return metadata


def _replaced(document: dict[str, Any], way: tuple[Any, ...], value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(document)
    target: Any = changed
    for step in way[:-1]:
        target = target[step]
    target[way[-1]] = value
    return changed
