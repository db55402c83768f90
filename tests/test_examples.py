"""The examples run as they stand, in under a minute each, and write their pictures."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
SECONDS = 60


@pytest.mark.slow
@pytest.mark.parametrize("script", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_an_example_runs(script, tmp_path):
    start = os.times()
    done = subprocess.run(
        [sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    end = os.times()
    spent = end.children_user - start.children_user
    assert spent < SECONDS
    assert done.returncode == 0, done.stderr
    assert done.stdout
    if script.stem[:2].isdigit():
        assert (tmp_path / f"{script.stem}.png").stat().st_size > 5_000
