"""Imports run one way: no circle of modules, and no package imports one above it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import networkx as nx
import pytest

PACKAGE = Path(__file__).parents[1] / "relsynth"
# lowest first; packages of one line do not import each other
LAYERS = (
    ("arguments", "errors", "optional", "quiet", "seeding", "typing", "version"),
    ("sorting",),
    ("arrays", "distance", "evidence", "groups", "packing"),
    ("schema", "hvrt", "clustering"),
    ("gaussian",),
    ("formats", "frames"),
    ("storage",),
    ("metadata",),
    ("warehouse",),
    ("columns", "constraints"),
    ("models", "evaluate", "generation"),
    ("sequences",),
    ("relational.sources", "strategies", "pytest_plugin"),
    ("relational.children", "relational.rules"),
    ("relational.links", "relational.sibling_join"),
    ("relational.fitting",),
    ("relational.drawing",),
    ("relational.unique",),
    ("relational",),
    ("selection", "audit", "studies"),
    ("cli",),
)
LAYER = {name: number for number, names in enumerate(LAYERS) for name in names}


def modules() -> dict[str, Path]:
    found = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(path: Path, known: dict[str, Path]) -> Iterator[str]:
    """Everything a module imports: at its top, for its types, and inside its functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                deeper = f"{node.module}.{alias.name}"
                yield deeper if deeper in known else node.module


@pytest.fixture(scope="module")
def graph() -> nx.DiGraph:
    known = modules()
    edges = nx.DiGraph()
    for name, path in known.items():
        edges.add_edges_from((name, other) for other in imported(path, known) if other in known)
    return edges


def home(module: str) -> str:
    """The layered package a module belongs to; empty for the public names and ``python -m``."""
    _, *parts = module.split(".")
    return next((name for n in (2, 1) if (name := ".".join(parts[:n])) in LAYER), "")


def test_no_modules_import_each_other_in_a_circle(graph):
    circles = [sorted(part) for part in nx.strongly_connected_components(graph) if len(part) > 1]
    assert circles == []


def test_no_package_imports_one_above_it(graph):
    wrong = [
        (source, target)
        for source, target in graph.edges
        if home(source) and home(source) != home(target)
        and (not home(target) or LAYER[home(target)] >= LAYER[home(source)])
        and (home(source), target) != ("cli", "relsynth")
    ]  # fmt: skip
    assert wrong == []


def test_every_package_has_a_layer():
    assert {home(name) for name in modules()} == {"", *LAYER}
