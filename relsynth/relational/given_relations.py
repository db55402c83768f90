"""Relations of rows to what is known before they are drawn, such as the row of a sibling table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.columns.relations import Relations
from relsynth.columns.relations.bounds import find_bounds
from relsynth.columns.relations.draft import Draft
from relsynth.columns.relations.equality import Same, same
from relsynth.columns.relations.evidence import Evidence
from relsynth.columns.relations.formula import Formula
from relsynth.columns.relations.precision import Precision
from relsynth.columns.relations.relation import Relation
from relsynth.seeding import Seed

LEAST_REPEATS = 3


def find_relations(
    rows: Matrix,
    known: tuple[str, ...],
    decimals: Mapping[str, int | None],
    steps: Mapping[str, float],
    seed: Seed,
) -> Relations:
    """Return the relations of a table that leave the columns known as they are.

    Parameters
    ----------
    rows : Matrix
        The known columns first.
    known : tuple of str
        Columns that are not drawn.
    decimals, steps : mapping
        See `Relations.find`.
    seed : int, SeedSequence or None

    Notes
    -----
    `Relations.find` chooses the direction of a difference or a repetition. Where it would
    move a known column by another one, the other one is moved by the known one instead.
    """
    found = Relations.find(rows, decimals, steps, seed)
    if not known:
        return found
    precision = {name: Precision(step) for name, step in found.steps.items()}
    evidence = Evidence(rows, precision, frozenset(steps), seed, LEAST_REPEATS)
    draft = Draft(rows.names)
    for name, relation in found.relations.items():
        if name not in known:
            draft.add(relation)
    for relation in found.relations.values():
        turned = _turned(relation, known, evidence)
        if turned is not None and draft.allows(turned.target, turned.bases):
            draft.add(turned)
    bounds = {name: b for name, b in find_bounds(evidence, draft).items() if name not in known}
    relations = {name: draft.relations[name] for name in draft.order() if name in draft.relations}
    return replace(found, relations=relations, bounds=bounds)


def _turned(relation: Relation, known: tuple[str, ...], evidence: Evidence) -> Relation | None:
    """Return a relation with base and target exchanged where only the target is known."""
    target, base = relation.target, relation.bases[0]
    if target not in known or base in known:
        return None
    if isinstance(relation, Same):
        return same(evidence, target, base)
    if not isinstance(relation, Formula) or not relation.kept:
        return None
    if (relation.operator, relation.scale, relation.shift) != ("linear", 1.0, 0.0):
        return None
    column = evidence.table[base]
    return replace(
        relation,
        target=base,
        bases=(target,),
        note=f"{base} = {target} - a difference, where else {relation.note}",
        step=evidence.precision[base].step,
        least=None,
        within=(float(np.nanmin(column)), float(np.nanmax(column))),
    )
