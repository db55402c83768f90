"""Draw the children of all parents side by side, one position after the other."""

from __future__ import annotations

from functools import partial

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.errors import needed
from relsynth.groups import places, starts_of
from relsynth.models.protocol import TableModel, stepwise
from relsynth.relational.children.event_time import (
    Draw,
    moment_columns,
    relate_end,
    with_moment,
    without_gap,
)
from relsynth.relational.children.history import BUSY_GROUPS, History, Some, longest_run
from relsynth.relational.children.parent_values import Recurrence
from relsynth.relational.children.rejection import Redraw, deal_moments
from relsynth.relational.children.row_model import RowModel
from relsynth.relational.sources.conditions import Conditions
from relsynth.seeding import Seed, stream
from relsynth.sorting import lexical_order, stable_order
from relsynth.typing import Floats, Integers

PARTITION = 20_000  # groups drawn together, to bound memory


def sample_siblings(
    model: RowModel,
    context: Matrix,
    counts: Integers,
    ends: Floats | None,
    seed: Seed,
    *,
    given: Matrix | None = None,
    conditions: Conditions | None = None,
    invented: dict[str, int] | None = None,
) -> Matrix:
    """Draw the children of every group.

    Parameters
    ----------
    context : Matrix, shape (n_groups, n_context)
    counts : ndarray of int, shape (n_groups,)
    ends : ndarray of float, shape (n_groups, 2), or None
        First and last value of the order column that each group is predicted.
    given : Matrix, shape (sum of counts, n_given), optional
        What is known of every row, sorted by group and position; see `Given`.
    conditions : Conditions, optional
        Every row meets them.
    invented : dict of str to int, optional
        Private values invented by earlier calls, per column; goes on counting.

    Returns
    -------
    Matrix, shape (sum of counts, n_columns)
        Sorted by group and position.

    Notes
    -----
    Groups go through in partitions of ``PARTITION``, each with its own random stream, so
    that memory is bounded. Few very long groups are cut into runs that advance side by side;
    see `longest_run`. A run knows its position and the siblings to come, but has no sibling
    before and no means so far; fitting has shown the model such rows.
    """
    parts, invented = list[Floats](), {} if invented is None else invented
    rows = np.concatenate([[0], np.cumsum(counts)])
    for number, start in enumerate(range(0, max(len(counts), 1), PARTITION)):
        some = slice(start, start + PARTITION)
        part = Matrix(context.names, context.kinds, context.values[some])
        predicted_values = None if ends is None else ends[some]
        known = None
        if given is not None:
            begin, end = rows[[start, min(start + PARTITION, len(counts))]]
            known = Matrix(given.names, given.kinds, given.values[begin:end])
        rng, decode_rng = stream(seed, "rows", number), stream(seed, "decode", number)
        drawing = _Stepwise(model, part, counts[some], predicted_values, known, conditions, rng)
        parts.append(drawing.run(rng, decode_rng, invented))
    return Matrix(model.names, model.kinds, np.vstack(parts))


