"""A small, diverse, referentially closed part of a real database."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from relsynth.arguments import check_seed, check_size
from relsynth.errors import CapacityError, DataError, Faults, did_you_mean
from relsynth.frames import Output, check_output, tables_as
from relsynth.metadata import Metadata
from relsynth.metadata.sources import metadata_of
from relsynth.seeding import Seed, integer_seed, stream
from relsynth.selection.closure import close, descending_keys, parent_rows
from relsynth.storage import tables_of
from relsynth.typing import Floats, Integers, Source, Tables
from relsynth.warehouse import parts_of

ROWS_PER_PARTITION = 4  # rows taken of one partition on average; with 8 partitions are half as many


def subset(
    tables: Source,
    metadata: Metadata | str | Path,
    rows: Mapping[str, int | float],
    *,
    seed: Seed = 0,
    output: Output = "pandas",
    roots: int | None = None,
    memory: str | None = None,
) -> dict[str, Any]:
    """Return a small part of a database that looks like the whole and is complete in itself.

    Rows of the tables named in `rows` are chosen so that they, and all that hangs below
    them, are distributed like the full database. Then all their descendants and all rows
    that any kept row refers to come along.

    Parameters
    ----------
    tables : mapping of str to frame, frame, str or Path
    metadata : Metadata, str or Path
    rows : mapping of str to int or float
        Rows to choose per table; a number below 1 is a share. A table may end up with more,
        because other rows refer to it. Tables that are not named hold what the chosen rows
        need.
    seed : int, SeedSequence or None, default 0
    output : {"pandas", "polars", "arrow"}
        Kind of frames to return.
    roots : int, optional
        For data larger than memory: choose among so many rows, drawn at random, of every table
        without a parent, with all their descendants and the parents these need. Shares are
        those of the whole. 50,000 for a pattern of file names or a connection of DuckDB, all
        rows otherwise.
    memory : str, optional
        What DuckDB may use then, such as ``"2GB"``.

    Returns
    -------
    dict of str to frame
        Real rows in their order, every table of the schema, numbered from 0.

    Raises
    ------
    DataError
        Where the data contradict the schema, an unknown table is named or a number makes no
        sense.
    CapacityError
        Where more rows are asked for than a table has, or than were read.

    Notes
    -----
    Each named table is partitioned by `HVRT` on its columns and the extension columns of
    the tables below, with numbers as normal scores; inside the partitions rows are chosen
    by kernel herding. Children follow along all keys but those that close a cycle or refer
    to their own table; parents follow along every key.

    Examples
    --------
    >>> import pandas as pd, relsynth as rs
    >>> shops = pd.DataFrame({"id": range(100), "size": [k % 7 for k in range(100)]})
    >>> sales = pd.DataFrame({"shop": [k % 100 for k in range(300)], "sum": range(300)})
    >>> schema = {
    ...     "tables": {
    ...         "shops": {
    ...             "columns": {"id": {"sdtype": "id"}, "size": {"sdtype": "numerical"}},
    ...             "primary_key": "id",
    ...         },
    ...         "sales": {"columns": {"shop": {"sdtype": "id"}, "sum": {"sdtype": "numerical"}}},
    ...     },
    ...     "relationships": [{
    ...         "parent_table_name": "shops", "parent_primary_key": "id",
    ...         "child_table_name": "sales", "child_foreign_key": "shop",
    ...     }],
    ...     "METADATA_SPEC_VERSION": "V1",
    ... }
    >>> metadata = rs.Metadata.from_dict(schema)
    >>> small = rs.subset({"shops": shops, "sales": sales}, metadata, {"shops": 10})
    >>> len(small["shops"]), len(small["sales"])
    (10, 30)
    """
    check_output(output)
    metadata = metadata_of(metadata)
    check_size(1, rows)
    check_seed(seed)
    part = parts_of({"real": tables}, metadata, roots, memory, seed).get("real")
    given = tables_of(tables, metadata) if part is None else part.tables
    if part is not None:
        with Faults("data", DataError) as faults:
            for broken in part.broken:
                faults.add(str(broken))
    sizes = {name: len(frame) for name, frame in given.items()} if part is None else part.sizes
    counts = _counts(given, metadata, rows, sizes)
    checked = metadata.check(given)
    links = parent_rows(checked, metadata)
    chosen = {
        name: choose_rows(checked, metadata, links, name, count, seed)
        for name, count in counts.items()
    }
    kept = close(checked, metadata, links, chosen)
    small = {name: checked[name].iloc[at].reset_index(drop=True) for name, at in kept.items()}
    return tables_as(small, output)


def choose_rows(
    tables: Tables,
    metadata: Metadata,
    links: Mapping[str, Integers],
    table: str,
    count: int,
    seed: Seed,
) -> Integers:
    """Return the numbers of rows that stand for a table and all below it.

    Parameters
    ----------
    links : mapping of str to ndarray of int
        From `parent_rows`.
    count : int
        At most the rows of the table.
    """
    from relsynth.selection.features import row_features

    available = len(tables[table])
    if count == available:
        return np.arange(available)
    features = row_features(tables, metadata, links, descending_keys(metadata), table)
    varying = features[:, features.std(axis=0) > 0]
    if varying.shape[1] == 0:
        return np.sort(stream(seed, "subset", table).permutation(available)[:count])
    return _select(varying, count, seed, table)


def _select(features: Floats, count: int, seed: Seed, table: str) -> Integers:
    from relsynth.hvrt import HVRT
    from relsynth.selection.herding import Herding

    partitions = int(np.clip(count // ROWS_PER_PARTITION, 2, 300))
    model = HVRT(
        n_partitions=partitions,
        min_samples_leaf=max(1, len(features) // (3 * partitions)),
        min_samples_per_partition=0,
        random_state=integer_seed(seed, "partition", table),
    ).fit(features)
    strategy = Herding(features, stream(seed, "herding", table))
    _, chosen = model.reduce(n=count, method=strategy, variance_weighted=False, return_indices=True)
    return np.asarray(chosen, dtype=np.int64)


def _counts(
    tables: Tables, metadata: Metadata, rows: Mapping[str, int | float], sizes: Mapping[str, int]
) -> dict[str, int]:
    """Return how many rows to choose per table, or raise all that is wrong with `rows`."""
    counts = {}
    with Faults("rows", DataError) as faults:
        if not rows:
            faults.add("name at least one table, such as rows={'customers': 200}")
        for name, asked in rows.items():
            if name not in metadata.tables:
                faults.add(f"no table {name!r}; {did_you_mean(name, metadata.tables)}")
            elif name not in tables:
                faults.add(f"the table {name!r} is missing in the data")
            elif not asked > 0 or (asked >= 1 and asked != int(asked)):
                faults.add(f"{name}: {asked} is neither a share below 1 nor a whole number above 0")
            else:
                share = max(1, round(asked * sizes[name]))
                counts[name] = share if asked < 1 else int(asked)
    with Faults("rows", CapacityError) as faults:
        for name, count in counts.items():
            read = len(tables[name])
            if count > sizes[name]:
                faults.add(f"{name}: {count} rows asked for but there are {sizes[name]}")
            elif count > read:
                faults.add(f"{name}: {count} rows asked for but {read} were read; raise roots")
    return counts
