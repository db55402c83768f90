"""Columns of a parent that sum up its children: a number of items, a total, a first date."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

import numpy as np
import pandas as pd

from relsynth.columns.categorical import CategoricalEncoder
from relsynth.columns.encoder import unbounded
from relsynth.distance import kolmogorov_smirnov
from relsynth.evidence import EXACT, FEW, LARGELY, VISIBLE
from relsynth.groups import unique_values
from relsynth.metadata import ForeignKey
from relsynth.packing import packable
from relsynth.relational.sources.encoding import TableEncoding
from relsynth.typing import Flags, Floats, Integers

OF_A_COLUMN = ("sum", "least", "greatest", "mean")
MOST_LEVELS = 12  # of a column whose levels are counted or summed one by one: a status, a kind


_ALL = ("", -1.0)  # levels: rows of every one


@packable
@dataclass(frozen=True, slots=True)
class Total:
    """A column of a parent that follows from its children.

    Attributes
    ----------
    key : str
        Name of the foreign key.
    target : str
        Column of the parent.
    measure : {"count", "sum", "least", "greatest", "mean"}
    column : str
        Column of the child; empty for a count.
    childless : float or None
        What it is without children; ``None`` where that follows from nothing.
    where : str
        Category of the child of which one level is counted or summed; empty for all rows.
    level : float
        Its code.
    shown : str
        The level as it is shown.
    """

    key: str
    target: str
    measure: str
    column: str
    childless: float | None
    where: str = ""
    level: float = -1.0
    shown: str = ""

    @property
    def note(self) -> str:
        """One sentence."""
        what = f"{self.measure} of {self.column}" if self.column else "number"
        rows = f" where {self.where} is {self.shown}" if self.where else ""
        return f"{self.target} is the {what} over the rows of {self.key}{rows}"


def find_totals(
    key: ForeignKey,
    links: Integers,
    child: tuple[pd.DataFrame, TableEncoding],
    parent: tuple[pd.DataFrame, TableEncoding],
    targets: tuple[str, ...],
    repeated: Mapping[str, str],
) -> tuple[Total, ...]:
    """Return which columns of a parent sum up its children.

    Parameters
    ----------
    links : ndarray of int, shape (n_children,)
        Parent row of each child row; negative for none.
    targets : tuple of str
        Columns of the parent to look at.
    repeated : mapping
        Columns of the child that repeat one of the parent, which sum up nothing.

    Notes
    -----
    A measure must give ``EXACT`` of the families of several children their value, at
    least ``FEW``, and those with one child, too. One reduction per measure
    and number of the child, one comparison per target.
    """
    frame, encoding = parent
    n_parents = len(frame)
    counts = np.bincount(links[links >= 0], minlength=n_parents)
    several = counts > 1
    if several.sum() < FEW:
        return ()
    numbers = _numbers(encoding)
    sources = {name: child[0][name] for name in _numbers(child[1]) if name not in repeated}
    wanted = {name: _shown(encoding, name, frame[name]) for name in targets if name in numbers}
    wanted = {name: v for name, v in wanted.items() if len(unique_values(v[several])) > 1}
    found: dict[str, Total] = {}
    measured = _measured(child[1], sources, links, several) if wanted else iter(())
    of_levels = _of_levels(child, sources, links, n_parents) if wanted else iter(())
    for measure, column, (where, level), made in chain(measured, of_levels):
        for target in wanted.keys() - found.keys():
            values = wanted[target]
            is_date = [
                name in part.steps for name, part in ((column, child[1]), (target, encoding))
            ]
            if is_date[0] != is_date[1] or (is_date[1] and measure == "sum"):
                continue
            agrees = np.abs(values - made) <= _tolerance(encoding, target)
            if agrees[several].mean() >= EXACT and agrees[counts > 0].mean() >= EXACT:
                childless = _common(values[counts == 0])
                encoder = child[1].encoders[where] if where else None
                named = isinstance(encoder, CategoricalEncoder)
                shown = str(encoder.levels[int(level)]) if named else ""  # type: ignore[union-attr]
                found[target] = Total(
                    key.name, target, measure, column, childless, where, level, shown
                )
    return tuple(found[target] for target in wanted if target in found)


def independent(totals: tuple[Total, ...], ties: tuple[frozenset[str], ...]) -> tuple[Total, ...]:
    """Return the totals that may change without breaking what ties columns of their table.

    Parameters
    ----------
    totals : tuple of Total
        Of one parent.
    ties : tuple of frozenset of str
        Columns of the parent that relations hold together. What holds between totals of
        the same children holds by itself.
    """
    targets = {total.target for total in totals}
    while True:
        broken = {name for tie in ties if tie & targets and tie - targets for name in tie}
        if not broken & targets:
            return tuple(total for total in totals if total.target in targets)
        targets -= broken


def realised(
    total: Total,
    links: Integers,
    child: tuple[Mapping[str, pd.Series], TableEncoding],
    parent: tuple[Mapping[str, pd.Series], TableEncoding],
) -> pd.Series:
    """Return the column of a drawn parent that sums up its drawn children.

    Parameters
    ----------
    links : ndarray of int, shape (n_children,)
    """
    columns, encoding = parent
    before = columns[total.target]
    counts = np.bincount(links[links >= 0], minlength=len(before))
    values = _shown(encoding, total.target, before)
    column = None
    if total.column:
        column = _shown(child[1], total.column, child[0][total.column])
    rows = links
    if total.where:
        codes = child[1].encoders[total.where].encode(child[0][total.where])
        rows = np.where(codes == total.level, links, -1)
    made = _MEASURES[total.measure](column, rows, len(before))
    values = np.where((counts > 0) & ~np.isnan(made), made, values)
    if total.childless is not None:
        values[counts == 0] = total.childless
    encoder = unbounded(encoding.encoders[total.target])
    made_series: pd.Series = encoder.decode(values, np.random.default_rng(0))
    return made_series


def is_faithful(total: Total, before: pd.Series, after: pd.Series, encoding: TableEncoding) -> bool:
    """Return whether a column that sums up children is distributed as it was drawn.

    Rows linked to a parent after they were drawn need not add up to what it is like: each
    race has one winner, but the races of a season are distinguished by nothing else. There
    the value drawn with the rest of the parent's row is worth more.

    Parameters
    ----------
    before, after : Series
        The column of the parent as drawn, and as its children say.
    encoding : TableEncoding
        Of the parent.
    """
    distance = kolmogorov_smirnov(
        *(_shown(encoding, total.target, part) for part in (before, after))
    )
    return not distance > VISIBLE


def _measured(
    encoding: TableEncoding,
    sources: Mapping[str, pd.Series],
    links: Integers,
    several: Flags,
) -> Iterator[tuple[str, str, tuple[str, float], Floats]]:
    """Yield the measures of every family; of a column that siblings share only the sum."""
    n_parents = len(several)
    yield "count", "", _ALL, _count(None, links, n_parents)
    for name, series in sources.items():
        values = _shown(encoding, name, series)
        made = {what: _MEASURES[what](values, links, n_parents) for what in OF_A_COLUMN}
        if (made["least"] == made["greatest"])[several].mean() > LARGELY:
            made = {"sum": made["sum"]}
        yield from ((measure, name, _ALL, found) for measure, found in made.items())


def _of_levels(
    child: tuple[pd.DataFrame, TableEncoding],
    sources: Mapping[str, pd.Series],
    links: Integers,
    n_parents: int,
) -> Iterator[tuple[str, str, tuple[str, float], Floats]]:
    """Yield the number of rows of each level of a category in every family, and sums over them."""
    frame, encoding = child
    numbers = {name: _shown(encoding, name, series) for name, series in sources.items()
               if name in encoding.decimals}  # fmt: skip
    for where, encoder in encoding.encoders.items():
        if not isinstance(encoder, CategoricalEncoder) or len(encoder.levels) > MOST_LEVELS:
            continue
        codes = encoder.encode(frame[where])
        for level in range(len(encoder.levels)):
            own, rows = (where, float(level)), np.where(codes == level, links, -1)
            yield "count", "", own, _count(None, rows, n_parents)
            yield from (
                ("sum", name, own, _sum(values, rows, n_parents))
                for name, values in numbers.items()
            )


def _numbers(encoding: TableEncoding) -> tuple[str, ...]:
    """Return the columns that are plain numbers or dates."""
    return tuple(n for n in encoding.encoders if n in encoding.steps or n in encoding.decimals)


def _shown(encoding: TableEncoding, name: str, series: pd.Series) -> Floats:
    values: Floats = unbounded(encoding.encoders[name]).encode(series)
    return values


def _tolerance(encoding: TableEncoding, name: str) -> float:
    if name in encoding.steps:
        return encoding.steps[name] / 2
    decimals = encoding.decimals[name]
    return 1e-6 if decimals is None else 0.5 * 10.0**-decimals * (1 + 1e-6)


def _common(values: Floats) -> float | None:
    """Return the one value that all of some rows have, if they do."""
    if not len(values):
        return None
    same: Flags = (values == values[0]) | (np.isnan(values) & np.isnan(values[0]))
    return float(values[0]) if same.all() else None


def _count(values: Floats | None, links: Integers, n_parents: int) -> Floats:
    return np.bincount(links[links >= 0], minlength=n_parents).astype(float)


def _sum(values: Floats, links: Integers, n_parents: int) -> Floats:
    placed = links >= 0
    return np.bincount(links[placed], np.nan_to_num(values[placed]), n_parents).astype(float)


def _mean(values: Floats, links: Integers, n_parents: int) -> Floats:
    known = (links >= 0) & ~np.isnan(values)
    number = np.bincount(links[known], minlength=n_parents)
    mean: Floats = np.full(n_parents, np.nan)
    np.divide(_sum(values, links, n_parents), number, out=mean, where=number > 0)
    return mean


def _least(values: Floats, links: Integers, n_parents: int) -> Floats:
    known = (links >= 0) & ~np.isnan(values)
    least = np.full(n_parents, np.inf)
    np.minimum.at(least, links[known], values[known])
    return np.where(np.isinf(least), np.nan, least)


def _greatest(values: Floats, links: Integers, n_parents: int) -> Floats:
    return -_least(-values, links, n_parents)


_MEASURES: Mapping[str, Callable[..., Floats]] = {
    "count": _count,
    "sum": _sum,
    "least": _least,
    "greatest": _greatest,
    "mean": _mean,
}
