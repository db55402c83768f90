"""Give a column back the dtype it came with, missing values included."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from relsynth.packing import packable
from relsynth.typing import Array, Flags


@packable
@dataclass(frozen=True, slots=True)
class Dtype:
    """The storage of a column.

    Attributes
    ----------
    name : str
        As pandas prints it, e.g. ``"Int64"`` or ``"datetime64[us, UTC]"``.
    none_is_missing : bool
        Whether an object column marks missing values by ``None`` rather than ``NaN``.
    categories : tuple or None
        Of a categorical dtype, in order; ``None`` also where values follow none of them.
    """

    name: str
    none_is_missing: bool = False
    categories: tuple[Any, ...] | None = None
    ordered: bool = False

    @classmethod
    def of(cls, series: pd.Series) -> Dtype:
        """Read the storage of a column."""
        if isinstance(series.dtype, pd.CategoricalDtype):
            levels = tuple(as_plain(value) for value in series.cat.categories)
            return cls("category", False, levels, bool(series.cat.ordered))
        if series.dtype != object:
            return cls(str(series.dtype))
        missing = series[series.isna()]
        return cls(str(series.dtype), len(missing) > 0 and missing.iloc[0] is None)

    @classmethod
    def open(cls, series: pd.Series) -> Dtype:
        """Read the storage of a column whose values will be others than the real ones."""
        return replace(cls.of(series), categories=None)

    @property
    def is_text(self) -> bool:
        """Whether values are kept as Python objects or strings."""
        return self.name in ("object", "str", "category") or self.name.startswith("string")

    def cast(self, series: pd.Series) -> pd.Series:
        """Return a column that came back from a file in this storage."""
        if self.categories is not None:
            return series.astype(pd.CategoricalDtype(list(self.categories), self.ordered))
        return series if str(series.dtype) == self.name else series.astype(self.name)

    def series(self, values: Array, missing: Flags) -> pd.Series:
        """Return values as a column of this storage.

        Parameters
        ----------
        values : ndarray, shape (n_rows,)
            What stands under `missing` is ignored.
        missing : ndarray of bool, shape (n_rows,)
        """
        if self.categories is not None:
            shown = values.astype(object)
            shown[missing] = None
            return pd.Series(
                pd.Categorical(shown, categories=list(self.categories), ordered=self.ordered)
            )
        if self.name == "object":
            shown = values.astype(object)
            shown[missing] = None if self.none_is_missing else np.nan
            return pd.Series(shown, dtype=object)
        if values.dtype == object or self.is_text:
            shown = values.astype(object)
            shown[missing] = None
            return pd.Series(shown, dtype=self.name)
        column = pd.Series(self._within(values))
        if not missing.any():
            return column.astype(self.name)
        array = column.astype(self.name if self._holds_missing else float).array.copy()
        array[missing] = None  # several times faster than to set them in the series
        return pd.Series(array)

    def _within(self, values: Array) -> Array:
        """Return whole numbers that this storage can hold, by way of no float above 2**53.

        What is missing is put in its place afterwards.
        """
        name = self.name.partition("[")[0].lower()
        if values.dtype.kind != "f" or not re.fullmatch(r"u?int\d+", name):
            return values
        ends, values = np.iinfo(name), np.where(np.isnan(values), 0.0, values)
        whole = np.clip(values, float(ends.min), np.nextafter(float(ends.max), 0.0)).astype(name)
        return np.where(values >= float(ends.max), ends.max, whole).astype(name)

    @property
    def _holds_missing(self) -> bool:
        return not (self.name.startswith(("int", "uint")) and "pyarrow" not in self.name) and (
            self.name != "bool"
        )


def as_plain(value: Any) -> Any:
    """Return a numpy scalar as the Python value it stands for."""
    return value.item() if isinstance(value, np.generic) else value
