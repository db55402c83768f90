"""The text of CSV cells and the columns they stand for, lossless in both directions.

A column of text becomes numbers or flags only where writing it back gives the very same
text for every cell; ``007``, ``5.00`` or ``t`` therefore stay text. Among numbers and dates the
usual marks of a missing value, such as R's ``NA``, are missing values and come back as empty
cells; beside any other text they are text, for ``NA`` may be Namibia.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from relsynth.errors import DataError

_PROBE = 1_000  # cells that must be of a type first, to spare reading all
_NULLABLE = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
MARKS = frozenset({"NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NULL", "null", "None", "\\N"})
"""Texts that stand for a missing value among numbers and dates."""

_DATE = r"^(\d{4}[-/]\d{1,2}[-/]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})([ T]|$)"
_PLAIN_FROM, _PLAIN_BELOW = 1e-4, 1e16


def column_of(cells: pa.ChunkedArray) -> pd.Series:
    """Return the column that cells of text stand for.

    Parameters
    ----------
    cells : pyarrow.ChunkedArray of string, shape (n_rows,)
        Missing cells are null.

    Returns
    -------
    Series of shape (n_rows,)
        ``int64``, ``Int64``, ``float64``, ``bool`` or ``boolean`` where that is lossless, else
        text; a column without any value is ``float64``, all missing.

    Notes
    -----
    Linear; the first thousand cells are tried before the whole column.
    """
    cells = _without_marks(cells)
    if len(cells) and cells.null_count == len(cells):
        return pd.Series(np.full(len(cells), np.nan))
    probe = cells.drop_null().slice(0, _PROBE) if cells.null_count else cells.slice(0, _PROBE)
    for convert in (_integers, _floats, _flags):
        if len(cells) and convert(probe) is not None:
            values = convert(cells)
            if values is not None:
                mapper = _NULLABLE.get if cells.null_count else None
                return values.to_pandas(types_mapper=mapper)
    return cells.to_pandas()


def _without_marks(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return cells with the marks of missing values as null where all others tell a quantity."""
    marked = pc.is_in(cells, pa.array(sorted(MARKS)))
    if not pc.any(marked).as_py():
        return cells
    unmarked = cells.filter(pc.invert(marked)).drop_null()
    for some in (unmarked.slice(0, _PROBE), unmarked):
        dates = pc.all(pc.match_substring_regex(some, _DATE)).as_py()
        if not len(some) or not (dates or _cast(some, pa.float64()) is not None):
            return cells
    return pc.if_else(marked, pa.scalar(None, pa.string()), cells)


def cells_of(column: pd.Series) -> pa.Array:
    """Return the text of every cell of a column; missing ones are null.

    Floats are written with the fewest digits that give the same number back.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes = column.cat.codes.to_numpy()
        return cells_of(pd.Series(column.cat.categories)).take(pa.array(codes, mask=codes < 0))
    kind = getattr(column.dtype, "kind", "O")
    if kind == "f":
        values = pa.array(column, from_pandas=True)
        if values.type != pa.float64():
            values = values.cast(pa.float32()).cast(pa.string()).cast(pa.float64())
        return _text_of_floats(values)
    if kind in "iu":
        return pa.array(column, from_pandas=True).cast(pa.string())
    if kind == "b":
        return _text_of_flags(pa.array(column, from_pandas=True))
    if not is_text(column):
        column = column.astype(str).astype(object).where(column.notna(), None)
    try:
        return pa.array(column, from_pandas=True).cast(pa.string())
    except UnicodeEncodeError as error:
        raise DataError(
            f"column {column.name!r} holds half of a character ({error.reason}), which UTF-8 has "
            "no bytes for; mend the text"
        ) from error


def is_text(column: pd.Series) -> bool:
    """Return whether every value of a column is text; also true without a value."""
    return pd.api.types.infer_dtype(column, skipna=True) in ("string", "empty")


def _integers(cells: pa.ChunkedArray) -> pa.ChunkedArray | None:
    values = _cast(cells, pa.int64())
    return values if values is not None and _equal(values.cast(pa.string()), cells) else None


def _floats(cells: pa.ChunkedArray) -> pa.ChunkedArray | None:
    values = _cast(cells, pa.float64())
    if values is None or pc.any(pc.is_nan(values)).as_py():
        return None
    return values if _equal(_text_of_floats(values), cells) else None


def _flags(cells: pa.ChunkedArray) -> pa.ChunkedArray | None:
    if not pc.all(pc.is_in(cells, pa.array(["True", "False", None]))).as_py():
        return None
    return pc.equal(cells, "True")


def _cast(cells: pa.ChunkedArray, to: pa.DataType) -> pa.ChunkedArray | None:
    try:
        return cells.cast(to)
    except pa.ArrowInvalid:
        return None


def _equal(text: pa.ChunkedArray, cells: pa.ChunkedArray) -> bool:
    return bool(pc.all(pc.equal(text, cells)).as_py())


def _text_of_floats(values: Any) -> Any:
    """Return what ``repr`` gives for every float, most of it without calling it."""
    text = values.cast(pa.string())
    size = pc.abs(values)
    plain = pc.invert(pc.match_substring_regex(text, "[^-0-9]"))
    text = pc.if_else(plain, pc.binary_join_element_wise(text, ".0", ""), text)
    odd = pc.or_(
        pc.and_(pc.less(size, _PLAIN_FROM), pc.greater(size, 0.0)),
        pc.or_(pc.greater_equal(size, _PLAIN_BELOW), pc.match_substring(text, "e")),
    )
    odd = pc.fill_null(odd, False)
    if not pc.any(odd).as_py():
        return text
    spelt = pa.array([repr(value) for value in values.filter(odd).to_pylist()], pa.string())
    flat = text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text
    mask = odd.combine_chunks() if isinstance(odd, pa.ChunkedArray) else odd
    return pc.replace_with_mask(flat, mask, spelt)


def _text_of_flags(values: pa.Array) -> pa.Array:
    return pc.if_else(values, "True", "False")
