"""Choose a part of a database: real rows that stand for the whole, the best of a synthetic pool."""

from relsynth.selection.refine import Refined, refine
from relsynth.selection.subset import subset

__all__ = ["Refined", "refine", "subset"]
