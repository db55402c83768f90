"""Columns of Arrow's own types as plain columns, and back."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa

from relsynth.packing import packable

# decimals with more digits than a float tells apart stay decimals
_EXACT_DIGITS = 15
_NULLABLE = {
    **{getattr(pa, f"int{size}")(): getattr(pd, f"Int{size}Dtype")() for size in (8, 16, 32, 64)},
    **{getattr(pa, f"uint{size}")(): getattr(pd, f"UInt{size}Dtype")() for size in (8, 16, 32, 64)},
    pa.bool_(): pd.BooleanDtype(),
}


@packable
@dataclass(frozen=True, slots=True)
class ArrowForm:
    """A column of `pandas.ArrowDtype`.

    Attributes
    ----------
    arrow : str
        The type, serialised by Arrow, in base 64.
    """

    arrow: str

    @classmethod
    def of(cls, series: pd.Series, kind: str) -> ArrowForm | None:
        """Return the form of a column, None where it is of another type."""
        if not isinstance(series.dtype, pd.ArrowDtype):
            return None
        found = series.dtype.pyarrow_dtype
        if not _is_known(found):
            raise TypeError(f"is of Arrow's type {found}, which cannot be learned; leave it out")
        schema = pa.schema([pa.field("x", found)]).serialize()
        return cls(base64.b64encode(schema.to_pybytes()).decode())

    @property
    def type(self) -> Any:
        """Arrow's type."""
        buffer = pa.py_buffer(base64.b64decode(self.arrow))
        return pa.ipc.read_schema(buffer).field("x").type

    def plain(self, series: pd.Series) -> pd.Series:
        """Return the column in a type that is learned."""
        return _plain(pa.chunked_array(pa.array(series)), self.type)

    def restored(self, series: pd.Series) -> pd.Series:
        """Return a plain column in Arrow's type."""
        return pd.Series(pd.arrays.ArrowExtensionArray(_arrow(series, self.type)))


def _is_known(found: Any) -> bool:
    if pa.types.is_dictionary(found):
        return _is_known(found.value_type)
    unknown = (pa.types.is_union, pa.types.is_interval)
    return not isinstance(found, pa.BaseExtensionType) and not any(is_(found) for is_ in unknown)


def _plain(values: Any, found: Any) -> pd.Series:
    types = pa.types
    if types.is_dictionary(found):
        return _plain(values.cast(found.value_type), found.value_type)
    if types.is_null(found):
        return pd.Series([None] * len(values), dtype=object)
    if types.is_date(found):
        return values.cast(pa.timestamp("us")).to_pandas()
    if types.is_decimal(found) and found.precision <= _EXACT_DIGITS:
        if found.scale > 0:
            return values.cast(pa.float64()).to_pandas()
        return _plain(values.cast(pa.int64()), pa.int64())
    if types.is_nested(found):
        listed = [None if v is None else json.dumps(v, default=str) for v in values.to_pylist()]
        return pd.Series(listed, dtype=object)
    if _is_bytes(found):
        listed = [None if v is None else "0x" + v.hex() for v in values.to_pylist()]
        return pd.Series(listed, dtype=object)
    if types.is_float16(found):
        values = values.cast(pa.float32())
    if types.is_string(found) or types.is_large_string(found) or str(found) == "string_view":
        return pd.Series(values.to_pylist(), dtype=object)
    mapper = _NULLABLE.get if values.null_count else None
    return values.to_pandas(types_mapper=mapper)


def _arrow(series: pd.Series, found: Any) -> Any:
    types = pa.types
    if types.is_dictionary(found):
        plain = _arrow(series, found.value_type)
        return plain.dictionary_encode().cast(found)
    if types.is_null(found):
        return pa.nulls(len(series))
    missing = series.isna().to_numpy()
    if types.is_decimal(found):
        shown = [
            None if gone else _decimal(value, found.scale)
            for value, gone in zip(series.tolist(), missing, strict=True)
        ]
        return pa.array(shown, found)
    if types.is_nested(found):
        listed = [None if gone else json.loads(v) for v, gone in zip(series, missing, strict=True)]
        if types.is_map(found):
            listed = [None if v is None else [tuple(pair) for pair in v] for v in listed]
            return pa.array(listed, found)
        try:
            return pa.array(listed, found)
        except (pa.ArrowInvalid, pa.ArrowTypeError):  # dates inside, which are texts by now
            return pa.array(listed).cast(found)
    if _is_bytes(found):
        listed = [
            None if gone else bytes.fromhex(v[2:]) for v, gone in zip(series, missing, strict=True)
        ]
        return pa.array(listed, found)
    if types.is_float16(found):
        return pa.array(series.astype("float32"), pa.float32(), from_pandas=True).cast(found)
    if types.is_integer(found) and missing.any() and series.dtype == object:
        series = series.astype("Int64")
    made = pa.array(series, from_pandas=True)
    return made if made.type == found else made.cast(found, safe=False)


def _decimal(value: Any, scale: int) -> Decimal:
    exact = value if isinstance(value, Decimal) else Decimal(repr(value))
    return exact.quantize(Decimal(1).scaleb(-scale))


def _is_bytes(found: Any) -> bool:
    types = pa.types
    return bool(
        types.is_binary(found) or types.is_large_binary(found) or types.is_fixed_size_binary(found)
    )
