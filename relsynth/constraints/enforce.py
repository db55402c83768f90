"""Make declared constraints hold in generated tables, by bounded repair, and prove it."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd

from relsynth.constraints.expression import Lookup, evaluate
from relsynth.constraints.formulas import Formula, formulas_of
from relsynth.constraints.meant import as_meant
from relsynth.constraints.rows import Rows
from relsynth.constraints.rule import Rule
from relsynth.constraints.rules import parts_of, rules_of
from relsynth.errors import ConstraintError, Faults
from relsynth.metadata.metadata import Metadata
from relsynth.schema import Table
from relsynth.schema.date_text import utc_moment
from relsynth.seeding import Seed, stream
from relsynth.typing import Tables

ROUNDS = 6  # each mends most of what is left; every one costs a pass
Unreadable = Literal["error", "warn", "skip"]


def enforce_constraints(
    metadata: Metadata,
    tables: Tables,
    *,
    seed: Seed = 0,
    kept: Mapping[str, int] | None = None,
    unreadable: Unreadable = "error",
) -> dict[str, pd.DataFrame]:
    """Change generated tables as little as needed so that all declared constraints hold.

    Parameters
    ----------
    metadata : Metadata
        Its tables carry ``checks``, ``constraints`` and columns with ``derived``.
    tables : mapping of str to DataFrame
        Complete, references valid.
    kept : mapping of str to int, optional
        Per table, how many rows at the top must not change.
    unreadable : {"error", "warn", "skip"}
        What to do with a check that cannot be evaluated, such as one that calls a function
        of the database: refuse, name it in a warning, or pass it over.

    Returns
    -------
    dict of str to DataFrame
        The tables themselves where nothing had to change.

    Raises
    ------
    ConstraintError
        Listing every constraint that still fails after the repair, with the number of
        rows and an example.

    Notes
    -----
    Per table, parents first: rows that break a rule are mended directly (swap, shift, draw
    a listed combination, null), then by taking the values of rows that keep it; then
    computed columns are computed. At most six rounds, each linear in the rows. Primary,
    unique and computed columns do not change; a reference changes only as a whole, to one
    that another row has.
    """
    if not any(table.checks or table.constraints for table in metadata.tables.values()) and not any(
        column.derived for table in metadata.tables.values() for column in table.columns.values()
    ):
        return dict(tables)
    mended = {name: tables[name].reset_index(drop=True) for name in tables}
    formulas, held = formulas_of(metadata), kept or {}
    rules = {
        name: rules_of(readable(metadata.tables[name], tables[name], unreadable))
        for name in metadata.plan().order
    }
    for turn in range(ROUNDS):
        if turn:
            _compute(metadata, mended, formulas, held)
        broken = 0
        for name, listed in rules.items():
            rows = Rows(metadata, mended, name, _fixed(metadata, name, formulas), held.get(name, 0))
            rng = stream(seed, name, "constraints", turn)
            broken += sum(_mend(rule, rows, rng) for rule in listed)
        if not broken and (turn or not formulas):
            return mended
    _compute(metadata, mended, formulas, held)
    _prove(metadata, mended, rules, held)
    return mended


def readable(table: Table, frame: pd.DataFrame, unreadable: Unreadable) -> Table:
    """Return the table without what of its conditions cannot be evaluated, each with a warning.

    Of a check the parts that must all hold are looked at one by one, so that what is
    understood is kept.
    """
    left_out = list[str]()

    def lookup(_: str, name: str) -> pd.Series:
        spelled = next((known for known in frame if str(known).lower() == name.lower()), name)
        return as_meant(frame[spelled].iloc[:2], table.columns[spelled])

    checks = [part for text in table.checks for part in _readable_parts(text, lookup, left_out)]
    constraints = []
    for given in table.constraints:
        if given["type"] in ("unique_index", "no_overlap"):
            parts = given["of"] if "of" in given else given.get("equal", ())
            try:
                for text in [*parts, *([given["where"]] if "where" in given else [])]:
                    evaluate(text, lookup)
            except (ConstraintError, KeyError, TypeError, ValueError) as error:
                named = ", ".join(given["of"]) if "of" in given else given["low"]
                what = "unique index" if "of" in given else "exclusion"
                left_out.append(f"the {what} on {named} is not kept: {error}")
                continue
        constraints.append(given)
    if left_out and unreadable == "error":
        raise ConstraintError(f"{table.name}: " + "; ".join(left_out))
    if unreadable == "warn":
        for line in left_out:
            warnings.warn(f"{table.name}: {line}", stacklevel=4)
    return replace(table, checks=tuple(checks), constraints=tuple(constraints))


def _readable_parts(text: str, lookup: Lookup, left_out: list[str]) -> list[str]:
    """Return the parts of a check that can be evaluated; tell of the others."""
    try:
        parts = parts_of(text)
    except ConstraintError as error:
        left_out.append(f"the check {text!r} is not enforced: {error}")
        return []
    found = []
    for part in parts:
        try:
            evaluate(part, lookup)
        except (ConstraintError, KeyError, TypeError, ValueError) as error:
            left_out.append(f"the check {part!r} is not enforced: {error}")
        else:
            found.append(part if len(parts) > 1 else text)
    return found


def _fixed(metadata: Metadata, name: str, formulas: list[Formula]) -> frozenset[str]:
    """Return the columns that must not change: what is unique, referred to, shared, computed."""
    table = metadata.tables[name]
    unique = {column for group in table.candidate_keys for column in group}
    cases = {column for key in metadata.parents_of(name) for column in key.when or {}}
    computed = {formula.column for formula in formulas if formula.table == name}
    wanted = {column for key in metadata.children_of(name) for column in key.parent_columns}
    bound = Counter(column for key in metadata.parents_of(name) for column in key.columns)
    held = {
        column
        for key in metadata.parents_of(name)
        if key.is_self_reference or len(key.columns) > 1 or key.when or key.children
        for column in key.columns
    }
    shared = {column for column, count in bound.items() if count > 1}
    return frozenset(wanted | unique | cases | computed | held | shared)


def _compute(
    metadata: Metadata,
    tables: dict[str, pd.DataFrame],
    formulas: list[Formula],
    held: Mapping[str, int],
) -> None:
    for formula in formulas:
        kept = held.get(formula.table, 0)
        formula.compute(Rows(metadata, tables, formula.table, kept=kept))


def _mend(rule: Rule, rows: Rows, rng: np.random.Generator) -> int:
    """Mend the rows that break a rule; return how many there were."""
    wrong = rule.broken(rows).copy()
    wrong[: rows.kept] = False
    found = int(wrong.sum())
    if not found:
        return 0
    rule.mend(rows, wrong, rng)
    still = rule.broken(rows) | _out_of_bounds(rule, rows)
    still[: rows.kept] = False
    if still.any():
        rows.donate(still, rule.columns(), rng)
    return found


def _out_of_bounds(rule: Rule, rows: Rows) -> np.ndarray:
    """Return the rows a repair may have pushed beyond the bounds of a column."""
    beyond = np.zeros(len(rows.frame), dtype=bool)
    for name in rule.columns():
        column = rows.column(name)
        values = rows.values("", name)
        for bound, sign in ((column.low, 1), (column.high, -1)):
            if bound is None or column.kind not in ("numeric", "integer", "datetime"):
                continue
            limit = utc_moment(bound, column.format) if column.kind == "datetime" else bound
            outside = values < limit if sign > 0 else values > limit
            beyond |= outside.fillna(False).to_numpy(dtype=bool)
    return beyond


def _prove(
    metadata: Metadata,
    tables: dict[str, pd.DataFrame],
    rules: dict[str, list[Rule]],
    held: Mapping[str, int],
) -> None:
    with Faults("constraints", ConstraintError) as faults:
        for name, listed in rules.items():
            rows = Rows(metadata, tables, name)
            for rule in listed:
                wrong = rule.broken(rows).copy()
                wrong[: held.get(name, 0)] = False
                if wrong.any():
                    shown = rows.frame.loc[np.flatnonzero(wrong)[0], rule.columns()]
                    faults.add(
                        f"{name}: {rule} cannot be made to hold in {int(wrong.sum()):,} of "
                        f"{len(wrong):,} rows, e.g. {shown.to_dict()}"
                    )
