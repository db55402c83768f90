"""Rows as a sparse matrix for a classifier, every feature with the column it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import sparse

from relsynth.evaluate.database import Kind
from relsynth.typing import Array, Floats, Integers

Form = Literal["published", "full"]
FREQUENT = 30  # levels with an indicator; the others are known by how frequent they are


@dataclass(frozen=True, slots=True)
class Features:
    """Encoded rows.

    Attributes
    ----------
    matrix : scipy.sparse.csr_matrix, shape (n_rows, n_features)
        Numbers are stored in full, of a category only the one that is set.
    names : tuple of str
        Source column of every feature.
    """

    matrix: sparse.csr_matrix
    names: tuple[str, ...]

    def __len__(self) -> int:
        return int(self.matrix.shape[0])


def encode(
    real: Mapping[str, Array],
    synthetic: Mapping[str, Array],
    kinds: Mapping[str, Kind],
    form: Form = "published",
) -> tuple[Features, Features]:
    """Return both sides in one encoding, fixed on the two together.

    Parameters
    ----------
    real, synthetic : mapping of str to ndarray
        Columns of equal length per side.
    kinds : mapping of str to {"number", "date", "category"}
    form : {"published", "full"}
        ``"published"``: numbers filled with their mean, one indicator per category
        (missing is one), dates as year, month and day and, where used, hour, minute,
        second. ``"full"`` keeps missing values apart, adds the date itself, the day of the
        week and how frequent a category is, and has indicators of the 30 most frequent.

    Notes
    -----
    Memory grows with rows times columns, not with the number of categories.
    """
    rows = len(next(iter(real.values()))) if real else 0
    blocks: list[sparse.csr_matrix | Floats] = []
    names: list[str] = []
    for name, kind in kinds.items():
        both = np.concatenate([real[name], synthetic[name]])
        made = _column(both, kind, form)
        for block in made:
            blocks.append(block)
            names.extend([name] * block.shape[1])
    if not blocks:
        size = len(next(iter(synthetic.values()))) if synthetic else 0
        return Features(sparse.csr_matrix((rows, 0)), ()), Features(
            sparse.csr_matrix((size, 0)), ()
        )
    matrix = sparse.hstack([_stored(block) for block in blocks], format="csr", dtype=np.float32)
    return Features(matrix[:rows], tuple(names)), Features(matrix[rows:], tuple(names))


def _column(values: Array, kind: Kind, form: Form) -> list[sparse.csr_matrix | Floats]:
    if kind == "category":
        if form == "full":
            return [_indicators(values, FREQUENT), _frequency(values)]
        return [_indicators(values)]
    if kind == "date":
        return [_date_parts(values, form)]
    return [_number(values, form)]


def _number(values: Floats, form: Form) -> Floats:
    if form == "published" and not np.isnan(values).all():
        values = np.where(np.isnan(values), np.nanmean(values), values)
    return values[:, None]


def _date_parts(values: Floats, form: Form) -> Floats:
    ticks = np.full(len(values), "NaT", dtype="datetime64[us]")
    known = ~np.isnan(values)
    ticks[known] = np.round(values[known] * 1e6).astype("int64").astype("datetime64[us]")
    at = pd.Series(ticks).dt
    parts = [at.year, at.month, at.day]
    parts += [part for part in (at.hour, at.minute, at.second, at.microsecond) if part.sum() > 0]
    if form == "full":
        parts += [pd.Series(values), at.day_of_week]
    columns = np.column_stack([part.to_numpy(float) for part in parts])
    if form == "published" and known.any():
        columns = np.where(known[:, None], columns, np.nanmean(columns, axis=0))
    return columns


def _indicators(codes: Integers, most: int | None = None) -> sparse.csr_matrix:
    """Return one indicator per code, or only for the most frequent ones."""
    _, place, count = np.unique(codes, return_inverse=True, return_counts=True)
    top = np.sort(np.argsort(-count, kind="stable")[:most])
    column = np.full(len(count), -1)
    column[top] = np.arange(len(top))
    place = column[place]
    rows = np.flatnonzero(place >= 0)
    shape = (len(codes), len(top))
    return sparse.csr_matrix((np.ones(len(rows)), (rows, place[rows])), shape=shape)


def _frequency(codes: Integers) -> Floats:
    _, place, count = np.unique(codes, return_inverse=True, return_counts=True)
    return count[place].astype(float)[:, None]


def _stored(block: sparse.csr_matrix | Floats) -> sparse.csr_matrix:
    """Return a block as CSR in which a zero that was measured is stored, not implied."""
    if sparse.issparse(block):
        return block
    n, width = block.shape
    columns = np.tile(np.arange(width), n)
    return sparse.csr_matrix((block.ravel(), columns, np.arange(n + 1) * width), shape=block.shape)
