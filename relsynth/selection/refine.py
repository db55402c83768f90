"""The best part of a larger synthetic database: whole families, chosen by statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from relsynth.arguments import check_seed, check_size, number_fault
from relsynth.errors import CapacityError, DataError, Faults, did_you_mean
from relsynth.evaluate.binning import BINS
from relsynth.evaluate.database import prepare
from relsynth.frames import Output, check_output, tables_as
from relsynth.metadata import Metadata
from relsynth.metadata.plan import Plan
from relsynth.metadata.sources import metadata_of
from relsynth.schema import ForeignKey
from relsynth.seeding import Seed
from relsynth.selection.choosing import Choice, choose
from relsynth.selection.margins import Binned, Detail
from relsynth.selection.relinking import Relinker
from relsynth.selection.units import Family, families_of
from relsynth.storage import tables_of
from relsynth.typing import Integers, Source, Tables

TABLE = "table"


class Refined(dict[str, Any]):
    """The chosen tables by name, and how they were chosen.

    Attributes
    ----------
    choices : tuple of Choice
        One per family that there was something to choose from.
    relinked : dict of str to int
        Per foreign key, the rows that got another parent because theirs was not chosen.
    """

    choices: tuple[Choice, ...] = ()
    relinked: Mapping[str, int] = {}

    def __str__(self) -> str:
        lines = [str(choice) for choice in self.choices]
        lines += [f"{key}: {count:,} rows relinked" for key, count in self.relinked.items()]
        return "\n".join(lines)


def refine(
    pool: Source,
    real: Source,
    metadata: Metadata | str | Path | None = None,
    rows: Mapping[str, int] | int | None = None,
    *,
    holdout: Source | None = None,
    seed: Seed = 0,
    output: Output = "pandas",
    top_pairs: int | None = None,
    bins: int = BINS,
    swaps: int | None = None,
    trim: bool = True,
) -> Any:
    """Return the part of a pool whose joint statistics are nearest to the real data.

    Parameters
    ----------
    pool : mapping of str to frame, frame, str or Path
        A larger synthetic database of the schema, such as ``synth.sample(scale=5)``.
    real : mapping of str to frame, frame, str or Path
        The data the pool was learned from.
    metadata : Metadata, str or Path, optional
        Needed for a database; of a single table the columns are detected.
    rows : mapping of str to int, or int, optional
        Rows to choose of root tables, or of the single table; as many as the real ones have by
        default. All other tables hold what hangs below.
    holdout : mapping of str to frame, frame, str or Path, optional
        Real data that the pool was not learned from: the search ends when the selection
        comes no nearer to them.
    seed : int, SeedSequence or None, default 0
    output : {"pandas", "polars", "arrow"}
        Kind of frames to return.
    top_pairs : int, optional
        Pairs of columns of a table that count, those with the most mutual information; by
        default all, or 300 random ones of more.
    bins : int, default 10
        Of numbers and dates, and levels of categories, in pairs and triples of columns.
    swaps : int, optional
        Most rounds of exchanges, 0 for none; by default as many as pay, at most 20.
    trim : bool, default True
        Draw a quarter more units by weight and leave out those that fit worst, before any
        is exchanged.

    Returns
    -------
    Refined, or a frame for a single table without metadata
        A dict of tables with the columns, dtypes and keys of the pool, rows in its order
        and numbered from 0; and a report, which ``print`` shows. Of a single pandas table the
        rows, with the same report as dicts in ``attrs["refined"]``.

    Raises
    ------
    DataError
        Where data contradict the schema, or `rows` names something else than root tables.
    CapacityError
        Where the pool is too small.

    Notes
    -----
    The unit is a root row with all its descendants along the context keys of
    ``metadata.plan(real)``. What counts is how full the cells are of one, two and three
    columns of a table, of columns of parent and child, of the summaries of children, and of
    consecutive siblings. Where a classifier tells pool and real units apart (AUC above
    .55), its score is one more column. Units get weights by iterative proportional fitting,
    are drawn by them and exchanged singly while that lowers the mean total variation
    distance. The budget is a number of tries, so that the seed alone decides.

    Reference tables, and tables that are the same in pool and real data, stay whole.
    A child whose linked parent was not chosen gets a similar one that was, with the number
    of children per parent kept; ``relinked`` counts them.

    Memory is about 8 bytes for each of at most 100 million cells that the units fill.

    References
    ----------
    Deming and Stephan (1940), iterative proportional fitting; Rosenbaum and Rubin (1983),
    the propensity score balances all that it is made of.

    Examples
    --------
    >>> import numpy as np, pandas as pd, relsynth as rs
    >>> from relsynth.metadata import Column, Table
    >>> columns = {"a": Column("a", "categorical"), "b": Column("b", "categorical")}
    >>> metadata = rs.Metadata([Table("pairs", columns)])
    >>> real = {"pairs": pd.DataFrame({"a": ["x", "y"] * 50, "b": ["x", "y"] * 50})}
    >>> flips = np.random.default_rng(0).integers(2, size=(500, 2))
    >>> pool = {"pairs": pd.DataFrame(np.array(["x", "y"])[flips], columns=["a", "b"])}
    >>> better = rs.refine(pool, real, metadata)
    >>> pd.crosstab(better["pairs"]["a"], better["pairs"]["b"]).to_numpy().tolist()
    [[50, 0], [0, 50]]
    >>> alone = rs.refine(pool["pairs"], real["pairs"])
    >>> [stage["name"] for stage in alone.attrs["refined"][0]["stages"]]
    ['ipf', 'trim', 'refine']
    """
    check_output(output)
    detail = _detail(bins, top_pairs, swaps, trim)
    if metadata is None:
        options: dict[str, Any] = {"top_pairs": top_pairs, "bins": bins, "swaps": swaps}
        return _refine_table(pool, real, rows, holdout, seed, output, {**options, "trim": trim})
    if isinstance(rows, int):
        raise DataError("rows: with metadata, give rows by table, such as {'customers': 100}")
    metadata = metadata_of(metadata)
    check_size(1, rows)
    check_seed(seed)
    by_role = {"real": real, "pool": pool} | ({} if holdout is None else {"holdout": holdout})
    given = {
        name: metadata.check(
            tables_of(tables, metadata, name), orphans="error" if name == "pool" else "null"
        )
        for name, tables in by_role.items()
    }
    plan = metadata.plan(given["real"], keep=())
    kept = _kept(metadata, given["pool"], given["real"])
    contexts = _contexts(plan, kept)
    databases = prepare(metadata, given)
    binned = Binned(databases, detail)
    families = list(zip(*(families_of(side, contexts) for side in databases), strict=True))
    chosen: dict[str, list[Integers]] = {name: [] for name in metadata.tables}
    choices = []
    for sides, count in zip(families, _counts(rows, families, contexts, metadata), strict=True):
        choice, units = choose(binned, sides, contexts, count, seed, swaps=swaps, trimmed=trim)
        if choice is not None:
            choices.append(choice)
        for table, members in sides[1].rows(units).items():
            chosen[table].append(members)
    for table in kept:
        chosen[table].append(np.arange(len(given["pool"][table])))
    taken = {table: np.sort(np.concatenate(parts)) for table, parts in chosen.items()}
    linker = Relinker(given["pool"], databases[1], binned, metadata, taken, seed)
    tables, relinked = linker.run(plan)
    refined = Refined(tables_as(metadata.check(tables), output))
    refined.choices, refined.relinked = tuple(choices), relinked
    return refined


def _detail(bins: int, top_pairs: int | None, swaps: int | None, trim: bool) -> Detail:
    with Faults("refine", DataError) as faults:
        asked = (("bins", bins, 2), ("top_pairs", top_pairs, 1), ("swaps", swaps, 0))
        for name, number, least in asked:
            found = [] if number is None else number_fault(name, number, least=least, whole=True)
            for fault in found:
                faults.add(fault)
        if not isinstance(trim, (bool, np.bool_)):
            faults.add(f"trim must be True or False (got {trim!r})")
    return Detail(int(bins), top_pairs)


def _refine_table(
    pool: Any, real: Any, rows: Any, holdout: Any, seed: Seed, output: Output, options: Any
) -> Any:
    """Refine a single table by columns that are detected in the real one."""
    sides = {"pool": pool, "real": real} | ({} if holdout is None else {"holdout": holdout})
    with Faults("refine", DataError) as faults:
        for side, frame in sides.items():
            if not hasattr(frame, "columns"):
                faults.add(f"{side}: without metadata a single frame is needed (got {type(frame)})")
        if rows is not None and (isinstance(rows, bool) or not isinstance(rows, int)):
            faults.add(f"rows: a whole number is needed for a single table (got {rows!r})")
    names = list(real.columns)
    with Faults("refine", DataError) as faults:
        for side, frame in sides.items():
            absent = [name for name in names if name not in list(frame.columns)]
            unknown = [name for name in frame.columns if name not in names]
            if absent or unknown:
                faults.add(f"{side}: missing columns {absent}, columns not in real {unknown}")
        if not len(real):
            faults.add("real: has no rows")
    refined = refine(
        {TABLE: pool[names]},
        {TABLE: real},
        Metadata.detect({TABLE: real}),
        None if rows is None else {TABLE: rows},
        holdout=None if holdout is None else {TABLE: holdout[names]},
        seed=seed,
        output=output,
        **options,
    )
    table = refined[TABLE]
    if output == "pandas":
        table.attrs["refined"] = [asdict(choice) for choice in refined.choices]
    return table


def _kept(metadata: Metadata, pool: Tables, real: Tables) -> set[str]:
    """Return reference tables and those that were copied from the real data."""
    kept = {
        name
        for name, table in metadata.tables.items()
        if table.role == "reference" or (len(real[name]) and pool[name].equals(real[name]))
    }
    # a kept table cannot refer to one that is chosen from
    while True:
        loose = {
            key.child
            for key in metadata.foreign_keys
            if key.child in kept and key.parent not in kept
        }
        if not loose:
            return kept
        kept -= loose


def _contexts(plan: Plan, kept: set[str]) -> dict[str, ForeignKey | None]:
    return {
        step.table: None if step.context is None or step.context.parent in kept else step.context
        for step in plan.steps
        if step.table not in kept
    }


def _counts(
    rows: Mapping[str, int] | None,
    families: Sequence[Sequence[Family]],
    contexts: Mapping[str, ForeignKey | None],
    metadata: Metadata,
) -> list[int]:
    """Return how many units to choose per family, or raise all that is wrong with `rows`."""
    roots = {sides[0].root: sides for sides in families if not sides[0].parentless}
    asked = dict(rows or {})
    with Faults("rows", DataError) as faults:
        for name, count in asked.items():
            if name not in metadata.tables:
                faults.add(f"no table {name!r}; {did_you_mean(name, metadata.tables)}")
            elif name not in contexts:
                faults.add(f"{name}: kept whole, there is nothing to choose")
            elif name not in roots:
                faults.add(
                    f"{name}: comes with what it hangs below; give rows of {_top(name, contexts)!r}"
                )
            elif isinstance(count, bool) or count != int(count) or count < 0:
                faults.add(f"{name}: {count!r} is not a whole number from 0")
    share = {}
    with Faults("rows", CapacityError) as faults:
        for name, sides in roots.items():
            asked.setdefault(name, len(sides[0]))
            share[name] = asked[name] / max(len(sides[0]), 1)
            if asked[name] > len(sides[1]):
                faults.add(
                    f"{name}: {int(asked[name])} rows wanted but the pool has {len(sides[1])}; "
                    "draw a larger one, such as synth.sample(scale=5)"
                )
    counts = []
    for real, pool, *_ in families:
        if real.parentless:
            wanted = round(len(real) * share[_top(real.root, contexts)])
            counts.append(min(wanted, len(pool)))
        else:
            counts.append(int(asked[real.root]))
    return counts


def _top(table: str, contexts: Mapping[str, ForeignKey | None]) -> str:
    key = contexts[table]
    while key is not None:
        table = key.parent
        key = contexts[table]
    return table
