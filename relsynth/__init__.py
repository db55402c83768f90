"""Learn a relational database and write a synthetic one of any size."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from relsynth.errors import (
    CapacityError,
    ConstraintError,
    DataError,
    ModelFileError,
    RelsynthError,
    SchemaError,
)
from relsynth.version import __version__ as __version__

if TYPE_CHECKING:
    from relsynth.audit import audit
    from relsynth.evaluate import evaluate
    from relsynth.evaluate.compare import compare
    from relsynth.generation import generate
    from relsynth.metadata import Metadata
    from relsynth.relational import RelationalSynthesizer
    from relsynth.selection import refine, subset
    from relsynth.storage import read_tables, write_tables

_HOMES = {
    "Metadata": "relsynth.metadata",
    "RelationalSynthesizer": "relsynth.relational",
    "audit": "relsynth.audit",
    "compare": "relsynth.evaluate.compare",
    "evaluate": "relsynth.evaluate",
    "generate": "relsynth.generation",
    "read_tables": "relsynth.storage",
    "refine": "relsynth.selection",
    "subset": "relsynth.selection",
    "write_tables": "relsynth.storage",
}

__all__ = [
    "CapacityError",
    "ConstraintError",
    "DataError",
    "Metadata",
    "ModelFileError",
    "RelationalSynthesizer",
    "RelsynthError",
    "SchemaError",
    "audit",
    "compare",
    "evaluate",
    "generate",
    "read_tables",
    "refine",
    "subset",
    "write_tables",
]


def __getattr__(name: str) -> Any:
    """Import a public name on first use, so that importing the package stays cheap."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'relsynth' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
