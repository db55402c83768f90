"""Conditions on rows: what they say, how rows are mended, and the proof that they hold."""

from relsynth.constraints.enforce import Unreadable, enforce_constraints, readable
from relsynth.constraints.expression import now, present
from relsynth.constraints.narrowing import narrowed_columns

__all__ = ["Unreadable", "enforce_constraints", "narrowed_columns", "now", "present", "readable"]
