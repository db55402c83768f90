"""The synthesizer: fit a database, draw synthetic ones, keep the model in a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import pandas as pd

from relsynth.columns.matrix import Matrix
from relsynth.constraints import enforce_constraints
from relsynth.errors import CapacityError, DataError, Faults, SchemaError, did_you_mean
from relsynth.metadata import Metadata, Plan
from relsynth.metadata.lookups import find_lookups
from relsynth.metadata.references import parent_rows
from relsynth.models import MODELS, TableModel, make_model, model_class
from relsynth.models.auto import choose_model
from relsynth.models.cart import SequentialTrees
from relsynth.packing import pack, packable, unpack
from relsynth.relational.assemble import assemble, check_capacities
from relsynth.relational.beside.sibling_keys import hang_beside
from relsynth.relational.draw import draw_database
from relsynth.relational.fit import fit_database
from relsynth.relational.learning.fit_rows import DRIFTING_ROWS, EXTENSION
from relsynth.relational.learning.fitted import FittedTable
from relsynth.relational.proof import prove_keys
from relsynth.seeding import Seed, integer_seed
from relsynth.typing import Integers, Tables

KIND = "synthesizer"
CANDIDATES = ("cart", "gaussian_copula")
CHOICE_SECONDS = 5.0
ENOUGH_ROWS = 2_000
EXTENSION_SIGNIFICANCE = 4.0
LOOKUP_HINT = "lookup: looks like a lookup table, and its values are invented"


class RelationalSynthesizer:
    """Learn a relational database and draw synthetic ones.

    Parameters
    ----------
    metadata : Metadata
    model : str or TableModel, default "auto"
        Table model for every table: ``"cart"``, ``"gaussian_copula"``, ``"hvrt"``, an
        object with the methods of `relsynth.models.TableModel`, or ``"auto"``, which
        takes per table the one that is hardest to tell from held-out rows (``"cart"`` for
        tables of more than 2,000 rows, which are enough for trees).
    models : mapping of str to str or TableModel, optional
        Exceptions by table.
    keep : iterable of str
        Reference tables to keep as they are.
    seed : int, default 0
        Root of every random stream, in fitting and, unless given there, in sampling.
    orphans : {"error", "null"}
        What to do with references without a target in the real data.
    progress : bool, default False
        Show progress bars.

    Attributes
    ----------
    plan_ : Plan
        After `fit`: order, context parents, linked and deferred keys.
    notes_ : dict of str to tuple of str
        After `fit`: decisions per table in plain words.

    Notes
    -----
    Hierarchical modelling in the manner of HMA (Patki, Wedge and Veeramachaneni 2016),
    with conditional models of rows instead of flattened parameters. Fitting is about
    linear in rows and columns; at most 200,000 rows of complete families per table are
    modelled.

    Examples
    --------
    >>> import pandas as pd
    >>> import relsynth as rs
    >>> parents = pd.DataFrame({"id": range(40), "size": [i % 7 for i in range(40)]})
    >>> children = pd.DataFrame({"parent_id": [i // 3 for i in range(120)]})
    >>> tables = {"parents": parents, "children": children}
    >>> metadata = rs.Metadata.detect(tables)
    >>> fake = rs.RelationalSynthesizer(metadata, seed=1).fit(tables).sample(rows={"parents": 9})
    >>> len(fake["parents"]), bool(fake["children"].parent_id.isin(fake["parents"].id).all())
    (9, True)
    """

    def __init__(
        self,
        metadata: Metadata,
        *,
        model: str | TableModel = "auto",
        models: Mapping[str, str | TableModel] | None = None,
        keep: Iterable[str] = (),
        seed: int = 0,
        orphans: Literal["error", "null"] = "error",
        progress: bool = False,
    ) -> None:
        self.metadata = metadata
        self.model = model
        self.models = dict(models or {})
        self.keep = tuple(keep)
        self.seed = seed
        self.orphans: Literal["error", "null"] = orphans
        self.progress = progress
        with Faults("models", SchemaError) as faults:
            for name in self.models:
                if name not in metadata.tables:
                    faults.add(f"no table {name!r}; {did_you_mean(name, metadata.tables)}")
        for given in (model, *self.models.values()):
            if not isinstance(given, str):
                packable(type(make_model(given)))
            elif given != "auto":
                model_class(given)

    def fit(self, tables: Tables) -> Self:
        """Learn the database.

        Parameters
        ----------
        tables : mapping of str to DataFrame
            One per table of the metadata; not changed.

        Raises
        ------
        DataError
            Listing everything in which the data contradict the metadata.
        """
        checked = self.metadata.check(tables, orphans=self.orphans)
        plan = self.metadata.plan(checked, keep=self.keep)
        links = parent_rows(self.metadata.foreign_keys, checked)
        self.plan_: Plan = hang_beside(self.metadata, plan, checked, links)
        steps = fit_database(checked, self.metadata, self.plan_, links, self._choose, self.seed)
        bar = _progress(steps, len(self.plan_.steps), "fit", self.progress)
        lookups = find_lookups(self.metadata.tables.values(), checked, self.metadata.foreign_keys)
        self.tables_: dict[str, FittedTable] = {
            table.name: _with_hint(table, lookups.get(table.name)) for table in bar
        }
        return self

    @property
    def notes_(self) -> dict[str, tuple[str, ...]]:
        """Decisions per table in plain words."""
        return {name: table.reasons for name, table in self._fitted().items()}

    def sample(
        self,
        scale: float = 1.0,
        *,
        rows: Mapping[str, int] | None = None,
        seed: Seed = None,
    ) -> dict[str, pd.DataFrame]:
        """Draw a synthetic database.

        Parameters
        ----------
        scale : float, default 1.0
            Size of the root tables relative to the real ones; children follow.
        rows : mapping of str to int, optional
            Exact numbers of rows of some tables.
        seed : int, SeedSequence or None
            ``None`` takes the seed of the synthesizer.

        Returns
        -------
        dict of str to DataFrame
            In the order of the metadata.

        Raises
        ------
        CapacityError
            Where the rows asked for cannot exist, with the arithmetic.
        """
        wanted = self._check_request(scale, rows or {})
        return self._draw(self.plan_, scale, wanted, {}, seed)

    def sample_children(
        self, *, of: Tables, scale: float = 1.0, seed: Seed = None
    ) -> dict[str, pd.DataFrame]:
        """Draw what hangs below given rows.

        Parameters
        ----------
        of : mapping of str to DataFrame
            Parent rows with their keys; they come back unchanged.
        scale : float, default 1.0
            Size of the other root tables that the children refer to.
        seed : int, SeedSequence or None

        Returns
        -------
        dict of str to DataFrame
            The given tables, their descendants, and the other tables these refer to or hang
            beside.
        """
        fitted = self._fitted()
        with Faults("sample_children", DataError) as faults:
            for name, frame in of.items():
                if name not in fitted:
                    faults.add(f"no table {name!r}; {did_you_mean(name, fitted)}")
                    continue
                for column in fitted[name].columns:
                    if column not in frame:
                        hint = did_you_mean(column, frame.columns)
                        faults.add(f"{name}.{column}: the column is missing; {hint}")
        given = {
            name: frame[list(fitted[name].columns)].reset_index(drop=True)
            for name, frame in of.items()
        }
        needed = self._below(given)
        steps = tuple(step for step in self.plan_.steps if step.table in needed)
        return self._draw(Plan(steps, self.plan_.rows), scale, {}, given, seed)

    def save(self, path: str | Path) -> None:
        """Write the fitted model to a file, replaced in one step; see `load`."""
        from relsynth.storage.model_file import write_model

        fitted = self._fitted()
        state = {
            "metadata": self.metadata.to_dict(),
            "keep": list(self.keep),
            "seed": self.seed,
            "plan": pack(self.plan_),
            "tables": [pack(table) for table in fitted.values()],
        }
        write_model(path, KIND, state)

    @classmethod
    def load(cls, path: str | Path, *, models: Iterable[type[TableModel]] = ()) -> Self:
        """Read a fitted model.

        Parameters
        ----------
        path : str or Path
        models : iterable of type
            Classes of table models of your own that the file may hold.

        Raises
        ------
        ModelFileError
            Where the file is foreign, damaged or of a newer version.
        """
        from relsynth.storage.model_file import read_model

        for name in MODELS:
            model_class(name)
        for own in models:
            packable(own)
        state = read_model(path, KIND)
        made = cls(
            Metadata.from_dict(state["metadata"], str(path)),
            keep=state["keep"],
            seed=state["seed"],
        )
        made.plan_ = unpack(state["plan"])
        made.tables_ = {table.name: table for table in map(unpack, state["tables"])}
        return made

    def _choose(
        self, table: str, purpose: str, rows: Matrix, context: Matrix, groups: Integers
    ) -> tuple[TableModel, str]:
        given: Any = self.models.get(table, self.model)
        if purpose == DRIFTING_ROWS and given == "auto":
            return SequentialTrees(), "cart"
        if purpose == EXTENSION and given in ("auto", "cart"):
            return SequentialTrees(significance=EXTENSION_SIGNIFICANCE), ""
        if given != "auto":
            return make_model(given), ""
        if len(rows) > ENOUGH_ROWS:
            return SequentialTrees(), f"cart: {len(rows)} rows are enough for trees"
        candidates = {name: partial(make_model, name) for name in CANDIDATES}
        if find_spec("copulas") is None:
            del candidates["gaussian_copula"]
        seed = integer_seed(self.seed, "choice", table)
        name, reason = choose_model(
            candidates, rows, context, groups, seed=seed, budget_seconds=CHOICE_SECONDS
        )
        return make_model(name), reason

    def _fitted(self) -> dict[str, FittedTable]:
        if not hasattr(self, "tables_"):
            raise DataError("the synthesizer is not fitted yet; call fit(tables) first")
        return self.tables_

    def _check_request(self, scale: float, rows: Mapping[str, int]) -> dict[str, int]:
        fitted = self._fitted()
        with Faults("sample", CapacityError) as faults:
            if not np.isfinite(scale) or scale <= 0:
                faults.add(f"scale must be a number above 0, not {scale!r}")
            for name, count in rows.items():
                if name not in fitted:
                    faults.add(f"rows: no table {name!r}; {did_you_mean(name, fitted)}")
                elif count < 0 or count != int(count):
                    faults.add(f"rows: {name!r} needs a whole number of rows, not {count!r}")
                elif fitted[name].kept is not None and count != fitted[name].n_rows:
                    faults.add(
                        f"rows: {name!r} is kept as it is, with {fitted[name].n_rows} rows; "
                        f"{count} are asked for"
                    )
        return {name: int(count) for name, count in rows.items()}

    def _below(self, given: Mapping[str, pd.DataFrame]) -> set[str]:
        """Return the given tables, their descendants and what these refer to."""
        needed = set(given)
        for step in self.plan_.steps:
            keys = self.metadata.parents_of(step.table)
            if any(key.parent in needed for key in keys):
                needed.add(step.table)
        for step in reversed(self.plan_.steps):
            if step.table in needed and step.table not in given:
                needed.update(key.parent for key in self.metadata.parents_of(step.table))
                needed.update(() if step.beside is None else (step.beside.sibling,))
        return needed

    def _draw(
        self,
        plan: Plan,
        scale: float,
        rows: Mapping[str, int],
        given: Mapping[str, pd.DataFrame],
        seed: Seed,
    ) -> dict[str, pd.DataFrame]:
        fitted = self._fitted()
        seed = integer_seed(self.seed, "draw") if seed is None else seed
        unchanged = {step.table for step in plan.steps if step.kept} | set(given)
        making = [fitted[step.table] for step in plan.steps if step.table not in unchanged]
        expected = {t.name: rows.get(t.name, round(t.n_rows * scale)) for t in making}
        check_capacities({table.name: table for table in making}, expected, self.metadata)
        drawn = draw_database(
            fitted, self.metadata, plan, self.plan_, scale=scale, rows=rows, given=given, seed=seed
        )
        made = assemble(drawn, plan)
        schema = self.metadata.restrict(made)
        finished = enforce_constraints(
            schema,
            {name: made[name] for name in schema.tables},
            seed=seed,
            kept={name: len(made[name]) for name in unchanged},
            unreadable="warn",
        )
        prove_keys(finished, schema, set(made) - unchanged)
        return finished


def _with_hint(table: FittedTable, lookup: str | None) -> FittedTable:
    """Return a table with the advice to keep it, where its labels are invented."""
    if lookup is None or table.kept is not None:
        return table
    hint = f"{LOOKUP_HINT}; keep=[{table.name!r}] keeps it as it is ({lookup})"
    return replace(table, reasons=(*table.reasons, hint))


def _progress(items: Iterable[Any], total: int, what: str, shown: bool) -> Iterable[Any]:
    if not shown:
        return items
    from tqdm.auto import tqdm

    bar: Iterable[Any] = tqdm(items, total=total, desc=what, unit="table")
    return bar
