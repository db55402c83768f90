"""Switch single mechanisms of the relational model off and see what each is worth.

    python benchmarks/ablation.py --data FOLDER --seeds 0,1 --out LINES.jsonl
    python benchmarks/ablation.py california --data FOLDER --without "baseline,totals" --out L.jsonl
    python benchmarks/ablation.py --table LINES.jsonl

A folder holds one database each: a CSV per table and metadata.json. Half of the rows of the
largest root, with all that hangs below, are learned, the other half is unseen; folders with
``real/mem`` and ``real/non_mem`` are halved already, and roots of a few rows are compared with
what was learned. A mechanism is switched off only where it
finds something, seen in a run with everything on. Every run is a line of JSON, written at once;
runs that are in the file already are not repeated. All figures are against the unseen half: how
well rows are told apart (mean over tables), how well parents are by all aggregates of their
children (mean over parents), and the similarity of numbers of children, of columns, of pairs of
columns of a table and of a parent and its children.
"""

from __future__ import annotations

import argparse
import json
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
from relsynth.columns.matrix import Matrix
from relsynth.evaluate.measure import Limits
from relsynth.models import target
from relsynth.relational import fit
from relsynth.relational.children import inter_event, row_model, stepwise, summary, summary_model
from relsynth.relational.children.history import HistoryLayout
from relsynth.relational.fitting import fit_children, fit_links, fit_rows, fit_unique, prepared
from relsynth.relational.rules import find
from relsynth.typing import Tables

CAP = 6_000  # rows of the root a half: more would only be slower
WHOLE = 20  # rows of a root that is not halved: halves of three stations are no two samples
DETECTION = 4_000  # rows a side: three standard errors of an accuracy are .017 then

# Where each mechanism is looked for: the module, the name in it, and what finds nothing instead.
POINTS: dict[str, tuple[Any, str, Callable[..., Any]]] = {
    "time trend": (row_model.Trends, "find", lambda *a, **k: row_model.Trends(np.empty(0), {}, {})),
    "date effects": (
        row_model.DateEffects,
        "find",
        lambda *a, **k: row_model.DateEffects(np.empty(0), (), np.empty((0, 0))),
    ),
    "alignment of dates": (inter_event.OrderColumn, "align", lambda self, values: values),
    "stored order": (fit_children.StoredOrder, "find", lambda *a, **k: None),
    "drift": (fit_rows, "drifting_column", lambda *a, **k: None),
    "repeated partners": (fit_links, "fit_repeated_partners", lambda *a, **k: None),
    "numbers of linked parents": (fit_links.LinkFit, "_along", lambda *a, **k: (None, None)),
    "sequence number": (prepared.SequenceNumber, "find", lambda *a, **k: None),
    "baseline": (
        row_model.Baseline,
        "find",
        lambda *a, **k: row_model.Baseline({}, (), {}, ()),
    ),
    "large parents": (summary_model, "are_few_and_large", lambda *a, **k: False),
    "common values": (prepared, "has_common", lambda *a, **k: False),
    "repeated values": (prepared, "find_repeats", lambda *a, **k: ()),
    "copies": (prepared, "find_copies", lambda *a, **k: {}),
    "totals": (fit, "find_totals", lambda *a, **k: ()),
    "diamonds": (prepared, "find_diamond", lambda *a, **k: None),
    "ranks": (fit, "find_ranks", lambda *a, **k: ()),
    "parents of siblings": (fit_links.LinkFit, "_with_sibling", lambda *a, **k: None),
    "calendar anchor": (inter_event, "uneven_part", lambda *a, **k: None),
    "observed unique sets": (fit_unique, "observed_rules", lambda *a, **k: ()),
    "stratified draws": (stepwise, "stepwise", lambda model, rng: partial(model.sample, rng=rng)),
    "scales": (target, "scale_of", lambda column: column[:0]),
    "bursts": (inter_event, "_is_bursty", lambda *a, **k: False),
    "spans": (summary.ExtensionLayout, "has_own_span", lambda *a, **k: False),
    "monotone rules": (find, "find_monotone", lambda *a, **k: iter(())),
    "event time": (fit_children.OrderColumn, "find", lambda *a, **k: None),
    "running means": (row_model.HistoryLayout, "of", lambda *a, **k: previous_sibling(*a)),
}
METHODS = (  # of an object, not of its class
    "alignment of dates",
    "numbers of linked parents",
    "parents of siblings",
    "spans",
)
ALWAYS = ("running means", "stratified draws")  # used without a search: they have nothing to find

FIGURES = ("c2st", "dda_full", "cardinality", "shapes", "pairs", "hop1")
DECIDING = ("c2st", "dda_full")
LOWER = {"c2st", "dda_full"}  # shares told apart: .5 is ideal


def previous_sibling(columns: Matrix, *_: Any, **__: Any) -> HistoryLayout:
    """Return a history of the sibling before alone, which event times need."""
    names, nothing = tuple(f"before.{name}" for name in columns.names), np.empty(0, np.int64)
    return HistoryLayout(names, columns.kinds, nothing, nothing, nothing, np.empty(0))


@contextmanager
def replaced(names: list[str], note: Callable[[str], None] | None = None) -> Iterator[None]:
    """Switch mechanisms off, or note which of them find something."""
    with ExitStack() as stack:
        for name in names:
            owner, attribute, off = POINTS[name]
            instead = off if note is None else _noted(name, getattr(owner, attribute), off, note)
            if isinstance(owner, type) and name not in METHODS:
                instead = staticmethod(instead)  # a bound class method is called as it was
            stack.enter_context(mock.patch.object(owner, attribute, instead))
        yield


