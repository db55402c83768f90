"""Tables, columns and keys; the graph they form; checks, detection and the plan."""

from relsynth.metadata.metadata import Metadata
from relsynth.metadata.plan import Plan, TablePlan
from relsynth.metadata.schema import KINDS, Column, ForeignKey, Note, Table

__all__ = ["KINDS", "Column", "ForeignKey", "Metadata", "Note", "Plan", "Table", "TablePlan"]
