"""Tables as Parquet files, with the pandas types they had."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from relsynth.errors import DataError
from relsynth.storage.limits import PARQUET_FREE, PARQUET_RATIO, check_columns, refuse_special

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
_TEXTS = ("str", "string", "object")  # pandas' own, as its notes call them
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
    except DataError:
        raise
    except _DAMAGED as error:
        raise DataError(f"{path}: broken Parquet: {error}") from error


def _read(path: Path) -> pd.DataFrame:
    parts = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    tables = [_unpacked(part) for part in parts]
    table = pa.concat_tables(tables, promote_options="permissive")
    written_by_pandas = b"pandas" in (table.schema.metadata or {})
    if written_by_pandas:
        held = {own["name"]: own["numpy_type"] for own in table.schema.pandas_metadata["columns"]}
        kept = [
            field.name
            for field in table.schema
            if _keeps_type(field.type)
            # pandas 3 writes its own texts as large ones
            and not (pa.types.is_large_string(field.type) and held.get(field.name) in _TEXTS)
        ]
        frame = table.drop_columns(kept).to_pandas(date_as_object=False)
        for name in kept:
            frame[name] = _as_arrow(table.column(name)).set_axis(frame.index)
        return frame[[name for name in table.column_names if name in frame]]
    columns = {name: _column(table.column(i)) for i, name in enumerate(table.column_names)}
    return pd.DataFrame(columns, copy=False)


def _unpacked(path: Path) -> pa.Table:
    """Read one file, unless it unpacks to far more than it takes.

    A column of texts is first read as numbers of a dictionary where it might be large, as one
    text of a megabyte in a file of a kilobyte can stand in a million rows.
    """
    refuse_special(path, "a table")
    most = max(PARQUET_FREE, PARQUET_RATIO * path.stat().st_size)
    file = pq.ParquetFile(path)
    check_columns(file.metadata.num_columns, path)
    flat, large = 0, set[str]()
    for group in map(file.metadata.row_group, range(file.metadata.num_row_groups)):
        for chunk in map(group.column, range(group.num_columns)):
            flat += max(chunk.total_uncompressed_size, chunk.num_values)
            texts = chunk.physical_type in ("BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY")
            if texts and chunk.total_uncompressed_size * chunk.num_values > most:
                large.add(chunk.path_in_schema)
    if flat <= most and large:
        coded = pq.ParquetFile(path, read_dictionary=sorted(large))
        for name in sorted(large & set(file.schema_arrow.names)):
            flat += sum(map(_decoded_bytes, coded.read([name]).column(0).chunks))
    if flat > most:
        raise DataError(
            f"{path}: the file unpacks to more than {most:,} bytes, over {PARQUET_RATIO} times its "
            "size; split it, or store it without compression if it is meant"
        )
    return file.read()


def _decoded_bytes(chunk: Any) -> int:
    if not pa.types.is_dictionary(chunk.type):
        return int(chunk.nbytes)
    lengths = pc.binary_length(chunk.dictionary)
    return int(pc.sum(pc.take(lengths, chunk.indices).cast(pa.int64())).as_py() or 0)


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
