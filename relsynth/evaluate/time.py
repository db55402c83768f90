"""Temporal realism: how the moments of rows repeat, follow each other and keep to the calendar."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np

from relsynth.columns.date_parts import find_date_parts, joined
from relsynth.columns.relations.calendar import part
from relsynth.distance import kolmogorov_smirnov, total_variation
from relsynth.evaluate.database import Database
from relsynth.evaluate.measure import Comparison, Figure, Measure, Scores, mean_of
from relsynth.typing import Floats, Integers

if TYPE_CHECKING:
    from relsynth.metadata import ForeignKey

ROWS: Final = 50  # moments a table must have on either side to be judged
FAMILY: Final = 5  # rows of a parent from which it has a season of its own
PARTS: Final = ("month", "weekday", "hour")
BUCKETS: Final = 512  # equal stretches of the real range whose rows are counted for the spectrum
BANDS: Final = 12  # of frequencies, each about one and a half times as wide as the one before


def measure_time(comparison: Comparison) -> Scores:
    """Return the likeness of moments: repeats, gaps, memory, seasons and spectrum.

    Moments are the date columns of a table, and columns that say a date in parts (year and
    month). Those of one parent, by the table's context key, are looked at in their order.
    """
    tables: dict[str, dict[str, Scores]] = {}
    for name in comparison.real.learned:
        key = comparison.contexts.get(name)
        found = dict(_columns(comparison, name, key))
        if found:
            tables[name] = found
    every = [scores for columns in tables.values() for scores in columns.values()]
    names = [figure.name for figure in TIME.figures[1:]]
    means = {name: mean_of(scores.get(name) for scores in every) for name in names}
    return {"time": mean_of(means.values()), **means, "tables": tables}


def _columns(
    comparison: Comparison, table: str, key: ForeignKey | None
) -> Iterator[tuple[str, Scores]]:
    real, synthetic = comparison.real, comparison.synthetic
    for columns, parts in moments(real, table).items():
        sides = []
        for side in (real, synthetic):
            values = moment_of(side, table, columns, parts)
            group = np.arange(len(values)) if key is None else side.links[key.name]
            known = np.flatnonzero(~np.isnan(values) & (group >= 0))
            known = known[_whole_groups(comparison, group[known], table)]
            known = known[np.lexsort((values[known], group[known]))]
            sides.append((values[known], group[known], known))
        if all(len(values) >= ROWS for values, _, _ in sides):
            numbers = [
                other
                for other, kind in real.kinds[table].items()
                if kind == "number" and other not in columns
            ]
            yield "+".join(columns), _scores(comparison, table, sides, numbers, key is not None)


def moments(database: Database, table: str) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Return the columns that say a moment, and which parts of it, none where one says it all."""
    kinds = database.kinds[table]
    said = {(name,): () for name, kind in kinds.items() if kind == "date"}
    plain = {name: _as_numbers(database, table, name) for name in kinds if (name,) not in said}
    return said | dict(find_date_parts(plain))


def moment_of(
    database: Database, table: str, columns: tuple[str, ...], parts: tuple[str, ...]
) -> Floats:
    """Return the moment of every row in seconds, ``NaN`` where it is missing; see `moments`."""
    if not parts:
        values: Floats = database.values[table][columns[0]]
        return values
    return joined(parts, [_as_numbers(database, table, name) for name in columns])


def _as_numbers(database: Database, table: str, name: str) -> Floats:
    """Return a column of numbers, or of categories that are written as such."""
    values = database.values[table][name]
    if database.kinds[table][name] != "category":
        numbers: Floats = values
        return numbers
    levels = database.levels[table].get(name, ())
    try:
        numbers_of = np.array([float(level) for level in levels] + [np.nan])
    except ValueError:
        return np.full(len(values), np.nan)
    return numbers_of[values]


def _whole_groups(comparison: Comparison, group: Integers, table: str) -> Integers:
    """Return rows of whole groups, at most about as many as pairs are looked at."""
    groups, codes = np.unique(group, return_inverse=True)
    share = comparison.limits.pair_rows / max(len(group), 1)
    some = comparison.sample(len(groups), int(share * len(groups)), "time", table)
    chosen = np.zeros(len(groups), bool)
    chosen[some] = True
    return np.flatnonzero(chosen[codes])


_Side = tuple[Floats, Integers, Integers]


