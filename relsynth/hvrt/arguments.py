"""Checks of what the estimators are asked for."""

from __future__ import annotations

import warnings
from typing import Any, cast

import numpy as np
import pandas as pd

from relsynth.arguments import number_fault, refuse
from relsynth.errors import CapacityError, DataError
from relsynth.hvrt.exceptions import HVRTWarning
from relsynth.hvrt.generation import GenerationStrategy, get_generation_strategy
from relsynth.typing import Integers

MOST_CELLS = 2_000_000_000  # 16 GB: what fits no usual machine is refused before it is tried


def rows_to_keep(n: int | None, ratio: float | None, rows: int) -> int:
    """Return how many rows `n` or `ratio` asks for, at most those there are."""
    if (n is None) == (ratio is None):
        raise ValueError(f"give one of n and ratio (got n={n}, ratio={ratio})")
    if ratio is not None:
        refuse("", number_fault("ratio", ratio, above=0))
        if ratio > 1:
            warnings.warn(
                f"ratio={ratio} asks for more than the {rows} rows there are; all are returned",
                HVRTWarning,
                stacklevel=4,
            )
        return min(rows, max(1, int(rows * ratio)))
    wanted = cast(int, n)
    check_count(wanted)
    if wanted > rows:
        raise CapacityError(f"reduce(n={wanted}): there are only {rows} rows to choose from")
    return wanted


def check_count(n: int) -> None:
    """Refuse what is not a whole number of at least 1."""
    refuse("", number_fault("n", n, least=1, whole=True))


def check_size(n: int, columns: int) -> None:
    """Refuse more rows than fit into one array."""
    if n * columns > MOST_CELLS:
        raise CapacityError(
            f"expand(n={n}): {n:,} rows of {columns} columns are {n * columns * 8 / 1e9:,.0f} GB "
            f"in one array; at most {MOST_CELLS // columns:,} rows are drawn at once, so draw in "
            "several calls"
        )


def check_partitions(n_partitions: int) -> None:
    """Refuse fewer than two partitions."""
    refuse("", number_fault("n_partitions", n_partitions, least=2, whole=True))


def check_selection(indices: Any, rows: int) -> Integers:
    """Return what a selection strategy chose, or say what is wrong with it."""
    chosen = np.asarray(indices)
    if chosen.ndim != 1 or chosen.dtype.kind not in "iu":
        raise TypeError("a selection strategy must return a vector of row numbers")
    if len(chosen) and (chosen.min() < 0 or chosen.max() >= rows):
        raise ValueError(f"a selection strategy returned row numbers outside 0 to {rows - 1}")
    if len(np.unique(chosen)) < len(chosen):
        raise ValueError("a selection strategy returned some rows more than once")
    return chosen.astype(np.int64)


def generator_of(strategy: str | GenerationStrategy | None) -> GenerationStrategy | None:
    """Return a generation strategy given by name or by itself."""
    return get_generation_strategy(strategy) if isinstance(strategy, str) else strategy


def classes_of(by: Any, rows: int) -> Integers:
    """Return the class of every row as a number from 0, in the order of the classes."""
    given = pd.Series(np.asarray(by, dtype=object).reshape(-1))
    if len(given) != rows:
        raise DataError(f"by has {len(given)} entries but there are {rows} rows")
    if given.isna().any():
        raise DataError(f"by is missing in {int(given.isna().sum())} rows; leave them out")
    codes, _ = pd.factorize(given.astype(str), sort=True)
    return codes.astype(np.int64)
