"""Find references by their names and by their values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from relsynth.metadata.detect_keys import FoundKey
from relsynth.metadata.naming import is_identifier, is_reference_like, reference_name, words_of
from relsynth.metadata.profile import Profile, chance_of_containment
from relsynth.metadata.references import referenced_rows
from relsynth.schema import ForeignKey, Note

if TYPE_CHECKING:
    from relsynth.typing import Tables

_NUMBERS_BY_CHANCE = -6.0  # log10: numbers are contained in ranges of numbers easily
_TEXT_BY_CHANCE = -3.0  # log10: one in a thousand
_NEARLY = 0.8  # of the values that are contained, for the others to be called orphans


@dataclass(frozen=True, slots=True)
class Candidate:
    """A reference that names or values suggest.

    Attributes
    ----------
    child, parent : Profile
        Columns at both ends.
    name : float
        Strength of the evidence by name, 0 to 1.
    contained : float
        Share of the child's distinct values that the parent has.
    chance : float
        Base-10 logarithm of the chance of full containment.
    """

    child: Profile
    parent: Profile
    name: float
    contained: float
    chance: float
    evidence: str

    @property
    def by_values(self) -> bool:
        """Whether the values alone speak for the reference."""
        limit = _NUMBERS_BY_CHANCE if self.child.whole else _TEXT_BY_CHANCE
        return self.contained == 1.0 and len(self.child.distinct) >= 3 and self.chance <= limit

    @property
    def is_convincing(self) -> bool:
        """Whether name and values together speak for the reference."""
        return self.contained == 1.0 and (self.name > 0 or self.by_values)

    @property
    def strength(self) -> tuple[float, bool, int, str]:
        """For choosing among several parents: the name, then the values, then the larger one."""
        return (self.name, self.by_values, len(self.parent.distinct), self.parent.table)


def find_references(
    profiles: Mapping[str, Mapping[str, Profile]],
    keys: Mapping[str, FoundKey],
    vocabulary: frozenset[str],
) -> tuple[list[Candidate], list[Note]]:
    """Return the references of one column, and notes on those that were almost made.

    Every value has to have a target. A name that speaks for the reference is enough then;
    without one the values must be such that containment by chance is next to impossible.
    """
    targets = [
        profiles[table][key.columns[0]] for table, key in keys.items() if len(key.columns) == 1
    ]
    found: list[Candidate] = []
    notes: list[Note] = []
    for table, columns in profiles.items():
        for child in columns.values():
            own = keys.get(table)
            is_key = own is not None and own.columns == (child.name,)
            candidates = list(_candidates(child, targets, vocabulary, is_key=is_key))
            good = [candidate for candidate in candidates if candidate.is_convincing]
            if good:
                found.append(max(good, key=lambda candidate: candidate.strength))
            else:
                notes.extend(_near_misses(child, candidates, vocabulary, is_key=is_key))
                notes.extend(_of_another_type(child, targets, vocabulary))
    return _without_mutual(found), notes


def _candidates(
    child: Profile, targets: list[Profile], vocabulary: frozenset[str], *, is_key: bool
) -> Iterator[Candidate]:
    for parent in targets:
        if parent is child or (child.family and not child.can_identify):
            continue
        if child.family is not None and child.family != parent.family:
            continue
        same_table = child.table == parent.table
        score, why = reference_name(
            child.name, parent.table, parent.name, same_table=same_table, vocabulary=vocabulary
        )
        if child.family is None:
            if score >= 0.7 and is_identifier(words_of(child.name, vocabulary)):
                yield Candidate(child, parent, score, 1.0, 0.0, f"{why}; every value is missing")
            continue
        if score == 0 and (is_key or same_table or child.is_date):
            continue
        if score == 0 and not _may_be_contained(child, parent):
            continue
        contained = _contained(child, parent)
        chance = chance_of_containment(child, parent) if contained >= _NEARLY else 0.0
        evidence = _evidence(child, parent, contained, chance, why)
        yield Candidate(child, parent, score, contained, chance, evidence)


def _may_be_contained(child: Profile, parent: Profile) -> bool:
    if len(child.distinct) > len(parent.distinct) and child.whole:
        return False
    if not child.whole:
        return True
    return parent.low <= child.low and child.high <= parent.high


def _contained(child: Profile, parent: Profile) -> float:
    """Return the share of the child's distinct values that the parent has."""
    if child.whole and parent.is_dense and _may_be_contained(child, parent):
        return 1.0
    return float(child.distinct.isin(parent.distinct).mean())


