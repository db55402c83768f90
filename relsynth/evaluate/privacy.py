"""Privacy: copies, distance to the closest record, and whether membership can be guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from relsynth.evaluate.aggregates import families
from relsynth.evaluate.database import Database, Kind
from relsynth.evaluate.judgement import closer_to_training
from relsynth.evaluate.measure import CEILING, Comparison, Figure, Measure, Scores, max_of
from relsynth.evaluate.neighbours import Place, Space, nearest
from relsynth.typing import Array, Flags, Floats, Integers

FEWEST = 20  # records; a share of 20 is known to .11 only
TIE = 1e-9  # distances that rounding alone makes different
FIGURE_OF = {
    "copies": "excess_copies",
    "dcr_share": "dcr_share",
    "distance_ratio": "distance_ratio",
    "membership": "membership",
}
Columns = Mapping[str, Array]


@dataclass(frozen=True, slots=True)
class Records:
    """Rows, or families, of the real, synthetic and unseen real data.

    ``groups`` has per side the parent of every record, because records of one parent are alike
    and are copied, or not, together.
    """

    train: Columns
    synthetic: Columns
    holdout: Columns | None
    kinds: Mapping[str, Kind]
    groups: Mapping[str, Integers]


def measure_privacy(comparison: Comparison) -> Scores:
    """Return copies, DCR share, distance ratio and membership AUC, for rows and for families.

    A family is a parent row with the published summaries of its children. Shares that
    need real data the synthesizer has not seen are ``None`` without a holdout.

    References
    ----------
    Platzer and Reutterer, Frontiers in Big Data 2021 (DCR share against a holdout); Yeom et
    al., "Privacy risk in machine learning", 2018 (membership advantage).
    """
    found: dict[str, dict[str, Scores]] = {"rows": {}, "families": {}}
    parents = {key.parent for key in comparison.real.metadata.foreign_keys}
    for table in comparison.real.learned:
        if comparison.real.kinds[table]:
            _add(found["rows"], table, comparison, _row_records(comparison, table))
        if table in parents:
            _add(found["families"], table, comparison, _family_records(comparison, table))
    scores: Scores = {}
    tests: dict[str, list[list[float]]] = {}
    for unit, prefix in (("rows", ""), ("families", "family_")):
        every = list(found[unit].values())
        scores[f"{prefix}copies"] = max_of(table["excess_copies"] for table in every)
        scores[f"{prefix}dcr_share"] = _surest(every, "dcr_share")
        scores[f"{prefix}distance_ratio"] = min(
            (table["distance_ratio"] for table in every), default=None
        )
        scores[f"{prefix}membership"] = _surest(every, "membership")
        for name, value in FIGURE_OF.items():
            tests[f"{prefix}{name}"] = [
                [table[value], table[f"{name}_error"]]
                for table in every
                if table[value] is not None
            ]
    return {**scores, **found, "tests": tests}


def suspects(comparison: Comparison, table: str, unit: str) -> Scores | None:
    """Return the privacy figures of the records of one table, or of its families, by themselves."""
    found: dict[str, Scores] = {}
    make = _row_records if unit == "rows" else _family_records
    if unit == "families" or comparison.real.kinds[table]:
        _add(found, table, comparison, make(comparison, table))
    return found.get(table)


def record_privacy(comparison: Comparison, name: str, records: Records) -> Scores:
    """Return the privacy figures of one kind of record."""
    copied, own, spread = copy_rates(records)
    scores: Scores = {"copies": copied, "natural_copies": own}
    scores["excess_copies"] = max(copied - own, 0.0)
    scores["copies_error"] = spread
    train, synthetic, unseen = _equally_many(comparison, records, name)
    space = Space.of(train, records.kinds)
    places = {"train": space.place(train), "synthetic": space.place(synthetic)}
    if unseen is not None:
        places["unseen"] = space.place(unseen)
    rows = {
        side: comparison.sample(len(place[0]), comparison.limits.distance_rows, name, side)
        for side, place in places.items()
    }
    asked = {side: _take(place, rows[side]) for side, place in places.items()}
    closest, second = nearest(asked["synthetic"], places["train"])
    if unseen is None:
        scores |= {"dcr_share": None, "membership": None}
        scores |= {"dcr_share_error": None, "membership_error": None}
        usual = nearest(asked["train"], places["train"], rows["train"])
    else:
        scores |= _against_unseen(closest, places, asked)
        usual = nearest(asked["unseen"], places["train"])
    ratios = _ratios(closest, second), _ratios(*usual)
    ours, real = (float(ratio.mean()) for ratio in ratios)
    scores["distance_ratio"] = ours / max(real, TIE)
    relative = [ratio.var() / len(ratio) / max(ratio.mean(), TIE) ** 2 for ratio in ratios]
    scores["distance_ratio_error"] = float(scores["distance_ratio"] * np.sqrt(sum(relative)))
    scores["median_distance"] = float(np.median(closest))
    scores["real_distance"] = float(np.median(usual[0]))
    scores["compared_rows"] = len(closest)
    return scores


def _against_unseen(
    to_train: Floats, places: Mapping[str, Place], asked: Mapping[str, Place]
) -> Scores:
    from sklearn.metrics import roc_auc_score

    to_unseen, _ = nearest(asked["synthetic"], places["unseen"])
    tie = np.abs(to_train - to_unseen) <= TIE
    share = float(((to_train < to_unseen) & ~tie).mean() + tie.mean() / 2)
    distances = [nearest(asked[side], places["synthetic"])[0] for side in ("train", "unseen")]
    member = np.repeat([1, 0], [len(distance) for distance in distances])
    auc = float(roc_auc_score(member, -np.concatenate(distances)))
    fewest = min(len(distance) for distance in distances)
    return {
        "dcr_share": share,
        # a synthetic record is one coin; that neighbours are shared is chance of both real halves
        "dcr_share_error": float(0.5 * np.sqrt(1 / len(to_train) + 1 / fewest)),
        "membership": auc,
        # of the rank sum statistic without ties (Mann and Whitney, 1947)
        "membership_error": float(np.sqrt((2 * fewest + 1) / (12 * fewest**2))),
    }


def _equally_many(
    comparison: Comparison, records: Records, name: str
) -> tuple[Columns, Columns, Columns | None]:
    """Return training, synthetic and unseen records; training and unseen are equally many."""
    limit = comparison.limits.neighbour_rows
    unseen = records.holdout
    if unseen is not None and _length(unseen) < FEWEST:
        unseen = None
    if unseen is not None:
        limit = min(limit, _length(records.train), _length(unseen))
        unseen = _sampled(comparison, unseen, limit, name, "unseen")
    train = _sampled(comparison, records.train, limit, name, "train")
    limit = comparison.limits.neighbour_rows
    return train, _sampled(comparison, records.synthetic, limit, name, "synthetic"), unseen


def _take(place: Place, rows: Integers) -> Place:
    return place[0][rows], place[1][rows]


def copy_rates(records: Records) -> tuple[float, float, float]:
    """Return the share of synthetic records that are a real one, chance's, and their error.

    Chance is the holdout's own rate, or without one, the share of real records that have
    a twin among the other real records.
    """
    train, synthetic = _hashes(records.train), _hashes(records.synthetic)
    if records.holdout is not None:
        natural = np.isin(_hashes(records.holdout), train)
    else:
        _, record, count = np.unique(train, return_inverse=True, return_counts=True)
        natural = count[record] > 1
    hit = np.isin(synthetic, train)
    side = "train" if records.holdout is None else "holdout"
    spread = _error(hit, records.groups["synthetic"]), _error(natural, records.groups[side])
    own = float(natural.mean()) if len(natural) else 0.0
    return float(hit.mean()), own, float(np.hypot(*spread))


def _error(hit: Flags, groups: Integers) -> float:
    """Return the standard error of a share, records of one group taken together."""
    if not len(hit):
        return 0.0
    off = np.bincount(groups, weights=hit - hit.mean())
    return float(np.sqrt((off**2).sum()) / len(hit))


def _groups(comparison: Comparison, table: str) -> dict[str, Integers]:
    """Return per side the parent of every row; rows without one stand for themselves."""
    sides = {"train": comparison.real, "synthetic": comparison.synthetic}
    if comparison.holdout is not None:
        sides["holdout"] = comparison.holdout
    key, found = comparison.contexts.get(table), {}
    for side, database in sides.items():
        rows = np.arange(database.rows[table])
        if key is not None:
            link, parents = database.links[key.name], database.rows[key.parent]
            rows = np.where(link >= 0, link, parents + rows)
        found[side] = rows
    return found


def _hashes(columns: Columns) -> Array:
    frame = pd.DataFrame({name: np.round(values, 9) for name, values in columns.items()})
    return pd.util.hash_pandas_object(frame, index=False).to_numpy()


def _surest(tables: Sequence[Scores], name: str) -> float | None:
    """Return the share of the table where it is most surely above chance, by two errors."""
    known = [table for table in tables if table[name] is not None]
    best = max(known, key=lambda table: table[name] - table["compared_rows"] ** -0.5, default=None)
    return best[name] if best else None


def _ratios(first: Floats, second: Floats) -> Floats:
    return np.where(second > TIE, first / np.maximum(second, TIE), 1.0)


def _add(found: dict[str, Scores], table: str, comparison: Comparison, records: Records) -> None:
    if min(_length(records.train), _length(records.synthetic)) >= FEWEST:
        found[table] = record_privacy(comparison, table, records)


def _row_records(comparison: Comparison, table: str) -> Records:
    held = comparison.holdout
    return Records(
        comparison.real.values[table],
        comparison.synthetic.values[table],
        None if held is None else held.values[table],
        comparison.real.kinds[table],
        _groups(comparison, table),
    )


def _family_records(comparison: Comparison, table: str) -> Records:
    train, synthetic = families(comparison.real, comparison.synthetic, table)
    held: Database | None = comparison.holdout
    unseen = None if held is None else families(comparison.real, held, table)[1].values
    groups = _groups(comparison, table)
    return Records(train.values, synthetic.values, unseen, train.kinds, groups)


def _sampled(
    comparison: Comparison, columns: Columns, limit: int, *names: object
) -> dict[str, Array]:
    rows = comparison.sample(_length(columns), limit, "privacy", *names)
    return {name: values[rows] for name, values in columns.items()}


def _length(columns: Columns) -> int:
    return len(next(iter(columns.values()), np.empty(0)))


def privacy_verdict(scores: Scores, held: bool, needed: float) -> str:
    """Return one sentence for all tables; sure is what misses by `needed` standard errors."""
    every = [table for unit in ("rows", "families") for table in scores[unit].values()]
    if any(closer_to_training(table, needed) for table in every):
        return (
            "Not safe to share: records of the real data come back as copies or near copies. "
            "Fit with protection of rare values, or with a coarser model."
        )
    if not held:
        return (
            "No sign of copying. Give a holdout that the synthesizer has not seen to learn "
            "whether records lie closer to the training data than they should."
        )
    guessed = [table for table in every if table["membership"] is not None]
    if any(table["membership"] - 0.5 > needed * table["membership_error"] for table in guessed):
        return (
            "Slightly closer to the training data than to unseen data: look at the tables "
            "below before sharing."
        )
    return (
        "No sign of memorisation: synthetic records are no closer to the training data than to "
        "people the synthesizer has never seen."
    )


PRIVACY = Measure(
    "privacy",
    "Privacy",
    "Does the synthetic data give away who was in the real data?",
    (
        Figure(
            "copies",
            "Exact copies, worst table",
            "Share of rows that are exactly a real row, beyond chance. 0 is good.",
            "lower",
            0.0,
        ),
        Figure(
            "dcr_share",
            "Closer to training than to unseen rows",
            "Share of rows whose closest real row is a training row. .5 is ideal, above .6 leaks.",
            "near",
            0.5,
        ),
        Figure(
            "distance_ratio",
            "Nearest-neighbour distance ratio, worst table",
            "How isolated the nearest real row is, against unseen real rows. 1 is ideal; far "
            "below 1, single real rows are singled out.",
        ),
        Figure(
            "membership",
            "Membership guessed right (AUC), worst table",
            "An attacker guesses by distance who was in the training data. .5 is a coin toss.",
            "near",
            0.5,
        ),
        Figure(
            "family_copies",
            "Copied families, worst parent table",
            "The same for parents together with the summary of their children. 0 is good.",
            "lower",
            0.0,
        ),
        Figure(
            "family_dcr_share",
            "Families closer to training than to unseen ones",
            "Share of families whose closest real family is a training one. .5 is ideal.",
            "near",
            0.5,
        ),
        Figure(
            "family_distance_ratio",
            "Distance ratio of families, worst parent table",
            "How isolated the nearest real family is. 1 is ideal.",
        ),
        Figure(
            "family_membership",
            "Membership of families guessed right (AUC)",
            "The same attack on whole families. .5 is a coin toss.",
            "near",
            0.5,
        ),
    ),
    measure_privacy,
    lines=CEILING,
)
