"""Learn the rules across rows and tables of one table."""

from __future__ import annotations

from collections.abc import Container, Mapping

import numpy as np
import pandas as pd

from relsynth.columns.protection import Holders
from relsynth.columns.relations.formula import Formula
from relsynth.columns.relations.relation import Relation
from relsynth.evidence import GLANCE
from relsynth.metadata import Plan, TablePlan
from relsynth.relational.fitting.database import Database
from relsynth.relational.fitting.fitted import FittedTable
from relsynth.relational.fitting.prepared import PreparedTable
from relsynth.relational.rules.composed import Composed, as_moments, find_composed, may_be_composed
from relsynth.relational.rules.find import Rule, find_rules
from relsynth.relational.rules.view import ABOVE, Base, TableView
from relsynth.seeding import Seed
from relsynth.typing import Integers, Tables


def real_view(
    name: str,
    tables: Tables,
    prepared: Mapping[str, PreparedTable],
    database: Database,
    above: int = ABOVE,
) -> TableView:
    """Return a real table with its parents, as many tables up as asked for."""
    step, frame = database.plan[name], tables[name]
    own = TableView(len(frame), prepared[name].encoding, frame.__getitem__, {})
    keys = {}
    context = () if step.context is None else (step.context,)
    last = step.deferred if above == ABOVE else ()
    for key in (*context, *step.lookups, *step.linked, *last) if above else ():
        is_own = key.parent == name
        parent = own if is_own else real_view(key.parent, tables, prepared, database, above - 1)
        keys[key.name] = (key, database.links[key.name], parent)
    return TableView(own.n_rows, own.encoding, own.shown, keys)


def fit_rules(
    fitted: FittedTable,
    tables: Tables,
    prepared: Mapping[str, PreparedTable],
    database: Database,
    kinds: Container[str],
    holders: Holders,
    seed: Seed,
) -> tuple[Rule, ...]:
    """Return the rules of a table that was learned.

    Parameters
    ----------
    fitted : FittedTable
        Without rules.
    holders : Holders
        Whose the rows are.

    Notes
    -----
    Columns that repeat a parent, that number its rows or that are unique by the schema are
    held to their values already. Columns of parents that sum up the rows follow from these.
    """
    if fitted.rows is None:
        return ()
    view = real_view(fitted.name, tables, prepared, database)
    bound = fitted.sources.held | {
        name for rule in fitted.unique if rule.declared for name in rule.columns
    }
    relations = fitted.rows.relations.relations
    bound |= {name for name, relation in relations.items() if not relation.kept}
    columns = [n for n in (*view.dates, *view.numbers) if n not in bound]
    step = database.plan[fitted.name]
    summed = {(total.key, total.target) for total in fitted.totals}
    context = context_groups(database.plan, fitted.name, database, view.n_rows)
    return find_rules(
        view,
        fitted.name,
        columns,
        context,
        fitted.order,
        kinds=kinds,
        skip=lambda base: is_summed(base, summed),
        after=distances_from(relations),
        fixed=_unique_inside(fitted),
        orders=_orders(fitted, step),
        levels=[n for n in view.levels if n not in bound.union(view.encoding.invents)],
        kept={key.name for key in step.early if database.plan[key.parent].kept},
        holders=holders,
        seed=seed,
    )


def _unique_inside(fitted: FittedTable) -> dict[str, str | None]:
    """Return the columns that must not repeat: by which key they may move inside one parent."""
    inside: dict[str, str | None] = {}
    for rule in fitted.unique:
        alone = len(rule.columns) == 1 and len(rule.keys) == 1
        key = rule.keys[0] if alone else None
        for name in rule.columns:
            inside[name] = key if inside.get(name, key) == key else None
    return inside


def _orders(fitted: FittedTable, step: TablePlan) -> dict[str, str | None]:
    """Return by which column the rows of the generating parent happen, if they lie so at all."""
    moved = fitted.stored is not None or fitted.row_order is not None
    if step.context is None or (fitted.order is None and moved):
        return {}
    return {step.context.name: fitted.order}


def distances_from(relations: Mapping[str, Relation]) -> dict[str, str]:
    """Return which columns are learned as a distance, never negative, from another one."""
    return {
        name: relation.bases[0]
        for name, relation in relations.items()
        if isinstance(relation, Formula)
        if (relation.operator, relation.scale, relation.kept) == ("linear", 1.0, True)
        if relation.least is not None and relation.shift + relation.least >= 0
    }


def fit_composed(
    fitted: FittedTable,
    frame: pd.DataFrame,
    step: TablePlan,
    kinds: Container[str],
    personal: frozenset[str],
) -> tuple[Composed, ...]:
    """Return the issued keys and other texts of a table that are made of other columns.

    Texts that repeat have to be made of these entirely, unique ones may have a number besides.
    What is personal is made of what is personal as well: an address that counts, made of the
    number of a row, would be somebody's.
    """
    if fitted.rows is None or "composed" not in kinds:
        return ()
    unique = {rule.columns[0] for rule in fitted.unique if len(rule.columns) == 1 and not rule.keys}
    late = {name for key in step.deferred for name in key.columns}
    ids = {
        name: frame[name]
        for name in (*fitted.roles.issued, *fitted.roles.modelled)
        if name in fitted.roles.issued or name in unique or _is_id(frame[name])
    }
    repeating = {
        name: frame[name]
        for name in fitted.roles.modelled
        if name not in ids and name not in fitted.sources.held and may_be_composed(frame[name])
    }
    roles = dict.fromkeys((*fitted.roles.modelled, *fitted.roles.foreign))
    others = [name for name in roles if name not in late]
    encoders = fitted.encoding.encoders
    read = {n: as_moments(frame[n], encoders.get(n)) for n in others}
    own = {name: column for name, column in read.items() if name not in ids}
    plain = {name: column for name, column in own.items() if name not in repeating}
    found = [
        *find_composed(ids, own),
        *(rule for rule in find_composed(repeating, plain) if not rule.has_number),
    ]
    found += [  # of texts that are themselves of several parts, such as the address of a title
        rule
        for rule in find_composed({**ids, **repeating}, read)
        if not rule.has_number and rule.column not in personal
    ]
    chosen: dict[str, Composed] = {}
    for rule in found:
        is_own = rule.column not in personal or not personal.isdisjoint(rule.sources)
        used = {name for other in chosen.values() for name in other.sources}
        free = rule.column not in chosen and rule.column not in used
        if is_own and free and chosen.keys().isdisjoint(rule.sources):
            chosen[rule.column] = rule
    return tuple(chosen.values())


def _is_id(column: pd.Series) -> bool:
    """Return whether a column holds texts that all differ."""
    is_text = pd.api.types.is_string_dtype(column.dtype) or column.dtype == object
    if not is_text or not column.iloc[:GLANCE].dropna().map(str).is_unique:
        return False
    present = column.dropna()
    return len(present) > 1 and bool(present.map(str).is_unique)


def is_summed(base: Base, summed: set[tuple[str, str]]) -> bool:
    """Return whether a column of a parent follows from the rows of the table."""
    return (base.path[0], base.column) in summed and len(base.path) == 1


def context_groups(plan: Plan, name: str, database: Database, n_rows: int) -> Integers | None:
    """Return the context parent of each row, rows without one alone; ``None`` for a root."""
    context = plan[name].context
    if context is None:
        return None
    links = database.links[context.name]
    return np.where(links < 0, n_rows + np.arange(len(links)), links)
