"""The synthesizer: fit a database, draw synthetic ones, keep the model in a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal, Self

from relsynth.arguments import check_by_table, check_count, check_seed, check_workers, names_given
from relsynth.columns.protection import SUBJECTS
from relsynth.columns.providers import check_providers
from relsynth.errors import DataError, did_you_mean
from relsynth.metadata import Metadata
from relsynth.metadata.codes import with_codes
from relsynth.metadata.references import parent_rows
from relsynth.metadata.sources import metadata_of
from relsynth.metadata.treatments import treated
from relsynth.models import TableModel
from relsynth.relational.aggregated import tables_of_statistics
from relsynth.relational.choosing import Choice, check_models, kinds_of_rules
from relsynth.relational.fit import fit_database
from relsynth.relational.fitting.protected import holders_of, protected_tables
from relsynth.relational.sampler import Sampler
from relsynth.relational.sibling_join.find import find_sibling_joins
from relsynth.relational.sources.folds import find_folds, shut
from relsynth.storage import tables_of
from relsynth.storage.plain import Storage
from relsynth.typing import Source
from relsynth.warehouse import ROOTS, extract, is_in_place, measure

_ORPHANS = ("error", "null")


class RelationalSynthesizer(Sampler):
    """Learn a relational database and draw synthetic ones.

    Parameters
    ----------
    metadata : Metadata, str or Path
        The schema, or a schema file, database URL or models by name.
    model : str or TableModel, default "auto"
        Table model for every table: ``"cart"``, ``"bagged_trees"``, ``"gaussian_copula"``,
        ``"hvrt"``, ``"sequence"``, an object with the methods of
        `relsynth.models.TableModel`, or ``"auto"``, which
        takes per table the one that is hardest to tell from held-out rows (``"cart"`` for
        tables of more than 2,000 rows, which are enough for trees).
    models : mapping of str to str or TableModel, optional
        Exceptions by table.
    subjects : "auto" or iterable of str
        Tables whose rows are the people or firms to be protected. ``"auto"`` takes those named
        after people or firms and those with personal columns; see `Metadata.subjects`.
    keep : "auto" or iterable of str
        Tables to keep as they are. ``"auto"`` takes reference tables: few rows, referred to by
        many, that belong to no subject and hold nothing personal; a list may hold it beside names.
        ``()`` keeps none but those of the role ``"reference"``.
    invent : iterable of str
        Tables that are invented, whatever speaks for keeping them.
    k : int, default 3
        A value, an extreme or a combination that fewer subjects have is not learned.
    seed : int, default 0
        Root of every random stream, in fitting and, unless given there, in sampling.
    orphans : {"error", "null"}
        What to do with references without a target in the real data.
    progress : bool, default False
        Show progress bars.
    relations : {"auto", "none"} or iterable of str
        Kinds of rules between columns, rows and tables to look for and to keep: all, none, or
        those named. ``"calendar"``: parts of one date are learned as one. In a row
        ``"limited"``, ``"conversion"``, ``"from dates"``, ``"dependency"``, ``"arithmetic"``,
        ``"sum"``, ``"bands"``, ``"difference"``, ``"order"``, ``"presence"``; beyond it
        ``"across"`` (order along a foreign key), ``"level"``, ``"conservation"``, ``"monotone"``,
        ``"running"``, ``"composed"`` (ids made of columns).

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

    _data: Source = None

    def __init__(
        self,
        metadata: Metadata | str | Path,
        *,
        model: str | TableModel = "auto",
        models: Mapping[str, str | TableModel] | None = None,
        subjects: str | Iterable[str] = "auto",
        keep: str | Iterable[str] = "auto",
        invent: Iterable[str] = (),
        k: int = SUBJECTS,
        seed: int = 0,
        orphans: Literal["error", "null"] = "error",
        progress: bool = False,
        relations: Literal["auto", "none"] | Iterable[str] = "auto",
    ) -> None:
        check_by_table(models, "models", "{'customers': 'cart'}")
        check_seed(seed)
        if orphans not in _ORPHANS:
            raise ValueError(f"orphans: {orphans!r} is unknown; {did_you_mean(orphans, _ORPHANS)}")
        whole = metadata_of(metadata)
        self.metadata = metadata = Metadata.from_schema(treated(whole))
        self._dropped = {
            name: [
                column for column in table.columns if column not in metadata.tables[name].columns
            ]
            for name, table in whole.tables.items()
        }
        check_providers(metadata.tables)
        self.model = model
        self.models = dict(models or {})
        self.subjects = subjects if subjects == "auto" else names_given(subjects, "subjects")
        self.keep = keep if keep == "auto" else names_given(keep, "keep")
        self.invent = names_given(invent, "invent")
        check_count(k, "k")
        if k < 1:
            raise ValueError(f"k: give a whole number from 1, not {k}")
        self.k = k
        self.seed = seed
        self.orphans: Literal["error", "null"] = orphans
        self.progress = progress
        self.relations = kinds_of_rules(relations)
        self._real: Source | None = None
        check_models(model, self.models, metadata)

    def fit(
        self,
        tables: Source,
        *,
        roots: int | None = None,
        memory: str | None = None,
        workers: int = 1,
    ) -> Self:
        """Learn the database.

        Parameters
        ----------
        tables : mapping of str to frame, frame, str or Path
            One frame per table of the metadata (pandas, polars, PyArrow, DuckDB and the like;
            not changed), or a folder or database to read. Where it is fitted in place also a
            pattern of file names (``"data/*.parquet"``) or a connection of DuckDB.
        roots : int, optional
            Fit where the data lie: read so many rows of every table without a parent, with all
            their descendants and the parents these need, and count everything else in SQL,
            in files through DuckDB, in PostgreSQL, MySQL and SQLite by themselves. Sizes are
            those of the whole. ``None`` reads everything, but 50,000 for a pattern or a
            connection.
        memory : str, optional
            What DuckDB may use, such as ``"2GB"``; it writes what is more to a temporary folder.
        workers : int, default 1
            Tables learned side by side, by threads of joblib; -1 for as many as there are cores.
            They do not change a byte. Each needs the matrices of one table, some 200 MB.

        Raises
        ------
        DataError
            Listing everything in which the data contradict the metadata.
        """
        check_workers(workers)
        self._data = None if isinstance(tables, Mapping) else tables
        if roots is None and not is_in_place(tables):
            if memory is not None:
                raise DataError("memory bounds what is fitted in place; give roots= as well")
            return self._fit(tables, workers=workers)
        taken = extract(
            tables,
            self.metadata,
            roots=ROOTS if roots is None else roots,
            memory=memory,
            seed=self.seed,
            orphans=self.orphans,
        )
        self._fit(taken.tables, whole=False, workers=workers)
        self._resize(taken.sizes)
        for note in taken.notes:
            name = note.partition(":")[0]
            table = self.tables_[name]
            self.tables_[name] = replace(table, reasons=(*table.reasons, note))
        return self

    def _resize(self, sizes: Mapping[str, int]) -> None:
        """Draw tables of these sizes by default, whatever was learned from."""
        self.plan_ = replace(self.plan_, rows={**self.plan_.rows, **sizes})
        self.tables_ = {
            name: replace(table, n_rows=sizes.get(name, table.n_rows))
            for name, table in self.tables_.items()
        }

    def _fit(self, tables: Source, *, whole: bool = True, workers: int = 1) -> Self:
        self._real = tables
        if any(self._dropped.values()):
            tables = {
                name: frame.drop(columns=self._dropped.get(name, []), errors="ignore")
                for name, frame in tables_of(tables, self.metadata).items()
            }
        given = self.metadata.check(tables, orphans=self.orphans)
        self.storage_ = Storage.of(given)
        checked = self.storage_.plain(given)
        kept = self.keep if isinstance(self.keep, tuple) else ()
        subjects = self.metadata.subjects if self.subjects == "auto" else self.subjects
        self.folds_ = find_folds(
            self.metadata, checked, kept, self.relations, subjects, whole=whole
        )
        checked = shut(self.folds_, checked)
        folded, codes = with_codes(self._folded, checked)
        added = [name for name in folded.tables if name not in self.metadata.tables]
        invent = (*self.invent, *added)
        plan = folded.plan(checked, keep=self.keep, subjects=self.subjects, invent=invent)
        links = parent_rows(folded.foreign_keys, checked)
        self.plan_ = find_sibling_joins(folded, plan, checked, links)
        choice = Choice(self.model, self.models, self.seed)
        holders = holders_of(folded, plan, checked, links, plan.subjects, self.k)
        learned, holders = protected_tables(folded, plan, checked, links, holders, self.seed)
        steps = fit_database(
            learned, folded, self.plan_, links, choice, self.seed, holders, self.relations, workers,
            originals=checked,
        )  # fmt: skip
        bar = self._shown(steps, len(self.plan_.steps), "table", "fit")
        self.tables_ = {
            table.name: replace(table, reasons=(*codes.get(table.name, ()), *table.reasons))
            for table in bar
        }
        return self

    def statistics(
        self, path: str | Path, data: Source = None, *, memory: str | None = None
    ) -> Metadata:
        """Write what a person may review instead of rows: a schema file with aggregates.

        Parameters
        ----------
        path : str or Path
            JSON file to write, replaced in one step.
        data : mapping of str to frame, frame, str or Path, optional
            What to aggregate where it lies; what `fit` was given, if that was a path, a URL or
            a connection.
        memory : str, optional
            What DuckDB may use.

        Returns
        -------
        Metadata
            With rows per table, shares of missing values and of levels, means of 40 equal cells
            of every number, first and last day of dates, and children per parent. Cells that
            fewer than `k` subjects have are left out or pooled; see `from_statistics`.
        """
        data = self._data if data is None else data
        if data is None:
            raise DataError("statistics: give the data; frames that were fitted are not kept")
        found = measure(data, self.metadata, k=self.k, subjects=self.subjects, memory=memory)
        found.save(path)
        return found

    @classmethod
    def from_statistics(
        cls,
        path: str | Path,
        *,
        model: str | TableModel = "cart",
        rows: int = 100_000,
        seed: int = 0,
    ) -> Self:
        """Make a plain model from a file of statistics alone, where rows never leave a database.

        Parameters
        ----------
        path : str or Path
            Written by `statistics`, or by hand.
        model : str or TableModel
        rows : int
            Of the largest table to make from the statistics and learn; sizes are those of the file.
        seed : int

        Notes
        -----
        Columns have their distributions and children per parent theirs; how columns depend on
        each other is not in the file.
        """
        metadata, sizes, tables = tables_of_statistics(path, rows, seed)
        made = cls(metadata, model=model, subjects=(), keep=(), seed=seed)._fit(tables)
        made._resize(sizes)
        return made
