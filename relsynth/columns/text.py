"""Free text and personal data: common values are kept, everything else is written anew."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self
from zlib import crc32

import numpy as np
import pandas as pd

from relsynth.columns.dtype import Dtype
from relsynth.columns.forms.documents import DocumentForm
from relsynth.columns.forms.form import Form, learn_form
from relsynth.columns.forms.prose import ProseForm
from relsynth.columns.forms.provided import JOINED, ProvidedForm
from relsynth.columns.forms.shared import TextRows, distinct_words
from relsynth.columns.forms.tokens import TokenForm
from relsynth.columns.matrix import ColumnKind
from relsynth.columns.protection import Holders, rare_levels
from relsynth.columns.providers import is_about_work, is_provider, locale_of, words_in
from relsynth.columns.text_form import TextForm, has_address
from relsynth.packing import packable
from relsynth.schema import Column
from relsynth.schema.hints import hint_of
from relsynth.typing import Array, Floats, Integers

COMMON_LEVELS = 200  # texts that are a list of values rather than prose
LABEL = 60  # characters of a mean label; longer texts are prose, which may tell of somebody
TRIES = 10  # draws for a text that is new
ABBREVIATED = 3  # capitals that stand for a state or a country rather than spell it
ROOM = 12  # characters by which new words may be longer than the real ones
WORDS = 2_000  # of a column that are used again
FEWEST_WORDS = 30  # fewer shared words repeat too often: words of the language join them
MOST_COMPOSED = 200_000  # texts distinguished by a checksum: more take seconds
SHAPES = 2  # of a column; one tells nothing
SHAPE_ROWS = 10  # of a shape; fewer agree with another column by chance
CHANCE = 0.01  # of a repeat, below which none is looked for
# providers whose values have a form that countries and firms differ in: the real form is kept
CODES = frozenset(
    {"phone_number", "postcode", "ssn", "iban", "credit_card_number", "ipv4", "ipv6"}
    | {"mac_address", "license_plate", "sha256", "country_code", "currency_code", "isbn13", "url"}
)
_PLAIN = TextForm()


@packable
@dataclass(frozen=True, slots=True)
class TextEncoder:
    """Text as a category: one code per common value, one per shape of the others.

    Values that enough entities share may be common; in personal columns nothing is. All
    other values are written in the form of the real ones, of parts that enough entities
    share, and recur as often as the real ones; personal ones come from Faker.

    Attributes
    ----------
    levels : tuple of str
        Common values by code; those behind the last stand for the rest.
    form : Form
        Writes the rest.
    words : tuple of str
        Common words of the rest.
    locale : str
        Country and language of what is invented.
    recurring : tuple of tuple of int
        How often a value of the rest comes, and how many come that often.
    labels : tuple of str
        The rest itself, where it is short texts of rows that are nobody's: titles, places,
        teams. They come out as they are, others only when they run out.
    shapes : tuple of int
        Numbers of the shapes of the form that have a code of their own, such as the sentences
        that go with a status; one more code stands for what has none of them.
    slot : tuple of int
        Number of the part of an output that is written, and of how many; see `in_slot`.
    """

    dtype: Dtype
    levels: tuple[str, ...]
    form: Form
    words: tuple[str, ...]
    locale: str
    recurring: tuple[tuple[int, int], ...]
    max_length: int
    labels: tuple[str, ...] = ()
    shapes: tuple[int, ...] = ()
    slot: tuple[int, int] = (0, 1)
    kind: ClassVar[ColumnKind] = "category"
    decimals: ClassVar[int | None] = None
    step: ClassVar[float | None] = None

    @classmethod
    def learn(cls, series: pd.Series, column: Column, entities: Holders) -> Self:
        """Learn common values, the form and words; see `ColumnEncoder.learn`."""
        codes, found = pd.factorize(series)
        values = [str(value) for value in found]
        counts = np.bincount(codes[codes >= 0], minlength=len(values))
        common = ~rare_levels(codes, entities, len(values)) & (counts > 1)
        common &= not is_personal(column)
        order = np.argsort(-counts, kind="stable")
        levels = tuple(values[code] for code in order if common[code])[:COMMON_LEVELS]
        rest = ~np.isin(np.array(values, dtype=object), np.array(levels, dtype=object))
        others = [_PLAIN.neutral(values[code]) for code in np.flatnonzero(rest)]
        rows = np.flatnonzero(np.append(rest, False)[codes])
        numbers = (np.cumsum(rest) - 1)[codes[rows]]
        holders = TextRows(numbers, entities[rows], len(others), is_personal(column))
        locale = locale_of(column, values, entities.locale)
        words = [] if is_personal(column) else distinct_words(others, holders)
        own = tuple(values[code] for code in np.flatnonzero(rest))
        is_label = sum(map(len, own)) <= LABEL * len(own)
        nobodys = is_label and not is_personal(column) and not entities.covered.any()
        form = _form(column, others, holders, locale)
        shapes = () if is_personal(column) else _shapes_told(form, others, holders)
        return cls(
            Dtype.open(series),
            levels,
            form,
            tuple(word for word in words if not has_address(word))[:WORDS],
            locale,
            _recurring(counts[rest]),
            column.max_length or _longest(values, form),
            own if nobodys else (),
            shapes,
        )

    def encode(self, series: pd.Series) -> Floats:
        """Return the code of each common value, others for the rest, ``NaN`` where missing."""
        known = {value: float(code) for code, value in enumerate(self.levels)}
        codes, found = pd.factorize(series)
        texts = [str(value) for value in found]
        number = [known[text] if text in known else self._rest_code(text) for text in texts]
        return np.array([*number, np.nan])[codes]

    def _rest_code(self, text: str) -> float:
        """Return the code of a text that is no common value: of its shape, the last for others."""
        first, shapes = len(self.levels), self.shapes
        if not shapes or not isinstance(self.form, TokenForm):
            return float(first)
        shape = self.form.shape_of(_PLAIN.neutral(text))
        return float(first + (shapes.index(shape) if shape in shapes else len(shapes)))

    def _of_code(self, place: int) -> TextEncoder:
        """Return what writes the rest of one code."""
        if not self.shapes or not isinstance(self.form, TokenForm):
            return self
        told = self.shapes[place : place + 1]
        others = [at for at in range(len(self.form.shapes)) if at not in self.shapes]
        form = self.form.only(told) if told else self.form.only(others, rest=True)
        if not form.shapes and form.rest is None:
            form = self.form
        code = float(len(self.levels) + place)
        labels = tuple(label for label in self.labels if self._rest_code(label) == code)
        return replace(self, form=form, labels=labels, shapes=())

    def decode(self, values: Floats, rng: np.random.Generator) -> pd.Series:
        """Return common values by code and freshly written text for the rest."""
        missing = np.isnan(values)
        codes = np.where(missing, -1, values).astype(np.int64)
        shown = np.empty(len(values), dtype=object)
        levels = np.empty(len(self.levels), dtype=object)
        levels[:] = self.levels
        common = (codes >= 0) & (codes < len(levels))
        shown[common] = levels[codes[common]]
        for place in range(len(self.shapes) + 1):
            last = place == len(self.shapes)
            own = codes - len(levels)
            fresh = np.flatnonzero(own >= place if last else own == place)
            if len(fresh):
                shown[fresh] = self._of_code(place).write(len(fresh), rng)
        if not self.dtype.is_text:
            shown = pd.to_numeric(pd.Series(shown)).to_numpy()
        return self.dtype.series(shown, missing)

    def write(self, count: int, rng: np.random.Generator) -> Array:
        """Return fresh texts, of which as many recur as of the real ones."""
        written = np.empty(count, dtype=object)
        if not count or not self.recurring:
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
        labels = (self.labels[at] for at in rng.permutation(len(self.labels)))
        made = dict.fromkeys(filter(self._is_own, labels))
        for _ in range(1 + TRIES + (2 * parts if apart else 0)):
            if len(made) >= min(count, self._most):
                break
            composed = self._compose(int(min(count, self._most)), rng)
            own = filter(self._is_own, composed) if apart else composed
            made.update(dict.fromkeys(own))
        texts = list(made)[:count]
        if count > self._most:  # names come again where real ones do
            return [*texts, *rng.choice(texts, count - len(texts)).tolist()]
        bases = list(made) or self._compose(1, rng)
        if isinstance(self.form, DocumentForm):
            return [*texts, *(bases[n % len(bases)] for n in range(count - len(texts)))]
        gap = " " if self.dtype.is_text and isinstance(self.form, ProseForm) else ""
        for number in range(count - len(texts)):
            mark = f"{gap}{number * parts + place}"
            short = _PLAIN.shortened(bases[number % len(bases)], self.max_length - len(mark))
            longer = _PLAIN.numbered(short, mark.strip() if has_address(short) else mark)
            texts.append(_PLAIN.shortened(longer, self.max_length))
        return texts

    @property
    def _most(self) -> float:
        """Texts that are composed at most: first and last names that repeat are not doubled."""
        repeats = any(times > 1 for times, _ in self.recurring)
        single = isinstance(self.form, ProvidedForm) and self.form.provider in JOINED
        return self.form.variants if repeats and single else np.inf

    def in_slot(self, number: int, parts: int) -> TextEncoder:
        """Return what writes one part of an output.

        Where all real texts differ, each part has texts of its own, known by a checksum, as far
        as these are few enough to be composed so often.
        """
        differ = all(times == 1 for times, _ in self.recurring)
        return replace(self, slot=(number, parts)) if differ else self

    def _is_own(self, text: str) -> bool:
        return crc32(text.encode()) % self.slot[1] == self.slot[0]

    def _may_meet(self, count: int) -> bool:
        """Return whether different parts would write a text twice, of so many in all."""
        if self.slot[1] == 1 or count > MOST_COMPOSED or not self.recurring:
            return False
        return count**2 / (2 * max(self.form.variants, 1.0)) > CHANCE

    def _compose(self, count: int, rng: np.random.Generator) -> list[str]:
        made = self.form.write(count, rng, self._vocabulary())
        if isinstance(self.form, DocumentForm):
            return made
        return [_PLAIN.shortened(text, self.max_length) for text in made]

    def _vocabulary(self) -> tuple[str, ...]:
        """Return the words that go into new texts, most frequent first."""
        if isinstance(self.form, ProvidedForm):
            return ()
        if isinstance(self.form, TokenForm):
            return words_in(self.locale)
        if len(self.words) >= FEWEST_WORDS:
            return self.words
        return (*self.words, *words_in(self.locale))

    def domain(self) -> Floats:
        """Return the numbers of values that may be emitted: all, or evenly spaced ones."""
        return np.arange(float(len(self.levels)))


def _shapes_told(form: Form, texts: list[str], holders: TextRows) -> tuple[int, ...]:
    """Return the shapes of a form that enough subjects have to be told from each other."""
    if not isinstance(form, TokenForm) or len(form.shapes) + (form.rest is not None) < SHAPES:
        return ()
    shape = np.array([form.shape_of(text) for text in texts], dtype=np.int64)
    rows = shape[holders.texts]
    common = ~rare_levels(rows, holders.entities, len(form.shapes))
    common &= np.bincount(rows[rows >= 0], minlength=len(form.shapes)) >= SHAPE_ROWS
    return tuple(np.flatnonzero(common).tolist())


def _longest(values: list[str], form: Form) -> int:
    """Return the longest text to write where none is declared: words differ in length."""
    longest = ROOM + max((len(_PLAIN.neutral(value)) for value in values), default=1)
    return max(longest, LABEL) if isinstance(form, ProvidedForm) else longest


def is_personal(column: Column) -> bool:
    """Return whether the values of a column are about one person and are never shown."""
    return column.pii or column.treatment == "fake"


def _form(column: Column, texts: list[str], holders: TextRows, locale: str) -> Form:
    """Return what writes texts: the declared provider, or the form of the real ones."""
    provider = column.provider or ""
    if not provider:
        hint = hint_of(column.name)
        is_named = hint is not None and hint.kind == "text" and hint.provider not in CODES
        provider = hint.provider if hint is not None and is_named else ""
        numbered = sum(any(map(str.isdigit, text)) for text in texts)
        if provider != "street_address" and numbered > len(texts) / 2:
            provider = ""  # codes, whatever their name says
    if provider == "ipv4" and sum(":" in text for text in texts) > len(texts) / 2:
        provider = "ipv6"
    if not provider or not is_provider(provider, locale):
        form = learn_form(texts, holders)
        if isinstance(form, ProseForm) and is_about_work(column.name) and texts:
            return ProvidedForm.learn(texts, "job", locale)
        return form
    if texts and sum(len(t) <= ABBREVIATED and t.isupper() for t in texts) > len(texts) / 2:
        return learn_form(texts, holders)
    by_provider = ProvidedForm.learn(texts, provider, locale)
    if column.locale or not texts or provider == "email":
        return by_provider
    form = learn_form(texts, holders)
    is_known = isinstance(form, TokenForm) and (provider in CODES or not form.has_words)
    return form if is_known else by_provider


def _recurring(counts: Integers) -> tuple[tuple[int, int], ...]:
    """Return how many values come once, twice and so on."""
    times, values = np.unique(counts, return_counts=True)
    return tuple(zip(times.tolist(), values.tolist(), strict=True))
