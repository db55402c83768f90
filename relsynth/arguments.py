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


def number_fault(
    name: str,
    value: Any,
    *,
    least: float = -math.inf,
    above: float | None = None,
    most: float = math.inf,
    whole: bool = False,
) -> list[str]:
    """Return what is wrong with a number that an estimator is given, if anything.

    Parameters
    ----------
    name : str
    value : object
    least, most : float
        What is allowed, both ends included; never infinity or NaN.
    above : float, optional
        Instead of `least`, what is itself not allowed.
    whole : bool, default False

    Examples
    --------
    >>> number_fault("bins", 1.5, least=2, whole=True)
    ['bins must be a whole number of at least 2 (got 1.5)']
    >>> number_fault("y_weight", 0.5, least=0, most=1)
    []
    """
    number = isinstance(value, Integral if whole else Real)
    if number and not isinstance(value, (bool, np.bool_)) and math.isfinite(value):
        inside = least <= value <= most if above is None else above < value <= most
        if inside:
            return []
    kind = "a whole number" if whole else "a number"
    bounds = f"of at least {least:g}" if above is None else f"above {above:g}"
    if math.isfinite(most):
        bounds = f"from {least:g} to {most:g}" if above is None else f"{bounds}, at most {most:g}"
    bounds = "" if math.isinf(least) and above is None else f" {bounds}"
    return [f"{name} must be {kind}{bounds} (got {value!r})"]


def refuse(subject: str, faults: Iterable[str]) -> None:
    """Raise one `ValueError` that lists what is wrong with some arguments, if anything is.

    Without a subject the names of the arguments are enough.
    """
    found = list(faults)
    if found:
        raise ValueError(f"{subject}: " * bool(subject) + "; ".join(found))


def check_workers(workers: Any) -> None:
    """Refuse anything but a whole number of workers, which may be negative as in joblib."""
    check_count(workers, "workers")
    if workers == 0:
        raise ValueError("workers: 0 do no work; give 1 or more, or -1 for all cores")
