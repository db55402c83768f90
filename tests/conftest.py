"""What holds for all tests: property tests draw the same examples in every run.

``RELSYNTH_RANDOM=1`` draws others, to look for faults that nobody has seen yet.
"""

from __future__ import annotations

import os
from importlib.metadata import version
from importlib.util import find_spec

import pytest

if find_spec("hypothesis") is not None:  # the bare install has its own few tests without it
    from hypothesis import settings

    settings.register_profile("steady", derandomize=True)
    settings.register_profile("random", derandomize=False)
    settings.load_profile("random" if os.environ.get("RELSYNTH_RANDOM") else "steady")


def pytest_configure(config: pytest.Config) -> None:
    """Let pandas 2 pass whose own Timedelta uses what numpy 2.5 deprecates; pandas 3 does not."""
    if version("pandas").startswith("2."):
        unit = "ignore:The 'generic' unit for NumPy timedelta:DeprecationWarning"
        config.addinivalue_line("filterwarnings", unit)
