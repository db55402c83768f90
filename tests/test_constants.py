"""Every number that is decided by says why it has its value."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "relsynth"
PACKAGES = sorted(path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists())


def without_reason(text: str) -> list[str]:
    """Return the one-line numeric constants of a module that no comment stands at or above.

    A comment above speaks for all constants that follow it without a gap.
    """
    lines, found, spoken = text.splitlines(), [], -2
    for node in ast.parse(text).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if not isinstance(target, ast.Name) or not target.id.lstrip("_").isupper():
            continue
        line = node.lineno - 1
        below = lines[line + 1] if line + 1 < len(lines) else ""
        if lines[line - 1].startswith("#") or spoken == line - 1:
            spoken = line
        elif node.end_lineno == node.lineno and "  # " not in lines[line]:
            parts = [part for part in ast.walk(node.value) if isinstance(part, ast.Constant)]
            is_number = any(type(part.value) in (int, float) for part in parts)
            if is_number and not below.startswith('"""'):
                found.append(target.id)
    return found


def test_a_number_without_a_word_is_found():
    assert without_reason("A = 1\nB = 2  # two\n# three\nC = 3\nD = 4\n\nE = 5\n") == ["A", "E"]
    assert without_reason('F = 6\n"""Six."""\nG = ("a",)\nH = -1\n') == ["H"]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_number_says_why(package):
    bare = {
        str(path.relative_to(PACKAGE)): names
        for path in sorted((PACKAGE / package).rglob("*.py"))
        if (names := without_reason(path.read_text(encoding="utf-8")))
    }
    assert bare == {}
