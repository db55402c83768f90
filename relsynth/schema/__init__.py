"""What a database is made of: tables, columns and keys, and the graph they form."""

from relsynth.schema.schema import Schema
from relsynth.schema.words import KINDS, MOST_COLUMNS, Column, ForeignKey, Note, Table

__all__ = ["KINDS", "MOST_COLUMNS", "Column", "ForeignKey", "Note", "Schema", "Table"]
