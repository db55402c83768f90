"""JSON documents with one part replaced by junk."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st


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


def _replaced(document: dict[str, Any], way: tuple[Any, ...], value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(document)
    target: Any = changed
    for step in way[:-1]:
        target = target[step]
    target[way[-1]] = value
    return changed
