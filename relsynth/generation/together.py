"""Texts that go with others: the model of a car with its make, an ending with a type of file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from relsynth.generation.makers import Maker
from relsynth.schema import Table
from relsynth.schema.hints import hint_table, singular, words_of_name
from relsynth.typing import Array


def pairs_of(table: Table) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield a column, the one that goes with it, and how."""
    spelled = {" ".join(words_of_name(name)): name for name in table.columns}
    named = {singular(word) for word in words_of_name(table.name)}
    for said in hint_table()["together"]:
        if "tables" in said and not named & set(said["tables"]):
            continue
        for words, of in spelled.items():
            for word in said["of"]:
                if words == word or words.endswith(f" {word}"):
                    before = words.removesuffix(word)  # image_mime_type and image_filename
                    starts = [before, ""] if "scale" in said else [before]
                    whats = (spelled.get(start + what) for start in starts for what in said["what"])
                    what = next((name for name in whats if name is not None), None)
                    if what is not None:
                        yield of, what, said
                    break


def arrange_together(
    columns: dict[str, pd.Series],
    table: Table,
    makers: Mapping[str, Maker],
    rng: np.random.Generator,
) -> None:
    """Let texts agree with those they go with, in new rows, in place.

    Parameters
    ----------
    makers : mapping of str to Maker
        Tell which columns the schema left open.
    """
    unique = {name for group in table.candidate_keys for name in group}
    for of, what, said in pairs_of(table):
        declared = table.columns[what]
        given = declared.values or declared.pattern or declared.provider or declared.derived
        if of not in columns or what not in columns or what in unique or given:
            continue
        longest = makers[what].column.max_length
        old, share = columns[what].reset_index(drop=True), rng.random(len(columns[what]))
        kinds = columns[of].reset_index(drop=True).astype(object)
        if "scale" in said:
            made = _on_a_scale(columns[of], said["scale"], share)
        elif "endings" in said:
            endings = kinds.map(said["endings"])
            made = old.astype("string").str.replace(r"\.\w+$", "", regex=True) + "." + endings
        else:
            listed = kinds.map(said["values"])
            made = pd.Series(
                [v[int(s * len(v))] if isinstance(v, list) else None
                 for v, s in zip(listed, share, strict=True)], dtype="string")  # fmt: skip
        fine = made.notna() & old.notna()
        if longest is not None:
            fine &= (made.str.len() <= longest).fillna(False)
        columns[what] = old.where(~fine.to_numpy(dtype=bool), made.astype(object))


_TOPS = (5, 10, 100)  # the best marks that are usual
_STEPS = (0.45, 0.65)  # of the best mark: up to here it is bad, up to there fair, beyond good


def _on_a_scale(marks: pd.Series, scale: list[list[str]], share: Array) -> pd.Series:
    """Return what is said of something that was given these marks."""
    numbers = pd.to_numeric(marks.reset_index(drop=True), errors="coerce").astype("Float64")
    best = numbers.max()
    top = next((top for top in _TOPS if not best > top), _TOPS[-1])
    level = np.searchsorted(_STEPS, (numbers / top).fillna(0).to_numpy(dtype=float), side="left")
    texts = [scale[n][int(s * len(scale[n]))] for n, s in zip(level, share, strict=True)]
    return pd.Series(texts, dtype="string").where(numbers.notna().to_numpy())
