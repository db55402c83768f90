"""Tables as Parquet files, with the pandas types they had."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from relsynth.errors import DataError

_INTEGERS = {
    pa.int8(): pd.Int8Dtype(),
    pa.int16(): pd.Int16Dtype(),
    pa.int32(): pd.Int32Dtype(),
    pa.int64(): pd.Int64Dtype(),
    pa.uint8(): pd.UInt8Dtype(),
    pa.uint16(): pd.UInt16Dtype(),
    pa.uint32(): pd.UInt32Dtype(),
    pa.uint64(): pd.UInt64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
}
# what Arrow raises where a file is damaged, and what pandas' own notes in it may raise then
_DAMAGED = (pa.ArrowException, OSError, ValueError, KeyError, TypeError, AttributeError)


def read_parquet(path: Path) -> pd.DataFrame:
    """Read a Parquet file, or a folder of parts in the order of their names.

    Integers and flags with missing values become pandas' nullable types; days, times of day,
    decimals, lists, structs, maps and large texts keep Arrow's types, so that they are written
    as what they were.

    Raises
    ------
    DataError
        For a damaged file and for parts with different columns.
    """
    try:
        return _read(path)
    except _DAMAGED as error:
        raise DataError(f"{path}: broken Parquet: {error}") from error


def _read(path: Path) -> pd.DataFrame:
    parts = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    tables = [pq.ParquetFile(part).read() for part in parts]
    table = pa.concat_tables(tables, promote_options="permissive")
    written_by_pandas = b"pandas" in (table.schema.metadata or {})
    if written_by_pandas:
        kept = [field.name for field in table.schema if _keeps_type(field.type)]
        frame = table.drop_columns(kept).to_pandas(date_as_object=False)
        for name in kept:
            frame[name] = _as_arrow(table.column(name)).set_axis(frame.index)
        return frame[[name for name in table.column_names if name in frame]]
    columns = {name: _column(table.column(i)) for i, name in enumerate(table.column_names)}
    return pd.DataFrame(columns, copy=False)


def write_parquet(table: pd.DataFrame, path: Path) -> None:
    """Write one Parquet file; the index is not written.

    Raises
    ------
    DataError
        For a column whose values have no common Parquet type.
    """
    try:
        content = pa.Table.from_pandas(table, preserve_index=False)
    except (pa.ArrowInvalid, pa.ArrowTypeError, TypeError) as error:
        raise DataError(f"no Parquet type fits: {'; '.join(error.args)}") from error
    pq.write_table(content, path)


def _keeps_type(found: Any) -> bool:
    types = pa.types
    is_plain = types.is_date(found) or types.is_time(found) or types.is_decimal(found)
    return bool(is_plain or types.is_nested(found) or types.is_large_string(found))


def _as_arrow(values: pa.ChunkedArray) -> pd.Series:
    return pd.Series(pd.arrays.ArrowExtensionArray(values))


def _column(values: pa.ChunkedArray) -> Any:
    if _keeps_type(values.type):
        return _as_arrow(values)
    mapper = _INTEGERS.get if values.null_count else None
    return values.to_pandas(types_mapper=mapper, date_as_object=False)
