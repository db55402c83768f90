"""Plant values that one subject has, learn the data, and count which of them come out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from relsynth.errors import DataError
from relsynth.evaluate.database import scored_columns
from relsynth.metadata import Metadata
from relsynth.metadata.references import parent_rows
from relsynth.relational.synthesizer import RelationalSynthesizer
from relsynth.seeding import Seed, integer_seed, stream
from relsynth.typing import Integers, Tables

Make = Callable[[Tables, int], list[dict[str, pd.DataFrame]]]
TRIES = 200  # to find a value that is not among the real ones
FEWEST = 20  # rows of a table in which one more value is no rarity by itself


@dataclass(frozen=True, slots=True)
class Canary:
    """A value of one subject.

    Attributes
    ----------
    table, column : str
    value : object
    rows : int
        That have it, all of one subject.
    draws, caught, chance : int
        Synthetic databases; those it came out in; those of the unplanted data it came out in.
    """

    table: str
    column: str
    value: Any
    rows: int
    draws: int = 0
    caught: int = 0
    chance: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return what a report shows."""
        return {
            "table": self.table,
            "column": self.column,
            "value": str(self.value),
            "rows": self.rows,
            "draws": self.draws,
            "caught": self.caught,
            "chance": self.chance,
        }


def count_canaries(
    real: Tables,
    metadata: Metadata,
    subjects: Mapping[str, str],
    draws: int,
    seed: Seed,
    make: Make | None = None,
) -> list[Canary]:
    """Plant one value in every column of subjects and of their children, and look for them.

    Parameters
    ----------
    real : mapping of str to DataFrame
    metadata : Metadata
    subjects : mapping of str to str
        Tables of the people to protect.
    draws : int
        Synthetic databases to look through.
    seed : int, SeedSequence or None
    make : callable, optional
        Takes tables and a number, returns as many synthetic databases; the synthesizer with
        its defaults by default.
    """
    made = make or _maker(metadata, seed)
    planted, found = plant(real, metadata, subjects, seed)
    if not found:
        raise DataError("canaries: no column of a subject can take one; name subjects=[...]")
    with_them, without = made(planted, draws), made(real, draws)
    return [
        replace(
            canary,
            draws=draws,
            caught=sum(_holds(tables, canary) for tables in with_them),
            chance=sum(_holds(tables, canary) for tables in without),
        )
        for canary in found
    ]


def plant(
    real: Tables, metadata: Metadata, subjects: Mapping[str, str], seed: Seed
) -> tuple[dict[str, pd.DataFrame], list[Canary]]:
    """Return a copy of the data in which single subjects have values of their own, and these."""
    tables = {name: real[name].copy() for name in metadata.tables}
    found = []
    for name, column, rows in _places(tables, metadata, subjects, seed):
        rng = stream(seed, "canary", name, column)
        value = _value(tables[name][column], rng)
        if value is None:
            continue
        series = tables[name][column]
        if isinstance(series.dtype, pd.CategoricalDtype):
            series = series.cat.add_categories([value])
        tables[name][column] = series.where(~np.isin(np.arange(len(series)), rows), value)
        found.append(Canary(name, column, value, len(rows)))
    return tables, found


def _places(
    tables: Tables, metadata: Metadata, subjects: Mapping[str, str], seed: Seed
) -> Iterator[tuple[str, str, Integers]]:
    """Yield columns, and for each the rows of one subject that no other column has taken."""
    links = parent_rows(metadata.foreign_keys, tables)
    for subject in subjects:
        if len(tables[subject]) < FEWEST:
            continue
        order = iter(stream(seed, "canaries", subject).permutation(len(tables[subject])))
        for column in _plantable(metadata, subject):
            yield subject, column, np.array([next(order, 0)])
        for key in metadata.children_of(subject):
            if key.child in subjects:
                continue
            parents = links[key.name]
            families = np.flatnonzero(np.bincount(parents[parents >= 0]))
            chosen = iter(stream(seed, "canaries", key.name).permutation(families))
            for column, family in zip(_plantable(metadata, key.child), chosen, strict=False):
                yield key.child, column, np.flatnonzero(parents == family)


def _plantable(metadata: Metadata, table: str) -> list[str]:
    columns = metadata.tables[table].columns
    return [
        name
        for name in scored_columns(metadata, table)
        if columns[name].values is None and columns[name].kind != "boolean"
    ]


def _value(series: pd.Series, rng: np.random.Generator) -> Any:
    """Return a value like those of a column that none of its rows has."""
    known = series.dropna()
    taken = set(known.tolist())
    if not taken:
        return None
    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        low, high = known.quantile([0.25, 0.75])
        daily = (known == known.dt.normalize()).all()
        made = (low + (high - low) * rng.random() for _ in range(TRIES))
        values = (moment.floor("D" if daily else "s") for moment in made)
    elif pd.api.types.is_numeric_dtype(series.dtype) and series.dtype.kind != "b":
        low, high = np.quantile(known.astype(float), [0.25, 0.75])
        places = next((p for p in range(7) if (known.astype(float).round(p) == known).all()), 6)
        drawn = rng.uniform(low, max(high, low + 1), TRIES)
        values = (int(v) if places == 0 else float(round(v, places)) for v in drawn)
    elif pd.api.types.infer_dtype(known.astype(object)) == "string":
        values = (f"Qz{rng.integers(10**9)} canary" for _ in range(TRIES))
    else:
        return None
    return next((value for value in values if value not in taken), None)


def _holds(tables: Tables, canary: Canary) -> bool:
    return bool((tables[canary.table][canary.column] == canary.value).any())


def _maker(metadata: Metadata, seed: Seed) -> Make:
    def make(tables: Tables, draws: int) -> list[dict[str, pd.DataFrame]]:
        whole = integer_seed(seed, "canaries")
        synthesizer = RelationalSynthesizer(metadata, seed=whole).fit(tables)
        return [synthesizer.sample(seed=number) for number in range(draws)]

    return make