def _scores(
    comparison: Comparison, table: str, sides: list[_Side], numbers: list[str], grouped: bool
) -> Scores:
    (real, _, _), (synthetic, _, _) = sides
    scores: Scores = {"time_spectrum": _spectrum(real, synthetic)}
    seasons = [
        (part(real, name), part(synthetic, name)) for name in PARTS if np.ptp(part(real, name)) > 0
    ]
    scores["time_season"] = mean_of(1 - total_variation(*_codes(*both)) for both in seasons)
    if not grouped:
        return scores
    inside = [group[1:] == group[:-1] for _, group, _ in sides]
    if not all(np.count_nonzero(same) >= ROWS for same in inside):
        return scores
    gaps = [np.diff(values)[same] for (values, _, _), same in zip(sides, inside, strict=True)]
    repeats = [
        float((gap == 0).sum() / len(side[0])) for gap, side in zip(gaps, sides, strict=True)
    ]
    scores["time_repeats"] = 1 - abs(repeats[0] - repeats[1])
    scores["repeated"] = repeats
    scores["time_gaps"] = 1 - kolmogorov_smirnov(*gaps)
    scores["time_lag"] = _lag(comparison, table, sides, inside, numbers)
    scores["time_season_family"] = mean_of(
        _own_season(sides, name) for name in PARTS if np.ptp(part(real, name)) > 0
    )
    return scores


def _codes(real: Floats, synthetic: Floats) -> tuple[Integers, Integers]:
    both = np.unique(np.concatenate([real, synthetic]), return_inverse=True)[1].reshape(-1)
    return both[: len(real)], both[len(real) :]


def _lag(
    comparison: Comparison,
    table: str,
    sides: list[_Side],
    inside: list[np.ndarray[tuple[int], np.dtype[np.bool_]]],
    numbers: list[str],
) -> float | None:
    """Return the likeness of what a row's numbers and its gap tell of those of the next."""
    found: list[list[float | None]] = []
    databases = comparison.real, comparison.synthetic
    for database, (values, _, rows), same in zip(databases, sides, inside, strict=True):
        columns = [database.values[table][name][rows] for name in numbers]
        own = [_correlation(column[:-1][same], column[1:][same]) for column in columns]
        gap, both = np.diff(values), same[1:] & same[:-1]
        found.append([*own, _correlation(gap[:-1][both], gap[1:][both])])
    return mean_of(
        1 - abs(one - two) / 2
        for one, two in zip(*found, strict=True)
        if one is not None and two is not None
    )


def _correlation(one: Floats, two: Floats) -> float | None:
    known = ~np.isnan(one) & ~np.isnan(two)
    one, two = one[known], two[known]
    if len(one) < ROWS or one.std() == 0 or two.std() == 0:
        return None
    return float(np.corrcoef(one, two)[0, 1])


def _own_season(sides: list[_Side], name: str) -> float | None:
    """Return how alike it is that rows of one parent keep to a part of the calendar."""
    shares = []
    for values, group, _ in sides:
        codes = np.unique(part(values, name), return_inverse=True)[1].reshape(-1)
        families, family, sizes = np.unique(group, return_inverse=True, return_counts=True)
        cells, counts = np.unique(
            family.reshape(-1) * (codes.max() + 1) + codes, return_counts=True
        )
        most = np.zeros(len(families))
        np.maximum.at(most, cells // (codes.max() + 1), counts)
        shares.append((most / sizes)[sizes >= FAMILY])
    if not all(len(share) >= ROWS for share in shares):
        return None
    return 1 - kolmogorov_smirnov(*shares)


def _spectrum(real: Floats, synthetic: Floats) -> float | None:
    """Return the likeness of what is fast and slow in the number of rows over time."""
    low, high = float(real.min()), float(real.max())
    if high <= low:
        return None
    edges = np.linspace(low, high, BUCKETS + 1)
    ends = np.unique(np.geomspace(1, BUCKETS // 2 + 1, BANDS + 1).astype(int))
    shares = []
    for values in (real, synthetic):
        counts = np.histogram(values, edges)[0] / len(values)
        power = np.square(np.abs(np.fft.rfft(counts - counts.mean())))
        bands = np.add.reduceat(power, ends[:-1])
        if bands.sum() == 0:
            return None
        shares.append(bands / bands.sum())
    return float(1 - np.abs(shares[0] - shares[1]).sum() / 2)


TIME = Measure(
    "time",
    "Time",
    "When rows happen: do moments repeat, follow each other and keep to the calendar alike?",
    (
        Figure("time", "Time, all", "The mean of the figures below. 1 is identical."),
        Figure(
            "time_repeats",
            "Repeated moments",
            "Likeness of the share of rows at a moment that their parent has already.",
        ),
        Figure("time_gaps", "Gaps", "Likeness of the time between consecutive rows of a parent."),
        Figure(
            "time_lag",
            "Memory",
            "Likeness of what a row's numbers and gap tell of those of the next (correlation).",
        ),
        Figure("time_season", "Seasons", "Likeness of the shares of months, weekdays and hours."),
        Figure(
            "time_season_family",
            "Seasons of a parent",
            "Likeness of how far the rows of one parent keep to one month, weekday or hour.",
        ),
        Figure(
            "time_spectrum",
            "Spectrum",
            "Likeness of what is fast and slow in the number of rows over time.",
        ),
    ),
    measure_time,
)
