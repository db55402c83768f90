"""Draw synthetic databases from what was learned: whole ones, parts in a stream, children."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from relsynth.arguments import check_by_table, check_seed, check_size
from relsynth.errors import DataError, Faults, did_you_mean
from relsynth.frames import Output, check_output, tables_as
from relsynth.metadata import Plan
from relsynth.relational.assemble import check_capacities
from relsynth.relational.finished import plan_below, sample_tables
from relsynth.relational.learned import LearnedDatabase
from relsynth.relational.partitions import ROWS_OF_A_PART
from relsynth.relational.refining import Refine, check_refine, refined_sample
from relsynth.relational.requests import Request, Where, read_request
from relsynth.relational.sources.folds import fold_conditions, fold_sizes, opened, shut
from relsynth.relational.streaming import Stream, check_work, write_stream
from relsynth.seeding import Seed
from relsynth.storage import check_formulas, tables_of
from relsynth.storage.plain import plain_tables
from relsynth.typing import Source


class Sampler(LearnedDatabase):
    """What draws from a plan and its fitted tables; `RelationalSynthesizer`."""

    progress: bool
    _real: Source | None

    def sample(
        self,
        scale: float = 1.0,
        *,
        rows: Mapping[str, int] | None = None,
        where: Where | None = None,
        seed: Seed = None,
        output: Output = "pandas",
        refine: Refine = "off",
        oversample: float = 5.0,
    ) -> dict[str, Any]:
        """Draw a synthetic database.

        Parameters
        ----------
        scale : float, default 1.0
            Size of the root tables relative to the real ones; children follow.
        rows : mapping of str to int, optional
            Exact numbers of rows of some tables.
        where : mapping of str to mapping, optional
            By table and column a value that all rows have, or a list of values of which any
            will do; ``None`` stands for a missing one. Everything else is drawn given that:
            what does not meet the conditions is drawn again, children follow from their
            parents, and of a child table, those parents have most rows that would have most
            such rows.
        seed : int, SeedSequence or None
            ``None`` takes the seed of the synthesizer.
        output : {"pandas", "polars", "arrow"}
            Kind of frames to return.
        refine : {"off", "fast", "best"}
            Draw a larger database and keep the part that is most like the real data, as
            `relsynth.refine` does: with two rounds of exchanges, or as many as pay.
        oversample : float, default 5
            How much larger it is.

        Returns
        -------
        dict of str to frame
            In the order of the metadata; with `refine` a `Refined`, which reports its stages.

        Raises
        ------
        CapacityError
            Where the rows asked for cannot exist, with the arithmetic, or (almost) no row
            drawn has the values asked for, with their share.
        DataError
            Listing every condition that cannot be met: on keys, on columns that follow from
            others, on values that are never emitted.

        Notes
        -----
        Linear in rows; a condition that one in n rows meets costs n draws of these rows.
        Rows that refer to a linked parent with conditions are those that would.

        Examples
        --------
        >>> import pandas as pd
        >>> import relsynth as rs
        >>> shops = pd.DataFrame({"id": range(60), "land": ["DE", "FR", "IT"] * 20})
        >>> metadata = rs.Metadata.detect({"shops": shops})
        >>> synth = rs.RelationalSynthesizer(metadata, model="cart").fit({"shops": shops})
        >>> fake = synth.sample(rows={"shops": 5}, where={"shops": {"land": ["DE", "IT"]}})
        >>> len(fake["shops"]), set(fake["shops"]["land"]) <= {"DE", "IT"}
        (5, True)
        """
        check_output(output)
        check_refine(refine, oversample, where)
        if refine != "off":
            check_size(scale, rows)
            return refined_sample(
                self.sample,
                self._real,
                self.metadata,
                self.plan_,
                {name: table.n_rows for name, table in self._fitted().items()},
                refine=refine,
                oversample=oversample,
                scale=scale,
                rows=rows,
                seed=seed,
                output=output,
            )
        with self._intact():
            request = self._request(scale, rows, where, seed)
            return tables_as(self._draw(self.plan_, request, {}, seed), output)

    def sample_to(
        self,
        target: str | Path,
        scale: float = 1.0,
        *,
        rows: Mapping[str, int] | None = None,
        where: Where | None = None,
        format: Literal["csv", "csv.gz", "parquet"] = "parquet",  # noqa: A002
        seed: Seed = None,
        workers: int | None = 1,
        rows_of_a_part: int = ROWS_OF_A_PART,
        resume: bool = False,
        escape_formulas: bool = False,
    ) -> dict[str, int]:
        """Draw a synthetic database of any size into a folder or another database.

        Parameters
        ----------
        target : str or Path
            A folder, or an SQLAlchemy URL such as ``"sqlite:///shop.db"``.
        scale, rows, where, seed
            As for `sample`; sizes and unique sets are those of the whole.
        format : {"csv", "csv.gz", "parquet"}
            Of the files in a folder: one CSV file a table, or ``TABLE.parquet``, a folder of files
            where there are several parts; `read_tables` reads both.
        workers : int or None
            Processes that draw parts side by side, through joblib; ``None`` leaves it, and the
            backend, to `joblib.parallel_config`. They do not change a byte.
        rows_of_a_part : int
            Of all tables together; memory grows with it.
        resume : bool, default False
            Keep finished parts in a hidden folder beside the target if the call is interrupted;
            the same call takes them up, by their digests, and gives the bytes that it would
            have given at once. For folders only.
        escape_formulas : bool, default False
            Put an apostrophe before text in CSV files that a spreadsheet would run.

        Returns
        -------
        dict of str to int
            Rows written by table.

        Raises
        ------
        CapacityError, DataError
            As for `sample`, before anything is drawn where the keys of the whole run out; also
            where a table of the database exists already, or the folder holds the same table
            in another format.

        Notes
        -----
        Every part has root rows, linked parents and a seed of its own, so that memory does not
        grow with the output; keys go on from part to part. A single part is what `sample`
        gives. Rows that are unique whatever their parents are, and rows counted below a kept
        table, need to know each other: with such a table there is one part. The output
        appears in one step or not at all.

        Examples
        --------
        >>> import pandas as pd
        >>> import relsynth as rs
        >>> shops = pd.DataFrame({"id": range(60), "land": ["DE", "FR", "IT"] * 20})
        >>> metadata = rs.Metadata.detect({"shops": shops})
        >>> synth = rs.RelationalSynthesizer(metadata, model="cart").fit({"shops": shops})
        >>> out = getfixture("tmp_path") / "out"
        >>> synth.sample_to(out, scale=10), len(rs.read_tables(out)["shops"])
        ({'shops': 600}, 600)
        """
        fitted = self._fitted()
        check_work(workers, rows_of_a_part)
        if escape_formulas:
            check_formulas(target, format)
        kept = None
        if resume:
            asked = (scale, rows, where, format, self._seed(seed), rows_of_a_part)
            kept = self._fingerprint(target, (*asked, escape_formulas))
        with self._intact():
            request = self._request(scale, rows, where, seed)
            stream = Stream.of(
                fitted,
                self._folded,
                self.plan_,
                request,
                self._seed(seed),
                rows_of_a_part,
                self.storage_,
                self.metadata,
                self.folds_,
            )
            return write_stream(
                stream,
                target,
                format,
                workers,
                lambda parts, number: iter(self._shown(parts, number, "part")),
                kept,
                escape_formulas=escape_formulas,
            )

    def sample_children(
        self, *, of: Source, scale: float = 1.0, seed: Seed = None, output: Output = "pandas"
    ) -> dict[str, Any]:
        """Draw what hangs below given rows.

        Parameters
        ----------
        of : mapping of str to frame
            Parent rows with their keys; they come back unchanged.
        scale : float, default 1.0
            Size of the other root tables that the children refer to.
        seed : int, SeedSequence or None
        output : {"pandas", "polars", "arrow"}
            Kind of frames to return.

        Returns
        -------
        dict of str to frame
            The given tables, their descendants, and the other tables these refer to or are
            joined to.
        """
        check_output(output)
        fitted = self._fitted()
        of = shut(self.folds_, plain_tables(tables_of(of, what="sample_children")))
        check_size(scale, None)
        check_seed(seed)
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
        with self._intact():
            plan = plan_below(self.plan_, self._folded, given)
            return tables_as(self._draw(plan, Request(scale, {}), given, seed), output)

    def _request(
        self, scale: float, rows: Mapping[str, int] | None, where: Where | None, seed: Seed
    ) -> Request:
        """Return a checked request."""
        check_size(scale, rows)
        check_by_table(where, "where", "{'customers': {'country': 'DE'}}")
        check_seed(seed)
        fitted = self._fitted()
        where = fold_conditions(self.folds_, where)
        real = {name: table.n_rows for name, table in fitted.items()}
        rows = fold_sizes(self.folds_, real, scale, rows, where or ())
        return read_request(fitted, self._folded, self.plan_, scale=scale, rows=rows, where=where)

    def _draw(
        self, plan: Plan, request: Request, given: Mapping[str, pd.DataFrame], seed: Seed
    ) -> dict[str, pd.DataFrame]:
        fitted = self._fitted()
        unchanged = {step.table for step in plan.steps if step.kept} | set(given)
        making = [fitted[step.table] for step in plan.steps if step.table not in unchanged]
        expected = {table.name: request.expected(table) for table in making}
        check_capacities({table.name: table for table in making}, expected, self._folded)
        seed = self._seed(seed)
        made = sample_tables(
            fitted,
            self._folded,
            plan,
            self.plan_,
            request,
            given=given,
            seed=seed,
            shown=lambda steps, number: self._shown(steps, number, "table"),
        )
        return self.storage_.restored(opened(self.folds_, made))

    def _shown(self, items: Iterable[Any], total: int, unit: str, what: str = "draw") -> Any:
        """Return items that show how far they are, where progress is to be shown."""
        if not self.progress:
            return items
        from tqdm.auto import tqdm

        return tqdm(items, total=total, desc=what, unit=unit)
