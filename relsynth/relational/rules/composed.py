"""Ids that carry meaning: ``1871_BS1`` is year and team of its row, ``UK-2021-0007`` counts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from relsynth.columns.moment import DatetimeEncoder
from relsynth.columns.name_parts import without_marks
from relsynth.columns.text_form import common_start
from relsynth.packing import packable
from relsynth.relational.rules.rule import ROWS_OF_EXACT
from relsynth.typing import Array, Integers

SAMPLE: Final = 300  # of them that are taken apart first
CHANCE: Final = 1e-9  # that so many rows agree, by what the share of rows is when permuted
DIFFERENT: Final = 10  # texts that repeat, or a lookup tells them as well
SPARSE: Final = 10  # times as many numbers as rows: wider ranges are no counting
_DATES: Final = {
    "two-digit year, month and day": "%y%m%d",
    "two-digit year and day of the year": "%y%j",
    "day, month and year": "%d%m%Y",
    "day": "%d",
    "year": "%Y",
    "year of two digits": "%y",
    "month": "%m",
    "date": "%Y-%m-%d",
    "year, month and day": "%Y%m%d",
    "year and month": "%Y%m",
}
_LAST: Final = "last digits"
_JOINED: Final = {"words joined by -": "-", "words joined by _": "_", "words joined by .": "."}
_GAPS: Final = re.compile(r"[\W_]+")
_RUNS: Final = re.compile(r"[A-Za-z]+|[0-9]+|[^A-Za-z0-9]+")
_RIGHT: Final = re.compile(r"[^\W_]*$")
_SIGNS: Final = re.compile(r"[^A-Za-z0-9]+")
_TRIES: Final = 20  # other numbers for an id that is there already
_APART: Final = 7_919  # prime: goes through all numbers of a width, and not to the next one
SERIAL: Final = "#serial"
SCATTERED: Final = "scattered"


@packable
@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of an id.

    Attributes
    ----------
    column : str
        The column it repeats; empty for a text that all rows share, ``SERIAL`` for a number.
    text : str
        What stands before it, or the shared text itself.
    how : str
        ``"as is"``, ``"upper"``, ``"lower"``, ``"zeros"`` (filled up with them), ``"last digits"``,
        words joined by a sign, or the part of a date; of a number ``"scattered"`` where it does
        not count.
    width : int
        Of a number, zeros before it included; letters taken of a text, 0 for all.
    plain : bool
        Whether all of them are plain letters and digits: an address has no umlaut or space.
    """

    column: str
    text: str
    how: str = ""
    width: int = 0
    plain: bool = False

    def __str__(self) -> str:
        if not self.column:
            return repr(self.text)
        if self.column == SERIAL:
            return "a number"
        return self.column if self.how in ("as is", "zeros") else f"{self.how} of {self.column}"


@packable
@dataclass(frozen=True, slots=True)
class Composed:
    """A column of ids made of other columns of the row."""

    column: str
    pieces: tuple[Piece, ...]
    rows: int
    repeats: bool = False

    @property
    def note(self) -> str:
        """One sentence with the evidence."""
        parts = " and ".join(str(piece) for piece in self.pieces if piece.column)
        return f"{self.column} is made of {parts} in all {self.rows} rows"

    @property
    def counts(self) -> bool:
        """Whether a number tells rows of the same pieces apart."""
        return any(piece.column == SERIAL and piece.how != SCATTERED for piece in self.pieces)

    @property
    def has_number(self) -> bool:
        """Whether a part of it is a number that no column tells."""
        return any(piece.column == SERIAL for piece in self.pieces)

    @property
    def sources(self) -> tuple[str, ...]:
        """The columns it repeats."""
        return tuple(piece.column for piece in self.pieces if piece.column not in ("", SERIAL))

    def made(self, columns: Mapping[str, pd.Series], issued: pd.Series, start: int) -> pd.Series:
        """Return the ids of rows.

        Parameters
        ----------
        columns : mapping of str to Series
            Those it repeats.
        issued : Series
            What the ids are where a column is missing, and where the pieces of two rows are
            the same and nothing counts them.
        start : int
            Rows numbered elsewhere, whose numbers are taken.
        """
        n = len(issued)
        differ = not self.repeats and bool(issued.dropna().is_unique)
        missing = issued.isna().to_numpy().copy()
        for piece in self.pieces:
            if piece.column in ("", SERIAL):
                continue
            missing |= columns[piece.column].isna().to_numpy()
        known = {piece: read_as(columns[piece.column], piece) for piece in self.pieces
                 if piece.column not in ("", SERIAL)}  # fmt: skip
        prefix: Integers = np.zeros(n, np.int64)
        for values in known.values():
            prefix = pd.factorize(pd.Series(prefix).astype(str) + "\x1f" + values)[0]
        count = pd.Series(prefix).groupby(prefix).cumcount().to_numpy() + 1 + start
        scattered = [p for p in self.pieces if p.column == SERIAL and p.how == SCATTERED]
        own = np.array([str(number) for number in count], object)
        own = _last_numbers(issued, scattered[0].width, own) if scattered else own
        texts = self._joined(known, own)
        for _ in range(_TRIES if scattered and differ else 0):
            again = pd.Series(texts).duplicated().to_numpy() & ~missing
            if not again.any():
                break
            after = (own[again].astype(np.int64) + _APART) % 10 ** scattered[0].width
            own[again] = after.astype(str).astype(object)
            texts = self._joined(known, own)
        again = pd.Series(texts).duplicated().to_numpy() & ~missing
        kept = missing | (again & differ)
        made = issued.astype(object).copy()
        made[~kept] = texts[~kept]
        unique = made[~missing].is_unique or not differ
        return made.astype(issued.dtype) if unique else issued

    def _joined(self, known: Mapping[Piece, pd.Series], numbers: Array) -> Array:
        """Return the pieces of every row put together."""
        n, parts = len(numbers), list[Array]()
        for piece in self.pieces:
            if piece.column == SERIAL:
                own = np.array([number.zfill(piece.width) for number in numbers], object)
            elif piece.column:
                own = known[piece].to_numpy(object)
            else:
                own = np.full(n, "", object)
            parts.append(piece.text + own)
        texts: Array = np.sum(parts, axis=0)
        return texts


