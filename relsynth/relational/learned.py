"""What a fitted synthesizer knows, and the file it is kept in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import pandas as pd

from relsynth.errors import DataError, ModelFileError, RelsynthError
from relsynth.formats.html import html_table
from relsynth.metadata import Metadata, Plan
from relsynth.models import MODELS, TableModel, model_class
from relsynth.packing import pack, packable, unpack
from relsynth.relational.fitting.fitted import FittedTable
from relsynth.relational.sources.folds import Fold, fold_schema
from relsynth.relational.summaries import extension_columns
from relsynth.seeding import Seed, integer_seed
from relsynth.storage.database import is_database
from relsynth.storage.plain import Storage

KIND = "synthesizer"


class LearnedDatabase:
    """A plan and its fitted tables: what is shown, saved and loaded; `RelationalSynthesizer`."""

    metadata: Metadata
    subjects: str | tuple[str, ...]
    keep: str | tuple[str, ...]
    invent: tuple[str, ...]
    k: int
    seed: int
    plan_: Plan
    tables_: dict[str, FittedTable]
    storage_: Storage
    folds_: tuple[Fold, ...]
    _source: str | None = None

    @property
    def notes_(self) -> dict[str, tuple[str, ...]]:
        """Decisions per table in plain words."""
        fitted = self._fitted()
        folded = {
            name: [fold.note for fold in self.folds_ if fold.table == name] for name in fitted
        }
        return {
            name: (*folded[name], *table.reasons)
            for name, table in fitted.items()
            if name in self.metadata.tables
        }

    def extension_columns(self, table: str) -> pd.DataFrame:
        """Return which summaries of its children were learned for each row of a table.

        Parameters
        ----------
        table : str

        Returns
        -------
        DataFrame
            One row per summary, with the columns ``foreign_key``, ``child``, ``column``,
            ``summary`` (number of children, mean, standard deviation, share of a level ...) and
            ``level``; no row for a table without children.

        Raises
        ------
        DataError
            For an unknown table, with the names there are.

        Examples
        --------
        >>> import pandas as pd
        >>> import relsynth as rs
        >>> parents = pd.DataFrame({"id": range(40)})
        >>> children = pd.DataFrame({"parent_id": [i // 3 for i in range(120)], "n": range(120)})
        >>> tables = {"parents": parents, "children": children}
        >>> metadata = rs.Metadata.detect(tables)
        >>> synth = rs.RelationalSynthesizer(metadata, model="cart").fit(tables)
        >>> synth.extension_columns("parents")["summary"].tolist()[:1]
        ['number of children']
        """
        return extension_columns(self._fitted(), self._folded, self.plan_, table)

    def save(self, path: str | Path) -> None:
        """Write the fitted model to a file, replaced in one step; see `load`."""
        from relsynth.storage.model_file import write_model

        fitted = self._fitted()
        state = {
            "metadata": self.metadata.to_dict(),
            "keep": self.keep if isinstance(self.keep, str) else list(self.keep),
            "subjects": list(self.plan_.subjects),
            "invent": list(self.invent),
            "k": self.k,
            "seed": self.seed,
            "plan": pack(self.plan_),
            "storage": pack(self.storage_),
            "folds": pack(self.folds_),
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
        made_by: Any = cls  # takes the parameters of the synthesizer
        try:
            made = made_by(
                Metadata.from_dict(state["metadata"], str(path)),
                subjects=state["subjects"],
                keep=state["keep"],
                invent=state["invent"],
                k=state["k"],
                seed=state["seed"],
            )
            made.plan_ = unpack(state["plan"])
            made.storage_ = unpack(state["storage"]) if "storage" in state else Storage({})
            made.folds_ = unpack(state.get("folds", ()))
            made.tables_ = {table.name: table for table in map(unpack, state["tables"])}
            planned = {step.table for step in made.plan_.steps}
            same = set(made.tables_) == set(made._folded.tables) == planned
        except ModelFileError:
            raise
        except Exception as error:
            raise ModelFileError(
                f"{path}: model file is damaged: {_said(error)}; restore it from a copy or fit "
                "and save again"
            ) from error
        if not same:
            raise ModelFileError(f"{path}: model file is damaged: its parts name other tables")
        made._source = str(path)
        return made

    @contextmanager
    def _intact(self) -> Iterator[None]:
        """Explain what goes wrong in drawing from a file that was changed by hand."""
        try:
            yield
        except (RelsynthError, OSError, ImportError):
            raise
        except Exception as error:
            if self._source is None:
                raise
            raise ModelFileError(
                f"{self._source}: drawing from this model failed ({_said(error)}); the file was "
                "changed after it was written, or this is a fault of relsynth: fit and save "
                "again, and report it if it fails then"
            ) from error

    @property
    def _folded(self) -> Metadata:
        """The schema of what is learned."""
        return fold_schema(self.folds_, self.metadata)

    def _fingerprint(self, target: str | Path, asked: tuple[Any, ...]) -> str:
        """Return a word that tells an output of this model from any other."""
        if is_database(target):
            raise DataError("resume: a database is filled in one transaction; give a folder")
        with TemporaryDirectory() as folder:
            self.save(Path(folder) / "model")
            model = (Path(folder) / "model").read_bytes()
        return sha256(model + repr(asked).encode()).hexdigest()[:32]

    def _repr_html_(self) -> str:
        if not hasattr(self, "tables_"):
            return self.metadata._repr_html_() + "<p>not fitted yet: call fit(tables)</p>"
        rows = [(name, "\n".join(found)) for name, found in self.notes_.items()]
        return self.plan_._repr_html_() + html_table(("table", "what was learned"), rows)

    def _fitted(self) -> dict[str, FittedTable]:
        if not hasattr(self, "tables_"):
            raise DataError("the synthesizer is not fitted yet; call fit(tables) first")
        return self.tables_

    def __getstate__(self) -> dict[str, Any]:
        """Leave the real data behind, which only `sample` with `refine` looks at."""
        return {**self.__dict__, "_real": None}

    def _seed(self, seed: Seed) -> Seed:
        return integer_seed(self.seed, "draw") if seed is None else seed


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