class _Stepwise:
    def __init__(
        self,
        model: RowModel,
        context: Matrix,
        counts: Integers,
        ends: Floats | None,
        given: Matrix | None,
        conditions: Conditions | None,
        rng: np.random.Generator,
    ) -> None:
        self.model = model
        self.counts = counts
        self.ends = ends
        self.given = given
        self.redraw = None if conditions is None else Redraw(conditions, model)
        self.moments = None
        if model.event_time is not None and conditions is not None:
            self.moments = deal_moments(model.event_time.order, conditions, counts, rng)
        group, position, length = _runs(counts)
        self.longest_first = stable_order(-length)
        self.group, self.position, self.length = (
            column[self.longest_first] for column in (group, position, length)
        )
        self.begins = starts_of(length)[self.longest_first]
        self.known_above = context.take(self.group)
        self.drawn_columns = model.drawn_columns
        self.draw_row = self._drawing(model.model, rng)
        self.draw_moment = (
            None if model.event_time is None else self._drawing(model.event_time.model, rng)
        )

    def _drawing(self, model: TableModel, rng: np.random.Generator) -> Draw:
        """Return what draws one step; few runs take draws that know nothing of each other.

        A lone family that took the values of a leaf in turns would go up and down with them.
        """
        if len(self.length) < BUSY_GROUPS:
            return partial(model.sample, rng=rng)
        return stepwise(model, rng)

    def run(
        self, rng: np.random.Generator, decode_rng: np.random.Generator, invented: dict[str, int]
    ) -> Floats:
        active = np.searchsorted(-self.length, -np.arange(self.length.max(initial=0)), side="left")
        layout = needed(self.model.history, "the history of siblings")
        history = History(layout, len(self.length), len(self.model.names))
        values = np.empty((int(self.counts.sum()), len(self.model.names)))
        parent_values = self.model.parent_values
        recurrence = numbers = None
        if parent_values is not None:
            recurrence = Recurrence(parent_values, self.model.names, len(self.length))
            numbers = {name: np.empty(len(values), np.int64) for name in parent_values.shared}
        for step, number in enumerate(active):
            at = self.begins[:number] + step
            rows = self._met(number, step, at, history, decode_rng)
            if recurrence is not None and numbers is not None:
                runs = self.longest_first[:number]
                for name, settled in recurrence.settle(runs, rows, rng).items():
                    numbers[name][at] = settled
            history.add(slice(number), rows)
            values[at] = rows
        confined = self._confined(values, decode_rng)
        values = confined if self.redraw is None else self.redraw.kept(values, confined)
        if recurrence is not None and numbers is not None:
            length = self.length[np.argsort(self.longest_first)]
            run = np.repeat(np.arange(len(length)), length)
            recurrence.name(values, run, numbers, invented)
        return values

    def _met(
        self,
        number: int,
        step: int,
        at: Integers,
        history: History,
        decode_rng: np.random.Generator,
    ) -> Floats:
        """Draw one row of each of the first runs that meets the conditions, if there are any."""
        if self.redraw is None:
            return self._rows(slice(number), step, at, history, decode_rng)
        return self.redraw.rows(
            lambda some: self._rows(some, step, at[some], history, decode_rng), number, decode_rng
        )

    def _rows(
        self, runs: Some, step: int, at: Integers, history: History, decode_rng: np.random.Generator
    ) -> Floats:
        """Draw one row of each run."""
        model, event_time = self.model, self.model.event_time
        given = None if self.given is None else self.given.take(at)
        moments = before = None
        further = [] if given is None else [given]
        if event_time is not None:
            before = history.before[runs, model.names.index(event_time.order.name)]
            further.append(moment_columns(event_time.order, before))
        known = self._known(runs, step, history, further)
        if event_time is not None and before is not None and self.draw_moment is not None:
            if model.trends is not None:
                model.trends.relate(known, before)
            relate_end(known, event_time.order, before)
            if self.moments is not None:
                moments = self.moments[at]
            elif step == 0:
                ends = needed(self.ends, "the first and last moment of families")
                group, position = self.group[runs], self.position[runs]
                starts = event_time.order.begin(ends[group], self.counts[group], position)
                moments = event_time.begin(starts, without_gap(known), self.draw_moment)
            else:
                moments = event_time.advance(before, without_gap(known), self.draw_moment)
            gaps = np.where(self.position[runs] + step > 0, moments - before, 0.0)
            known = with_moment(known, event_time.order, moments, gaps)
            if model.date_effects is not None and model.date_effects.names:
                known = Matrix.join([known, model.date_effects.features(moments)])
            time = Matrix((event_time.order.name,), ("number",), moments[:, None])
            given = time if given is None else Matrix.join([given, time])
        drawn = self.draw_row(known)
        self._restore_baseline(drawn, known, runs, step, history)
        if model.trends is not None and moments is not None:
            model.trends.restore(drawn, self.drawn_columns, moments)
        return model.decode(drawn, decode_rng, given)

    def _known(self, runs: Some, step: int, history: History, further: list[Matrix]) -> Matrix:
        at = self.position[runs] + step
        to_come = self.counts[self.group[runs]] - at - 1
        place = Matrix(
            ("#position", "#remaining"),
            ("count", "count"),
            np.column_stack([at, to_come]).astype(float),
        )
        past = history.features(runs)
        past.values[self.position[runs] > 0, history.before.shape[1] :] = np.nan
        above = self.known_above
        above = Matrix(above.names, above.kinds, above.values[runs])
        known = Matrix.join([above, place, past, *further])
        if self.model.baseline is not None:
            self.model.baseline.relate(known)
        return known

    def _restore_baseline(
        self, drawn: Floats, known: Matrix, runs: Some, step: int, history: History
    ) -> None:
        """Turn drawn distances into values and repeat what siblings have in common, in place."""
        baseline = self.model.baseline
        if baseline is None:
            return
        columns = self.drawn_columns
        baseline.restore(drawn, columns, known)
        if step > 0:
            for name in baseline.repeated:
                before = history.before[runs, self.model.names.index(name)]
                drawn[:, columns[name]] = before

    def _confined(self, values: Floats, rng: np.random.Generator) -> Floats:
        """Return the rows with the order column inside the real range, at hours that are used."""
        order = self.model.order
        if order is None or order.name in self.model.known:
            return values
        starts = np.concatenate([[0], np.cumsum(self.counts)])[:-1][self.counts > 0]
        column = values[:, self.model.names.index(order.name)]
        column = order.confine(column, starts)
        calendar = self.model.relations.calendars.get(order.name)
        if calendar is not None:
            column = calendar.settled(column, rng)
            column = column[
                lexical_order((column, np.repeat(np.arange(len(self.counts)), self.counts)))
            ]
        return self.model.reordered(values, column, rng)


def _runs(counts: Integers) -> tuple[Integers, Integers, Integers]:
    """Return group, first position and length of every run, in order of the rows."""
    limit = longest_run(counts)
    pieces = np.maximum(-(-counts // limit), 1)
    group = np.repeat(np.arange(len(counts)), pieces)
    number = places(pieces)
    position = number * limit
    return group, position, np.minimum(counts[group] - position, limit)
