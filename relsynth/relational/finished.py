"""From a request to finished tables: draw, assemble, hold the schema's constraints, prove."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import pandas as pd

from relsynth.constraints import enforce_constraints
from relsynth.metadata import Metadata, Plan
from relsynth.relational.assemble import assemble
from relsynth.relational.fitting.fitted import FittedTable
from relsynth.relational.proof import prove_conditions, prove_keys
from relsynth.relational.requests import KeyBlocks, Request
from relsynth.relational.sample import draw_database
from relsynth.seeding import Seed
from relsynth.typing import Shown, Tables


def sample_tables(
    fitted: Mapping[str, FittedTable],
    metadata: Metadata,
    plan: Plan,
    whole: Plan,
    request: Request,
    *,
    given: Tables,
    seed: Seed,
    keys: KeyBlocks | None = None,
    shown: Shown | None = None,
) -> dict[str, pd.DataFrame]:
    """Draw the tables of a plan.

    Parameters
    ----------
    plan : Plan
        Of the tables to make.
    whole : Plan
        The fitted one, of which `plan` may be a part.
    given : mapping of str to DataFrame
        Tables to build upon instead of drawing them.
    keys : KeyBlocks, optional
        Which keys to issue; from the first one on by default.
    shown : callable, optional
        Shows progress over the steps of the plan.

    Returns
    -------
    dict of str to DataFrame
        In the order of the metadata.
    """
    blocks = KeyBlocks(seed, {}) if keys is None else keys
    drawn = draw_database(
        fitted, metadata, plan, whole, request, given=given, seed=seed, keys=blocks, shown=shown
    )
    made = assemble(drawn, plan)
    schema = metadata.restrict(made)
    unchanged = {step.table for step in plan.steps if step.kept} | set(given)
    finished = enforce_constraints(
        schema,
        {name: made[name] for name in schema.tables},
        seed=seed,
        kept={name: len(made[name]) for name in unchanged},
        unreadable="warn",
    )
    prove_keys(finished, schema, set(made) - unchanged)
    prove_conditions(finished, request.conditions)
    return finished


def plan_below(plan: Plan, metadata: Metadata, given: Collection[str]) -> Plan:
    """Return the part of a plan with some tables, their descendants and what these refer to."""
    needed = set(given)
    for step in plan.steps:
        if any(key.parent in needed for key in metadata.parents_of(step.table)):
            needed.add(step.table)
    for step in reversed(plan.steps):
        if step.table in needed and step.table not in given:
            needed.update(key.parent for key in metadata.parents_of(step.table))
            needed.update(() if step.sibling_join is None else (step.sibling_join.sibling,))
    return replace(plan, steps=tuple(step for step in plan.steps if step.table in needed))
