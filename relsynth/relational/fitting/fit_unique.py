"""Find which columns and keys of a table are unique together: declared and observed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from relsynth.metadata import Metadata
from relsynth.relational.fitting.database import Database
from relsynth.relational.fitting.prepared import PreparedTable
from relsynth.relational.sources.unique_rule import UniqueRule, declared_rules, observed_rules
from relsynth.typing import Tables


def find_unique_rules(
    metadata: Metadata, made: PreparedTable, tables: Tables, database: Database
) -> tuple[UniqueRule, ...]:
    """Return the declared rules of a table, then those that only the data show.

    Parameters
    ----------
    database : Database
        With the links of the real rows.
    """
    step, near = made.step, made.sources.number
    frame, table, context = tables[step.table], metadata.tables[step.table], step.context
    keys = tuple(key for key in metadata.parents_of(step.table) if key.when is None)
    held = made.sources.held - frozenset(made.sources.copied)
    codes = {
        name: pd.factorize(frame[name])[0].astype(np.int64)
        for name in made.roles.modelled
        if name not in held
    }
    declared = declared_rules(table, made.roles, keys, context)
    if near is not None and context is not None:
        numbered = {*context.columns, near.column}
        declared = tuple(
            replace(rule, columns=tuple(n for n in rule.columns if n != near.column))
            for rule in declared
            if not numbered <= set(rule.on)
        )
    parents = {key.parent: len(tables[key.parent]) for key in keys}
    found = observed_rules(keys, database.links, codes, parents)
    observed = tuple(_with_values(rule, frame) for rule in found)
    covered = [set(rule.keys) | set(rule.columns) for rule in declared]
    return declared + tuple(
        rule
        for rule in observed
        if not any(part <= set(rule.keys) | set(rule.columns) for part in covered)
    )


def _with_values(rule: UniqueRule, frame: pd.DataFrame) -> UniqueRule:
    """Return a rule with its exempt values in place of their codes."""
    if not rule.exempt:
        return rule
    values = pd.factorize(frame[rule.columns[0]])[1]
    return replace(rule, exempt=tuple(str(values[int(code)]) for code in rule.exempt))
