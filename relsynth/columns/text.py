"""Free text and personal data: common values are kept, everything else is written anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar, Self
from zlib import crc32

import numpy as np
import pandas as pd

from relsynth.columns.dtype import Dtype
from relsynth.columns.matrix import ColumnKind
from relsynth.columns.protection import Holders, rare_levels
from relsynth.columns.surrogates import scramble
from relsynth.columns.text_form import TextForm, has_address
from relsynth.schema import Column
from relsynth.seeding import stream
from relsynth.typing import Array, Floats, Integers

COMMON_LEVELS = 200
TRIES = 10
FORMS = 1_000
WORDS = 2_000
MOST_COMPOSED = 200_000
CHANCE = 0.01
DIGITS, LETTERS = 9.0, 10.0


@dataclass(frozen=True, slots=True)
class TextEncoder:
    """Text as a category: one code per common value, one for all others.

    Values that enough subjects share may be common; in personal columns
    nothing is. All other values are composed of words that enough subjects use, and of
    scrambled ones of the same form, and recur as often as the real ones.

    Attributes
    ----------
    dtype : Dtype
    levels : tuple of str
        Common values by code; the code behind the last stands for the rest.
    forms : tuple of str
        Scrambled specimens of the rest, a null character where a common word goes.
    words : tuple of str
        Common words of the rest.
    form : TextForm
        What stays in scrambled texts.
    recurring : tuple of tuple of int
        How often a value of the rest comes, and how many come that often.
    max_length : int
    slot : tuple of int
        Number of the part of an output that is written, and of how many; see `in_slot`.
    """

    dtype: Dtype
    levels: tuple[str, ...]
    forms: tuple[str, ...]
    words: tuple[str, ...]
    form: TextForm
    recurring: tuple[tuple[int, int], ...]
    max_length: int
    slot: tuple[int, int] = (0, 1)
    kind: ClassVar[ColumnKind] = "category"
    decimals: ClassVar[int | None] = None
    step: ClassVar[float | None] = None

    @classmethod
    def learn(cls, series: pd.Series, column: Column, entities: Holders) -> Self:
        """Learn common values, forms and words; see `ColumnEncoder.learn`."""
        codes, found = pd.factorize(series)
        values = [str(value) for value in found]
        counts = np.bincount(codes[codes >= 0], minlength=len(values))
        common = ~rare_levels(codes, entities, len(values)) & (counts > 1)
        common &= not column.pii
        order = np.argsort(-counts, kind="stable")
        levels = tuple(values[code] for code in order if common[code])[:COMMON_LEVELS]
        rest = ~np.isin(np.array(values, dtype=object), np.array(levels, dtype=object))
        others = [values[code] for code in np.flatnonzero(rest)]
        words: tuple[str, ...] = ()
        if others and not column.pii:
            rows = np.flatnonzero((codes >= 0) & rest[codes])
            words = _common_words(others, (np.cumsum(rest) - 1)[codes[rows]], entities[rows])
        form = TextForm.of(others)
        return cls(
            Dtype.open(series),
            levels,
            _forms(others, words, form, stream(0, "forms", column.name)),
            words,
            form,
            _recurring(counts[rest]),
            column.max_length or max((len(form.neutral(value)) for value in values), default=1),
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
        """Return fresh texts, of which as many recur as of the real ones."""
        written = np.empty(count, dtype=object)
        if not count or not self.forms:
            written[:] = ""
            return written
        uses = self._uses(count)
        texts = np.array(self._different(len(uses), rng), dtype=object)
        written[:] = rng.permutation(np.repeat(texts, uses))[:count]
        return written

    def _uses(self, count: int) -> Integers:
        """Return how often each of some texts is used, in all at least `count` times."""
        times, values = np.array(self.recurring, dtype=np.int64).T
        n_texts = max(round(count * values.sum() / (times @ values)), 1)
        places = (np.arange(n_texts) + 0.5) * values.sum() / n_texts
        uses = times[np.searchsorted(np.cumsum(values), places, side="right")]
        return np.append(uses, np.ones(max(count - uses.sum(), 0), np.int64))

    def _different(self, count: int, rng: np.random.Generator) -> list[str]:
        """Return texts of which no two are equal; numbers tell them apart where words do not."""
        place, parts = self.slot
        apart = self._may_meet(count * parts)
        made: dict[str, None] = {}
        for _ in range(1 + TRIES + (2 * parts if apart else 0)):
            if len(made) >= count:
                break
            composed = self._compose(count, rng)
            own = filter(self._is_own, composed) if apart else composed
            made.update(dict.fromkeys(own))
        texts = list(made)[:count]
        bases = list(made) or self._compose(1, rng)
        gap = " " if self.dtype.is_text and not self.form.hex_digits else ""
        for number in range(count - len(texts)):
            mark = f"{gap}{number * parts + place}"
            short = self.form.shortened(bases[number % len(bases)], self.max_length - len(mark))
            longer = self.form.numbered(short, mark.strip() if has_address(short) else mark)
            texts.append(self.form.shortened(longer, self.max_length))
        return texts

    def in_slot(self, number: int, parts: int) -> TextEncoder:
        """Return what writes one part of an output.

        Where all real texts differ, each part has texts of its own, told by a checksum, as far
        as these are few enough to be composed so often.
        """
        differ = all(times == 1 for times, _ in self.recurring)
        return replace(self, slot=(number, parts)) if differ else self

    def _is_own(self, text: str) -> bool:
        return crc32(text.encode()) % self.slot[1] == self.slot[0]

    def _may_meet(self, count: int) -> bool:
        """Return whether different parts would write a text twice, of so many in all."""
        if self.slot[1] == 1 or count > MOST_COMPOSED or not self.forms:
            return False
        sizes = [self._variants(form) for form in self.forms]
        return count**2 / (2 * len(sizes) ** 2) * sum(1 / size for size in sizes) > CHANCE

    def _variants(self, form: str) -> float:
        """Return about how many texts a form stands for."""
        words = float(max(len(self.words), 1)) ** form.count("\x00")
        kinds = [DIGITS if c.isdigit() else LETTERS for c in form if c.isalnum()]
        return words * float(np.prod(np.array(kinds, float)))

    def _compose(self, count: int, rng: np.random.Generator) -> list[str]:
        chosen = [self.forms[i] for i in rng.integers(len(self.forms), size=count)]
        gaps = [form.count("\x00") for form in chosen]
        picked = rng.integers(max(len(self.words), 1), size=sum(gaps)).tolist()
        texts, at = [], 0
        for form, gap in zip(chosen, gaps, strict=True):
            parts = scramble(form, self.form, rng).split("\x00")
            words = [self.words[i] for i in picked[at : at + gap]]
            at += gap
            text = parts[0] + "".join(w + p for w, p in zip(words, parts[1:], strict=True))
            texts.append(self.form.shortened(text, self.max_length))
        return texts

    def domain(self) -> Floats:
        """Return the numbers of values that may be emitted: all, or evenly spaced ones."""
        return np.arange(float(len(self.levels)))

    def to_state(self) -> dict[str, Any]:
        """Return storage, common values, forms, words and how values recur."""
        return {
            "dtype": self.dtype.to_state(),
            "levels": list(self.levels),
            "forms": list(self.forms),
            "words": list(self.words),
            "form": asdict(self.form),
            "recurring": [list(pair) for pair in self.recurring],
            "max_length": self.max_length,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild from `to_state`."""
        parts = {name: tuple(state[name]) for name in ("levels", "forms", "words")}
        return cls(
            Dtype.from_state(state["dtype"]),
            form=TextForm(**state["form"]),
            recurring=tuple((times, values) for times, values in state["recurring"]),
            max_length=state["max_length"],
            **parts,
        )