def _last_numbers(issued: pd.Series, width: int, otherwise: Array) -> Array:
    """Return the last number of a width in each issued id."""
    pattern = re.compile(rf"(?<!\d)\d{{{width}}}(?!\d)")
    found = [pattern.findall(str(text)) for text in issued]
    pairs = zip(found, otherwise.tolist(), strict=True)
    return np.array([own[-1] if own else other for own, other in pairs], object)


def read_as(column: pd.Series, piece: Piece) -> pd.Series:
    """Return a column as it stands in an id."""
    if piece.how in _DATES:
        dates = pd.to_datetime(column, errors="coerce")
        return dates.dt.strftime(_DATES[piece.how]).astype(object).reset_index(drop=True)
    texts = plain_texts(column)
    if piece.plain:
        texts = texts.map(_letters, na_action="ignore").astype(object)
    if piece.how == "zeros":
        return texts.str.zfill(piece.width)
    if piece.how == _LAST:
        return texts.str[-piece.width :]
    if piece.how in _JOINED:
        sign = _JOINED[piece.how]
        return texts.map(lambda text: _slug(text, sign), na_action="ignore").astype(object)
    if piece.width:
        texts = texts.str[: piece.width]
    return {"upper": texts.str.upper, "lower": texts.str.lower}.get(piece.how, lambda: texts)()


def _letters(text: str) -> str:
    """Return the plain letters and digits of a text; the text itself where it has none."""
    if text.isascii() and text.isalnum():
        return text
    return _SIGNS.sub("", without_marks(text)) or text


def _slug(text: str, sign: str) -> str:
    """Return the words of a text in small plain letters, joined by a sign."""
    return _SIGNS.sub(sign, without_marks(text).lower()).strip(sign)


def _spelled(text: str | None, piece: Piece) -> str | None:
    """Return one text as it stands in an id; see `read_as`."""
    text = _letters(text) if text and piece.plain else text
    if text is None or piece.how == "zeros":
        return text and text.zfill(piece.width)
    if piece.how == _LAST:
        return text[-piece.width :]
    if piece.how in _JOINED:
        return _slug(text, _JOINED[piece.how])
    cut = text[: piece.width or None]
    return {"upper": cut.upper, "lower": cut.lower}.get(piece.how, lambda: cut)()


def as_moments(column: pd.Series, encoder: object) -> pd.Series:
    """Return a column with dates that are texts as moments."""
    if isinstance(encoder, DatetimeEncoder) and encoder.form == "text":
        return encoder.moments(column)
    return column


