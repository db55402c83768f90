"""Levels that follow from the stretch a number or a date lies in: grades, brackets, periods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final

import numpy as np

from relsynth.columns.relations.draft import Draft
from relsynth.columns.relations.examined import ExaminedTable, Levels
from relsynth.columns.relations.relation import Relation
from relsynth.typing import Floats, Integers

_ROWS: Final = 60  # what one row in twenty breaks holds in 60 by chance one time in twenty
_ROWS_PER_BAND: Final = 5  # on average; a level with fewer is next to one row's own
_BANDS_PER_LEVEL: Final = 2  # night is before and after the day; more is no scale
_NUMBERS: Final = 60  # different numbers that are steps of a scale, such as months of five years
_BROKEN: Final = 12.0  # expected violations where the columns were independent
_SAMPLE: Final = 2_000  # rows of the first look
_UNITS: Final = ("Y", "M", "D", "h", "m")  # from the roundest moment on
_PLACES: Final = 18  # digits of a double


@dataclass(frozen=True, eq=False, kw_only=True)
class Bands(Relation):
    """``target = values[i]`` where the base lies between ``edges[i]`` and the next edge.

    Attributes
    ----------
    edges : ndarray of float, shape (k,)
        Where each band begins, minus infinity first: the roundest number, or the beginning of
        a year, month, day, ..., between two real values.
    values : ndarray of float, shape (k,)
    missing : ndarray of float, shape (1,)
        The target where the base is missing.
    """

    name: ClassVar[str] = "bands"

    edges: Floats
    values: Floats
    missing: Floats

    def encode(self, target: Floats, bases: Sequence[Floats]) -> Floats:
        """Return the distance of a number from that of its band, so that rules may move it."""
        return self.precision.settle(target - self._said(bases))

    def decode(self, residual: Floats | None, bases: Sequence[Floats]) -> Floats:
        """Return the level of the band that the base lies in."""
        said = self._said(bases)
        return said if residual is None else self.precision.settle(said + np.nan_to_num(residual))

    def _said(self, bases: Sequence[Floats]) -> Floats:
        at = np.searchsorted(self.edges, bases[0], "right") - 1
        found = self.values[np.clip(at, 0, len(self.values) - 1)]
        return np.where(np.isnan(bases[0]), self.missing[0], found)


def find_bands(evidence: ExaminedTable, draft: Draft) -> None:
    """Add the levels that follow from stretches of a number or date, fewest bands first.

    No row may break them; rows sorted by the base show few runs of one level, each of rows
    that several subjects have.
    """
    if len(evidence.table) < _ROWS:
        return
    found = []
    for base in (*evidence.plain, *evidence.instants):
        if evidence.distinct(base) <= _BANDS_PER_LEVEL:
            continue
        for target in evidence.table.names:
            if target == base or target in draft.relations or target in draft.fixed:
                continue
            relation = _bands(evidence, base, target)
            if relation is not None:
                found.append(relation)
    for relation in sorted(found, key=lambda one: (len(one.edges), one.target)):
        if draft.allows(relation.target, relation.bases):
            draft.add(relation)


def _bands(evidence: ExaminedTable, base: str, target: str) -> Bands | None:
    levels = evidence.levels(target)
    known_levels = np.count_nonzero(~np.isnan(levels.values))
    if not known_levels >= 2 or (not evidence.is_category(target) and known_levels > _NUMBERS):
        return None
    most = min(_BANDS_PER_LEVEL * len(levels), len(evidence.table) // _ROWS_PER_BAND)
    columns = evidence.sample(_SAMPLE)
    if _runs(columns[base], columns[target]) is None:
        return None
    column = evidence.table[base]
    starts = _runs(column, evidence.table[target])
    known = np.flatnonzero(~np.isnan(column))
    if starts is None or len(starts) > most or len(known) < _ROWS:
        return None
    order = known[np.argsort(column[known], kind="stable")]
    lost = levels.codes[np.isnan(column)]
    if len(lost) and (lost != lost[0]).any():
        return None
    shares = levels.counts / len(evidence.table)
    if (len(known) - len(starts)) * (1 - np.square(shares).sum()) < _BROKEN:
        return None
    runs = np.full(len(column), -1)
    runs[order] = np.cumsum(np.isin(np.arange(len(order)), starts)) - 1
    own = Levels(runs[known], np.arange(float(len(starts))), np.bincount(runs[known]))
    whose = None if evidence.holders is None else evidence.holders[known]
    if not replace(evidence, holders=whose).frequent(own).all():
        return None
    sorted_base, said = column[order], evidence.table[target][order]
    is_date = base in evidence.dates
    edges = [-np.inf, *(_edge(sorted_base[at - 1], sorted_base[at], is_date) for at in starts[1:])]
    return Bands(
        target=target,
        bases=(base,),
        note=f"{target} follows from where {base} lies: {len(starts)} bands, no exception in "
        f"{len(known)} rows",
        kept=not evidence.is_category(target),
        kind=evidence.table.kinds[evidence.table.names.index(target)],
        step=evidence.precision[target].step,
        edges=np.array(edges),
        values=said[starts],
        missing=np.array([levels.values[lost[0]] if len(lost) else np.nan]),
    )


def _runs(base: Floats, target: Floats) -> Integers | None:
    """Return where runs of one level begin in order of the base, None where a value has two."""
    known = np.flatnonzero(~np.isnan(base))
    order = known[np.argsort(base[known], kind="stable")]
    ordered, said = base[order], target[order]
    differs = (said[1:] != said[:-1]) & ~(np.isnan(said[1:]) & np.isnan(said[:-1]))
    if (differs & (ordered[1:] == ordered[:-1])).any():
        return None
    return np.flatnonzero(np.append(True, differs)[: len(order)])


def _edge(below: float, above: float, is_date: bool) -> float:
    """Return the roundest number above one and not above another; of dates a beginning.

    Examples
    --------
    >>> _edge(9987.2, 10012.3, False), _edge(39.0, 40.0, False), _edge(0.31, 0.33, False)
    (10000.0, 40.0, 0.32)
    """
    if is_date:
        moment = np.datetime64(int(np.floor(above)), "s")
        for unit in _UNITS:
            begun = moment.astype(f"datetime64[{unit}]").astype("datetime64[s]").astype(np.int64)
            if begun > below:
                return float(begun)
        return above
    digits = int(np.ceil(np.log10(max(abs(below), abs(above), 1e-9)))) + 1
    for place in range(digits, digits - _PLACES, -1):
        power = 10.0**place
        edge = round(float(np.floor(above / power)) * power, max(-place, 0))
        if below < edge <= above:
            return edge
    return above
