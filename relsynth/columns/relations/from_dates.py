"""Numbers that follow from dates: parts of one, the time between two, an age at a fixed moment."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from itertools import permutations
from typing import Any, Final

import numpy as np

from relsynth.columns.calendar import DAY
from relsynth.columns.relations.arithmetic import FEW, matching
from relsynth.columns.relations.calendar import NUMBERS, SPANS
from relsynth.columns.relations.draft import Draft
from relsynth.columns.relations.examined import ExaminedTable
from relsynth.columns.relations.relation import HOLDS
from relsynth.columns.relations.verification import SAMPLE, accept, holds, propose
from relsynth.columns.relations.zones import all_zones, local
from relsynth.groups import unique_values
from relsynth.typing import Floats

# days a year, by name
_SECONDS: Final = {"whole years of 365.25 days": 365.25, "whole years of 365 days": 365.0}
_MOST: Final = 12  # dates of a table that are paired: more are columns of one kind, such as months
# weeks are counted from 0 or from 1; spreadsheets count days from the end of 1899
_OFFSETS: Final = {"weekday of": (0.0, 1.0), "days since 1970 of": (0.0, 25_569.0)}
# parts that tell the zone, the finest first: by a weekday one row in 24 tells it from the next
_TELLING: Final = {
    "hour of": (0, 23),
    "day of year of": (1, 366),
    "day of": (1, 31),
    "weekday of": (0, 6),
}
_LOCAL: Final = (*_TELLING, "quarter of", "month of", "year of", "minute of", "week of")


def find_from_dates(evidence: ExaminedTable, draft: Draft) -> None:
    """Add numbers that are a part of a date or the time between dates, the best per target first.

    For d dates and p numbers the cost is O(d²p) looks at 400 rows.
    """
    sample = evidence.sample(SAMPLE)
    whole = dict(zip(evidence.table.names, evidence.table.values.T, strict=True))
    found = []
    for rank, (target, bases, settings) in enumerate(_candidates(evidence, sample, draft.fixed)):
        formula = propose(evidence, target, bases, **settings)
        if holds(formula, evidence, sample) >= HOLDS:  # kinds of years differ in few rows: ask all
            found.append((-holds(formula, evidence, whole), rank, formula))
    for _, _, formula in sorted(found, key=lambda candidate: candidate[:2]):
        accept(formula, evidence, draft)


def _candidates(
    evidence: ExaminedTable, sample: dict[str, Floats], fixed: Container[str]
) -> Iterator[tuple[str, tuple[str, ...], dict[str, Any]]]:
    """Yield targets, bases and settings that agree in a few rows."""
    targets = [
        name
        for name in evidence.plain
        if name not in fixed and len(unique_values(sample[name][~np.isnan(sample[name])])) > 1
    ]
    if not targets:
        return
    rows = np.array([sample[name][:FEW] for name in targets])
    steps = np.array([evidence.precision[name].step or 0.0 for name in targets])
    dates = evidence.instants[:_MOST]
    zones = {base: _find_zone(evidence, base, targets, sample) for base in dates}
    tried = [*_settings(dates), *_local_settings(zones)]
    said = [
        propose(evidence, bases[0], bases, **settings).value([sample[b][:FEW] for b in bases])
        for bases, settings in tried
    ]
    for at, k in np.argwhere(matching(np.array(said), rows, steps)) if tried else ():
        yield targets[k], *tried[at]
    for base in dates:
        for target in targets:
            for span, days in _SECONDS.items():
                columns = evidence.table[base], evidence.table[target]
                moment = _moment(*columns, days * 86_400.0)
                if moment is not None:
                    yield target, (base,), {"operator": span, "shift": moment}


def _settings(dates: Sequence[str]) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Yield bases and settings of everything that dates may say of a column."""
    for base in dates:
        for operator in NUMBERS:
            for shift in _OFFSETS.get(operator, (0.0,)):
                yield (base,), {"operator": operator, "shift": shift}
    for pair in permutations(dates, 2):
        yield from ((pair, {"operator": span}) for span in SPANS)


def _local_settings(zones: Mapping[str, str]) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Yield the same of parts of dates as clocks and calendars of another zone show them."""
    for base, zone in zones.items():
        for operator in _LOCAL if zone else ():
            for shift in _OFFSETS.get(operator, (0.0,)):
                yield (base,), {"operator": operator, "shift": shift, "zone": zone}


def _moment(base: Floats, target: Floats, unit: float) -> float | None:
    """Return the moment at which all rows are as many whole units old as the target says."""
    for some in (slice(SAMPLE), slice(None)):  # few rows tell that most numbers are no age
        known = ~np.isnan(base[some]) & ~np.isnan(target[some])
        since, age = base[some][known], target[some][known]
        earliest = (since + age * unit).max(initial=-np.inf)
        latest = (since + (age + 1) * unit).min(initial=np.inf)
        if earliest >= latest:
            return None
    if not len(since):
        return None
    return float(np.floor((earliest + latest) / 2)) if earliest < latest else None


def _find_zone(
    evidence: ExaminedTable, base: str, targets: list[str], sample: dict[str, Floats]
) -> str:
    """Return the zone in which numbers say parts of a date; ``""`` for UTC, or where none does.

    Of the zones that agree in the sample the one that holds in most rows of the table is taken,
    plain offsets first.
    """
    if len(unique_values(sample[base] % DAY)) == 1:  # dates: no zone tells them apart
        return ""
    zones = ("", *all_zones())
    few = [local(sample[base][:FEW], zone) for zone in zones]
    columns = dict(zip(evidence.table.names, evidence.table.values.T, strict=True))
    for operator in _TELLING:
        alike = [name for name in targets if _could_be(sample[name], operator)]
        said = np.array([NUMBERS[operator](moments) for moments in few])
        rows = np.array([sample[name][:FEW] for name in alike])
        steps = np.array([evidence.precision[name].step or 0.0 for name in alike])
        ranked = []
        for at, k in np.argwhere(matching(said, rows, steps)) if alike else ():
            made = propose(evidence, alike[k], (base,), operator=operator, zone=zones[at])
            if holds(made, evidence, sample) >= HOLDS:
                ranked.append((holds(made, evidence, columns), -at))
        if ranked:
            best, at = max(ranked)
            return zones[-at] if best >= HOLDS else ""
    return ""


def _could_be(values: Floats, operator: str) -> bool:
    known = values[~np.isnan(values)]
    low, high = _TELLING[operator]
    return len(known) > 0 and low <= known.min() < known.max() <= high
