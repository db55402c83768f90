"""Arguments that several functions take, checked before anything is done.

What makes no sense whatever the data are is a `TypeError` or a `ValueError` that names the
argument; what contradicts a schema or a model is found where these are known.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np


def check_seed(seed: Any) -> None:
    """Refuse anything but a whole number from 0, a SeedSequence or None."""
    if seed is None or isinstance(seed, np.random.SeedSequence):
        return
    if isinstance(seed, (bool, np.bool_)) or not isinstance(seed, Integral):
        raise TypeError(f"seed: give a whole number, not {seed!r}")
    if seed < 0:
        raise ValueError(f"seed: give a whole number from 0, not {seed}")


def check_size(scale: Any, rows: Any) -> None:
    """Refuse a scale that is no number and rows that are not given by table."""
    if isinstance(scale, (bool, np.bool_)) or not isinstance(scale, Real):
        raise TypeError(f"scale: give a number above 0, not {scale!r}")
    check_by_table(rows, "rows", "{'customers': 200}")
    for table, count in (rows or {}).items():
        number = isinstance(count, Real) and not isinstance(count, (bool, np.bool_))
        if not number or not math.isfinite(count):
            raise TypeError(f"rows: {table!r} needs a whole number of rows, not {count!r}")


def check_by_table(given: Any, name: str, example: str) -> None:
    """Refuse anything but None or a mapping by table name."""
    if given is not None and not isinstance(given, Mapping):
        raise TypeError(f"{name}: give a mapping by table, such as {example}, not {given!r}")


def names_given(names: Any, name: str) -> tuple[str, ...]:
    """Return a list of names; a single text is most likely a mistake."""
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise TypeError(f"{name}: give a list of names, such as [{str(names)!r}], not {names!r}")
    found = tuple(names)
    for one in found:
        if not isinstance(one, str):
            raise TypeError(f"{name}: give names as text, not {one!r}")
    return found


def check_count(value: Any, name: str) -> None:
    """Refuse anything but a whole number."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Integral):
        raise TypeError(f"{name}: give a whole number, not {value!r}")


def check_workers(workers: Any) -> None:
    """Refuse anything but a whole number of workers, which may be negative as in joblib."""
    check_count(workers, "workers")
    if workers == 0:
        raise ValueError("workers: 0 do no work; give 1 or more, or -1 for all cores")
