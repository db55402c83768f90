"""Free text and personal data: common values are kept, everything else is written anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from relsynth.columns.dtype import Dtype
from relsynth.columns.matrix import ColumnKind
from relsynth.columns.protection import rare_levels
from relsynth.columns.surrogates import scramble
from relsynth.metadata.schema import Column
from relsynth.seeding import stream
from relsynth.typing import Array, Floats, Integers

COMMON_LEVELS = 200
POOL = 5_000
FORMS = 1_000
WORDS = 2_000


@dataclass(frozen=True, slots=True)
class TextEncoder:
    """Text as a category: one code per common value, one for all others.

    Values that at least three root entities share may be common; in personal columns
    nothing is. All other values are composed of words that are common, and of
    scrambled ones of the same form, and are distinct where the real ones are.

    Attributes
    ----------
    dtype : Dtype
    levels : tuple of str
        Common values by code; the code behind the last stands for the rest.
    forms : tuple of str
        Scrambled specimens of the rest, a null character where a common word goes.
    words : tuple of str
        Common words of the rest.
    distinct : bool
        Whether no value of the rest comes twice.
    max_length : int
    """

    dtype: Dtype
    levels: tuple[str, ...]
    forms: tuple[str, ...]
    words: tuple[str, ...]
    distinct: bool
    max_length: int
    kind: ClassVar[ColumnKind] = "category"
    decimals: ClassVar[int | None] = None
    step: ClassVar[float | None] = None

    @classmethod
    def learn(cls, series: pd.Series, column: Column, entities: Integers) -> Self:
        """Learn common values, forms and words; see `ColumnEncoder.learn`."""
        codes, found = pd.factorize(series)
        values = [str(value) for value in found]
        counts = np.bincount(codes[codes >= 0], minlength=len(values))
        common = ~rare_levels(codes, entities, len(values)) & (counts > 1)
        common &= not column.pii
        order = np.argsort(-counts, kind="stable")
        levels = tuple(values[code] for code in order if common[code])[:COMMON_LEVELS]
        rest = np.array([value not in set(levels) for value in values], bool)
        others = [values[code] for code in np.flatnonzero(rest)]
        words = () if column.pii else _common_words(others)
        longest = max(map(len, values), default=1)
        return cls(
            Dtype.open(series),
            levels,
            _forms(others, words, stream(0, "forms", column.name)),
            words,
            bool((counts[rest] == 1).all()),
            column.max_length or longest,
        )

    def encode(self, series: pd.Series) -> Floats:
        """Return the code of each common value, one more for the rest, ``NaN`` where missing."""
        known = {value: float(code) for code, value in enumerate(self.levels)}
        codes, found = pd.factorize(series)
        number = [known.get(str(value), float(len(self.levels))) for value in found]
        return np.array([*number, np.nan])[codes]

    def decode(self, values: Floats, rng: np.random.Generator) -> pd.Series:
        """Return common values by code and freshly written text for the rest."""
        missing = np.isnan(values)
        codes = np.where(missing, -1, values).astype(np.int64)
        shown = np.empty(len(values), dtype=object)
        levels = np.empty(len(self.levels), dtype=object)
        levels[:] = self.levels
        common = (codes >= 0) & (codes < len(levels))
        shown[common] = levels[codes[common]]
        fresh = np.flatnonzero(codes >= len(levels))
        shown[fresh] = self.write(len(fresh), rng)
        if not self.dtype.is_text:
            shown = pd.to_numeric(pd.Series(shown)).to_numpy()
        return self.dtype.series(shown, missing)

    def write(self, count: int, rng: np.random.Generator) -> Array:
        """Return fresh texts; `count` different ones where the real ones differ."""
        written = np.empty(count, dtype=object)
        if not count or not self.forms:
            written[:] = ""
            return written
        if not self.distinct:
            pool = np.array(self._compose(min(count, POOL), rng), dtype=object)
            return pool[rng.integers(len(pool), size=count)]
        made = dict.fromkeys(self._compose(count, rng))
        for _ in range(10):
            if len(made) >= count:
                break
            made.update(dict.fromkeys(self._compose(count, rng)))
        texts = list(made)[:count]
        gap = " " if self.dtype.is_text else ""
        numbered = (f"{texts[i % len(texts)]}{gap}{i}" for i in range(count - len(texts)))
        written[:] = [*texts, *numbered]
        return written

    def _compose(self, count: int, rng: np.random.Generator) -> list[str]:
        chosen = [self.forms[i] for i in rng.integers(len(self.forms), size=count)]
        gaps = [form.count("\x00") for form in chosen]
        picked = rng.integers(max(len(self.words), 1), size=sum(gaps)).tolist()
        texts, at = [], 0
        for form, gap in zip(chosen, gaps, strict=True):
            parts = scramble(form, rng).split("\x00")
            words = [self.words[i] for i in picked[at : at + gap]]
            at += gap
            text = parts[0] + "".join(w + p for w, p in zip(words, parts[1:], strict=True))
            texts.append(text[: self.max_length])
        return texts

    def domain(self) -> Floats:
        """Return the numbers of values that may be emitted: all, or evenly spaced ones."""
        return np.arange(float(len(self.levels)))

    def to_state(self) -> dict[str, Any]:
        """Return storage, common values, forms and words."""
        return {
            "dtype": self.dtype.to_state(),
            "levels": list(self.levels),
            "forms": list(self.forms),
            "words": list(self.words),
            "distinct": self.distinct,
            "max_length": self.max_length,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild from `to_state`."""
        parts = {name: tuple(state[name]) for name in ("levels", "forms", "words")}
        return cls(
            Dtype.from_state(state["dtype"]),
            distinct=state["distinct"],
            max_length=state["max_length"],
            **parts,
        )


def _common_words(texts: list[str]) -> tuple[str, ...]:
    """Return the words without digits that at least three texts hold, most frequent first."""
    words = pd.Series(
        [
            word
            for text in texts
            for word in dict.fromkeys(text.split())
            if not any(map(str.isdigit, word))
        ],
        dtype=object,
    )
    counts = words.value_counts()
    frequent = counts[counts >= 3]
    return tuple(str(word) for word in frequent.index[:WORDS])


def _forms(texts: list[str], words: tuple[str, ...], rng: np.random.Generator) -> tuple[str, ...]:
    """Return scrambled specimens with a placeholder for every common word."""
    common = set(words)
    if len(texts) > FORMS:
        texts = [texts[i] for i in rng.permutation(len(texts))[:FORMS]]
    forms = [
        " ".join("\x00" if word in common else scramble(word, rng) for word in text.split(" "))
        for text in texts
    ]
    return tuple(dict.fromkeys(forms))
