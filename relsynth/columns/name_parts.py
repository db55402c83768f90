"""Columns that say a part of a person's name: references, initials, abbreviations."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from relsynth.packing import packable
from relsynth.typing import Array

_ROWS: Final = 20  # with names and such a text
_AGREE: Final = 0.8  # of them: namesakes are told apart by more than a last name
_BY_CHANCE: Final = 0.4  # of them with the names of somebody else, at most
_ABBREVIATION: Final = 3  # letters
_MARKS: Final = re.compile(r"[^a-z]")

# words that a text is made of, by the plain words of the first and the last name
_PARTS: Final[dict[str, Callable[[list[str], list[str]], list[str]]]] = {
    "last": lambda first, last: last,
    "first": lambda first, last: first,
    "first last": lambda first, last: [*first, *last],
    "last first": lambda first, last: [*last, *first],
    "initial last": lambda first, last: [first[0][:1] + last[0], *last[1:]],
    "last initial": lambda first, last: [*last[:-1], last[-1] + first[0][:1]],
    "initials": lambda first, last: [first[0][:1] + last[0][:1]],
    "beginning": lambda first, last: ["".join(last)[:_ABBREVIATION]],
}


@packable
@dataclass(frozen=True, slots=True)
class NamePart:
    """How a column is made of the first and the last name of its row.

    Attributes
    ----------
    part : str
        Such as ``"initials"``.
    case : str
        ``"upper"``, ``"title"`` or ``"lower"``.
    mark : str
        What stands between words.

    Examples
    --------
    >>> NamePart("last", "lower", "_").write(["Eva"], ["de Wit"])
    ['de_wit']
    """

    part: str
    case: str
    mark: str

    def write(self, given: list[str], family: list[str]) -> list[str]:
        """Return the texts of some people; empty where a name has no plain letters."""
        made = []
        for one, other in zip(given, family, strict=True):
            first, last = _words(one), _words(other)
            text = self.mark.join(_PARTS[self.part](first, last)) if first and last else ""
            made.append({"upper": text.upper, "title": text.title}.get(self.case, text.lower)())
        return made


def find_name_parts(
    columns: Mapping[str, pd.Series], given: pd.Series, family: pd.Series
) -> Iterator[tuple[str, NamePart]]:
    """Yield the columns that are made of the names beside them.

    Parameters
    ----------
    given, family : Series
        First and last names, ``NaN`` where missing.

    Notes
    -----
    A text agrees if it has the letters of a part of both names. Linear in rows times parts.
    """
    named = (given.notna() & family.notna()).to_numpy()
    for name, column in columns.items():
        rows = np.flatnonzero(named & column.notna().to_numpy())
        texts = column.iloc[rows].tolist()
        if len(texts) < _ROWS or not all(isinstance(text, str) for text in texts):
            continue
        first = [_words(str(one)) for one in given.iloc[rows]]
        last = [_words(str(one)) for one in family.iloc[rows]]
        found = _part(texts, first, last)
        if found:
            yield name, NamePart(found, _case(texts), _mark(texts))


def _part(texts: list[str], first: list[list[str]], last: list[list[str]]) -> str:
    """Return the part whose letters most texts have; empty for none."""
    plain: Array = np.array([_MARKS.sub("", _plain(text)) for text in texts], object)
    shifted = np.roll(plain, len(plain) // 2)
    for part, words in _PARTS.items():
        said = np.array(
            ["".join(words(a, b)) if a and b else "\x00" for a, b in zip(first, last, strict=True)],
            object,
        )
        if (said == plain).mean() >= _AGREE and (said == shifted).mean() <= _BY_CHANCE:
            return part
    return ""


def _words(name: str) -> list[str]:
    return re.findall(r"[a-z]+", _plain(name))


def without_marks(text: str) -> str:
    """Return a text without accents and umlauts, as user names have it.

    Examples
    --------
    >>> without_marks("Trüb van Groß")
    'Trub van Gross'
    """
    spread = unicodedata.normalize("NFKD", text.replace("ß", "ss"))
    return "".join(sign for sign in spread if not unicodedata.combining(sign))


def _plain(text: str) -> str:
    return without_marks(text).lower()


def _case(texts: list[str]) -> str:
    kinds = Counter(
        "upper" if text.isupper() else "title" if text.istitle() else "lower" for text in texts
    )
    return kinds.most_common(1)[0][0]


def _mark(texts: list[str]) -> str:
    """Return what most often stands between two letters, besides letters."""
    found = Counter(mark for text in texts for mark in re.findall(r"(?<=\w)([\W_])(?=\w)", text))
    return found.most_common(1)[0][0] if found else ""
