"""The warnings of the HVRT estimators."""

from __future__ import annotations


class HVRTWarning(UserWarning):
    """A decision the estimator took on the user's behalf."""


class HVRTFeatureWarning(HVRTWarning):
    """Rows carried columns that were not there when the estimator was fitted."""


class HVRTDeprecationWarning(HVRTWarning, DeprecationWarning):
    """A name or argument that is kept for old code only."""
