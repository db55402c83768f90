"""Parent rows together with a summary of their children, as the detection of families sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from relsynth.evaluate.database import Database, Kind
from relsynth.evaluate.features import Form
from relsynth.evaluate.grouping import Groups
from relsynth.typing import Array, Integers

if TYPE_CHECKING:
    from relsynth.metadata import ForeignKey

FREQUENT = 5  # levels a category whose shares describe a family; further ones are mostly 0


@dataclass(frozen=True, slots=True)
class Family:
    """Columns of parent rows and of their children in summary.

    Attributes
    ----------
    values : mapping of str to ndarray
        The parent's columns under their own name; summaries as ``child.key:what``.
    kinds : mapping of str to {"number", "date", "category"}
    """

    values: Mapping[str, Array]
    kinds: Mapping[str, Kind]

    def take(self, rows: Integers) -> dict[str, Array]:
        """Return the columns of some rows."""
        return {name: values[rows] for name, values in self.values.items()}


def families(
    real: Database, synthetic: Database, table: str, form: Form = "published"
) -> tuple[Family, Family]:
    """Return the rows of a parent table with one block of summaries per foreign key to it.

    Parameters
    ----------
    form : {"published", "full"}
        ``"published"``: number of children, number of distinct values per categorical
        column, mean per number. ``"full"`` adds spread, extremes, sum and distinct values
        of numbers, the same and the span of dates, shares of the most frequent real
        categories, and the values of the last child.
    """
    frequent = _frequent(real, table)
    found = []
    for database in (real, synthetic):
        values = dict(database.values[table])
        kinds: dict[str, Kind] = dict(database.kinds[table])
        for key in database.metadata.children_of(table):
            made = _summaries(database, key, form, frequent)
            values.update(made)
            kinds.update(dict.fromkeys(made, "number"))
        found.append(Family(values, kinds))
    return found[0], found[1]


def _frequent(real: Database, table: str) -> dict[tuple[str, str], Integers]:
    """Return the most frequent real codes of every categorical child column."""
    found = {}
    for key in real.metadata.children_of(table):
        for column, kind in real.kinds[key.child].items():
            if kind == "category":
                codes = real.values[key.child][column]
                count = np.bincount(codes[codes >= 0])
                top = np.argsort(-count, kind="stable")[:FREQUENT]
                found[key.child, column] = top[count[top] > 0]
    return found


def _summaries(
    database: Database, key: ForeignKey, form: Form, frequent: Mapping[tuple[str, str], Integers]
) -> dict[str, Array]:
    groups = Groups(database.links[key.name], database.rows[key.parent])
    prefix = f"{key.child}.{'+'.join(key.columns)}:"
    made: dict[str, Array] = {f"{prefix}count": groups.count()}
    moment = _moment(database, key.child)
    for column, kind in database.kinds[key.child].items():
        values, name = database.values[key.child][column], f"{prefix}{column}"
        declared = database.metadata.tables[key.child].columns[column].kind
        if kind == "number":
            made[f"{name} mean"] = groups.mean(values)
        if declared == "categorical" or (kind == "category" and form == "full"):
            made[f"{name} distinct"] = groups.distinct(values)
        if form == "published":
            continue
        if kind == "category":
            for code in frequent[key.child, column]:
                label = database.levels[key.child][column][code]
                made[f"{name} share of {label}"] = groups.share(values == code)
        else:
            made.update(_full_numbers(groups, values, name, kind))
        made[f"{name} of the last"] = groups.last(values, moment)
    return made


def _full_numbers(groups: Groups, values: Array, name: str, kind: Kind) -> dict[str, Array]:
    low, high = groups.extremes(values)
    codes = np.unique(values, return_inverse=True)[1].astype(np.int64)
    codes[np.isnan(values)] = -1
    made = {
        f"{name} spread": groups.spread(values),
        f"{name} lowest": low,
        f"{name} highest": high,
        f"{name} distinct": groups.distinct(codes),
    }
    if kind == "date":
        made[f"{name} mean"] = groups.mean(values)
        made[f"{name} span"] = high - low
    else:
        made[f"{name} sum"] = groups.total(values)
    return made


def _moment(database: Database, table: str) -> Array | None:
    """Return the first date column of a table, which orders its rows."""
    dates = [name for name, kind in database.kinds[table].items() if kind == "date"]
    return database.values[table][dates[0]] if dates else None