def _common_words(texts: list[str], rows: Integers, entities: Holders) -> tuple[str, ...]:
    """Return the words without digits that enough subjects use, most frequent first.

    Parameters
    ----------
    texts : list of str
    rows : ndarray of int, shape (n_rows,)
    entities : Holders
        Number of the text, and entity, of every row.
    """
    words = [[w for w in dict.fromkeys(text.split()) if _is_plain(w)] for text in texts]
    sizes = np.array([len(some) for some in words], dtype=np.int64)
    codes, found = pd.factorize(np.array([w for some in words for w in some], dtype=object))
    begins = (np.cumsum(sizes) - sizes)[rows]
    repeated = np.repeat(np.arange(len(rows)), sizes[rows])
    within = np.arange(len(repeated)) - np.repeat(np.cumsum(sizes[rows]) - sizes[rows], sizes[rows])
    used = codes[begins[repeated] + within]
    common = ~rare_levels(used, entities[repeated], len(found))
    order = np.argsort(-np.bincount(codes, minlength=len(found)), kind="stable")
    return tuple(str(found[code]) for code in order if common[code])[:WORDS]


def _is_plain(word: str) -> bool:
    return not any(map(str.isdigit, word)) and not has_address(word)


def _recurring(counts: Integers) -> tuple[tuple[int, int], ...]:
    """Return how many values come once, twice and so on."""
    times, values = np.unique(counts, return_counts=True)
    return tuple(zip(times.tolist(), values.tolist(), strict=True))


def _forms(
    texts: list[str], words: tuple[str, ...], form: TextForm, rng: np.random.Generator
) -> tuple[str, ...]:
    """Return scrambled specimens with a placeholder for every common word."""
    common = set(words)
    if len(texts) > FORMS:
        texts = [texts[i] for i in rng.permutation(len(texts))[:FORMS]]
    gapped = [
        " ".join("\x00" if word in common else word for word in text.split(" ")) for text in texts
    ]
    return tuple(dict.fromkeys(scramble(text, form, rng) for text in gapped))
