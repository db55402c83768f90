"""A table as a matrix: its modelled columns, and hidden ones about its keys."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from relsynth.columns.categorical import CategoricalEncoder
from relsynth.columns.clock_number import WITH_A_CLOCK
from relsynth.columns.duration import TimedeltaEncoder
from relsynth.columns.encoder import ColumnEncoder, learn_encoder, unbounded
from relsynth.columns.key_encoder import KeyEncoder
from relsynth.columns.matrix import ColumnKind, Matrix
from relsynth.columns.moment import DatetimeEncoder
from relsynth.columns.numeric import NumericEncoder
from relsynth.columns.people import People
from relsynth.columns.place import PlaceEncoder
from relsynth.columns.protection import Holders
from relsynth.columns.text import TextEncoder
from relsynth.metadata import Column
from relsynth.packing import packable
from relsynth.typing import Floats, Integers


@packable
@dataclass(frozen=True, slots=True)
class TableEncoding:
    """The encoders of a table's modelled columns.

    Attributes
    ----------
    encoders : mapping of str to ColumnEncoder
        In column order.
    people : People or None
        Personal columns that agree with each other in every row.
    """

    encoders: Mapping[str, ColumnEncoder]
    people: People | None = None

    @classmethod
    def learn(
        cls,
        frame: pd.DataFrame,
        columns: Mapping[str, Column],
        modelled: tuple[str, ...],
        holders: Holders,
    ) -> TableEncoding:
        """Learn one encoder per modelled column; see `learn_encoder`."""
        encoders = {name: learn_encoder(frame[name], columns[name], holders) for name in modelled}
        if any(isinstance(e, NumericEncoder) and e.clock for e in encoders.values()):
            encoders |= {  # hours and half hours are no evidence by themselves
                name: learn_encoder(frame[name], columns[name], holders, chance=WITH_A_CLOCK)
                for name, e in encoders.items()
                if isinstance(e, NumericEncoder) and not e.clock
            }
        return cls(encoders, People.find(frame, columns, encoders))

    def encode(self, frame: pd.DataFrame) -> Matrix:
        """Return the modelled columns as numbers."""
        values = np.empty((len(frame), len(self.encoders)))
        for at, (name, encoder) in enumerate(self.encoders.items()):
            values[:, at] = encoder.encode(frame[name])
        return Matrix(tuple(self.encoders), self.kinds, values)

    def decode(self, rows: Matrix, rng: np.random.Generator) -> dict[str, pd.Series]:
        """Return the modelled columns of drawn rows."""
        made = {name: encoder.decode(rows[name], rng) for name, encoder in self.encoders.items()}
        if self.people is None or not len(rows):
            return made
        slots = [e.slot for e in self.encoders.values() if isinstance(e, TextEncoder)]
        return self.people.write(made, rng, *max(slots, key=lambda slot: slot[1]))

    def in_slot(self, number: int, parts: int) -> TableEncoding:
        """Return what decodes one part of an output; see `TextEncoder.in_slot`."""
        return TableEncoding(
            {
                name: e.in_slot(number, parts) if isinstance(e, (TextEncoder, KeyEncoder)) else e
                for name, e in self.encoders.items()
            },
            self.people,
        )

    def among(self, dates: Mapping[str, pd.Series]) -> TableEncoding:
        """Return what encodes columns as places among other dates; see `PlaceEncoder`."""
        return TableEncoding(
            {
                name: e.among(dates[name]) if name in dates and isinstance(e, PlaceEncoder) else e
                for name, e in self.encoders.items()
            },
            self.people,
        )

    def whole(self, frame: pd.DataFrame, cut: Matrix) -> Matrix:
        """Return encoded columns with numbers and dates as they were before they were cut."""
        values = cut.values.copy()
        for at, (name, encoder) in enumerate(self.encoders.items()):
            is_number = isinstance(encoder, NumericEncoder) and not encoder.shift
            if is_number or isinstance(encoder, DatetimeEncoder):
                values[:, at] = unbounded(encoder).encode(frame[name])
        return Matrix(cut.names, cut.kinds, values)

    def following(self, names: Collection[str]) -> TableEncoding:
        """Return what cuts no numbers or durations of columns that follow from others."""
        return TableEncoding(
            {
                name: replace(e, follows=True)
                if name in names and isinstance(e, NumericEncoder | TimedeltaEncoder)
                else e
                for name, e in self.encoders.items()
            },
            self.people,
        )

    def number(self, name: str) -> NumericEncoder:
        """Return the encoder of a column that numbers rows."""
        encoder = self.encoders[name]
        if not isinstance(encoder, NumericEncoder):
            raise TypeError(f"{name}: the column numbers rows, but is no number")
        return encoder

    def placed(self, name: str, encoder: DatetimeEncoder, dates: pd.Series) -> TableEncoding:
        """Return what encodes a column of dates as its place among others."""
        place = PlaceEncoder.of(encoder, dates)
        return TableEncoding({**self.encoders, name: place}, self.people)

    @property
    def kinds(self) -> tuple[ColumnKind, ...]:
        """Kinds of the columns, for the table model."""
        return tuple(encoder.kind for encoder in self.encoders.values())

    @property
    def decimals(self) -> dict[str, int | None]:
        """Digits of the columns that are plain numbers."""
        return {
            name: encoder.decimals
            for name, encoder in self.encoders.items()
            if encoder.kind == "number" and encoder.step is None
        }

    @property
    def invents(self) -> tuple[str, ...]:
        """Columns for which values may be invented one by one."""
        return tuple(
            name
            for name, encoder in self.encoders.items()
            if isinstance(encoder, CategoricalEncoder) and encoder.invents
        )

    @property
    def steps(self) -> dict[str, float]:
        """Granularity in seconds of the columns that are dates."""
        return {
            name: encoder.step
            for name, encoder in self.encoders.items()
            if encoder.step is not None
        }


def hidden_column(name: str, kind: ColumnKind, values: Floats) -> Matrix:
    """Return one column that the data do not show, such as the null flag of a key."""
    return Matrix((name,), (kind,), values.reshape(-1, 1))


def only(table: Matrix, names: Sequence[str]) -> Matrix:
    """Return the columns of some names, in the order of these."""
    at = [table.names.index(name) for name in names]
    return Matrix(tuple(names), tuple(table.kinds[i] for i in at), table.values[:, at])


def level_counts(rows: Matrix) -> Integers:
    """Return the number of levels of every category, 0 for numbers."""
    highest = np.nan_to_num(rows.values, nan=-1.0).max(axis=0, initial=-1.0).astype(np.int64) + 1
    is_category = np.array([kind == "category" for kind in rows.kinds], bool)
    counts: Integers = np.where(is_category, highest, 0)
    return counts
