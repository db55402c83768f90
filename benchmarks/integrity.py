"""Synthesize every database of a folder and count faults on the written text.

The check reads the written CSV files and the original ones as text with pandas and knows
nothing of the library's own checks. Counted per database:

    keys       duplicate or null values of a primary key
    orphans    references without a target
    nulls      empty cells in columns that have none in the real data
    pairs      duplicate pairs of foreign keys that never repeat in the real data
    form       cells in a form that no real cell of the column has (text for a number,
               digits after the point, date format), and columns missing or out of order
    rows       tables without rows although the real one has some

    RELSYNTH_DATA=/data python benchmarks/integrity.py [DATABASE ...]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from itertools import combinations
from pathlib import Path

import pandas as pd

NUMBER = r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
MOST_FORMS, ROWS_A_FORM = 20, 10
SURE = 3.0
FAULTS = ("keys", "orphans", "nulls", "pairs", "form", "rows")


def main() -> int:
    arguments = _arguments()
    names = arguments.databases or sorted(
        folder.parent.name for folder in arguments.data.glob("*/metadata.json")
    )
    rows = []
    for name in names:
        rows.append(examined(arguments.data / name, arguments.work / name))
        print(pd.DataFrame(rows[-1:]).to_string(index=False, header=len(rows) == 1), flush=True)
    faults = sum(int(row[kind]) for row in rows for kind in FAULTS)
    failed = [str(row["database"]) for row in rows if row["failed"]]
    print(f"\n{len(rows)} databases, {faults} faults" + (f", failed: {failed}" if failed else ""))
    return 1 if faults or failed else 0


def examined(source: Path, out: Path) -> dict[str, object]:
    """Synthesize one database in a process of its own and count the faults of what it wrote."""
    start = time.perf_counter()
    run = subprocess.run(
        [sys.executable, __file__, "--one", source, out], capture_output=True, text=True
    )
    seconds = time.perf_counter() - start
    row: dict[str, object] = {"database": source.name, "seconds": round(seconds, 1)}
    if run.returncode:
        print(f"  {source.name}: {run.stderr.strip().splitlines()[-1]}", file=sys.stderr)
        return row | {"peak_mb": 0, **dict.fromkeys(FAULTS, 0), "failed": True}
    peak = round(int(run.stdout.split()[-1]) / 1024)
    return row | {"peak_mb": peak, **count_faults(source, out), "failed": False}


def synthesize(source: Path, out: Path) -> None:
    """Read, fit, sample and write one database; print the peak memory in KB.

    Linux hands the peak of the parent process down to `getrusage` but not to ``VmHWM``.
    """
    import relsynth as rs

    metadata = rs.Metadata.load(source / "metadata.json")
    synthesizer = rs.RelationalSynthesizer(metadata, seed=0).fit(rs.read_tables(source, metadata))
    rs.write_tables(synthesizer.sample(scale=1.0), out, metadata=metadata)
    status = Path("/proc/self/status")
    if status.exists():
        print(status.read_text().split("VmHWM:")[1].split()[0])
    else:
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def count_faults(source: Path, out: Path) -> dict[str, int]:
    """Return the number of faults of each kind, with a line on standard error for each find."""
    document = json.loads((source / "metadata.json").read_text())
    real = {name: _text(source / f"{name}.csv.gz") for name in document["tables"]}
    fake = {name: _text(out / f"{name}.csv") for name in document["tables"]}
    keys = [_key(relation) for relation in document["relationships"]]
    found = dict.fromkeys(FAULTS, 0)

    def add(kind: str, count: int, where: str) -> None:
        found[kind] += int(count)
        if count:
            print(f"  {source.name}: {kind}: {where}: {count}", file=sys.stderr)

    for name, table in document["tables"].items():
        primary = _listed(table.get("primary_key"))
        if list(real[name].columns) != list(fake[name].columns):
            add("form", 1, f"{name}: columns {list(fake[name].columns)}")
            continue
        add("rows", len(real[name]) > 0 and len(fake[name]) == 0, name)
        if primary:
            add("keys", fake[name].duplicated(primary).sum(), f"{name} duplicate")
            add("keys", (fake[name][primary] == "").any(axis=1).sum(), f"{name} null")
        for column in real[name]:
            where = f"{name}.{column}"
            if not (real[name][column] == "").any():
                add("nulls", (fake[name][column] == "").sum(), where)
            add("form", strange_forms(real[name][column], fake[name][column]), where)
    for child, columns, parent, targets in keys:
        add("orphans", orphans(fake[child], columns, fake[parent], targets), f"{child}.{columns}")
    for child, pair in unique_pairs(real, keys):
        add("pairs", fake[child].duplicated(pair).sum(), f"{child}.{pair}")
    return found


def orphans(
    child: pd.DataFrame, columns: list[str], parent: pd.DataFrame, targets: list[str]
) -> int:
    """Return how many complete references have no target."""
    given = child.loc[(child[columns] != "").all(axis=1), columns]
    exists = pd.MultiIndex.from_frame(parent[targets])
    return int((~pd.MultiIndex.from_frame(given).isin(exists)).sum())


def unique_pairs(
    real: dict[str, pd.DataFrame], keys: list[tuple[str, list[str], str, list[str]]]
) -> list[tuple[str, list[str]]]:
    """Return the pairs of foreign keys of a table that never repeat, and not by chance.

    Keys drawn independently would repeat a pair at least ``SURE`` times.
    """
    found = []
    for child in real:
        own = [columns for name, columns, _, _ in keys if name == child]
        for first, second in combinations(own, 2):
            pair = list(dict.fromkeys(first + second))
            rows = real[child].loc[(real[child][pair] != "").all(axis=1), pair]
            all_pairs = max(len(rows) * (len(rows) - 1) / 2, 1)
            chance = same_pairs(rows, first) * same_pairs(rows, second) / all_pairs
            if chance >= SURE and not rows.duplicated().any():
                found.append((child, pair))
    return found


def same_pairs(rows: pd.DataFrame, columns: list[str]) -> float:
    """Return how many pairs of rows agree in some columns."""
    sizes = rows.groupby(columns).size()
    return float((sizes * (sizes - 1) / 2).sum())


def strange_forms(real: pd.Series, fake: pd.Series) -> int:
    """Return how many cells have a form that is not found in the real column.

    A number has at most the digits after the point that a real one has, and exactly these
    where real ones are padded with zeros. Of other text that has digits in it, such as a
    date, the form is the text with ``9`` for every digit, ``A`` and ``a`` for every letter,
    where there are at most ``MOST_FORMS``, each for ``ROWS_A_FORM`` rows; free text has none.
    """
    real, fake = real[real != ""], fake[fake != ""]
    if not len(real) or not len(fake):
        return 0
    if real.str.fullmatch(NUMBER).all():
        seen, digits = real.str.partition(".")[2], fake.str.partition(".")[2].str.len()
        padded = seen.str.len().nunique() == 1 and seen.str.endswith("0").any()
        wrong = digits.ne(seen.str.len().max()) if padded else digits.gt(seen.str.len().max())
        return int((~fake.str.fullmatch(NUMBER) | wrong).sum())
    forms = _forms(real)
    few = min(MOST_FORMS, len(forms) // ROWS_A_FORM)
    if forms.str.contains("9").mean() < 0.5 or forms.nunique() > few:
        return 0
    return int((~_forms(fake).isin(set(forms))).sum())


def _forms(text: pd.Series) -> pd.Series:
    digits = text.str.replace(r"\d", "9", regex=True)
    return digits.str.replace("[A-Z]", "A", regex=True).str.replace("[a-z]", "a", regex=True)


def _text(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def _key(relation: dict[str, object]) -> tuple[str, list[str], str, list[str]]:
    return (
        str(relation["child_table_name"]),
        _listed(relation["child_foreign_key"]),
        str(relation["parent_table_name"]),
        _listed(relation["parent_primary_key"]),
    )


def _listed(names: object) -> list[str]:
    if names is None:
        return []
    return [names] if isinstance(names, str) else list(names)  # type: ignore[call-overload]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Synthesize databases and count faults.")
    parser.add_argument("databases", nargs="*", help="folder names; all by default")
    parser.add_argument("--data", type=Path, default=os.environ.get("RELSYNTH_DATA"))
    parser.add_argument("--work", type=Path, default=Path("build/integrity"))
    arguments = parser.parse_args()
    if arguments.data is None:
        parser.error("give --data or set RELSYNTH_DATA to the folder of databases")
    arguments.data = Path(arguments.data)
    return arguments


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        synthesize(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        sys.exit(main())