def _evidence(child: Profile, parent: Profile, contained: float, chance: float, why: str) -> str:
    share = "all" if contained == 1.0 else f"{contained:.1%} of"
    parts = [f"{share} {len(child.distinct):,} values exist in {parent.table}.{parent.name}"]
    if contained == 1.0 and chance <= _TEXT_BY_CHANCE:
        parts.append(f"by chance with probability 1e{max(chance, -999):.0f}")
    return "; ".join(parts + ([why] if why else []))


def _near_misses(
    child: Profile, candidates: list[Candidate], vocabulary: frozenset[str], *, is_key: bool
) -> Iterator[Note]:
    where = f"{child.table}.{child.name}"
    for near in candidates:
        suspicious = near.name >= 0.7 or (not child.whole and near.chance <= _TEXT_BY_CHANCE)
        if suspicious and _NEARLY <= near.contained < 1.0:
            yield Note(
                where,
                f"no reference to {near.parent.table}, though it looks like one: declare it and "
                "treat the values without a target as null, or mend the data",
                near.evidence,
            )
    possible = [near.parent.table for near in candidates if near.contained == 1.0]
    if possible and not is_key and is_reference_like(words_of(child.name, vocabulary)):
        yield Note(
            where,
            "no reference, though it is named like one; declare it if it is one",
            f"its values exist in the keys of {', '.join(possible)}, which proves nothing",
        )


def _of_another_type(
    child: Profile, targets: list[Profile], vocabulary: frozenset[str]
) -> Iterator[Note]:
    """Yield notes on whole numbers that, as text, exist among keys of text: 101 beside 101N."""
    if not child.whole:
        return
    texts = child.distinct.astype(str)
    for parent in targets:
        if parent.family != "text" or parent.table == child.table:
            continue
        score, why = reference_name(
            child.name, parent.table, parent.name, same_table=False, vocabulary=vocabulary
        )
        if score > 0 and texts.isin(parent.distinct).all():
            yield Note(
                f"{child.table}.{child.name}",
                f"no reference to {parent.table}, whose key is text; declare it, and read the "
                "data with the schema, which gives both one type",
                f"all {len(texts):,} numbers exist there as text; {why}",
            )


def _without_mutual(found: list[Candidate]) -> list[Candidate]:
    """Keep one of two references between the same two keys, towards the table they are named after.

    Where names do not decide, the table with fewer of them refers to the other.
    """
    by_ends = {(id(one.child), id(one.parent)): one for one in found}
    kept = []
    for one in found:
        back = by_ends.get((id(one.parent), id(one.child)))
        if back is not None and _rank(back) > _rank(one):
            continue
        kept.append(one)
    return kept


def _rank(one: Candidate) -> tuple[bool, int, str]:
    words = words_of(one.parent.name)
    return (words_of(one.parent.table) == words[:-1], len(one.parent.distinct), one.child.table)


def find_composite_references(
    tables: Tables, keys: Mapping[str, FoundKey]
) -> Iterator[tuple[ForeignKey, str]]:
    """Yield references of several columns, each with its evidence.

    A table refers to a composite key where it has all its columns by name and every
    combination of values exists.
    """
    for parent, key in keys.items():
        for child, frame in tables.items():
            by_words = {words_of(name): name for name in frame.columns}
            columns = tuple(by_words.get(words_of(name), "") for name in key.columns)
            if len(columns) < 2 or child == parent or not all(columns):
                continue
            own = keys.get(child)
            same_key = own is not None and set(own.columns) == set(columns)
            if same_key and (len(frame), child) > (len(tables[parent]), parent):
                continue
            nullable = True if frame[list(columns)].isna().any(axis=None) else None
            reference = ForeignKey(child, columns, parent, key.columns, nullable=nullable)
            if (referenced_rows(frame, tables[parent], reference) >= 0).all():
                evidence = f"all {len(frame):,} combinations exist; the same column names"
                yield reference, evidence
