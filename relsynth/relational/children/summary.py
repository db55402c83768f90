"""Extension columns: what a parent row knows of its children, by one pass of reductions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relsynth.columns.matrix import ColumnKind, Matrix
from relsynth.columns.protection import Holders
from relsynth.columns.scale import scale_of
from relsynth.groups import distinct_in_groups, modes
from relsynth.models.target import normal_scores
from relsynth.packing import packable
from relsynth.sorting import stable_order
from relsynth.typing import Array, Floats, Integers

SHARES = 3  # levels whose share describes a family; further ones are mostly 0


@packable
@dataclass(frozen=True, slots=True)
class ExtensionLayout:
    """Which summaries a child table gives its parent rows.

    Attributes
    ----------
    order : str or None
        The column children are ordered by; gives first and last value.
    columns : tuple of (name, kind, measure, level)
        `measure` is one of count, first, last, mean, spread, distinct, share, mode, missing.
    """

    order: str | None
    columns: tuple[tuple[str, str, str, float], ...]

    @classmethod
    def of(
        cls,
        children: Matrix,
        order: str | None,
        numbered: str | None = None,
        common: tuple[str, ...] = (),
        holders: Holders | None = None,
    ) -> ExtensionLayout:
        """Choose the summaries of a child table.

        Parameters
        ----------
        children : Matrix
            The real child rows.
        numbered : str, optional
            A column that counts the children: all it gives is where it starts.
        common : tuple of str, optional
            Columns that give their most frequent value as well.
        holders : Holders, optional
            Whose the children are: values of a scale that too few subjects have give no share.

        Notes
        -----
        The width is linear in the columns: a number gives mean and spread, a category the
        number of distinct values and the shares of its ``SHARES`` most frequent levels, a
        scale the shares of all its values, a column with gaps the share of missing values.
        """
        columns: list[tuple[str, str, str, float]] = [("", "count", "count", 0.0)]
        if order is not None:
            columns += [(order, "number", "first", 0.0), (order, "number", "last", 0.0)]
        for name, kind in zip(children.names, children.kinds, strict=True):
            values = children[name]
            missing = np.isnan(values)
            if missing.all():
                continue
            if kind == "category":
                columns.append((name, "count", "distinct", 0.0))
                levels, counts = np.unique(values[~missing], return_counts=True)
                frequent = levels[stable_order(-counts)[:SHARES]]
                if len(levels) == 2:
                    frequent = frequent[:1]
                if len(levels) > 1:
                    columns += [(name, "number", "share", float(level)) for level in frequent]
            elif name == numbered:
                columns.append((name, "number", "first", 0.0))
            elif name != order:
                columns += [(name, "number", "mean", 0.0), (name, "number", "spread", 0.0)]
                scale = scale_of(values)
                if holders is not None and len(scale):
                    codes = np.where(missing, -1, np.searchsorted(scale, values))
                    scale = scale[~holders.rare(codes, len(scale))]
                columns += [(name, "number", "share", float(value)) for value in scale]
            if name in common:
                seen = "category" if kind == "category" else "count"
                columns.append((name, seen, "mode", 0.0))
            if missing.any():
                columns.append((name, "number", "missing", 0.0))
        return cls(order, tuple(columns))

    def known(self, columns: tuple[str, ...]) -> ExtensionLayout:
        """Return the part that follows from the number of children and some columns of them."""
        return ExtensionLayout(
            self.order, tuple(c for c in self.columns if c[2] == "count" or c[0] in columns)
        )

    def own(self, prefix: str) -> ExtensionLayout:
        """Return the number of children and what columns of a prefix tell."""
        return ExtensionLayout(
            self.order, tuple(c for c in self.columns if c[2] == "count" or c[0].startswith(prefix))
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the extension columns."""
        return tuple(
            f"{name}.{measure}" + (f"[{level:g}]" if measure == "share" else "")
            for name, _, measure, level in self.columns
        )

    @property
    def kinds(self) -> tuple[ColumnKind, ...]:
        """Kinds of the extension columns."""
        kinds: dict[str, ColumnKind] = {"count": "count", "category": "category"}
        return tuple(kinds.get(kind, "number") for _, kind, _, _ in self.columns)

    @property
    def ends(self) -> tuple[str, ...]:
        """Names of the number of children and of their first and last values."""
        measures = ("count", "first", "last")
        features = zip(self.names, self.columns, strict=True)
        return tuple(name for name, (_, _, measure, _) in features if measure in measures)

    def has_own_span(self, summary: Matrix) -> bool:
        """Return whether the time from first to last value says more than the last value.

        It does where it depends less on the first one: visits of an hour, whenever they are.
        Where families go on to the end of what was recorded, the last value does.

        Parameters
        ----------
        summary : Matrix, shape (n_parents, n_features)
            Of real families.
        """
        if self.order is None:
            return False
        first, last = (summary[f"{self.order}.{end}"] for end in ("first", "last"))
        several = np.flatnonzero(last > first)
        first, last = first[several], last[several]
        scores = [normal_scores(values) for values in (first, last, last - first)]
        if min((float(np.ptp(column)) for column in scores if len(column)), default=0.0) == 0:
            return False
        table = np.asarray(np.corrcoef(scores))
        return bool(abs(table[0, 2]) < abs(table[0, 1]))

    def with_span(self, summary: Matrix, sign: float) -> Matrix:
        """Return summaries with the time from first to last value in place of the last, or back.

        Parameters
        ----------
        summary : Matrix, shape (n_parents, n_features)
        sign : float
            -1 for the time, 1 for the last value.
        """
        if self.order is None:
            return summary
        first, last = (summary.names.index(f"{self.order}.{end}") for end in ("first", "last"))
        values = summary.values.copy()
        values[:, last] += sign * values[:, first]
        return Matrix(summary.names, summary.kinds, values)

    def sure(self, columns: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of `ends` and of all that some columns tell."""
        features = zip(self.names, self.columns, strict=True)
        return tuple(name for name, column in features if name in self.ends or column[0] in columns)

    @property
    def shares(self) -> list[list[int]]:
        """Positions of the shares of each category, which add up to 1 at most."""
        found: dict[str, list[int]] = {}
        for at, (name, _, measure, _) in enumerate(self.columns):
            if measure == "share":
                found.setdefault(name, []).append(at)
        return list(found.values())

    def summarise(self, children: Matrix, parents: Integers, n_parents: int) -> Matrix:
        """Return the extension columns of every parent row.

        Parameters
        ----------
        children : Matrix, shape (n_children, n_columns)
        parents : ndarray of int, shape (n_children,)
            Parent row of each child; negative for children without one.

        Returns
        -------
        Matrix, shape (n_parents, n_extension_columns)
            ``NaN`` where a parent has no child to measure.

        Notes
        -----
        One sort for the order column, one for each distinct count; linear otherwise.
        """
        placed = slice(None) if (parents >= 0).all() else parents >= 0
        groups = parents[placed]
        counts = np.bincount(groups, minlength=n_parents)
        values = np.empty((n_parents, len(self.columns)))
        ends: dict[tuple[str, str], Floats] = {}
        for at, (name, _, measure, level) in enumerate(self.columns):
            if measure == "count":
                values[:, at] = counts
                continue
            column = children[name][placed]
            if measure in ("first", "last"):
                if (name, measure) not in ends:
                    ends.update(_ends(name, column, groups, n_parents))
                values[:, at] = ends[name, measure]
            else:
                values[:, at] = _MEASURES[measure](column, level, groups, counts)
        return Matrix(self.names, self.kinds, values)


def _mean(column: Floats, level: float, groups: Integers, counts: Integers) -> Floats:
    known = ~np.isnan(column)
    number = counts
    if not known.all():
        column, groups = column[known], groups[known]
        number = np.bincount(groups, minlength=len(counts))
    total: Floats = np.bincount(groups, column, len(counts)).astype(float)
    return _over(total, number)


def _spread(column: Floats, level: float, groups: Integers, counts: Integers) -> Floats:
    """Return the population standard deviation of each group; 0 for one value."""
    deviation = column - _mean(column, level, groups, counts)[groups]
    return np.sqrt(_mean(deviation**2, level, groups, counts))


def _distinct(column: Floats, level: float, groups: Integers, counts: Integers) -> Floats:
    known = ~np.isnan(column)
    codes = column[known].astype(np.int64)
    levels = int(codes.max(initial=0)) + 1
    found: Floats = distinct_in_groups(groups[known], codes, len(counts), levels).astype(float)
    found[counts == 0] = np.nan
    return found


def _share(column: Floats, level: float, groups: Integers, counts: Integers) -> Floats:
    missing = np.isnan(column)
    hits = np.bincount(groups[column == level], minlength=len(counts))
    if missing.any():
        counts = np.bincount(groups[~missing], minlength=len(counts))
    return _over(hits.astype(float), counts)


def _missing(column: Floats, level: float, groups: Integers, counts: Integers) -> Floats:
    gaps = np.bincount(groups[np.isnan(column)], minlength=len(counts))
    return _over(gaps.astype(float), counts)


def _mode(column: Floats, level: float, groups: Integers, counts: Integers) -> Floats:
    return modes(column, groups, len(counts))


_MEASURES = {
    "mean": _mean,
    "spread": _spread,
    "distinct": _distinct,
    "share": _share,
    "mode": _mode,
    "missing": _missing,
}


def _over(total: Floats, number: Array) -> Floats:
    return np.where(number > 0, total / np.maximum(number, 1), np.nan)


def _ends(
    name: str, column: Floats, groups: Integers, n_parents: int
) -> dict[tuple[str, str], Floats]:
    first, last = np.full(n_parents, np.inf), np.full(n_parents, -np.inf)
    known = ~np.isnan(column)
    np.minimum.at(first, groups[known], column[known])
    np.maximum.at(last, groups[known], column[known])
    first[np.isinf(first)] = last[np.isinf(last)] = np.nan
    return {(name, "first"): first, (name, "last"): last}
