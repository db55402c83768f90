"""A database larger than memory: drawn part by part, each written before the next is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from relsynth.arguments import check_count
from relsynth.errors import DataError, Faults
from relsynth.metadata import Metadata, Plan
from relsynth.relational.assemble import check_capacities
from relsynth.relational.finished import sample_tables
from relsynth.relational.fitting.fitted import FittedTable
from relsynth.relational.partitions import Layout, Partitioning
from relsynth.relational.requests import Request
from relsynth.relational.sources.folds import Fold, opened
from relsynth.seeding import Seed, spawn
from relsynth.storage.formulas import escaped_formulas
from relsynth.storage.plain import Storage

if TYPE_CHECKING:
    from relsynth.storage.parts import Details, Parts
    from relsynth.storage.remote import RemoteParts

Counts = dict[str, int]


@dataclass(frozen=True, slots=True)
class Stream:
    """Draws the parts of an output, in any order and process.

    Attributes
    ----------
    fitted : mapping of str to FittedTable
    metadata : Metadata
    plan : Plan
    layout : Layout
    seed : int or SeedSequence
    storage : Storage
        In what types the rows go out.
    shown : Metadata
        Of the tables as they go out.
    folds : tuple of Fold
        What is learned in another shape.
    """

    fitted: Mapping[str, FittedTable]
    metadata: Metadata
    plan: Plan
    layout: Layout
    seed: Seed
    storage: Storage
    shown: Metadata
    folds: tuple[Fold, ...] = ()

    @classmethod
    def of(
        cls,
        fitted: Mapping[str, FittedTable],
        metadata: Metadata,
        plan: Plan,
        request: Request,
        seed: Seed,
        rows_of_a_part: int,
        storage: Storage,
        shown: Metadata,
        folds: tuple[Fold, ...] = (),
    ) -> Stream:
        """Cut a request into parts.

        Raises
        ------
        CapacityError
            Where the whole needs more keys than there are, before anything is drawn.

        Notes
        -----
        Under conditions nobody knows how many children there will be. One part is drawn for
        that, and thrown away.
        """
        cut = Partitioning(fitted, metadata, plan, request, rows_of_a_part)
        stream = cls(fitted, metadata, plan, cut.layout(), seed, storage, shown, folds)
        if request.conditions and stream.layout.n_parts > 1:
            cut = replace(cut, ratios=stream.pilot_ratios(cut))
            stream = replace(stream, layout=cut.layout(stream.layout.n_parts))
        drawn = {step.table: fitted[step.table] for step in plan.steps if not step.kept}
        check_capacities(drawn, stream.layout.totals, metadata)
        return stream

    def part(self, number: int) -> dict[str, pd.DataFrame]:
        """Draw one part; kept tables are in the first one only."""
        layout, schema, plan = self.layout, self.metadata, self.plan
        if layout.n_parts == 1:
            whole = sample_tables(
                self.fitted, schema, plan, plan, layout.request, given={}, seed=self.seed
            )
            return self.storage.restored(opened(self.folds, whole))
        request, keys = layout.part(number, self.seed)
        seed, fitted = spawn(self.seed, "part", number), {}
        for name, table in self.fitted.items():
            encoding = table.encoding.in_slot(number, layout.n_parts)
            fitted[name] = replace(table, encoding=encoding)
        made = sample_tables(fitted, schema, plan, plan, request, given={}, seed=seed, keys=keys)
        kept = {step.table for step in plan.steps if step.kept} if number else set()
        shown = {name: table for name, table in made.items() if name not in kept}
        return self.storage.restored(opened(self.folds, shown))

    def pilot_ratios(self, cut: Partitioning) -> dict[str, float]:
        """Return how many rows of each table there are for one of the table it is cut by."""
        request, keys = self.layout.part(0, self.seed)
        made = sample_tables(
            self.fitted,
            self.metadata,
            self.plan,
            self.plan,
            replace(request, aims={}),
            given={},
            seed=spawn(self.seed, "pilot"),
            keys=keys,
        )
        sources = {step.table: cut.source(step) for step in self.plan.steps if not step.kept}
        return {
            name: len(made[name]) / max(len(made[source]), 1)
            for name, source in sources.items()
            if source is not None
        }

    def written(
        self, number: int, parts: Parts | RemoteParts, escape_formulas: bool
    ) -> tuple[Counts, Details]:
        """Draw one part and write it; return its rows by table and what `Parts.write` says."""
        made = self.part(number)
        if escape_formulas:
            made = escaped_formulas(made)
        rows, details = _rows_of(made), parts.write(number, made)
        parts.record(number, rows, details)
        return rows, details


def check_work(workers: int | None, rows_of_a_part: int) -> None:
    """Refuse to work with nobody or by nothing at a time."""
    if workers is not None:
        check_count(workers, "workers")
    check_count(rows_of_a_part, "rows_of_a_part")
    with Faults("sample_to", DataError) as faults:
        if workers == 0:
            faults.add("workers: 0 processes draw nothing; give 1 or more, or -1 for all cores")
        if rows_of_a_part < 1:
            faults.add(f"rows_of_a_part must be at least 1, not {rows_of_a_part!r}")


def write_stream(
    stream: Stream,
    target: str | Path,
    form: str,
    workers: int | None,
    shown: Callable[[Iterator[Any], int], Iterator[Any]],
    kept: str | None = None,
    *,
    escape_formulas: bool = False,
) -> Counts:
    """Draw all parts and write them to a folder or into a database.

    Parameters
    ----------
    stream : Stream
    target : str or Path
    form : str
        Of the files in a folder.
    workers : int or None
        Processes that draw parts.
    shown : callable
        Shows progress over an iterator of so many parts.
    kept : str, optional
        Tells this output from any other; finished parts of it are not drawn again.
    escape_formulas : bool, default False
        See `write_tables`.

    Returns
    -------
    dict of str to int
        Rows written by table.
    """
    from relsynth.storage.database import filling, is_database_target
    from relsynth.storage.parts import collecting
    from relsynth.storage.remote import is_remote, publishing

    total: Counts = dict.fromkeys(stream.shown.tables, 0)
    number = stream.layout.n_parts
    if is_database_target(target):
        with filling(target, stream.shown, stream.shown.tables) as add:
            for made in shown(_each(stream.part, range(number), (), workers), number):
                add(made)
                _count(total, _rows_of(made))
        return total
    if is_remote(target):
        with publishing(str(target), form, stream.shown.tables, kept) as remote:
            rows = _draw_into(remote, stream, workers, shown, escape_formulas)
            remote.publish(rows)
        return rows
    with collecting(Path(target), form, stream.shown.tables, kept) as parts:
        return _draw_into(parts, stream, workers, shown, escape_formulas)


def _draw_into(
    parts: Parts | RemoteParts,
    stream: Stream,
    workers: int | None,
    shown: Callable[[Iterator[Any], int], Iterator[Any]],
    escape_formulas: bool,
) -> Counts:
    """Draw the parts that are not finished yet; return the rows of all by table."""
    found: dict[int, tuple[Counts, Details]] = {}
    for at in range(stream.layout.n_parts if parts.recorded else 0):
        part = parts.finished(at)
        if part is not None:
            found[at] = part
    missing = [at for at in range(stream.layout.n_parts) if at not in found]
    drawn = _each(stream.written, missing, (parts, escape_formulas), workers)
    found |= dict(zip(missing, shown(drawn, len(missing)), strict=True))
    total: Counts = dict.fromkeys(stream.shown.tables, 0)
    for at, (counts, details) in sorted(found.items()):
        parts.written[at] = details
        _count(total, counts)
    return total


def _each(
    task: Callable[..., Any], numbers: Sequence[int], further: tuple[Any, ...], workers: int | None
) -> Iterator[Any]:
    """Do a task for every part, in order of the parts, by some processes."""
    if workers == 1 or len(numbers) <= 1:
        return (task(at, *further) for at in numbers)
    from joblib import Parallel, delayed
    from joblib.parallel import get_active_backend

    jobs = (delayed(task)(at, *further) for at in numbers)
    backend, _ = get_active_backend()
    if not backend.supports_return_generator:  # Ray returns all parts together
        return iter(Parallel(n_jobs=workers)(jobs))
    found: Iterator[Any] = Parallel(n_jobs=workers, return_as="generator")(jobs)
    return found


def _rows_of(tables: Mapping[str, pd.DataFrame]) -> Counts:
    return {name: len(table) for name, table in tables.items()}


def _count(total: Counts, more: Counts) -> None:
    for name, rows in more.items():
        total[name] += rows
