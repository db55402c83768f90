"""The public names of `relsynth.hvrt`, and what its warnings and registries are."""

from __future__ import annotations

import inspect

import pytest

import relsynth.hvrt as hvrt
from relsynth.hvrt import pipeline

NAMES = [
    "HVRT",
    "FastHVRT",
    "HVRTOptimizer",
    "ReduceParams",
    "ExpandParams",
    "AugmentParams",
    "HVRTWarning",
    "HVRTFeatureWarning",
    "HVRTDeprecationWarning",
    "SelectionStrategy",
    "GenerationStrategy",
    "centroid_fps",
    "medoid_fps",
    "variance_ordered",
    "stratified",
    "BUILTIN_STRATEGIES",
    "get_strategy",
    "multivariate_kde",
    "univariate_kde_copula",
    "bootstrap_noise",
    "epanechnikov",
    "BUILTIN_GENERATION_STRATEGIES",
    "get_generation_strategy",
    "HVRTSampleReducer",
    "AdaptiveHVRTReducer",
]


def test_every_public_name_is_there():
    assert sorted(hvrt.__all__) == sorted(NAMES)
    for name in NAMES:
        assert hasattr(hvrt, name)
    for name in pipeline.__all__:
        assert getattr(pipeline, name) is getattr(hvrt, name)


def test_the_constructor_has_the_known_parameters_and_defaults():
    for kind in (hvrt.HVRT, hvrt.FastHVRT):
        given = inspect.signature(kind).parameters
        assert {name: p.default for name, p in given.items()} == {
            "n_partitions": None,
            "min_samples_leaf": None,
            "max_depth": None,
            "min_samples_per_partition": 5,
            "y_weight": 0.0,
            "auto_tune": True,
            "bandwidth": "auto",
            "random_state": 42,
            "reduce_params": None,
            "expand_params": None,
            "augment_params": None,
            "mode": None,
        }


def test_warnings_form_a_family():
    assert issubclass(hvrt.HVRTWarning, UserWarning)
    assert issubclass(hvrt.HVRTFeatureWarning, hvrt.HVRTWarning)
    assert issubclass(hvrt.HVRTDeprecationWarning, hvrt.HVRTWarning)
    assert issubclass(hvrt.HVRTDeprecationWarning, DeprecationWarning)


def test_registries_name_the_strategies_in_order():
    assert list(hvrt.BUILTIN_GENERATION_STRATEGIES) == [
        "multivariate_kde",
        "univariate_kde_copula",
        "bootstrap_noise",
        "epanechnikov",
    ]
    assert hvrt.get_strategy("fps") is hvrt.centroid_fps
    assert hvrt.get_generation_strategy("epanechnikov") is hvrt.epanechnikov
    for strategy in hvrt.BUILTIN_STRATEGIES.values():
        assert isinstance(strategy, hvrt.SelectionStrategy)
    with pytest.raises(ValueError, match="'stratified'"):
        hvrt.get_strategy("best")
    with pytest.raises(ValueError, match="'bootstrap_noise'"):
        hvrt.get_generation_strategy("best")
