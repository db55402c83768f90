"""JSON documents of a like shape: the same keys, values of their kind."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import numpy as np

from relsynth.columns.forms.shared import TextRows, draw
from relsynth.columns.forms.slots import Picked
from relsynth.columns.forms.tokens import Shape, TokenForm
from relsynth.columns.protection import Holders
from relsynth.packing import packable
from relsynth.typing import Integers

_COVERED = 0.98  # of the texts must be documents
_SHARED = 0.9  # of the texts at a place, if shared, stand for all
_DEEPEST = 12  # levels that are learned; what lies deeper is written as text
_LENGTHS = 100  # lengths of lists that are remembered
Learn = Callable[[Sequence[str], TextRows], Any]


@packable
@dataclass(frozen=True, slots=True)
class DocumentForm:
    """Objects and lists of JSON.

    Attributes
    ----------
    root : dict
        What stands at a place: shares of kinds of value and, for each, how it is written.
    style : dict
        How documents are spelled.
    """

    root: dict[str, Any]
    style: dict[str, Any]

    @classmethod
    def learn(cls, texts: Sequence[str], holders: TextRows, learn: Learn) -> Self | None:
        """Return the form of distinct texts, None where they are no documents.

        Parameters
        ----------
        learn : callable
            Learns the form of the texts at one place.
        """
        if not texts or any(text.lstrip()[:1] not in ("{", "[") for text in texts[:20]):
            return None
        found = [_parsed(text) for text in texts]
        if sum(one is not None for one in found) < _COVERED * len(texts):
            return None
        row = np.zeros(holders.n_texts, np.int64)
        row[holders.texts[::-1]] = np.arange(len(holders.texts))[::-1]
        pairs = [(one, int(at)) for one, at in zip(found, row, strict=True) if one is not None]
        tree = _Tree(learn, holders.entities)
        return cls(tree.node(pairs, 0), _style(texts, found))

    def write(self, count: int, rng: np.random.Generator, words: Sequence[str]) -> list[str]:
        """Return new documents."""
        made = _written(self.root, count, rng, words)
        style = {**self.style, "separators": tuple(self.style["separators"])}
        return [json.dumps(one, **style) for one in made]

    @property
    def variants(self) -> float:
        """Very many."""
        return 1e9


def _parsed(text: str) -> Any:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, (dict, list)) else None


def _style(texts: Sequence[str], found: Sequence[Any]) -> dict[str, Any]:
    some = [(t, f) for t, f in zip(texts[:100], found[:100], strict=True) if f is not None]
    options = [
        {"separators": [comma, colon], "indent": indent, "ensure_ascii": ascii_}
        for comma, colon, indent in ((", ", ": ", None), (",", ":", None), (",", ": ", 2),
                                     (",", ": ", 4), (",", ": ", None), (", ", ":", None))
        for ascii_ in (False, True)
    ]  # fmt: skip

    def same(option: dict[str, Any]) -> int:
        spelled = {**option, "separators": tuple(option["separators"])}
        return sum(json.dumps(one, **spelled) == text for text, one in some)

    return max(options, key=same)


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, (int, float)):
        return "number"
    return "text" if isinstance(value, str) else "object" if isinstance(value, dict) else "list"


@dataclass(frozen=True)
class _Tree:
    """Learns what stands at every place of some documents.

    Attributes
    ----------
    entities : Holders
        Whose the rows are.
    """

    learn: Learn
    entities: Holders

    def node(self, pairs: list[tuple[Any, int]], depth: int) -> dict[str, Any]:
        """Return how the values at one place are written, given each with its row."""
        kinds: dict[str, list[tuple[Any, int]]] = defaultdict(list)
        for value, row in pairs:
            kinds[_kind(value)].append((value, row))
        out: dict[str, Any] = {"kinds": sorted(kinds)}
        out["weights"] = [float(len(kinds[kind])) for kind in out["kinds"]]
        if "flag" in kinds:
            out["flag"] = float(np.mean([value for value, _ in kinds["flag"]]))
        if "number" in kinds:
            out["number"] = self._numbers(kinds["number"])
        if "text" in kinds:
            out["text"] = self._form(*self._texts(kinds["text"]))
        if "list" in kinds and depth < _DEEPEST:
            lengths = sorted(len(value) for value, _ in kinds["list"])
            items = [(item, row) for value, row in kinds["list"] for item in value]
            out["list"] = {
                "lengths": lengths[:: -(-len(lengths) // _LENGTHS)],
                "item": self.node(items, depth + 1) if items else None,
            }
        if "object" in kinds and depth < _DEEPEST:
            out["object"] = self._object(kinds["object"], depth)
        return out

    def _object(self, pairs: list[tuple[Any, int]], depth: int) -> list[dict[str, Any]]:
        """Return the keys that enough entities use, each with its share and what stands below."""
        below: dict[str, list[tuple[Any, int]]] = defaultdict(list)
        for value, row in pairs:
            for key, item in value.items():
                below[key].append((item, row))
        listed = [key for key, items in below.items() for _ in items]
        if not listed:
            return []
        rows = np.array([row for items in below.values() for _, row in items], np.int64)
        kept = set(self._rows(rows).shared(listed)[0])
        return [
            {"key": key, "share": len(items) / len(pairs), "node": self.node(items, depth + 1)}
            for key, items in below.items()
            if key in kept
        ]

    def _numbers(self, pairs: list[tuple[Any, int]]) -> dict[str, Any]:
        values = [value for value, _ in pairs]
        whole = all(isinstance(value, int) for value in values)
        places = 0 if whole else max(len(repr(float(v)).partition(".")[2]) for v in values)
        places = min(places, 12)
        holders = self._rows(np.array([row for _, row in pairs], np.int64))
        return {"knots": holders.knots(values), "places": places, "whole": whole}

    def _texts(self, pairs: list[tuple[Any, int]]) -> tuple[list[str], TextRows]:
        distinct = list(dict.fromkeys(value for value, _ in pairs))
        number = {text: at for at, text in enumerate(distinct)}
        codes = np.array([number[value] for value, _ in pairs], np.int64)
        rows = np.array([row for _, row in pairs], np.int64)
        return distinct, TextRows(codes, self.entities[rows], len(distinct))

    def _form(self, texts: list[str], holders: TextRows) -> Any:
        """Return the form of the texts at a place: those that enough share, or new ones."""
        shared, weights, covered = holders.shared(texts)
        if shared and covered >= _SHARED:
            return TokenForm((Shape((Picked(shared, list(weights)),), 1.0),))
        return self.learn(texts, holders)

    def _rows(self, rows: Integers) -> TextRows:
        """Let every value be a text of its own."""
        return TextRows(np.arange(len(rows)), self.entities[rows], len(rows))


def _written(
    node: dict[str, Any] | None, count: int, rng: np.random.Generator, words: Sequence[str]
) -> list[Any]:
    out: list[Any] = [None] * count
    if node is None or not count:
        return out
    chosen = draw(node["weights"], count, rng)
    write: dict[str, Callable[[int], list[Any]]] = {
        "flag": lambda n: (rng.random(n) < node["flag"]).tolist(),
        "number": lambda n: _drawn(node["number"], n, rng),
        "text": lambda n: node["text"].write(n, rng, words),
        "list": partial(_lists, node.get("list"), rng=rng, words=words),
        "object": partial(_objects, node.get("object"), rng=rng, words=words),
    }
    for at, kind in enumerate(node["kinds"]):
        here = np.flatnonzero(chosen == at)
        if kind in node and len(here):
            for place, value in zip(here.tolist(), write[kind](len(here)), strict=True):
                out[place] = value
    return out


def _drawn(said: dict[str, Any], count: int, rng: np.random.Generator) -> list[Any]:
    knots = said["knots"]
    places = rng.random(count) * (len(knots) - 1)
    values = np.interp(places, np.arange(len(knots)), knots)
    if said["whole"]:
        return [int(value) for value in np.rint(values).tolist()]
    return [float(value) for value in np.round(values, said["places"]).tolist()]


def _lists(
    said: Any, count: int, *, rng: np.random.Generator, words: Sequence[str]
) -> list[list[Any]]:
    lengths = np.array(said["lengths"])[rng.integers(len(said["lengths"]), size=count)]
    items = _written(said["item"], int(lengths.sum()), rng, words)
    ends = np.cumsum(lengths).tolist()
    return [items[end - size : end] for end, size in zip(ends, lengths.tolist(), strict=True)]


def _objects(
    said: Any, count: int, *, rng: np.random.Generator, words: Sequence[str]
) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = [{} for _ in range(count)]
    for one in said:
        here = np.flatnonzero(rng.random(count) < one["share"]).tolist()
        values = _written(one["node"], len(here), rng, words)
        for place, value in zip(here, values, strict=True):
            made[place][one["key"]] = value
    return made
