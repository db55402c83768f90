"""Rows in the time of what they refer to: after it began, before it, or while it lasts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from relsynth.constraints import now
from relsynth.constraints.expression import columns_of
from relsynth.constraints.meant import as_moments
from relsynth.constraints.positions import rank_within, stacked, take
from relsynth.generation.arranging import Bounds, arrange_moments
from relsynth.generation.histories import changes_of, event_column
from relsynth.generation.linking import ParentLinks
from relsynth.generation.periods import (
    CREATED,
    Period,
    is_about,
    is_free,
    period_of,
    place_in,
    plain_moments,
    sides_of,
    started,
)
from relsynth.generation.spans import place_of
from relsynth.schema import ForeignKey
from relsynth.schema.hints import Stage, party_of, words_of_name
from relsynth.typing import Integers

_ANSWERS = frozenset({"reply", "replied", "answer", "quoted", "thread", "responding"})
_BACK = _ANSWERS | {"parent", "root", "original", "forwarded"}
"""Words of references to rows that were there before."""
SOON = 10  # days within which what concerns an appointment follows it


class TimedRows(ParentLinks):
    """Put the moments of new rows into the time of the rows they refer to."""

    def _arrange_moments(self, stages: Mapping[str, Stage], bounds: Bounds) -> None:
        earliest = self._earliest(booked=any(low is None for low, _ in bounds.values()))
        rng = self._stream("order in time")
        near = self._history() is not None
        arrange_moments(
            self.columns, stages, self.makers, earliest, rng, bounds, self.table.name, near=near
        )

    def _history(self) -> tuple[ForeignKey, str | None] | None:
        """Return what the rows are the history of, and the column that tells its present state."""
        found = changes_of(self.table)
        keys = [k for k in self._keys() if k.name in self.positions and not k.is_self_reference]
        if found is None or not keys:
            return None
        words = words_of_name(found[1])
        wanted = (words, words[-1:]) if found[0] is None else (words[1:], words[-1:])
        if event_column(self.table) == found[1]:
            wanted = (("status",), ("state",))
        for key in keys:
            for name in self.metadata.tables[key.parent].columns:
                if words_of_name(name) in wanted:
                    return key, name
        alone = found[0] is None and wanted[0] != ("status",)
        return None if alone else (keys[0], None)

    def _bounds(self, stages: Mapping[str, Stage]) -> dict[str, tuple[pd.Series | None, pd.Series]]:
        """Return between which moments some lie: those of what the rows belong to."""
        until = self._until_settled()
        earliest = None if until is None else self._earliest()
        if until is not None and earliest is not None and stages:
            first = min(stages, key=lambda name: (*place_of(stages[name]), name))
            return {first: (earliest, until)}
        period = self._period()
        if period is None:
            return {}
        places = {n: place_in(n) for n, s in stages.items() if s.number in (1, 2)}
        own = sides_of(self.table)
        if own is not None and own[0] in stages:
            return {}
        if any(places.values()):
            last = period.start if "before" in places.values() else period.end
            unique = frozenset(n for group in self.table.candidate_keys for n in group)
            for key in self._keys():
                if is_free(key, self.table, unique):
                    self._refer_to_earlier(key, last)
            period = self._period() or period
        sides = {"before": (None, period.start), "inside": (period.start, period.end)}
        found = {n: sides[place] for n, place in places.items() if place}
        created = [n for n, s in stages.items() if s.number == CREATED and n not in found]
        if len(created) == 1 and not found and period.is_short:  # a review follows a stay
            last = period.end.where(period.end < now(), now())
            late = last + pd.Timedelta(SOON, "D")
            found = {created[0]: (last, late.where(late < now(), now()))}
        return found

    def _until_settled(self) -> pd.Series | None:
        """Return when what the rows are payments of was settled."""
        for key in self._keys():
            text = (self.shares.get(key.parent) or {}).get("full") or ""
            for _, name in columns_of(text) if text and key.name in self.positions else []:
                column = self.metadata.tables[key.parent].columns[name]
                if column.kind == "datetime":
                    moments = as_moments(self.draft.frames[key.parent][name], column)
                    return take(moments, self.positions[key.name])
        return None

    def _period(self) -> Period | None:
        """Return when what the rows belong to takes place."""
        for key in self._keys():
            if key.name not in self.positions or key.is_self_reference:
                continue
            parent = self.metadata.tables[key.parent]
            found = period_of(self.draft.frames[key.parent], parent)
            found = self.draft.periods.get(key.parent) if found is None else found
            if found is not None and is_about(key.parent, "running"):
                found = replace(found, is_short=False)
            if found is not None and len(found.start):
                return found.take(self.positions[key.name])
        return None

    def _keep_period(self) -> None:
        """Remember when the rows take place and began, for those that refer to them."""
        frame = pd.DataFrame(self.columns)
        own, above = started(frame, self.table, np.arange(self.rows)), self._earliest()
        if own is not None or above is not None:
            own = above if own is None else own if above is None else own.fillna(above)
            absent = pd.Series(np.full(len(self.present), np.datetime64("NaT", "us")))
            self.draft.begun[self.table.name] = stacked(absent, own) if len(absent) else own
        found = self._period()
        if found is not None:
            self.draft.periods[self.table.name] = found.behind(len(self.present))

    def _refer_to_earlier(self, key: ForeignKey, last: pd.Series) -> None:
        """Let rows refer to what was there in time, where they refer to what came later."""
        positions, frame = self.positions.get(key.name), self.draft.frames[key.parent]
        if positions is None or (key.columns[0] in self.columns and self._shares(key)):
            return
        parent = self.metadata.tables[key.parent]
        began = started(frame, parent, np.arange(len(frame)), planned=False)
        if began is None or began.isna().any():
            return
        order = np.argsort(began.to_numpy(), kind="stable")
        limit = last.fillna(pd.Timestamp.max.floor("s")).to_numpy()
        known = np.searchsorted(began.to_numpy()[order], limit, side="right")
        late = (positions >= 0) & (known > 0)
        late &= began.to_numpy()[np.maximum(positions, 0)] > limit
        drawn = np.floor(self._stream(key.name, "earlier").random(self.rows) * known)
        chosen = order[np.minimum(drawn.astype(np.int64), len(order) - 1)]
        self.positions[key.name] = np.where(late, chosen, positions)
        values = take(frame[key.parent_columns[0]], self.positions[key.name])
        self.columns[key.columns[0]] = values

    def _refer_back(self, stages: Mapping[str, Stage]) -> None:
        """Let what answers or belongs to a row of its table come after it, in the same thread."""
        created = [n for n, s in stages.items() if s.number == CREATED and not s.future]
        created.sort(key=lambda name: place_of(stages[name]))
        if len(self.present) or not created:
            return
        first = plain_moments(self.columns[created[0]], self.makers[created[0]].column)
        unique = {name for group in self.table.candidate_keys for name in group}
        for key in self.step.deferred:
            alone = len(key.columns) == 1 and key.children is None and key.when is None
            if not key.is_self_reference or not alone or key.columns[0] in unique:
                continue
            words = set(words_of_name(key.columns[0]))
            if not words & _BACK or self.metadata.tables[key.child].columns[
                key.columns[0]
            ].nullable is False:  # fmt: skip
                continue
            groups = self._threads()
            groups = np.zeros(self.rows, dtype=np.int64) if groups is None else groups
            order = np.lexsort((first.to_numpy(), groups))
            place = rank_within(groups[order])
            drawn = np.floor(self._stream(key.name, "back").random(self.rows) * place)
            back = (place - drawn).astype(np.int64)
            target = np.full(self.rows, -1, dtype=np.int64)
            target[order] = np.where(place > 0, order[np.arange(self.rows) - back], -1)
            self.positions[key.name] = np.where(self.positions[key.name] < 0, -1, target)

    def _threads(self) -> Integers | None:
        """Return what each row is about: an article of its comments, no author of them."""
        for key in self._keys():
            plain = len(key.columns) == 1 and key.when is None and not key.is_self_reference
            if plain and key.name in self.positions and party_of(key.parent) is None:
                return self.positions[key.name]
        return None

    def _shares(self, key: ForeignKey) -> bool:
        """Return whether another key has a column of this one."""
        return any(set(key.columns) & set(k.columns) for k in self._keys() if k is not key)

    def _earliest(self, *, booked: bool = False) -> pd.Series | None:
        """Return when the last of the rows that a row refers to began.

        Something that is booked begins later; only what created it counts then.
        """
        found = None
        for key in self._keys():
            if key.name not in self.positions or key.is_self_reference:
                continue
            parent, frame = self.metadata.tables[key.parent], self.draft.frames[key.parent]
            began = started(frame, parent, self.positions[key.name], planned=not booked)
            above = self.draft.begun.get(key.parent)
            if booked and sides_of(parent) is not None:
                above = None  # when it begins is what lies ahead
            if above is not None and len(above) == len(frame):  # what it belongs to has begun
                inherited = take(above, self.positions[key.name])
                began = inherited if began is None else began.fillna(inherited)
            if began is not None:
                found = began if found is None else found.where(~(began > found), began)
                found = found.fillna(began)
        return found
