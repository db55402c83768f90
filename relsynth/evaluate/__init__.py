"""Compare a synthetic database with the real one: validity, fidelity, utility, privacy.

The package is named like its function: both ``relsynth.evaluate(real, synthetic, metadata)``
and ``from relsynth.evaluate import check_validity`` work, whichever comes first.
"""

import sys
from types import ModuleType

from relsynth.evaluate.catalogue import MEASURES
from relsynth.evaluate.measure import Figure, Limits, Measure
from relsynth.evaluate.report import Report
from relsynth.evaluate.run import evaluate
from relsynth.evaluate.validity import Validity, check_validity

__all__ = [
    "MEASURES",
    "Figure",
    "Limits",
    "Measure",
    "Report",
    "Validity",
    "check_validity",
    "evaluate",
]


class _CallablePackage(ModuleType):
    """The package itself, which importing it puts in place of the function of its name."""

    __call__ = staticmethod(evaluate)


sys.modules[__name__].__class__ = _CallablePackage