def may_be_composed(column: pd.Series) -> bool:
    """Return whether a column holds texts of several parts, of which many are different."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return False  # which holds no other texts
    texts = column.iloc[:SAMPLE]
    if texts.hasnans:
        texts = column.dropna().iloc[:SAMPLE]
    if len(texts) < ROWS_OF_EXACT or not texts.map(lambda v: isinstance(v, str)).all():
        return False
    return texts.nunique() >= DIFFERENT and len(_RUNS.findall(texts.iloc[0])) > 1


def plain_texts(column: pd.Series) -> pd.Series:
    """Return values as texts, whole numbers without a fraction."""
    plain = column.reset_index(drop=True)
    if pd.api.types.is_float_dtype(plain.dtype):
        whole = plain.dropna()
        if len(whole) and (whole == np.rint(whole)).all():
            plain = plain.astype("Int64")
    texts = plain.astype(object).map(str, na_action="ignore").astype(object)
    return texts.where(plain.notna(), None)  # no missing mark of times, which has no text


def find_composed(
    ids: Mapping[str, pd.Series], others: Mapping[str, pd.Series], seed: int = 0
) -> Iterator[Composed]:
    """Yield the ids that are made of other columns, of shared texts and of a number.

    Parameters
    ----------
    ids : mapping of str to Series
        Columns of texts that mostly differ from row to row.
    others : mapping of str to Series
        Columns that they may repeat.

    Notes
    -----
    Texts are cut at what is no letter or digit, or where letters and digits meet. A piece
    repeats a column if it does so in every row, and in less than half of the rows when the
    column is permuted. What is neither is shared by all rows or a number.
    """
    rng = np.random.default_rng(seed)
    for name, column in ids.items():
        present = np.flatnonzero(column.notna().to_numpy())
        if (
            len(present) < ROWS_OF_EXACT
            or not column.iloc[present[:1]].map(lambda v: isinstance(v, str)).all()
        ):
            continue
        texts = column.iloc[present].astype(str).to_numpy(object)
        columns = {other: values.iloc[present] for other, values in others.items() if other != name}
        for cut in (_between, _runs, _whole(texts)):
            pieces = _pieces(texts, columns, cut, rng)
            if pieces is not None:
                repeats = len(set(texts)) < len(texts)
                found = Composed(name, pieces, len(present), repeats)
                yield found
                break


def _pieces(
    texts: Array, columns: Mapping[str, pd.Series], cut: Any, rng: np.random.Generator
) -> tuple[Piece, ...] | None:
    if len({len(cut(text)[0]) for text in texts[:SAMPLE]}) != 1:
        return None
    if len(texts) > 2 * SAMPLE:  # what does not hold in some rows does not hold in all
        some = rng.permutation(len(texts))[:SAMPLE]
        looked = {name: column.iloc[some] for name, column in columns.items()}
        if _pieces(texts[some], looked, cut, rng) is None:
            return None
    tokens = [cut(text) for text in texts]
    if len({len(own) for own, _ in tokens}) != 1 or len({gaps for _, gaps in tokens}) != 1:
        return None
    own = np.array([list(token) for token, _ in tokens], object).reshape(len(texts), -1)
    gaps = tokens[0][1]
    pieces = []
    first = {name: plain_texts(column.iloc[:1]).iloc[0] for name, column in columns.items()}
    for at in range(own.shape[1]):
        piece = _piece(own[:, at], gaps[at], columns, first, rng)
        if piece is None:
            return None
        pieces.append(piece)
    repeated = [piece for piece in pieces if piece.column not in ("", SERIAL)]
    return tuple(pieces) if repeated and sum(p.column == SERIAL for p in pieces) <= 1 else None


def _piece(
    token: Array,
    gap: str,
    columns: Mapping[str, pd.Series],
    first: Mapping[str, Any],
    rng: np.random.Generator,
) -> Piece | None:
    distinct = set(token)
    if len(distinct) == 1:
        return Piece("", gap + token[0])
    order = rng.permutation(len(token))
    widths = {len(text) for text in distinct}
    plain = all(text.isascii() and text.isalnum() for text in distinct)
    few = min(SAMPLE, len(token))
    for name, column in columns.items():
        hows = ["as is", "upper", "lower"]
        if pd.api.types.is_datetime64_any_dtype(column.dtype):
            hows = list(_DATES)
        tried = [(how, 0) for how in hows]
        if len(widths) == 1 and hows[0] not in _DATES:
            tried += [(how, len(token[0])) for how in hows]
            if token[0].isdecimal() and pd.api.types.is_numeric_dtype(column.dtype):
                tried += [("zeros", len(token[0])), (_LAST, len(token[0]))]
        elif len(widths) > 1 and hows[0] not in _DATES:
            tried += [(how, 0) for how, sign in _JOINED.items() if sign in token[0]]
        for how, width in tried:
            piece = Piece(name, gap, how, width, plain and how not in _DATES)
            if how not in _DATES and _spelled(first[name], piece) != token[0]:
                continue
            if not (_texts(read_as(column.iloc[:few], piece)) == token[:few]).all():
                continue
            said = _texts(read_as(column, piece))
            alike = float((said[order] == token).mean())
            if (said == token).all() and alike ** len(token) < CHANCE:
                return piece
    if all(text.isdecimal() for text in distinct):
        width = len(token[0]) if len(widths) == 1 else 0
        numbers = [int(text) for text in distinct]
        counts = max(numbers) - min(numbers) < SPARSE * len(token)
        return Piece(SERIAL, gap, "" if counts or not width else SCATTERED, width)
    return None


def _texts(values: pd.Series) -> Array:
    """Return texts as an array in which a missing one equals none."""
    return values.astype(object).where(values.notna(), None).to_numpy(object)


def _between(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Cut a text at what is no letter or digit; return the pieces and what stands before each."""
    return tuple(_GAPS.split(text)), ("", *_GAPS.findall(text))


def _runs(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Cut a text where letters, digits and other signs meet."""
    runs = tuple(_RUNS.findall(text))
    return runs, ("",) * len(runs)


def _whole(texts: Array) -> Any:
    """Return what cuts off only what all texts begin and end with, such as an address."""
    start = _RIGHT.sub("", common_start(min(texts), max(texts)))
    turned = [text[::-1] for text in texts]
    end = _RIGHT.sub("", common_start(min(turned), max(turned)))[::-1]
    if any(len(text) <= len(start) + len(end) for text in texts):
        start = end = ""
    last = (end,) if end else ()

    def cut(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return (text[len(start) : len(text) - len(end)], *last), (start, *("" for _ in last))

    return cut
