"""Which table model a table gets: the one asked for, or the one that suits it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from relsynth.columns.matrix import Matrix
from relsynth.errors import Faults, SchemaError, did_you_mean
from relsynth.metadata import Metadata
from relsynth.models import TableModel, make_model, model_class
from relsynth.models.auto import MAX_ROWS, choose_model
from relsynth.models.cart import SequentialTrees
from relsynth.packing import packable
from relsynth.relational.fit import RELATIONS
from relsynth.relational.fitting.fit_rows import DRIFTING_ROWS, EXTENSION
from relsynth.seeding import integer_seed
from relsynth.typing import Integers

CANDIDATES = ("cart", "gaussian_copula", "hvrt")
CHOICE_SECONDS = 5.0  # a table: a database of twenty is chosen for in less than two minutes
# errors: between rows of roots (6) and of children (0); see decisions/leaf-sizes
EXTENSION_SIGNIFICANCE = 4.0


@dataclass(frozen=True, slots=True)
class Choice:
    """Gives unfitted table models.

    Attributes
    ----------
    model : str or TableModel
        For every table; ``"auto"`` compares the candidates on held-out families.
    models : mapping of str to str or TableModel
        Exceptions by table.
    """

    model: str | TableModel
    models: Mapping[str, str | TableModel]
    seed: int

    def __call__(
        self, table: str, purpose: str, rows: Matrix, context: Matrix, groups: Integers
    ) -> tuple[TableModel, str]:
        """Return a model for some rows of a table, and why; see `RowsFit`."""
        given: Any = self.models.get(table, self.model)
        if purpose == DRIFTING_ROWS and given == "auto":
            return SequentialTrees(), "cart"
        if purpose == EXTENSION and given in ("auto", "cart"):
            return SequentialTrees(significance=EXTENSION_SIGNIFICANCE), ""
        if given != "auto":
            model: Any = make_model(given)
            if getattr(model, "named_columns", ()):
                model = model.restricted_to(rows.names)
            return model, ""
        if len(rows) > MAX_ROWS:
            return SequentialTrees(), f"cart: {len(rows)} rows are enough for trees"
        candidates = {name: partial(make_model, name) for name in CANDIDATES}
        seed = integer_seed(self.seed, "choice", table)
        name, reason = choose_model(
            candidates, rows, context, groups, seed=seed, budget_seconds=CHOICE_SECONDS
        )
        return make_model(name), reason


def kinds_of_rules(relations: Literal["auto", "none"] | Iterable[str]) -> tuple[str, ...]:
    """Return the kinds of rules to look for."""
    if isinstance(relations, str):
        relations = {"auto": RELATIONS, "none": ()}.get(relations, (relations,))
    kinds = tuple(relations)
    with Faults("relations", SchemaError) as faults:
        for kind in kinds:
            if kind not in RELATIONS:
                faults.add(f"no kind {kind!r}; {did_you_mean(kind, RELATIONS)}")
    return kinds


def check_models(
    model: str | TableModel, models: Mapping[str, str | TableModel], metadata: Metadata
) -> None:
    """Raise one error for every model that is unknown or names what the schema has not.

    Parameters
    ----------
    model : str or TableModel
        For every table.
    models : mapping of str to str or TableModel
        Exceptions by table.
    """
    with Faults("models", SchemaError) as faults:
        for name in models:
            if name not in metadata.tables:
                faults.add(f"no table {name!r}; {did_you_mean(name, metadata.tables)}")
        every = {column for table in metadata.tables.values() for column in table.columns}
        for name, given in (("model", model), *models.items()):
            table = metadata.tables.get(name)
            known = every if table is None else set(table.columns)
            for column in getattr(given, "named_columns", ()):
                if column not in known:
                    faults.add(f"{name}: no column {column!r}; {did_you_mean(column, known)}")
    for given in (model, *models.values()):
        if not isinstance(given, str):
            packable(type(make_model(given)))
        elif given != "auto":
            model_class(given)
