"""HVRT: partition rows by how extreme they are, then reduce or expand each partition."""

from relsynth.hvrt.estimators import HVRT, FastHVRT
from relsynth.hvrt.exceptions import HVRTDeprecationWarning, HVRTFeatureWarning, HVRTWarning
from relsynth.hvrt.generation import (
    BUILTIN_GENERATION_STRATEGIES,
    GenerationStrategy,
    bootstrap_noise,
    epanechnikov,
    get_generation_strategy,
    multivariate_kde,
    univariate_kde_copula,
)
from relsynth.hvrt.legacy import AdaptiveHVRTReducer, HVRTSampleReducer
from relsynth.hvrt.optimizer import HVRTOptimizer
from relsynth.hvrt.params import AugmentParams, ExpandParams, ReduceParams
from relsynth.hvrt.selection import (
    BUILTIN_STRATEGIES,
    SelectionStrategy,
    centroid_fps,
    get_strategy,
    medoid_fps,
    stratified,
    variance_ordered,
)

__all__ = [
    "BUILTIN_GENERATION_STRATEGIES",
    "BUILTIN_STRATEGIES",
    "HVRT",
    "AdaptiveHVRTReducer",
    "AugmentParams",
    "ExpandParams",
    "FastHVRT",
    "GenerationStrategy",
    "HVRTDeprecationWarning",
    "HVRTFeatureWarning",
    "HVRTOptimizer",
    "HVRTSampleReducer",
    "HVRTWarning",
    "ReduceParams",
    "SelectionStrategy",
    "bootstrap_noise",
    "centroid_fps",
    "epanechnikov",
    "get_generation_strategy",
    "get_strategy",
    "medoid_fps",
    "multivariate_kde",
    "stratified",
    "univariate_kde_copula",
    "variance_ordered",
]
