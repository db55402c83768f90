"""Choose a part of a database that stands for the whole."""

from relsynth.selection.subset import subset

__all__ = ["subset"]
