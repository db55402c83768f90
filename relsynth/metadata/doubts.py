"""Point out columns that are nearly of another kind, so that a few values decide for all."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from relsynth.errors import examples_of
from relsynth.metadata.check_values import numbers_of
from relsynth.metadata.date_format import nearly_format
from relsynth.metadata.profile import Profile
from relsynth.schema import Column, Note
from relsynth.schema.date_text import read_dates

_NEARLY = 0.9  # of the texts, for the others to be called faulty
_ENOUGH = 10  # different texts that show it


def doubts_about(profile: Profile, column: Column) -> Iterator[Note]:
    """Yield advice on a column of text that a few odd values made what it is.

    Parameters
    ----------
    column : Column
        What detection took the column for.

    Notes
    -----
    A column is in doubt where nine in ten of at least ten distinct texts are numbers or dates
    of one format, and where dates have an offset to UTC in some rows only.
    """
    if profile.family != "text":
        return
    if column.kind == "datetime":
        yield from _without_offset(profile, column)
    elif column.kind in ("text", "categorical") and len(profile.distinct) >= _ENOUGH:
        texts = pd.Series(profile.distinct, dtype=object)
        odd = texts[~np.isfinite(numbers_of(texts))]
        if 0 < len(odd) <= (1 - _NEARLY) * len(texts):
            yield _advice(profile, column, "numbers", odd)
            return
        nearly = nearly_format(texts)
        if nearly is not None:
            yield _advice(profile, column, f"dates in the format {nearly[0]!r}", nearly[1])


def _advice(profile: Profile, column: Column, what: str, odd: pd.Series) -> Note:
    rows = int(profile.values.isin(list(odd)).sum())
    return Note(
        f"{profile.table}.{profile.name}",
        f"taken for {column.kind} though it looks like {what}; "
        "make the odd values missing, or write them like the others, to have it learned as such",
        f"{rows:,} of {profile.rows - profile.nulls:,} rows are none: {examples_of(odd)}",
        advice=True,
    )


def _without_offset(profile: Profile, column: Column) -> Iterator[Note]:
    if "%z" not in str(column.format):
        return
    texts = pd.Series(profile.distinct, dtype=object)
    bare = texts[read_dates(texts, str(column.format)).offsets == ""]
    if len(bare):
        rows = int(profile.values.isin(list(bare)).sum())
        present = profile.rows - profile.nulls
        yield Note(
            f"{profile.table}.{profile.name}",
            "some dates have no offset to UTC and are taken for local times; "
            "write all alike if they are not",
            f"{rows:,} of {present:,} rows have none: {examples_of(bare)}; the others are like "
            f"{texts[~texts.isin(bare)].iloc[0]!r}",
            advice=True,
        )
