"""Make drawn rows obey what is unique."""

from __future__ import annotations

import numpy as np

from relsynth.errors import CapacityError
from relsynth.metadata import TablePlan
from relsynth.relational.drawing.drawn import DrawnDatabase
from relsynth.relational.links.swaps import swap_until_unique
from relsynth.relational.sources.unique_rule import UniqueRule
from relsynth.relational.unique.movable import (
    Offers,
    fixed_codes,
    may_be_null,
    movable_names,
    move,
    offers_of,
    part_of,
    with_values_beyond,
)
from relsynth.relational.unique.redraw import Choices, redraw, redraw_jointly


def enforce_unique(
    rule: UniqueRule, drawn: DrawnDatabase, step: TablePlan, rng: np.random.Generator
) -> bool:
    """Mend repeated combinations of a drawn table, in place.

    Parameters
    ----------
    step : TablePlan
        Of the table.

    Returns
    -------
    bool
        Whether anything was moved.

    Raises
    ------
    CapacityError
        Where there are fewer combinations than rows that need one; only for a declared
        rule, an observed one is kept as far as it goes.

    Notes
    -----
    Values of one part are swapped between rows, which keeps every column's own
    distribution; the few rows that swaps cannot mend draw another value, or none where
    some rows have none, for a declared rule other values in all parts at once, and at last
    values the column does not have in the real data: higher numbers, later dates. A key
    that shares columns with others keeps the values of these. A row of a self-reference
    without cycles keeps the level of its parent, so none arises.
    """
    moved, waiting = False, 0
    names = movable_names(rule, drawn, step)
    for name in names:
        changed, waiting = _mend(name, rule, drawn, step, rng)
        moved |= changed
        if not waiting:
            return moved
    if waiting and rule.declared:
        changed, waiting = _mend_jointly(names, waiting, rule, drawn, step, rng)
        moved |= changed
    for name in names if waiting and rule.declared else ():
        changed, waiting = _mend(name, rule, drawn, step, rng, beyond=True)
        moved |= changed
        if not waiting:
            return moved
    if waiting and rule.declared:
        raise CapacityError(
            f"{step.table}: {waiting} rows find no unused combination of "
            f"{' and '.join(rule.on or (*rule.keys, *rule.columns))}, which must be unique. "
            "Ask for fewer rows of this table or more of its parents"
        )
    return moved


def _mend(
    name: str,
    rule: UniqueRule,
    drawn: DrawnDatabase,
    step: TablePlan,
    rng: np.random.Generator,
    *,
    beyond: bool = False,
) -> tuple[bool, int]:
    """Move one part of a combination; return whether it moved and how many rows still repeat.

    With `beyond`, rows that find nothing else take values the column does not have so far.
    """
    part = part_of(name, rule, drawn, step)
    fixed = fixed_codes(rule, [name], drawn, step)
    rows = np.flatnonzero((part.codes >= 0) & (fixed >= 0))
    if not len(rows):
        return False, 0
    fixed = fixed[rows]
    source, left = swap_until_unique(
        fixed,
        part.codes[rows],
        part.blocks[rows],
        rng,
        may_be_equal=rule.may_be_equal,
        may_repeat=rule.may_repeat,
        within=part.within,
        ordered=part.is_ordered,
    )
    waiting, offers, places = np.flatnonzero(left), None, rows
    if len(waiting):
        offers = offers_of(part, rule, drawn, step, rng)
        places, choices = _choices(offers, rows, len(part.codes))
        source, waiting = redraw(fixed, choices, source, waiting, rule.may_be_equal, rng)
    if beyond and offers is not None and len(waiting):
        most = int(np.bincount(fixed[waiting]).max())
        offers = with_values_beyond(offers, name, most, drawn, step.table, rng)
        places, choices = _choices(offers, rows, len(part.codes))
        source, waiting = redraw(fixed, choices, source, waiting, rule.may_be_equal, rng)
    nulls = np.flatnonzero(part.codes < 0)
    if len(waiting) and len(nulls) and may_be_null(name, drawn, step):
        source[waiting] = len(places)
        places, waiting = np.append(places, nulls[0]), nulls[:0]
    if np.array_equal(source, np.arange(len(rows))):
        return False, len(waiting)
    move(name, rows, places[source], offers, drawn, step.table)
    return True, len(waiting)


def _mend_jointly(
    names: list[str],
    waiting: int,
    rule: UniqueRule,
    drawn: DrawnDatabase,
    step: TablePlan,
    rng: np.random.Generator,
) -> tuple[bool, int]:
    """Move several parts at once; return whether they moved and how many rows still repeat."""
    parts = [part_of(name, rule, drawn, step) for name in names]
    if not parts:
        return False, waiting
    fixed = fixed_codes(rule, [part.name for part in parts], drawn, step)
    rows = np.flatnonzero(np.all([fixed >= 0, *(part.codes >= 0 for part in parts)], axis=0))
    offers = [offers_of(part, rule, drawn, step, rng) for part in parts]
    places, choices = [], []
    for part, offered in zip(parts, offers, strict=True):
        found = _choices(offered, rows, len(part.codes))
        places.append(found[0])
        choices.append(found[1])
    sources, left = redraw_jointly(fixed[rows], choices, rng)
    for part, offered, place, source in zip(parts, offers, places, sources, strict=True):
        move(part.name, rows, place[source], offered, drawn, step.table)
    return True, len(left)


def _choices(offers: Offers, rows: np.ndarray, n_rows: int) -> tuple[np.ndarray, Choices]:
    """Return the places on offer to some rows, first their own, and the choices they make."""
    places = np.concatenate([rows, np.arange(n_rows, len(offers.codes))])
    blocks = offers.blocks[places]
    return places, Choices.of(offers.codes[places], blocks, blocks[: len(rows)])
