"""Relations between the columns of a table: detected, taken out before learning, put back after."""

from relsynth.columns.relations.fitted import Relations

__all__ = ["Relations"]
