"""Tables learned side by side: what each tells those after it, and when these have to wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Self

from relsynth.columns.matrix import Matrix
from relsynth.metadata import TablePlan
from relsynth.relational.children.parent_values import ParentValues
from relsynth.relational.fitting.database import Database, prefixed
from relsynth.relational.fitting.fitted import FittedTable


@dataclass(frozen=True, slots=True)
class Results:
    """What one table tells those after it, each as soon as it is known.

    Attributes
    ----------
    summaries : dict of (str, str) to Future of Matrix or None
        Of its rows for those of a parent, by the parent and what stands before the names.
    """

    parent_values: Future[ParentValues | None]
    summaries: dict[tuple[str, str], Future[Matrix | None]]
    fitted: Future[FittedTable]

    @classmethod
    def expected(cls, step: TablePlan) -> Self:
        """Return what a table is going to tell."""
        context = () if step.context is None else ((step.context.parent, step.table),)
        parents = (*context, *((key.parent, key.name) for key in step.linked))
        return cls(Future(), {parent: Future() for parent in parents}, Future())

    def complete(self, learn: Callable[[], FittedTable]) -> FittedTable:
        """Learn the table; then nobody waits for what it did not tell, or all fail with it."""
        early: tuple[Future[Any], ...] = (self.parent_values, *self.summaries.values())
        try:
            fitted = learn()
        except BaseException as error:
            for future in (*early, self.fitted):
                if not future.done():
                    future.set_exception(error)
            raise
        for future in early:
            if not future.done():
                future.set_result(None)
        self.fitted.set_result(fitted)
        return fitted


@dataclass(slots=True)
class KnownTables(Database):
    """The real database as one table is learned from it: what those before it in the plan tell.

    Attributes
    ----------
    results : mapping of str to Results
        Of the tables before it and its own, in the order of the plan.

    Notes
    -----
    Whatever is asked for of a table before is waited for, so that every table is learned from
    the same, whichever are learned at the same time. A table waits only for tables before it:
    begun in the order of the plan, they never wait for each other in a circle.
    """

    table: str = ""
    results: Mapping[str, Results] = field(default_factory=dict)

    @classmethod
    def of(cls, table: str, database: Database, results: Mapping[str, Results]) -> Self:
        """Return a database as a table is learned from it, whatever else is learned."""
        names = list(results)
        known = {name: results[name] for name in names[: names.index(table) + 1]}
        made = cls(database.plan, database.own, database.links, moments=database.moments)
        made.table, made.results = table, known
        return made

    def before(self, table: str) -> FittedTable | None:
        """Return a table that was learned before, ``None`` for others."""
        is_before = table in self.results and table != self.table
        return self.results[table].fitted.result() if is_before else None

    def parent_values_of(self, table: str) -> ParentValues | None:
        """Return what is noted, waiting for tables before."""
        if table not in self.results:
            return None
        found: ParentValues | None = self._finished(table, self.results[table].parent_values)
        return found

    def summaries_of(self, table: str) -> list[Matrix]:
        """Return the summaries of children so far, waiting for tables before."""
        early = (
            self._finished(child, future)
            for child, results in self.results.items()
            for (parent, _), future in results.summaries.items()
            if parent == table
        )
        return [summary for summary in early if summary is not None]

    def note_parent_values(self, table: str, parent_values: ParentValues | None) -> None:
        """Tell later tables what values are private to families of the table."""
        self.results[table].parent_values.set_result(parent_values)

    def add_summary(self, parent: str, child: str, summary: Matrix) -> None:
        """Tell later tables the summary of the rows of the table."""
        future = self.results[self.table].summaries[parent, child]
        future.set_result(prefixed(summary, child))

    def _finished(self, table: str, future: Future[Any]) -> Any:
        """Return a result; of the table itself what it has so far."""
        return None if table == self.table and not future.done() else future.result()


def side_by_side(task: Callable[[str], Any], names: tuple[str, ...], workers: int) -> Iterator[Any]:
    """Do a task for every table, begun in order, by some threads; yield what they give in order.

    Notes
    -----
    Threads share the data, and most of the time is spent in compiled code that lets others run.
    """
    if workers == 1 or len(names) <= 1:
        return map(task, names)
    from joblib import Parallel, delayed

    threads = Parallel(
        n_jobs=workers, require="sharedmem", batch_size=1, pre_dispatch="all", return_as="generator"
    )
    found: Iterator[Any] = threads(delayed(task)(name) for name in names)
    return found
