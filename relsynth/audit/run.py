"""The audit itself: who is protected, every attack on their rows and families, and a verdict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from relsynth.arguments import check_count, check_seed
from relsynth.audit.canaries import Make, count_canaries
from relsynth.audit.contents import contents
from relsynth.audit.disclosure import disclosure
from relsynth.audit.report import Audit
from relsynth.evaluate.aggregates import families
from relsynth.evaluate.attacks import Columns, attack, overlap
from relsynth.evaluate.baselines import context_keys, split_by_root
from relsynth.evaluate.database import Database, Kind, prepare
from relsynth.evaluate.privacy import Records, copy_rates
from relsynth.metadata import Metadata
from relsynth.metadata.sources import metadata_of
from relsynth.metadata.subjects import choose_subjects, describe_subjects
from relsynth.seeding import Seed, integer_seed, stream
from relsynth.storage import tables_of
from relsynth.typing import Array, Floats, Integers, Source

PEOPLE = 4_000  # of each side, for an interval of .011 around an AUC of .5
SYNTHETIC = 8_000  # and reference records: distances are between all of both
FEWEST = 20  # records of each side, fewer prove nothing


def audit(
    real: Source,
    synthetic: Source,
    metadata: Metadata | str | Path,
    holdout: Source | None = None,
    *,
    reference: Source | None = None,
    subjects: str | Iterable[str] = "auto",
    model: str | Path | None = None,
    canaries: int = 0,
    make: Make | None = None,
    seed: Seed = 0,
) -> Audit:
    """Attack a synthetic database as somebody would who wants to know about people.

    Parameters
    ----------
    real, synthetic : mapping of str to DataFrame, str or Path
    metadata : Metadata, str or Path
    holdout : mapping of str to DataFrame, str or Path, optional
        Real data of other people, which nothing was learned from. Without it there are neither
        membership attacks nor the three disclosure risks, which all need somebody to compare
        with.
    reference : mapping of str to DataFrame, str or Path, optional
        More of such data, which the attacker has; half of the holdout by default.
    subjects : "auto" or iterable of str
        Tables whose rows are the people or firms to protect.
    model : str or Path, optional
        Model file to look through.
    canaries : int, default 0
        Synthetic databases in which planted values are looked for; 0 plants none.
    make : callable, optional
        Makes them from tables and a number; the synthesizer with its defaults by default.
    seed : int, SeedSequence or None, default 0

    Returns
    -------
    Audit

    Notes
    -----
    Records are the rows of subjects and of all tables below them, and families: a subject with
    a summary of its children. Of each side 4,000 records are asked about, against 8,000
    synthetic ones.

    References
    ----------
    Chen et al., "GAN-Leaks" (CCS 2020); Hilprecht et al. (PoPETs 2019); Houssiau et al.,
    "TAPAS" (2022); Carlini et al., "Membership inference attacks from first principles"
    (S&P 2022), for the true positive rate at low false positive rates; Giomi et al. (2023).

    Examples
    --------
    >>> import numpy as np, pandas as pd, relsynth as rs
    >>> rng = np.random.default_rng(0)
    >>> people = pd.DataFrame({"age": rng.integers(18, 90, 400), "pay": rng.gamma(2, 900, 400)})
    >>> metadata = rs.Metadata.detect({"person": people})
    >>> seen, unseen = {"person": people[:200]}, {"person": people[200:]}
    >>> copied = rs.audit(seen, seen, metadata, unseen)
    >>> copied.scores["copies"] > 0.5, copied.fails({"auc": 0.6})[0][:4]
    (True, 'auc ')
    """
    check_seed(seed)
    check_count(canaries, "canaries")
    metadata = metadata_of(metadata)
    by_role = {"real": real, "synthetic": synthetic, "holdout": holdout, "reference": reference}
    given = {
        name: tables_of(source, metadata, f"the {name} data")
        for name, source in by_role.items()
        if source is not None
    }
    protected = choose_subjects(metadata, subjects)
    sides = dict(zip(given, prepare(metadata, given), strict=True))
    if "holdout" in sides and "reference" not in sides:
        contexts = context_keys(sides["holdout"])
        sides["others"], sides["reference"] = split_by_root(sides["holdout"], contexts, seed)
    found: dict[str, dict[str, Any]] = {"rows": {}, "families": {}}
    runner = _Runner(sides, seed)
    for name in _concerned(metadata, protected, sides["real"]):
        runner.add(found["rows"], name, _rows)
        if name in protected or (not protected and metadata.children_of(name)):
            runner.add(found["families"], name, _families)
    scores: dict[str, Any] = {
        "subjects": describe_subjects(protected),
        "holdout": holdout is not None,
        **found,
    }
    if canaries:
        counted = count_canaries(given["real"], metadata, protected, canaries, seed, make)
        scores["planted"] = [canary.to_dict() for canary in counted]
    if model is not None:
        scores["model"] = contents(model, given["real"], metadata)
    return Audit(scores)


class _Runner:
    """Attacks records of one kind after the other."""

    def __init__(self, sides: Mapping[str, Database], seed: Seed) -> None:
        self.sides, self.seed = sides, seed

    def add(self, found: dict[str, Any], table: str, read: Any) -> None:
        """Attack the records that `read` gives for a table, where there are enough."""
        records, kinds = read(self.sides, table)
        if not kinds or min(_length(side) for side in records.values()) < FEWEST:
            return
        unit = read.__name__.strip("_")
        names = {"train": "real", "synthetic": "synthetic", "holdout": "holdout"}
        single = {at: np.arange(_length(records[n])) for at, n in names.items() if n in records}
        copied, natural, error = copy_rates(
            Records(records["real"], records["synthetic"], records.get("holdout"), kinds, single)
        )
        excess = copied - natural
        entry: dict[str, Any] = {"copies": excess if excess > 2 * error else 0.0, "records": {}}
        chosen = {
            name: self._sample(side, f"{table} {unit} {name}", name)
            for name, side in records.items()
        }
        small = {name: _take(records[name], rows) for name, rows in chosen.items()}
        entry["records"] = {name: len(rows) for name, rows in chosen.items()}
        if "holdout" in small:
            tallies = self._tallies(table, chosen) if unit == "families" else None
            others = "others" if "others" in small else "holdout"
            attacks = attack(
                small["real"],
                small[others],
                small["synthetic"],
                small["reference"],
                kinds,
                seed=integer_seed(self.seed, "forest", table),
                tallies=None if tallies is None else (tallies["real"], tallies[others]),
            )
            entry["membership"] = {name: done.to_dict() for name, done in attacks.items()}
            rng = stream(self.seed, "disclosure", table, unit)
            risks = disclosure(small["real"], small["holdout"], small["synthetic"], kinds, rng)
            entry["disclosure"] = {name: risk.to_dict() for name, risk in risks.items()}
        found[table] = entry

    def _sample(self, columns: Columns, name: str, side: str) -> Integers:
        limit = SYNTHETIC if side in ("synthetic", "reference") else PEOPLE
        rng, rows = stream(self.seed, "audit", name), _length(columns)
        return np.sort(rng.permutation(rows)[:limit])

    def _tallies(self, table: str, chosen: Mapping[str, Integers]) -> dict[str, Floats]:
        """Return the overlap of the values of a subject and of all its children."""
        sides, found = self.sides, {}
        for name in ("real", "others", "holdout"):
            if name not in sides:
                continue
            side = sides[name]
            total = np.zeros(side.rows[table])
            if side.values[table]:
                total += overlap(
                    side.values[table],
                    sides["synthetic"].values[table],
                    sides["reference"].values[table],
                )
            for key in side.metadata.children_of(table):
                values, link = side.values[key.child], side.links[key.name]
                if values and len(link):
                    odds = overlap(
                        values,
                        sides["synthetic"].values[key.child],
                        sides["reference"].values[key.child],
                    )
                    placed = link >= 0
                    total += np.bincount(link[placed], odds[placed], len(total))
            found[name] = total[chosen[name]]
        return found


def _rows(sides: Mapping[str, Database], table: str) -> tuple[dict[str, Columns], dict[str, Kind]]:
    kinds = dict(sides["real"].kinds[table])
    return {name: side.values[table] for name, side in sides.items()}, kinds


def _families(
    sides: Mapping[str, Database], table: str
) -> tuple[dict[str, Columns], dict[str, Kind]]:
    real = sides["real"]
    made = {name: families(real, side, table, "full")[1] for name, side in sides.items()}
    return {name: family.values for name, family in made.items()}, dict(made["real"].kinds)


def _concerned(metadata: Metadata, subjects: Mapping[str, str], real: Database) -> list[str]:
    """Return the subjects and all tables below them; all that are learned without subjects."""
    found = set(subjects) or set(real.learned)
    grows = True
    while grows:
        below = {key.child for key in metadata.foreign_keys if key.parent in found} - found
        found |= below
        grows = bool(below)
    return [name for name in real.learned if name in found]


def _take(columns: Columns, rows: Integers) -> dict[str, Array]:
    return {name: values[rows] for name, values in columns.items()}


def _length(columns: Columns) -> int:
    return len(next(iter(columns.values()), np.empty(0)))
