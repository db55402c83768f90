"""The schema of real tables: read, guessed, checked against data, and the plan it gives."""

from relsynth.metadata.metadata import Metadata
from relsynth.metadata.plan import Plan, TablePlan
from relsynth.schema import KINDS, Column, ForeignKey, Note, Table

__all__ = ["KINDS", "Column", "ForeignKey", "Metadata", "Note", "Plan", "Table", "TablePlan"]
