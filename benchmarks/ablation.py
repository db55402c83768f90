"""Switch single mechanisms of the relational model off and see what each is worth.

    python benchmarks/ablation.py --data FOLDER --census
    python benchmarks/ablation.py california --data FOLDER --seeds 0,1 --without steady,returning

A folder holds one database each: a CSV per table and metadata.json. Half of the rows of the
largest root, with all that hangs below, are learned, the other half is unseen; folders with
``real/mem`` and ``real/non_mem`` are halved already. The figures are against the unseen half: how
well rows are told apart (mean over tables), how well parents are by all aggregates of their
children (mean over parents), and the least similarity of the numbers of children over all keys.
The census learns and draws once and prints which mechanisms find anything at all.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

import relsynth as rs
from relsynth.evaluate.measure import Limits
from relsynth.relational import fit
from relsynth.relational.children import inter_event as order
from relsynth.relational.children import row_model
from relsynth.relational.children import stepwise as lock_step
from relsynth.relational.children import summary_model as extension_model
from relsynth.relational.fitting import fit_rows, prepared
from relsynth.typing import Tables

CAP = 6_000  # rows of the root a half: more would only be slower
DETECTION = 4_000  # rows a side: three standard errors of an accuracy are .017 then

# Where each mechanism is looked for: the module, the name in it, and what finds nothing instead.
POINTS: dict[str, tuple[Any, str, Callable[..., Any]]] = {
    "steady": (
        row_model.Baseline,
        "find",
        lambda *a: row_model.Baseline({}, (), {}, ()),
    ),
    "trends": (row_model.Trends, "find", lambda *a: row_model.Trends(np.empty(0), {}, {})),
    "occasions": (
        row_model.DateEffects,
        "find",
        lambda *a: row_model.DateEffects(np.empty(0), (), np.empty((0, 0))),
    ),
    "near": (prepared.SequenceNumber, "find", lambda *a: None),
    "stored": (fit.StoredOrder, "find", lambda *a: None),
    "copies": (prepared, "find_copies", lambda *a: {}),
    "repeats": (prepared, "find_repeats", lambda *a: ()),
    "common": (prepared, "has_common", lambda *a: False),
    "diamond": (prepared, "find_diamond", lambda *a: None),
    "along": (fit._TableFit, "_along", lambda *a: (None, None)),
    "returning": (fit, "fit_returning", lambda *a, **k: None),
    "totals": (fit, "find_totals", lambda *a: ()),
    "observed": (fit, "observed_rules", lambda *a: ()),
    "large": (extension_model, "are_few_and_large", lambda *a: False),
    "drift": (fit_rows, "drifting_column", lambda *a, **k: None),
    "season": (order, "season_of", lambda *a: np.empty(0)),
    "anchor": (order, "uneven_part", lambda *a: None),
    "pace": (order, "_pace", lambda *a: 0.0),
    "align": (order.OrderColumn, "align", lambda self, values: values),
    "order": (fit.OrderColumn, "find", lambda *a: None),
    "turns": (lock_step, "stepwise", lambda model, rng: partial(model.sample, rng=rng)),
    "history": (
        row_model.HistoryLayout,
        "of",
        lambda *a: row_model.HistoryLayout.silent(),
    ),
}


@contextmanager
def replaced(names: list[str], note: Callable[[str], None] | None = None) -> Iterator[None]:
    """Switch mechanisms off, or note which of them find something."""
    with ExitStack() as stack:
        for name in names:
            owner, attribute, off = POINTS[name]
            instead = off if note is None else _noted(name, getattr(owner, attribute), off, note)
            if isinstance(owner, type) and name != "align":
                instead = staticmethod(instead)  # a bound class method is called as it was
            stack.enter_context(mock.patch.object(owner, attribute, instead))
        yield


def _noted(
    name: str, usual: Callable[..., Any], off: Callable[..., Any], note: Callable[[str], None]
) -> Callable[..., Any]:
    def look(*given: Any, **named: Any) -> Any:
        found = usual(*given, **named)
        if name in ("turns", "history"):
            note(name)
        elif name == "align":
            if not np.array_equal(found, given[1]):
                note(name)
        elif not _is_nothing(found, off(*given, **named)):
            note(name)
        return found

    return look


def _is_nothing(found: Any, nothing: Any) -> bool:
    if isinstance(found, row_model.Trends):
        return not found.levels
    if isinstance(found, row_model.DateEffects):
        return not found.names
    if isinstance(found, np.ndarray):
        return not len(found)
    return bool(found == nothing or not found)


def halves(folder: Path, seed: int) -> tuple[rs.Metadata, Tables, Tables]:
    """Return the schema, what is learned and what is unseen."""
    metadata = rs.Metadata.load(folder / "metadata.json")
    if (folder / "real" / "mem").is_dir():
        parts = (folder / "real" / name for name in ("mem", "non_mem"))
        learned, unseen = (rs.read_tables(part, metadata) for part in parts)
        return metadata, learned, unseen
    tables = dict(rs.read_tables(folder, metadata))
    roots = [name for name in tables if not metadata.parents_of(name)]
    root = max(roots or list(tables), key=lambda name: len(tables[name]))
    rows = np.random.default_rng(seed).permutation(len(tables[root]))[: 2 * CAP]
    half = len(rows) // 2
    first, second = (
        _below(metadata, tables, root, np.sort(some)) for some in (rows[:half], rows[half:])
    )
    return metadata, first, second


def _below(metadata: rs.Metadata, tables: Tables, root: str, rows: Any) -> Tables:
    """Return some rows of a table, what hangs below them, and other tables whole."""
    part = {**tables, root: tables[root].iloc[rows]}
    for name in metadata.plan().order:
        for key in metadata.parents_of(name):
            if name in (root, key.parent):
                continue
            child, columns = part[name], list(key.columns)
            parents = part[key.parent][list(key.parent_columns)].set_axis(columns, axis=1)
            there = child[columns].apply(tuple, axis=1).isin(set(parents.apply(tuple, axis=1)))
            part[name] = child[there | child[columns].isna().any(axis=1)]
    return {name: frame.reset_index(drop=True) for name, frame in part.items()}


def figures(metadata: rs.Metadata, unseen: Tables, made: Tables, seed: int) -> list[float]:
    """Return what is measured; ``NaN`` where there is nothing to measure."""
    report = rs.evaluate(
        unseen,
        made,
        metadata,
        measures=("cardinality", "c2st", "dda"),
        seed=seed,
        baselines=False,
        limits=Limits(detection_rows=DETECTION),
    )
    found = report.scores["summary"]
    names = ("c2st", "dda_full", "cardinality_min")
    lines = (found.get(name, {}).get("score") for name in names)
    return [np.nan if line is None else float(line) for line in lines]


def drawn(metadata: rs.Metadata, learned: Tables, seed: int) -> Tables:
    return rs.RelationalSynthesizer(metadata, seed=seed).fit(learned).sample()


def census(folder: Path) -> None:
    metadata, learned, _ = halves(folder, 0)
    found: dict[str, int] = dict.fromkeys(POINTS, 0)

    def note(name: str) -> None:
        found[name] += 1

    with replaced(list(POINTS), note):
        drawn(metadata, learned, 0)
    fired = (f"{name} {times}" for name, times in found.items() if times)
    print(f"{folder.name}: {', '.join(fired)}", flush=True)


def ablate(folder: Path, seeds: list[int], names: list[str]) -> None:
    shown: dict[str, list[list[float]]] = {name: [] for name in ["", *names]}
    for seed in seeds:
        metadata, learned, unseen = halves(folder, seed)
        for name, lines in shown.items():
            start = time.process_time()
            with replaced([name] if name else []):
                made = drawn(metadata, learned, seed)
            seconds = time.process_time() - start
            lines.append([*figures(metadata, unseen, made, seed), seconds])
    usual = np.array(shown[""])
    print(f"{folder.name}: {_shown(usual.mean(0))} as it is", flush=True)
    for name in names:
        change = np.array(shown[name]) - usual
        error = change.std(0, ddof=1) / np.sqrt(len(seeds)) if len(seeds) > 1 else change[0] * 0
        print(f"    without {name}: {_shown(change.mean(0))} (error {_shown(error)})", flush=True)


def _shown(line: np.ndarray[Any, Any]) -> str:
    c2st, dda, least, seconds = line
    return (
        f"c2st {c2st:+.3f}, dda full {dda:+.3f}, least cardinality {least:+.3f}, {seconds:+.1f} s"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Switch mechanisms off, one at a time.")
    parser.add_argument("databases", nargs="*", help="folder names; all by default")
    parser.add_argument("--data", type=Path, default=os.environ.get("RELSYNTH_DATA"))
    parser.add_argument("--seeds", default="0,1")
    parser.add_argument("--without", default=",".join(POINTS), help=", ".join(POINTS))
    parser.add_argument("--census", action="store_true")
    arguments = parser.parse_args()
    if arguments.data is None:
        parser.error("give --data or set RELSYNTH_DATA to the folder of databases")
    folders = sorted(path.parent for path in Path(arguments.data).glob("*/metadata.json"))
    for folder in folders:
        if arguments.databases and folder.name not in arguments.databases:
            continue
        if arguments.census:
            census(folder)
        else:
            seeds = [int(seed) for seed in arguments.seeds.split(",")]
            ablate(folder, seeds, arguments.without.split(","))


if __name__ == "__main__":
    main()
