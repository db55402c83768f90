"""What may stand where tables are taken, and what they are handed out as.

Inside the library a table is a pandas DataFrame. Every public function that takes tables
calls `relsynth.storage.tables_of` first, which reads paths and leaves frames to `frames_of`;
every one that has ``output=`` ends with `tables_as`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, get_args

import pandas as pd

from relsynth.errors import DataError, Faults, did_you_mean
from relsynth.optional import require
from relsynth.schema import Schema
from relsynth.typing import Tables

Output = Literal["pandas", "polars", "arrow"]
SINGLE = "table"


def frames_of(
    data: object,
    metadata: Schema | None = None,
    what: str = "data",
    read: Callable[[str | Path], Tables] | None = None,
) -> dict[str, pd.DataFrame]:
    """Return tables as pandas DataFrames, whatever library their frames are of.

    Parameters
    ----------
    data : mapping of str to frame, or frame
        Frames of pandas, polars, PyArrow, DuckDB or any other library that narwhals knows,
        lazy ones included. A single frame is a database of one table.
    metadata : Schema, optional
        Names the table of a single frame.
    what : str
        What the data are; opens error messages.
    read : callable, optional
        Reads a path that stands for a table in the mapping.

    Returns
    -------
    dict of str to DataFrame
        Frames of pandas are the given ones. Of others, whole numbers and flags with nulls
        are pandas' nullable types, dates ``datetime.date``, decimals ``decimal.Decimal``.

    Raises
    ------
    DataError
        Listing everything that is no table.
    """
    if isinstance(data, Schema):
        raise DataError(f"{what}: this is a schema, not tables; swap the arguments")
    if not isinstance(data, Mapping):
        if isinstance(data, (list, tuple, set)) or data is None:
            raise DataError(
                f"{what}: a {type(data).__name__} has no table names; give a mapping such as "
                "{'customers': frame}, a single frame, or the path of a folder"
            )
        return {_only_name(metadata, what): _frame(data, what)}
    tables = {}
    with Faults(what, DataError) as faults:
        for name, frame in data.items():
            if not isinstance(name, str):
                faults.add(f"the table name {name!r} is no text; rename the table")
                continue
            try:
                if read is not None and isinstance(frame, (str, Path)):
                    tables[name] = _only_table(read(frame), str(frame))
                else:
                    tables[name] = _frame(frame, f"the table {name!r}")
            except DataError as error:
                faults.add(str(error))
    return tables


def tables_as(tables: Tables, output: Output = "pandas") -> dict[str, Any]:
    """Return pandas tables as the frames of another library.

    Parameters
    ----------
    tables : mapping of str to DataFrame
    output : {"pandas", "polars", "arrow"}

    Raises
    ------
    DataError
        For another word, and for a column that has no type of that library.
    """
    check_output(output)
    if output == "pandas":
        return dict(tables)
    arrow = {name: _to_arrow(name, frame) for name, frame in tables.items()}
    if output == "arrow":
        return arrow
    polars = require("polars", "polars", "output='polars'")
    return {name: polars.from_arrow(table) for name, table in arrow.items()}


def check_output(output: str) -> None:
    """Raise for a kind of frame that nobody hands out, before anything is drawn."""
    if output not in get_args(Output):
        hint = did_you_mean(output, get_args(Output))
        raise DataError(f"output is {output!r}; {hint}")


def _only_name(metadata: Schema | None, what: str) -> str:
    if metadata is None:
        return SINGLE
    names = list(metadata.tables)
    if len(names) != 1:
        shown = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
        raise DataError(
            f"{what}: one frame is given for a schema of {len(names)} tables ({shown}); give a "
            f"mapping such as {{{names[0]!r}: frame}}"
        )
    return names[0]


def _only_table(found: Tables, path: str) -> pd.DataFrame:
    if len(found) != 1:
        raise DataError(f"{path} holds {len(found)} tables; name the file of one")
    return next(iter(found.values()))


def _frame(data: Any, what: str) -> pd.DataFrame:
    if isinstance(data, pd.DataFrame):
        return data
    import narwhals as nw

    try:
        frame = nw.from_native(data)
    except TypeError:
        raise DataError(
            f"{what} is of type {type(data).__name__}; a frame of pandas, polars, PyArrow or "
            "DuckDB, or the path of a file is needed"
        ) from None
    if isinstance(frame, nw.LazyFrame):
        return _from_arrow(frame.collect("pyarrow").to_native())
    return _from_arrow(frame.to_arrow())


def _from_arrow(table: Any) -> pd.DataFrame:
    """Return an Arrow table in the types that pandas has had from the start, where one fits."""
    columns = {i: _column(values) for i, values in enumerate(table.columns)}
    frame = pd.DataFrame(columns, index=pd.RangeIndex(table.num_rows), copy=False)
    return frame.set_axis(list(table.column_names), axis=1)


def _column(values: Any) -> pd.Series:
    import pyarrow as pa

    nullable = {
        pa.int8(): pd.Int8Dtype(), pa.int16(): pd.Int16Dtype(), pa.int32(): pd.Int32Dtype(),
        pa.int64(): pd.Int64Dtype(), pa.uint8(): pd.UInt8Dtype(), pa.uint16(): pd.UInt16Dtype(),
        pa.uint32(): pd.UInt32Dtype(), pa.uint64(): pd.UInt64Dtype(), pa.bool_(): pd.BooleanDtype(),
    }  # fmt: skip
    if pa.types.is_nested(values.type) or pa.types.is_decimal(values.type):
        return pd.Series(pd.arrays.ArrowExtensionArray(values))
    if pa.types.is_dictionary(values.type) and pa.types.is_large_string(values.type.value_type):
        values = values.cast(pa.dictionary(pa.int32(), pa.string()))
    return values.to_pandas(types_mapper=nullable.get if values.null_count else None)


def _to_arrow(name: str, frame: pd.DataFrame) -> Any:
    import pyarrow as pa

    try:
        table = pa.Table.from_pandas(frame, preserve_index=False)
    except (pa.ArrowInvalid, pa.ArrowTypeError, TypeError) as error:
        raise DataError(
            f"the table {name!r} has no Arrow type: {'; '.join(map(str, error.args))}"
        ) from error
    return table.replace_schema_metadata(None)
