"""Table models: the conditional distribution of one table's rows given a context."""

from __future__ import annotations

import copy
from importlib import import_module
from typing import Any

from relsynth.errors import SchemaError, did_you_mean
from relsynth.models.protocol import Matrix, TableModel

MODELS = {
    "cart": ("relsynth.models.cart", "SequentialTrees"),
    "bagged_trees": ("relsynth.models.bagged_trees", "BaggedTrees"),
    "gaussian_copula": ("relsynth.models.gaussian_copula", "GaussianCopula"),
    "hvrt": ("relsynth.models.hvrt", "HVRTModel"),
    "sequence": ("relsynth.models.sequence", "TokenSequence"),
}

__all__ = ["MODELS", "Matrix", "TableModel", "make_model", "model_class"]


def model_class(name: str) -> type[TableModel]:
    """Return the class of a table model by its name."""
    if name not in MODELS:
        raise SchemaError(f"no table model {name!r}; {did_you_mean(name, ['auto', *MODELS])}")
    module, attribute = MODELS[name]
    found: type[TableModel] = getattr(import_module(module), attribute)
    return found


def make_model(given: str | Any) -> TableModel:
    """Return an unfitted table model from a name or from a model to copy."""
    if isinstance(given, str):
        return model_class(given)()
    if not isinstance(given, TableModel):
        raise SchemaError(
            f"a table model is given by name ({', '.join(MODELS)}) or as an object with the "
            f"methods fit, sample, to_state and from_state, not as {type(given).__name__}"
        )
    return copy.deepcopy(given)
