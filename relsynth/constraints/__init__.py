"""Conditions on rows: what they say, how rows are mended, and the proof that they hold."""

from relsynth.constraints.enforce import enforce_constraints
from relsynth.constraints.narrowing import narrowed_columns

__all__ = ["enforce_constraints", "narrowed_columns"]
