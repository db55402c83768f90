"""Short parts of keys that come again and again, such as a country or a year."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from relsynth.columns.forms.slots import TOKEN
from relsynth.columns.text_form import has_address

_EVIDENCE = 20  # keys of one shape
_FEWEST = 5  # keys with a token that stays
_MOST = 30  # tokens at one place, of at most so many characters
_LONGEST = 12  # signs of a token that may come again, such as a colour
_COVERED = 0.95  # share of the keys with such a token
_ROOM = 50  # keys that are still possible for each real one


@dataclass(frozen=True, slots=True)
class RecurringTokens:
    """What stays in keys, by their shape.

    Attributes
    ----------
    shapes : dict of str to list of set of str
        Per place of a token those that stay; empty where all vary. Keys whose tokens differ in
        length alone have one shape.
    """

    shapes: dict[str, list[set[str]]]

    def kept(self, text: str, skeleton: str) -> str:
        """Return a skeleton in which tokens that come again are spelled out.

        Parameters
        ----------
        text, skeleton : str
            A key, and the same with null characters where anything may stand.
        """
        parts = TOKEN.findall(text)
        places = self.shapes.get(_shape(parts))
        if places is None:
            return skeleton
        out, at = [], 0
        for part, stays in zip(parts, places, strict=True):
            end = at + len(part)
            out.append(part if part in stays else skeleton[at:end])
            at = end
        return "".join(out)


def recurring_tokens(texts: Sequence[str]) -> RecurringTokens:
    r"""Return the tokens that come again and again in different keys.

    Examples
    --------
    >>> keys = [f"{land}-{number:05d}" for land in ("DE", "FR") for number in range(0, 9999, 99)]
    >>> recurring_tokens(keys).kept("DE-00099", "\0\0-\0\0\0\0\0")
    'DE-\x00\x00\x00\x00\x00'
    """
    groups: dict[str, list[list[str]]] = defaultdict(list)
    for text in texts:
        if not has_address(text):
            parts = TOKEN.findall(text)
            groups[_shape(parts)].append(parts)
    shapes = {}
    for shape, rows in groups.items():
        if len(rows) < _EVIDENCE:
            continue
        places = [_stays(column, len(rows)) for column in zip(*rows, strict=True)]
        free = sum(
            max(map(len, column)) if column[0].isdecimal() else 0
            for column, stays in zip(zip(*rows, strict=True), places, strict=True)
            if not stays
        )
        letters = any(
            part.isalpha() and len(part) > 1 and not stays
            for part, stays in zip(rows[0], places, strict=True)
        )
        if any(places) and (letters or 10**free >= _ROOM * len(rows) ** 0.5):
            shapes[shape] = places
    return RecurringTokens(shapes)


def _stays(tokens: Sequence[str], count: int) -> set[str]:
    counts = Counter(tokens)
    often = {token for token, n in counts.items() if n >= _FEWEST and token.isalnum()}
    short = all(len(token) <= _LONGEST for token in often)
    covered = sum(counts[token] for token in often) >= _COVERED * count
    return often if covered and short and 1 < len(often) <= min(_MOST, count // _FEWEST) else set()


def _shape(parts: Sequence[str]) -> str:
    return "".join("0" if p.isdecimal() else "a" if p.isalpha() else p for p in parts)
