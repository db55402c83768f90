"""Studies: how accuracy grows with rows, and which law errors follow."""

from relsynth.studies.law import Law, fit_law
from relsynth.studies.size_accuracy import SizeStudy, size_vs_accuracy

__all__ = ["Law", "SizeStudy", "fit_law", "size_vs_accuracy"]
