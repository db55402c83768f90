"""Databases that are larger than memory: asked in SQL where they lie, and read in part."""

from relsynth.warehouse.extract import Extract, extract
from relsynth.warehouse.source import Warehouse, is_in_place, opened
from relsynth.warehouse.statistics import measure

__all__ = ["Extract", "Warehouse", "extract", "is_in_place", "measure", "opened"]
