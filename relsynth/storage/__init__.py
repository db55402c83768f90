"""Tables in files and databases."""
from relsynth.storage.folder import read_tables

__all__ = ["read_tables"]
