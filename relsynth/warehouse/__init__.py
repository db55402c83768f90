"""Databases that are larger than memory: asked in SQL where they lie, and read in part."""

from relsynth.warehouse.extract import ROOTS, BrokenKey, Extract, extract, parts_of
from relsynth.warehouse.source import Warehouse, is_in_place, opened
from relsynth.warehouse.statistics import measure

__all__ = [
    "ROOTS",
    "BrokenKey",
    "Extract",
    "Warehouse",
    "extract",
    "is_in_place",
    "measure",
    "opened",
    "parts_of",
]
