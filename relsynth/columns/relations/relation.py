"""What every encoded relation is: one target column expressed through its bases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self, TypeVar, cast

import numpy as np

from relsynth.columns.matrix import ColumnKind
from relsynth.columns.relations.precision import Precision
from relsynth.errors import ModelFileError
from relsynth.typing import Floats

HOLDS = 0.98  # share of informative rows from which a formula is taken for true
EXACT = 0.9995  # share of rows from which its exceptions are given up and the column dropped

_Record = TypeVar("_Record")


class Stated:
    """A record that is stored by its fields."""

    __slots__ = ()

    def to_state(self) -> dict[str, Any]:
        """Return the fields as JSON values and arrays."""
        values = {field.name: getattr(self, field.name) for field in fields(cast(Any, self))}
        return {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild from `to_state`.

        Raises
        ------
        ModelFileError
            If a field is missing, or one is there that the class does not know.
        """
        expected = {field.name for field in fields(cast(Any, cls))}
        if expected != set(state):
            odd = ", ".join(sorted(expected ^ set(state)))
            raise ModelFileError(f"relation {cls.__name__}: missing or unknown fields: {odd}")
        return cls(**{name: tuple(v) if isinstance(v, list) else v for name, v in state.items()})


@dataclass(frozen=True, eq=False, kw_only=True)
class Relation(Stated):
    """A target column, the bases it follows from, and what is left for a model to learn.

    Attributes
    ----------
    target : str
    bases : tuple of str
    note : str
        One sentence with the evidence.
    kept : bool
        Whether a residual column stays under the target's name; otherwise the target
        follows from its bases alone.
    kind : {"number", "count", "category"}
        Kind of the residual column.
    step : float or None
        `Precision` of the target.
    """

    name: ClassVar[str]

    target: str
    bases: tuple[str, ...]
    note: str
    kept: bool
    kind: ColumnKind
    step: float | None = None

    @property
    def precision(self) -> Precision:
        """The grid on which the target's values lie."""
        return Precision(self.step)

    def encode(self, target: Floats, bases: Sequence[Floats]) -> Floats:
        """Return the residual column, shape (n,); only asked for where one is kept."""
        raise NotImplementedError

    def decode(self, residual: Floats | None, bases: Sequence[Floats]) -> Floats:
        """Return the target, shape (n,), from its residual (None where dropped) and bases."""
        raise NotImplementedError


def percent(share: float) -> str:
    """Return a share as text that never rounds an exception away.

    Examples
    --------
    >>> percent(1.0), percent(0.99996)
    ('100 %', '99.99 %')
    """
    return f"{np.floor(share * 1e4) / 1e2:g} %"
