"""What every column encoder is, and which one a column gets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol, Self

import numpy as np
import pandas as pd

from relsynth.columns.matrix import ColumnKind
from relsynth.columns.protection import Holders
from relsynth.schema import Column
from relsynth.typing import Floats


class ColumnEncoder(Protocol):
    """A reversible map between a column and numbers.

    The table model learns numbers of a kind: ``"number"``, ``"count"`` or ``"category"``.
    """

    @property
    def kind(self) -> ColumnKind:
        """What the numbers are."""
        ...

    @property
    def decimals(self) -> int | None:
        """Digits after the point."""
        ...

    @property
    def step(self) -> float | None:
        """Granularity in seconds."""
        ...

    @classmethod
    def learn(cls, series: pd.Series, column: Column, entities: Holders) -> Self:
        """Learn the storage, the format and the values of a real column.

        Parameters
        ----------
        series : Series, shape (n_rows,)
        entities : Holders
            Whose the rows are, for the protection of rare values.
        """
        ...

    def encode(self, series: pd.Series) -> Floats:
        """Return the column as numbers, ``NaN`` where missing."""
        ...

    def decode(self, values: Floats, rng: np.random.Generator) -> pd.Series:
        """Return numbers as a column of the learned storage and format."""
        ...

    def domain(self) -> Floats:
        """Return the numbers of values that may be emitted: all, or evenly spaced ones."""
        ...


def learn_encoder(
    series: pd.Series, column: Column, entities: Holders, **settings: float
) -> ColumnEncoder:
    """Return the fitted encoder of a column, chosen by its kind.

    Keys that no value repeats are issued where one is there; others are categories. A column
    of the treatment ``keep``, or whose levels are nobody's, is not protected. Settings are those
    of the class.
    """
    if column.treatment == "keep" or column.name in entities.unprotected:
        entities = Holders(len(series))
    from relsynth.columns.key_encoder import KeyEncoder

    kind = column.kind
    if kind == "key" and not KeyEncoder.fits(series):
        kind = "categorical"
    return encoder_class(kind).learn(series, column, entities, **settings)


def unbounded(encoder: Any) -> Any:
    """Return an encoder that cuts nothing off at its range; the same where it has none."""
    from relsynth.columns.place import PlaceEncoder

    if isinstance(encoder, PlaceEncoder):
        return unbounded(encoder.moments)
    if not hasattr(encoder, "low"):
        return encoder
    return replace(encoder, low=float("nan"), high=float("nan"))


def encoder_class(kind: str) -> type[ColumnEncoder]:
    """Return the encoder class of a column kind."""
    from relsynth.columns.categorical import CategoricalEncoder, OrdinalEncoder
    from relsynth.columns.duration import TimedeltaEncoder
    from relsynth.columns.key_encoder import KeyEncoder
    from relsynth.columns.moment import DatetimeEncoder
    from relsynth.columns.numeric import NumericEncoder
    from relsynth.columns.place import PlaceEncoder
    from relsynth.columns.text import TextEncoder

    classes: dict[str, type[ColumnEncoder]] = {
        "numeric": NumericEncoder,
        "integer": NumericEncoder,
        "boolean": CategoricalEncoder,
        "categorical": CategoricalEncoder,
        "ordinal": OrdinalEncoder,
        "datetime": DatetimeEncoder,
        "timedelta": TimedeltaEncoder,
        "text": TextEncoder,
        "key": KeyEncoder,
        "place": PlaceEncoder,
    }
    return classes[kind]
