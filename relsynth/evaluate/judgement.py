"""Where a score stands between floor and ceiling, and what to think of it."""

from __future__ import annotations

from typing import Any

from relsynth.evaluate.measure import Better, Figure, Scores

GOOD = 0.9
FAIR = 0.6
APART = 0.02
NOISE = 0.2
LOSSES: dict[Better, tuple[float, float]] = {
    "higher": (0.05, 0.15),
    "near": (0.03, 0.1),
    "lower": (0.001, 0.02),
}


def judge(
    figure: Figure,
    score: float | None,
    ceiling: float | None,
    floor: float | None,
    details: Scores,
) -> dict[str, Any]:
    """Return score, ceiling, floor, the position between them and a word for it.

    Notes
    -----
    The position is 1 at the ceiling (or beyond) and 0 at the floor (or below); a floor that
    is not measured, or not apart from the ceiling, counts as a loss that is
    no longer fair. Without a ceiling
    the loss itself is judged. A detection score significantly below 0.5 is "memorisation";
    "within noise" is a score no worse than real halves that differ by more than a fifth
    themselves, for want of rows.
    """
    line: dict[str, Any] = {"score": score, "ceiling": ceiling, "floor": floor, "position": None}
    if score is None:
        return line | {"verdict": "not measured"}
    if score < 0.5 and _copied(figure, details):
        word = "memorisation"
    elif ceiling is None:
        good, fair = LOSSES[figure.better]
        loss = _loss(figure, score)
        word = "good" if loss <= good else "fair" if loss <= fair else "poor"
    else:
        place = line["position"] = _position(figure, score, ceiling, floor)
        word = "good" if place >= GOOD else "fair" if place >= FAIR else "poor"
        if word == "good" and _loss(figure, ceiling) > NOISE:
            word = "within noise"
    return line | {"verdict": word}


def _loss(figure: Figure, value: float) -> float:
    if figure.better == "higher":
        return max(figure.ideal - value, 0.0)
    return max(value - figure.ideal, 0.0)


def _position(figure: Figure, score: float, ceiling: float, floor: float | None) -> float:
    best = _loss(figure, ceiling)
    worst = best if floor is None else _loss(figure, floor)
    if worst - best < APART:
        worst = best + LOSSES[figure.better][1]
    return min(max((worst - _loss(figure, score)) / (worst - best), 0.0), 1.0)


def _copied(figure: Figure, details: Scores) -> bool:
    """Return whether a test behind a detection figure found synthetic rows too close to real."""
    if figure.better != "near":
        return False
    return any(
        found.get("verdict") == "copied"
        for table in details.get("tables", {}).values()
        for found in (table, *(part for part in table.values() if isinstance(part, dict)))
    )
