"""Validity: keys, references, nulls, uniqueness, ranges, formats and checks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from relsynth.evaluate.database import check_present
from relsynth.evaluate.measure import NEITHER, Comparison, Figure, Measure, Scores
from relsynth.evaluate.validity_checks import check_violations
from relsynth.evaluate.validity_columns import column_violations
from relsynth.evaluate.validity_keys import DUPLICATE_KEY, ORPHAN, key_violations
from relsynth.evaluate.violation import Violation
from relsynth.metadata.sources import metadata_of
from relsynth.storage import tables_of
from relsynth.storage.plain import plain_tables
from relsynth.typing import Source

if TYPE_CHECKING:
    from pathlib import Path

    from relsynth.metadata import Metadata
    from relsynth.warehouse import BrokenKey


@dataclass(frozen=True, slots=True)
class Validity:
    """What is wrong with a synthetic database."""

    found: tuple[Violation, ...]

    @property
    def violations(self) -> int:
        """Rows that break a rule, summed over rules; 0 is the only good value."""
        return sum(violation.count for violation in self.found if violation.strict)

    def counted_over_all(self, broken: Iterable[BrokenKey]) -> Validity:
        """Return the same with the keys that were broken in all rows, not only in those read."""
        others = (one for one in self.found if one.rule not in (DUPLICATE_KEY, ORPHAN))
        counted = (
            Violation(key.where, DUPLICATE_KEY, key.count, detail="of all rows")
            if key.parent is None
            else Violation(key.where, ORPHAN, key.count, detail=f"must exist in {key.parent}")
            for key in broken
        )
        return Validity((*counted, *others))

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "violations": self.violations,
            "found": [violation.as_dict() for violation in self.found],
        }

    def __str__(self) -> str:
        return "\n".join(str(violation) for violation in self.found) or "no rule is broken"


def check_validity(real: Source, synthetic: Source, metadata: Metadata | str | Path) -> Validity:
    """Check a synthetic database against its schema and against what the real data always do.

    Returns
    -------
    Validity
        Counts with example rows: repeated and missing primary keys, orphans, nulls where
        the real data have none, repeated values in unique sets and, as a note, in sets of
        columns that only the real data keep unique, other dtypes or column order, values out of
        declared bounds, dates and numbers in another format, broken checks.

    Raises
    ------
    DataError
        Listing every table and column that is missing.

    Notes
    -----
    Linear in cells.

    Examples
    --------
    >>> import pandas as pd
    >>> from relsynth.metadata import Column, Metadata, Table
    >>> columns = {"id": Column("id", "key"), "age": Column("age", "integer", low=0)}
    >>> metadata = Metadata([Table("people", columns, primary_key=("id",))])
    >>> real = {"people": pd.DataFrame({"id": [1, 2], "age": [30, 40]})}
    >>> fake = {"people": pd.DataFrame({"id": [1, 1], "age": [30, -2]})}
    >>> print(check_validity(real, fake, metadata))
    people.id: duplicate primary key, 1 rows, such as row 1, id 1
    people.age: out of range, 1 rows (0 to None), such as row 1, age -2
    """
    metadata = metadata_of(metadata)
    real = plain_tables(tables_of(real, metadata, "the real data"))
    synthetic = plain_tables(tables_of(synthetic, metadata, "the synthetic data"))
    check_present(metadata, {"real": real, "synthetic": synthetic})
    return Validity(
        (
            *key_violations(metadata, real, synthetic),
            *column_violations(metadata, real, synthetic),
            *check_violations(metadata, real, synthetic),
        )
    )


def measure_validity(comparison: Comparison) -> Scores:
    """Return the number of broken rules and what is broken."""
    tables = comparison.tables
    found = check_validity(tables["real"], tables["synthetic"], comparison.real.metadata)
    if comparison.counted is not None:
        found = found.counted_over_all(comparison.counted)
    return {"validity": found.violations, "found": found.as_dict()["found"]}


VALIDITY = Measure(
    "validity",
    "Validity",
    "Keys, references, nulls, uniqueness, ranges, formats and checks: can a database load it?",
    (
        Figure(
            "validity",
            "Rows that break a rule",
            "0 is the only good value: anything else a database or a reader would reject.",
            "lower",
            0.0,
        ),
    ),
    measure_validity,
    lines=NEITHER,
)
