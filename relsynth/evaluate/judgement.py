"""Where a score stands between floor and ceiling, and what to think of it."""

from __future__ import annotations

from typing import Any

from relsynth.evaluate.measure import Figure, Scores

GOOD = 0.9
FAIR = 0.6
NOISE = 0.2
COPIED = "memorisation"


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
    The position is 1 at the ceiling (or beyond) and 0 at the floor (or below); where floor
    and ceiling are not apart, a loss of 0.1 counts as the floor. A detection score
    significantly below 0.5 is "memorisation"; "within noise" is a score no worse than real
    halves that differ by more than a fifth themselves, for want of rows.
    """
    line = {"score": score, "ceiling": ceiling, "floor": floor}
    if score is None:
        return line | {"position": None, "verdict": "not measured"}
    place = _position(figure, score, ceiling, floor)
    return line | {"position": place, "verdict": _word(figure, line, place, details)}


def _loss(figure: Figure, value: float) -> float:
    if figure.better == "near":
        return max(value - figure.ideal, 0.0) if figure.ideal == 0.5 else abs(value - figure.ideal)
    return abs(value - figure.ideal)


def _position(figure: Figure, score: float, ceiling: float | None, floor: float | None) -> float:
    best = _loss(figure, ceiling) if ceiling is not None else 0.0
    worst = _loss(figure, floor) if floor is not None else 0.0
    reach = 0.5 if figure.better == "near" else 1.0
    if worst - best < 0.02 * reach:
        worst = best + 0.1 * reach
    return float(min(max((worst - _loss(figure, score)) / (worst - best), 0.0), 1.0))


def _word(figure: Figure, line: dict[str, Any], place: float, details: Scores) -> str:
    score, ceiling = line["score"], line["ceiling"]
    if figure.better == "near" and figure.ideal == 0.5:
        verdicts = [
            found["verdict"]
            for table in details.get("tables", {}).values()
            for found in ([table] if "verdict" in table else table.values())
        ]
        if score < 0.5 and "copied" in verdicts:
            return COPIED
    if figure.better == "lower" and figure.ideal == 0.0 and score > 0 and place < 1:
        return "poor" if place < FAIR else "fair"
    if place >= GOOD and ceiling is not None and _loss(figure, ceiling) > NOISE:
        return "within noise"
    return "good" if place >= GOOD else "fair" if place >= FAIR else "poor"