def _noted(
    name: str, usual: Callable[..., Any], off: Callable[..., Any], note: Callable[[str], None]
) -> Callable[..., Any]:
    def look(*given: Any, **named: Any) -> Any:
        found = usual(*given, **named)
        found = tuple(found) if isinstance(found, Iterator) else found
        if name in ALWAYS:
            note(name)
        elif name == "alignment of dates":
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
    if len(tables[root]) < WHOLE:
        return metadata, tables, tables
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


def figures(metadata: rs.Metadata, unseen: Tables, made: Tables, seed: int) -> dict[str, float]:
    """Return what can be measured, by name."""
    report = rs.evaluate(
        unseen,
        made,
        metadata,
        measures=("cardinality", "c2st", "dda", "shapes", "pairs", "trends"),
        seed=seed,
        baselines=False,
        limits=Limits(detection_rows=DETECTION),
    )
    found = report.scores["summary"]
    shown = {name: found.get(name, {}).get("score") for name in FIGURES}
    return {name: float(score) for name, score in shown.items() if score is not None}


def run(folder: Path, seed: int, name: str, firing: Callable[[str], None]) -> dict[str, Any]:
    """Learn, draw and measure once, without one mechanism or (for no name) with all."""
    metadata, learned, unseen = halves(folder, seed)
    start = time.process_time()
    with replaced([name]) if name else replaced(list(POINTS), firing):
        made = rs.RelationalSynthesizer(metadata, seed=seed).fit(learned).sample()
    seconds = round(time.process_time() - start, 1)
    shown = figures(metadata, unseen, made, seed)
    return {"database": folder.name, "seed": seed, "without": name, "seconds": seconds, **shown}


def ablate(folder: Path, seed: int, names: list[str], out: Path) -> None:
    """Run what is missing in the file of lines."""
    lines = read(out)
    done = {(line["database"], line["seed"], line["without"]): line for line in lines}
    usual = done.get((folder.name, seed, ""))
    if usual is None:
        found: dict[str, int] = dict.fromkeys(POINTS, 0)

        def firing(name: str) -> None:
            found[name] += 1

        usual = run(folder, seed, "", firing)
        usual["found"] = {name: times for name, times in found.items() if times}
        append(out, usual)
    for name in names:
        if name in usual["found"] and (folder.name, seed, name) not in done:
            append(out, run(folder, seed, name, lambda name: None))


def read(out: Path) -> list[dict[str, Any]]:
    """Return the runs in a file of lines."""
    return [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []


def append(out: Path, line: dict[str, Any]) -> None:
    with out.open("a") as file:
        file.write(json.dumps(line) + "\n")


def table(lines: list[dict[str, Any]]) -> Iterator[str]:
    """Yield a Markdown table: what is worse without a mechanism, per database it works on."""
    yield "| mechanism | database | seeds | " + " | ".join(FIGURES) + " | pays |"
    yield "|---" * (len(FIGURES) + 4) + "|"
    usual = {(line["database"], line["seed"]): line for line in lines if not line["without"]}
    for name in POINTS:
        runs: dict[str, list[dict[str, Any]]] = {}
        for line in lines:
            if line["without"] == name:
                runs.setdefault(line["database"], []).append(line)
        if not runs:
            yield f"| {name} | none | | {' | ' * len(FIGURES)}|"
        for database, without in sorted(runs.items()):
            shown, pays = [], []
            for figure in FIGURES:
                gains = np.array(
                    [
                        (line[figure] - usual[database, line["seed"]][figure])
                        * (1 if figure in LOWER else -1)
                        for line in without
                        if figure in line
                    ]
                )
                if not len(gains):
                    shown.append("")
                    continue
                several = len(gains) > 1
                error = gains.std(ddof=1) / np.sqrt(len(gains)) if several else np.nan
                shown.append(f"{gains.mean():+.3f} ± {error:.3f}")
                if figure in DECIDING and gains.mean() > 2 * error:
                    pays.append(figure)
            cells = " | ".join([name, database, str(len(without)), *shown, ", ".join(pays)])
            yield f"| {cells} |"


def main() -> None:
    parser = argparse.ArgumentParser(description="Switch mechanisms off, one at a time.")
    parser.add_argument("databases", nargs="*", help="folder names; all by default")
    parser.add_argument("--data", type=Path, default=os.environ.get("RELSYNTH_DATA"))
    parser.add_argument("--seeds", default="0,1")
    parser.add_argument("--without", default=",".join(POINTS), help=", ".join(POINTS))
    parser.add_argument("--out", type=Path, default=Path("ablation.jsonl"))
    parser.add_argument("--table", type=Path, help="print the table of a file of lines")
    arguments = parser.parse_args()
    if arguments.table is not None:
        print("\n".join(table(read(arguments.table))))
        return
    if arguments.data is None:
        parser.error("give --data or set RELSYNTH_DATA to the folder of databases")
    folders = {path.parent.name: path.parent for path in arguments.data.glob("*/metadata.json")}
    for seed in (int(seed) for seed in arguments.seeds.split(",")):
        for name in arguments.databases or sorted(folders):
            ablate(folders[name], seed, arguments.without.split(","), arguments.out)


if __name__ == "__main__":
    main()
