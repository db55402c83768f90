"""Gaussian templates: draw rows of a normal distribution or copula that hold given values."""

from relsynth.gaussian.sampler import GaussianSampler

__all__ = ["GaussianSampler"]
