"""A column that a formula predicts: sums, products, ratios, units, dates and what they give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import ClassVar

import numpy as np

from relsynth.columns.relations.calendar import BEGINNINGS, NUMBERS, SPANS, beginning
from relsynth.columns.relations.relation import Relation
from relsynth.columns.relations.zones import local
from relsynth.errors import ModelFileError
from relsynth.typing import Floats

OPERATORS = (
    "linear", "sum", "difference", "product", "ratio", "power", "greatest", "least",
    *BEGINNINGS, *NUMBERS, *SPANS,
)  # fmt: skip


@dataclass(frozen=True, eq=False, kw_only=True)
class Formula(Relation):
    """``target = formula(bases) + residual``.

    Where a base is missing the residual column holds the target's own value, so
    that nothing is lost whatever is missing.

    Attributes
    ----------
    operator : str
        ``"linear"`` is ``scale * base + shift``; ``"sum"`` adds its bases, each times its
        factor, and the shift; ``"difference"`` subtracts two; ``"product"`` multiplies them,
        ``1 + rate * base`` in place of one that has a rate; ``"ratio"`` is
        ``scale * first / second + shift``, or by ``1 + rate * second``;
        ``"power"`` multiplies powers, its factors, of its bases by ``scale``; ``"greatest"``
        and ``"least"`` are those of its bases;
        ``"date"``, ``"month"``, … are beginnings, ``"year of"``, … parts
        of a date, and ``"days"``, ``"whole years"``, … the time between two dates, or from one
        to a fixed moment, the shift.
    factors, rates : tuple of float
        One per base, or none.
    zeros : tuple of str
        Bases of a sum that count as nothing where they are missing.
    zone : str
        Where clocks and calendars show the part of a date: ``"Europe/Paris"``, ``"-05:00"``.
    ends : tuple of two floats, or None
        What the formula gives is never below the first nor above the second.
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
    factors: tuple[float, ...] = ()
    rates: tuple[float, ...] = ()
    zeros: tuple[str, ...] = ()
    zone: str = ""
    ends: tuple[float, float] | None = None
    least: float | None = None
    within: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if self.operator not in OPERATORS:
            raise ModelFileError(f"relation of {self.target!r}: unknown operator {self.operator!r}")

    def predict(self, bases: Sequence[Floats]) -> Floats:
        """Return the formula's value at the target's precision; missing where a base is."""
        return self.precision.settle(self.value(bases))

    def value(self, bases: Sequence[Floats]) -> Floats:
        """Return the formula's value, not rounded."""
        value = self._open(bases)
        return value if self.ends is None else np.clip(value, *self.ends)

    def _open(self, bases: Sequence[Floats]) -> Floats:
        value: Floats
        match self.operator:
            case "linear":
                value = self.scale * bases[0] + self.shift
            case "sum":
                factors = self.factors or (1.0,) * len(bases)
                parts = [
                    factor * (np.nan_to_num(base) if name in self.zeros else base)
                    for factor, base, name in zip(factors, bases, self.bases, strict=True)
                ]
                value = reduce(np.add, parts) + self.shift
            case "difference":
                value = bases[0] - bases[1]
            case "product":
                rates = self.rates or (0.0,) * len(bases)
                parts = [b if not r else 1 + r * b for r, b in zip(rates, bases, strict=True)]
                value = reduce(np.multiply, parts)
            case "ratio":
                divisor = 1 + self.rates[1] * bases[1] if self.rates else bases[1]
                divisor = np.where(divisor == 0, np.nan, divisor)
                value = self.scale * bases[0] / divisor + self.shift
            case "power":
                pairs = zip(bases, self.factors, strict=True)
                parts = [np.where(base > 0, base, np.nan) ** power for base, power in pairs]
                value = self.scale * reduce(np.multiply, parts)
            case "greatest":
                value = reduce(np.maximum, bases)
            case "least":
                value = reduce(np.minimum, bases)
            case part if part in NUMBERS:
                value = NUMBERS[part](local(bases[0], self.zone)) + self.shift
            case span if span in SPANS:
                end = bases[1] if len(bases) > 1 else np.full(len(bases[0]), self.shift)
                value = SPANS[span](bases[0], end)
            case unit:
                value = beginning(bases[0], unit)
        return value

    @property
    def text(self) -> str:
        """The formula as it is written."""
        low, high = self.ends or (-np.inf, np.inf)
        limit = f", {low:g} at least" if np.isfinite(low) else ""
        return f"{self._text}{limit}" + (f", {high:g} at most" if np.isfinite(high) else "")

    @property
    def _text(self) -> str:
        first, last = self.bases[0], self.bases[-1]
        match self.operator:
            case "linear":
                factor = "" if self.scale == 1 else f"{self.scale:.10g} * "
                shift = "" if self.shift == 0 else f" {'-+'[self.shift > 0]} {abs(self.shift):.10g}"
                return f"{self.target} = {factor}{first}{shift}"
            case "sum":
                return f"{self.target} = {self._terms()}"
            case "difference":
                return f"{self.target} = {first} - {last}"
            case "product":
                rates = self.rates or (0.0,) * len(self.bases)
                parts = map(_factor, self.bases, rates)
                return f"{self.target} = {' * '.join(parts)}"
            case "ratio":
                factor = "" if self.scale == 1 else f"{self.scale:g} * "
                shift = "" if self.shift == 0 else f" {'-+'[self.shift > 0]} {abs(self.shift):g}"
                divisor = _factor(last, self.rates[1]) if self.rates else last
                return f"{self.target} = {factor}{first} / {divisor}{shift}"
            case "power":
                powers = [
                    f"{base}{'' if power == 1 else f'^{power:g}'}"
                    for base, power in zip(self.bases, self.factors, strict=True)
                ]
                scale = "" if self.scale == 1 else f"{self.scale:.10g} * "
                return f"{self.target} = {scale}{' * '.join(powers)}"
            case "greatest" | "least":
                return f"{self.target} = the {self.operator} of {', '.join(self.bases)}"
            case part if part in NUMBERS:
                shift = "" if self.shift == 0 else f" {'-+'[self.shift > 0]} {abs(self.shift):g}"
                place = f" in {self.zone}" if self.zone else ""
                return f"{self.target} = {part} {first}{place}{shift}"
            case span if span in SPANS:
                moment = np.datetime64(int(self.shift), "s") if len(self.bases) == 1 else last
                return f"{self.target} = {span} from {first} to {moment}"
            case unit:
                return f"{self.target} = {unit}({first})"

    def _terms(self) -> str:
        factors = self.factors or (1.0,) * len(self.bases)
        terms = [
            f"{'-+'[f > 0]} {_times(abs(f), base)}"
            for f, base in zip(factors, self.bases, strict=True)
        ]
        if self.shift:
            terms.append(f"{'-+'[self.shift > 0]} {abs(self.shift):.10g}")
        return " ".join(terms).removeprefix("+ ")

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
        if self.least is not None:
            value = np.where(np.isnan(predicted), value, np.maximum(value, predicted + self.least))
        return self.precision.settle(value)


def _times(factor: float, base: str) -> str:
    if factor == 1:
        return base
    divisor, written = round(1 / factor, 6), f"{factor:g}"
    is_long = len(written) > len("0.25") and divisor % 1 == 0
    return f"{base} / {divisor:g}" if is_long else f"{written} * {base}"


def _factor(base: str, rate: float) -> str:
    if not rate:
        return base
    return f"(1 {'-+'[rate > 0]} {base}{'' if abs(rate) == 1 else f' / {1 / abs(rate):g}'})"
