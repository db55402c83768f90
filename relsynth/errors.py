"""The errors of the library: one root, one class per kind of fault.

A message says where (table.column), what was found (value, how many rows), what is
allowed, and how to mend it. Faults of one input are collected with :class:`Faults`
and raised together.

::

    RelsynthError(ValueError)
    ├── SchemaError       the schema contradicts itself
    ├── DataError         the data contradict the schema
    ├── ConstraintError   a declared constraint cannot hold
    ├── CapacityError     more rows or values are asked for than can exist
    └── ModelFileError    a model file is foreign, damaged or too new
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from types import TracebackType
from typing import TypeVar

T = TypeVar("T")


class RelsynthError(ValueError):
    """Root of every error this library raises on purpose.

    Attributes
    ----------
    faults : tuple of str
        The single faults of one input, in the order they were found.
    """

    def __init__(self, message: str, faults: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.faults = tuple(faults) or (message,)


class SchemaError(RelsynthError):
    """The schema contradicts itself or names something that does not exist."""


class DataError(RelsynthError):
    """The data contradict the schema."""


class ConstraintError(RelsynthError):
    """A declared constraint cannot hold."""


class CapacityError(RelsynthError):
    """More rows or distinct values are asked for than can exist."""


class ModelFileError(RelsynthError):
    """A model file is foreign, damaged or written by a newer version."""


class Faults:
    """Collect the faults of one input and raise them together.

    Use as a context manager: leaving the block raises one error that lists every
    fault, or nothing where there was none.

    Parameters
    ----------
    subject : str
        What was examined; opens the message.
    error : type, default SchemaError
        Class of the error to raise.

    Examples
    --------
    >>> from relsynth.errors import Faults
    >>> with Faults("schema.json") as faults:
    ...     faults.add("table 'orders' has no columns")
    Traceback (most recent call last):
    relsynth.errors.SchemaError: schema.json: table 'orders' has no columns
    """

    def __init__(self, subject: str, error: type[RelsynthError] = SchemaError) -> None:
        self.subject = subject
        self.error = error
        self.found: list[str] = []

    def add(self, fault: str) -> None:
        """Remember one fault; repeated ones are kept once."""
        if fault not in self.found:
            self.found.append(fault)

    def raise_if_any(self) -> None:
        """Raise what was collected."""
        if len(self.found) == 1:
            raise self.error(f"{self.subject}: {self.found[0]}", self.found)
        if self.found:
            lines = "".join(f"\n  {i}. {fault}" for i, fault in enumerate(self.found, 1))
            raise self.error(f"{self.subject}: {len(self.found)} faults{lines}", self.found)

    def __enter__(self) -> Faults:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.raise_if_any()


def needed(value: T | None, what: str) -> T:
    """Return a value that is there; where it is missing, the fault is this library's.

    Examples
    --------
    >>> needed(3, "the number")
    3
    """
    if value is None:
        raise RuntimeError(f"{what} is missing, which is a fault of relsynth: please report it")
    return value


def did_you_mean(word: object, allowed: Iterable[object]) -> str:
    """Return a hint that names the nearest allowed word, or what is allowed.

    Examples
    --------
    >>> did_you_mean("custmer", ["customer", "order"])
    "did you mean 'customer'?"
    """
    names = sorted({str(name) for name in allowed})
    close = get_close_matches(str(word), names, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    if not names:
        return "there is nothing to choose from"
    shown = ", ".join(repr(name) for name in names[:12])
    return f"choose from {shown}" + (f" and {len(names) - 12} more" if len(names) > 12 else "")


def examples_of(values: Iterable[object], limit: int = 3) -> str:
    """Return the first few values as text for a message, with an ellipsis where cut."""
    shown = [repr(getattr(v, "item", lambda v=v: v)()) for v in list(values)]
    return ", ".join(shown[:limit]) + (", …" if len(shown) > limit else "")
