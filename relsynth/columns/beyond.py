"""Values that a column does not take in the real data but might, for rows that need another."""

from __future__ import annotations

import numpy as np
import pandas as pd

from relsynth.columns.categorical import CategoricalEncoder
from relsynth.columns.domain import FEW
from relsynth.columns.duration import TimedeltaEncoder
from relsynth.columns.encoder import ColumnEncoder, unbounded
from relsynth.columns.moment import DatetimeEncoder
from relsynth.columns.numeric import NumericEncoder
from relsynth.columns.text import TextEncoder


def values_beyond(
    encoder: ColumnEncoder, count: int, ceiling: float, rng: np.random.Generator
) -> pd.Series:
    """Return the values that come next in the format of a column.

    Parameters
    ----------
    ceiling : float
        The highest number allowed, of dates and durations in seconds; minus infinity allows
        no value of any kind.

    Returns
    -------
    Series, shape (n_values,)
        Numbers, dates and durations behind the highest on their grid, as far as the storage
        reaches; invented categories and freshly written text. At most `count`; none for
        categories that may not be invented.
    """
    steps = np.arange(1.0, count + 1 if ceiling > -np.inf else 1.0)
    if isinstance(encoder, NumericEncoder):
        fine = (encoder.high - encoder.low) / FEW or 1.0
        step = fine if encoder.decimals is None else 10.0**-encoder.decimals
        values = encoder.high + step * steps
        largest = min(encoder.most, _largest(encoder.dtype.name) - encoder.origin)
        values = values[values <= min(ceiling, largest)]
        return unbounded(encoder).decode(values, rng)
    if isinstance(encoder, DatetimeEncoder):
        values = encoder.high + encoder.step * steps
        return encoder.decode(values[values <= min(ceiling, encoder.most)], rng)
    if isinstance(encoder, TimedeltaEncoder):
        values = encoder.high + encoder.unit * steps
        values = values[values <= ceiling]
        return unbounded(encoder).decode(values, rng)
    if isinstance(encoder, TextEncoder):
        return encoder.decode(np.full(len(steps), float(len(encoder.levels))), rng)
    if isinstance(encoder, CategoricalEncoder) and encoder.invents:
        return encoder.decode(len(encoder.levels) + steps - 1.0, rng)
    return encoder.decode(np.empty(0), rng)


def _largest(dtype: str) -> float:
    """Return the largest number of an integer dtype."""
    name = dtype.lower().removesuffix("[pyarrow]")
    return float(np.iinfo(name).max) if name.startswith(("int", "uint")) else np.inf
