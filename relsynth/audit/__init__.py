"""What the synthetic data, and the model file, tell about the people in the real data.

The package is named like its function, as `relsynth.evaluate` is.
"""

import sys
from types import ModuleType

from relsynth.audit.report import Audit
from relsynth.audit.run import audit

__all__ = ["Audit", "audit"]


class _CallablePackage(ModuleType):
    """The package itself, which importing it puts in place of the function of its name."""

    __call__ = staticmethod(audit)


sys.modules[__name__].__class__ = _CallablePackage
