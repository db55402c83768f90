"""A column that a formula predicts: sums, products, units, beginnings of dates, differences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from relsynth.columns.relations.calendar import BEGINNINGS, beginning
from relsynth.columns.relations.relation import Relation
from relsynth.errors import ModelFileError
from relsynth.typing import Floats

OPERATORS = ("linear", "sum", "difference", "product", *BEGINNINGS)


@dataclass(frozen=True, eq=False, kw_only=True)
class Formula(Relation):
    """``target = formula(bases) + residual``.

    Where a base is missing the residual column holds the target's own value, so
    that nothing is lost whatever is missing.

    Attributes
    ----------
    operator : str
        ``"linear"`` is ``scale * base + shift``; ``"sum"``, ``"difference"`` and
        ``"product"`` join two bases; ``"date"``, ``"month"``, … are beginnings.
    least : float or None
        Lower limit of the residual.
    within : tuple of two floats, or None
        Range of the target, kept where the residual is drawn by a model; wider for dates, which
        would pile up at its end.
    """

    name: ClassVar[str] = "formula"

    operator: str
    scale: float = 1.0
    shift: float = 0.0
    least: float | None = None
    within: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if self.operator not in OPERATORS:
            raise ModelFileError(f"relation of {self.target!r}: unknown operator {self.operator!r}")

    def predict(self, bases: Sequence[Floats]) -> Floats:
        """Return the formula's value at the target's precision; missing where a base is."""
        match self.operator:
            case "linear":
                value = self.scale * bases[0] + self.shift
            case "sum":
                value = bases[0] + bases[1]
            case "difference":
                value = bases[0] - bases[1]
            case "product":
                value = bases[0] * bases[1]
            case unit:
                value = beginning(bases[0], unit)
        return self.precision.settle(value)

    @property
    def text(self) -> str:
        """The formula as it is written."""
        first, last = self.bases[0], self.bases[-1]
        match self.operator:
            case "linear":
                factor = "" if self.scale == 1 else f"{self.scale:.10g} * "
                shift = "" if self.shift == 0 else f" {'-+'[self.shift > 0]} {abs(self.shift):.10g}"
                return f"{self.target} = {factor}{first}{shift}"
            case "sum" | "difference" | "product":
                sign = {"sum": "+", "difference": "-", "product": "*"}[self.operator]
                return f"{self.target} = {first} {sign} {last}"
            case unit:
                return f"{self.target} = {unit}({first})"

    def encode(self, target: Floats, bases: Sequence[Floats]) -> Floats:
        """Return ``target - formula``, and the target itself where a base is missing."""
        predicted = self.predict(bases)
        return np.where(np.isnan(predicted), target, self.precision.settle(target - predicted))

    def decode(self, residual: Floats | None, bases: Sequence[Floats]) -> Floats:
        """Return ``formula + residual``, inside the range the target was seen in."""
        predicted = self.predict(bases)
        if residual is None:
            return predicted
        limited = residual if self.least is None else np.maximum(residual, self.least)
        value = np.where(np.isnan(predicted), residual, predicted + limited)
        if self.within is not None:
            value = np.clip(value, *self.within)
        return self.precision.settle(value)
