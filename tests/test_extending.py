"""The page on extending, applied to a copy of the package to the letter."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
BLOCK = re.compile(r'```(python|diff) title="([^"]+)"\n(.*?)```', re.DOTALL)
SECTIONS = dict(part.split("\n", 1) for part in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:])
MOST_LINES = 60
MOST_FILES = 3


def plugged_in(text: str, change: str) -> str:
    """Return a file with the lines of a change behind the lines they follow."""
    lines, at = text.splitlines(), 0
    for line in change.splitlines():
        if line.startswith("+"):
            lines.insert(at, line[1:])
            at += 1
        else:
            assert lines.count(line[1:]) == 1, f"{line[1:]!r} stands {lines.count(line[1:])} times"
            at = lines.index(line[1:]) + 1
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_is_short(section):
    blocks = [block for block in BLOCK.findall(SECTIONS[section]) if block[1] != "in use"]
    added = [
        line
        for kind, _, text in blocks
        for line in text.splitlines()
        if line.strip() and (kind == "python" or line.startswith("+"))
    ]
    assert len(added) < MOST_LINES
    assert 0 < len(blocks) <= MOST_FILES


@pytest.mark.slow
def test_every_section_works_as_it_stands(tmp_path):
    """All sections are plugged into one copy, which also shows that they do not collide."""
    shutil.copytree(
        ROOT / "relsynth", tmp_path / "relsynth", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copytree(ROOT / "schemas", tmp_path / "schemas")
    uses = [f"import relsynth; assert relsynth.__file__.startswith({str(tmp_path)!r})"]
    for kind, place, text in BLOCK.findall(PAGE):
        file = tmp_path / place
        if place == "in use":
            uses.append(text)
        elif kind == "diff":
            file.write_text(plugged_in(file.read_text(encoding="utf-8"), text), encoding="utf-8")
        else:
            assert not file.exists()
            file.write_text(text, encoding="utf-8")
    assert len(uses) == 1 + len(SECTIONS)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", "\n".join(uses)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
