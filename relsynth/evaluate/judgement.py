"""Where a score stands between floor and ceiling, and what to think of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from scipy.stats import norm

from relsynth.evaluate.measure import Better, Figure, Scores

# a score within a tenth of the way from the ceiling to the floor is good, within four fair
GOOD = 0.9
FAIR = 0.6  # of the way from floor to ceiling
# lines nearer to each other than this do not tell good from bad
APART = 0.02
# real halves that lose more than a fifth themselves say nothing about a score
NOISE = 0.2
# losses that are still good and still fair where no ceiling is measured
LOSSES: dict[Better, tuple[float, float]] = {
    "higher": (0.05, 0.15),
    "near": (0.03, 0.1),
    "lower": (0.001, 0.02),
}
# chance of one false alarm among all single tests of a report
LEVEL = 0.05
# copies beyond this share are called copies, whatever their significance
COPIES = 0.01


def errors_needed(scores: Scores, measures: Iterable[str]) -> float:
    """Return by how many standard errors a test must miss, given how many there are.

    The level of the whole report is divided by the number of single tests (Bonferroni), so
    that a report of fifty tests raises no more false alarms than one of one.
    """
    return float(norm.isf(LEVEL / max(number_of_tests(scores, measures), 1)))


def number_of_tests(scores: Mapping[str, Any], measures: Iterable[str]) -> int:
    """Return how many single tests a report rests on."""
    return sum(len(pairs) for name in measures for pairs in scores[name].get("tests", {}).values())


def settle_tests(scores: Scores, needed: float) -> None:
    """Give every two-sample test of a report its verdict: same, detected, copied or memorised.

    "copied" is an accuracy surely below one half. That alone is no memorisation: a synthetic
    database whose margins fit the real ones better than chance has it too. It is called
    "memorised" where the records of that table are also surely closer to the real data than
    to unseen ones, or come back as exact copies.
    """
    for table, kind, found in single_tests(scores):
        miss = (found["accuracy"] - 0.5) / max(found["error"], 1e-12)
        found["verdict"] = "detected" if miss > needed else "copied" if miss < -needed else "same"
        if found["verdict"] == "copied" and _copied_records(scores, table, kind, needed):
            found["verdict"] = "memorised"


def single_tests(scores: Scores) -> Iterator[tuple[str, str, Scores]]:
    """Return every two-sample test with the table of its records and whether these are families."""
    for table, found in scores.get("c2st", {}).get("tables", {}).items():
        yield table, "rows", found
    for table, forms in scores.get("dda", {}).get("tables", {}).items():
        for found in forms.values():
            yield table, "families", found
    for key, found in scores.get("joined", {}).get("tables", {}).items():
        yield found.get("child", key), "rows", found


def closer_to_training(found: Scores, needed: float) -> bool:
    """Return whether the records of a table surely lie too close to the training data."""
    excess = found["excess_copies"]
    if excess > COPIES and excess > needed * found["copies_error"]:
        return True
    return found["dcr_share"] is not None and (
        found["dcr_share"] - 0.5 > needed * found["dcr_share_error"]
    )


def judge(
    figure: Figure,
    score: float | None,
    ceiling: float | None,
    floor: float | None,
    details: Scores,
    needed: float = 0.0,
    *,
    halved: bool = False,
) -> dict[str, Any]:
    """Return score, ceiling, floor, the position between them, a word for it and the reason.

    Parameters
    ----------
    details : dict
        Of the measure; ``details["tests"][figure]`` has the single tests behind a figure,
        as pairs of a value and its standard error.
    needed : float
        Standard errors that are granted to each, see `errors_needed`.
    halved : bool
        A ceiling was looked for: without one, real halves had too few rows to be compared.

    Notes
    -----
    Judged is what is sure: the loss of the surest single test after its errors are granted.
    The position is 1 at the ceiling (or beyond) and 0 at the floor (or below); a floor that
    is not measured, or not apart from the ceiling, counts as a loss that is no longer fair.
    Without a ceiling the loss itself is judged. No score that is as good as the ceiling is
    called worse than good. "within noise" is a score no worse than real halves that differ by
    more than a fifth themselves, for want of rows.
    """
    line: dict[str, Any] = {"score": score, "ceiling": ceiling, "floor": floor, "position": None}
    if score is None:
        return line | {"verdict": "not measured", "reason": "nothing to measure it on"}
    if figure.better == "near" and any(_outcomes(details, "memorised")):
        reason = "synthetic records lie closer to the real ones than to unseen ones, or are copies"
        return line | {"verdict": "memorisation", "reason": reason}
    loss = _sure_loss(figure, score, details, needed)
    if ceiling is None:
        good, fair = LOSSES[figure.better]
        word = "good" if loss <= good else "fair" if loss <= fair else "poor"
        if halved and word != "good":
            reason = "halves of the real data have too few rows to say how far chance goes"
            return line | {"verdict": "within noise", "reason": reason}
    else:
        place = line["position"] = _position(figure, loss, ceiling, floor)
        word = "good" if place >= GOOD else "fair" if place >= FAIR else "poor"
        if word == "good" and _loss(figure, ceiling) > NOISE:
            word = "within noise"
    return line | {"verdict": word, "reason": _reason(figure, line, word, details)}


def _reason(figure: Figure, line: dict[str, Any], word: str, details: Scores) -> str:
    score, ceiling = line["score"], line["ceiling"]
    if figure.better == "near" and any(_outcomes(details, "copied")) and score < figure.ideal:
        return "below one half, yet no record is a copy; a holdout would tell for sure"
    if word == "within noise":
        return f"two real halves differ as much ({_short(ceiling)}): too few rows to tell"
    raw = _loss(figure, score)
    if word == "good" and ceiling is not None and raw <= _loss(figure, ceiling):
        return f"no worse than one real half against the other ({_short(ceiling)})"
    if word == "good":
        return "at its ideal" if raw == 0 else "so little that chance or rounding explains it"
    compared = "" if ceiling is None else f"; one real half against the other has {_short(ceiling)}"
    return f"{_short(score)} where {_short(figure.ideal)} is ideal{compared}"


def _short(value: float) -> str:
    return f"{value:.3g}"


def _sure_loss(figure: Figure, score: float, details: Scores, needed: float) -> float:
    """Return the loss that is left when every single test is granted its errors."""
    pairs = details.get("tests", {}).get(figure.name)
    if not pairs:
        return _loss(figure, score)
    return max(max(_loss(figure, value) - needed * error, 0.0) for value, error in pairs)


def _loss(figure: Figure, value: float) -> float:
    if figure.better == "higher":
        return max(figure.ideal - value, 0.0)
    return max(value - figure.ideal, 0.0)


def _position(figure: Figure, loss: float, ceiling: float, floor: float | None) -> float:
    best = _loss(figure, ceiling)
    worst = best if floor is None else _loss(figure, floor)
    if worst - best < APART:
        worst = best + LOSSES[figure.better][1]
    return min(max((worst - loss) / (worst - best), 0.0), 1.0)


def _outcomes(details: Scores, verdict: str) -> Iterator[bool]:
    for table in details.get("tables", {}).values():
        for found in (table, *(part for part in table.values() if isinstance(part, dict))):
            yield found.get("verdict") == verdict


def _copied_records(scores: Scores, table: str, kind: str, needed: float) -> bool:
    found = scores.get("privacy", {}).get(kind, {}).get(table)
    if found is None:
        return False
    # copies that one real half has of the other are no copies of people
    best = scores.get("ceiling", {}).get("privacy", {}).get(kind, {}).get(table)
    usual = 0.0 if best is None else best["excess_copies"]
    return closer_to_training({**found, "excess_copies": found["excess_copies"] - usual}, needed)
