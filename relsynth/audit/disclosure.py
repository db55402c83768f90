"""Singling out, linkability and inference, each against people nobody learned from.

The three criteria of the Article 29 Working Party (opinion 05/2014), measured in the manner of
Anonymeter (Giomi et al., PoPETs 2023): the share of attacks that succeed on people learned from,
beyond the share that succeeds on people who were not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from relsynth.evaluate.attacks import Columns, wilson
from relsynth.evaluate.database import Kind
from relsynth.evaluate.neighbours import Place, Space, nearest_rows
from relsynth.typing import Array, Flags, Integers

ATTACKS = 500  # an interval of about +-.04 around a small risk
COLUMNS = 4  # of a predicate: fewer describe many people, more describe nobody
NEIGHBOURS = 5  # synthetic rows that link two halves of a person
TOLERANCE = 0.05  # relative error within which a number counts as guessed
SECRETS = 8  # columns that are guessed in turn


@dataclass(frozen=True, slots=True)
class Risk:
    """How often an attack succeeds beyond what the statistics of the population tell.

    Attributes
    ----------
    risk, low, high : float
        (rate - control) / (1 - control), with its interval of 95 %.
    rate, control : float
        Success on people learned from, and on others.
    attacks : int
    """

    risk: float
    low: float
    high: float
    rate: float
    control: float
    attacks: int

    @classmethod
    def of(cls, hits: Flags, controls: Flags) -> Risk:
        """Compare successes with those of the control group."""
        rate, control = float(hits.mean()), float(controls.mean())
        first, second = wilson(rate, len(hits)), wilson(control, len(controls))
        error = float(np.hypot(first[1] - first[0], second[1] - second[0])) / 2
        room = max(1 - control, 1e-9)
        risk = (rate - control) / room
        ends = risk - error / room, min(risk + error / room, 1.0)
        return cls(risk, *ends, rate, control, len(hits))

    def to_dict(self) -> dict[str, Any]:
        """Return the attributes."""
        return asdict(self)


def disclosure(
    real: Columns,
    control: Columns,
    synthetic: Columns,
    kinds: Mapping[str, Kind],
    rng: np.random.Generator,
) -> dict[str, Risk]:
    """Return the three risks for one kind of record; fewer where columns are too few.

    Parameters
    ----------
    real, control, synthetic : mapping of str to ndarray
        Records of people learned from, of others, and synthetic ones.
    kinds : mapping of str to {"number", "date", "category"}
    rng : numpy.random.Generator

    Notes
    -----
    Inference is that of the column whose risk is surest among at most eight.
    """
    size = min(_length(real), _length(control))
    sides = [_take(side, rng.permutation(_length(side))[:size]) for side in (real, control)]
    found = {}
    hits = _singled_out(sides[0], sides[1], synthetic, kinds, rng)
    if hits is not None:
        found["singling_out"] = Risk.of(*hits)
    targets = [_take(side, np.arange(min(size, ATTACKS))) for side in sides]
    names = list(kinds)
    if len(names) >= 2:
        half = [names[: len(names) // 2], names[len(names) // 2 :]]
        found["linkability"] = Risk.of(*(_linked(side, synthetic, kinds, half) for side in targets))
        secrets = [names[at] for at in np.sort(rng.permutation(len(names))[:SECRETS])]
        guessed = [
            Risk.of(*(_guessed(side, synthetic, kinds, secret) for side in targets))
            for secret in secrets
        ]
        found["inference"] = max(guessed, key=lambda risk: risk.low)
    return found


def _singled_out(
    real: Columns,
    control: Columns,
    synthetic: Columns,
    kinds: Mapping[str, Kind],
    rng: np.random.Generator,
) -> tuple[Flags, Flags] | None:
    """Return which predicates that hold for one synthetic row hold for one real row."""
    names, hits, misses = list(kinds), list[bool](), list[bool]()
    middles = {name: np.nanmedian(synthetic[name]) for name in names if kinds[name] != "category"}
    for _ in range(4 * ATTACKS):  # tries: some predicates hold for several synthetic rows
        if len(hits) == ATTACKS:
            break
        at = int(rng.integers(_length(synthetic)))
        used = [names[k] for k in rng.permutation(len(names))[:COLUMNS]]
        known = {name: (synthetic[name][at], middles.get(name)) for name in used}
        if _holds(synthetic, known).sum() == 1:
            hits.append(bool(_holds(real, known).sum() == 1))
            misses.append(bool(_holds(control, known).sum() == 1))
    return (np.array(hits), np.array(misses)) if hits else None


def _holds(rows: Columns, known: Mapping[str, tuple[Any, float | None]]) -> Flags:
    """Return for which rows a predicate holds: equal categories, numbers as far out or further."""
    found = np.ones(_length(rows), bool)
    for name, (value, middle) in known.items():
        values = rows[name]
        if middle is None:
            found &= values == value
        elif np.isnan(value):
            found &= np.isnan(values)
        else:
            found &= values >= value if value >= middle else values <= value
    return found


def _linked(
    rows: Columns, synthetic: Columns, kinds: Mapping[str, Kind], halves: list[list[str]]
) -> Flags:
    """Return whose two halves have a synthetic row among the nearest of both."""
    near = []
    for half in halves:
        query, base = _places(rows, synthetic, {name: kinds[name] for name in half})
        near.append(nearest_rows(query, base, NEIGHBOURS))
    return np.asarray((near[0][:, :, None] == near[1][:, None, :]).any(axis=(1, 2)))


def _guessed(rows: Columns, synthetic: Columns, kinds: Mapping[str, Kind], secret: str) -> Flags:
    """Return whose secret is that of the synthetic row nearest in all other columns."""
    rest = {name: kind for name, kind in kinds.items() if name != secret}
    query, base = _places(rows, synthetic, rest)
    guess = synthetic[secret][nearest_rows(query, base, 1)[:, 0]]
    truth = rows[secret]
    if kinds[secret] == "category":
        return np.asarray(guess == truth)
    near = np.abs(guess - truth) <= TOLERANCE * np.abs(truth)
    return np.asarray(near | (np.isnan(guess) & np.isnan(truth)))


def _places(rows: Columns, synthetic: Columns, kinds: Mapping[str, Kind]) -> tuple[Place, Place]:
    space = Space.of({name: synthetic[name] for name in kinds}, kinds)
    query, base = ({name: side[name] for name in kinds} for side in (rows, synthetic))
    return space.place(query), space.place(base)


def _take(columns: Columns, rows: Integers) -> dict[str, Array]:
    return {name: values[rows] for name, values in columns.items()}


def _length(columns: Columns) -> int:
    return len(next(iter(columns.values())))
