"""Real and synthetic rows of every table, mixed, for a person to tell apart by their look.

    python benchmarks/mixed_rows.py FOLDER... --output docs/look.md [--rows 20] [--seed 0]

FOLDER holds the tables of one database, with or without a schema. Half of the rows of each table
are real ones, half synthetic, in random order; tables that are kept as they are, and those of
fewer rows than a half, are named and left out. The key stands at the end of the page, one letter
a row in the order of the page. Real rows are copied into the page: use data that anybody may see.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

import relsynth as rs

LONGEST = 34  # characters shown of a value: a row must fit on a screen


def shown(value: object) -> str:
    """Return a value as a cell of a Markdown table."""
    text = "" if pd.isna(value) else str(value)
    text = text.removesuffix(" 00:00:00")
    text = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    return text.replace("|", "\\|").replace("\n", " ")


def mixed(
    real: pd.DataFrame, made: pd.DataFrame, rows: int, rng: np.random.Generator
) -> tuple[list[str], str]:
    """Return the lines of a Markdown table and its key: ``r`` for a real row, ``s`` otherwise."""
    half = rows // 2
    parts = [part.iloc[rng.permutation(len(part))[:half]].astype(object) for part in (real, made)]
    order = rng.permutation(2 * half)
    both = pd.concat([part[list(real.columns)] for part in parts], ignore_index=True).iloc[order]
    lines = [f"| {' | '.join(map(str, real.columns))} |", "|---" * real.shape[1] + "|"]
    lines += [f"| {' | '.join(map(shown, row))} |" for row in both.itertuples(index=False)]
    return lines, "".join("r" if at < half else "s" for at in order.tolist())


def sheet(folder: Path, rows: int, seed: int) -> tuple[list[str], list[str]]:
    """Return the page of one database and its key."""
    tables = rs.read_tables(folder)
    files = [folder / name for name in ("schema.json", "metadata.json")]
    schema = next((path for path in files if path.is_file()), None)
    metadata = rs.Metadata.detect(tables) if schema is None else rs.Metadata.load(schema)
    synth = rs.RelationalSynthesizer(metadata, seed=seed).fit(tables)
    made, rng = synth.sample(), np.random.default_rng(seed)
    page, key = [f"## {folder.name}"], []
    kept = [step.table for step in synth.plan_.steps if step.kept]
    small = [name for name in made if name not in kept and len(tables[name]) < rows // 2]
    for names, why in ((kept, "Kept as they are"), (small, "Too small to be mixed")):
        if names:
            page += ["", f"{why}: {', '.join(names)}."]
    for name in made:
        if name not in (*kept, *small):
            lines, letters = mixed(tables[name], made[name], rows, rng)
            page += ["", f"### {folder.name}.{name}", "", *lines]
            key.append(f"{folder.name}.{name} {letters}")
    return page, key


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    pages, keys = [], []
    for folder in options.folders:
        page, key = sheet(folder, options.rows, options.seed)
        pages += [*page, ""]
        keys += key
    title = ["# Real and synthetic rows, mixed", ""]
    text = [*title, *pages, "## Key", "", "```text", *keys, "```", ""]
    options.output.write_text("\n".join(text), "utf-8")


if __name__ == "__main__":
    main()
