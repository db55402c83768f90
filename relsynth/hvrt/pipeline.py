"""The estimators and their params objects, for use in pipelines."""

from relsynth.hvrt.estimators import HVRT, FastHVRT
from relsynth.hvrt.params import AugmentParams, ExpandParams, ReduceParams

__all__ = ["HVRT", "AugmentParams", "ExpandParams", "FastHVRT", "ReduceParams"]
