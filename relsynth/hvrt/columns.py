"""Rows as a matrix of numbers and back: kinds, categories, bounds, integers, dtypes."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from inspect import signature
from typing import Any

import numpy as np
import pandas as pd

from relsynth.errors import DataError, Faults, examples_of
from relsynth.hvrt.exceptions import HVRTFeatureWarning
from relsynth.quiet import quiet
from relsynth.typing import Array, Flags, Floats


@dataclass(frozen=True)
class Categories:
    """The levels of one categorical column, sorted as text.

    Attributes
    ----------
    levels : array
        Values as they were given; their position is their code. A missing value has the
        code that follows the last level.
    """

    levels: Any

    @classmethod
    def of(cls, column: pd.Series) -> Categories:
        """Return the levels of a column."""
        unique = column.dropna().drop_duplicates()
        order = np.argsort(unique.astype(str).to_numpy(dtype=object), kind="stable")
        return cls(unique.array[order])

    def encode(self, column: pd.Series, where: str) -> Floats:
        """Return codes, refusing values that were never seen."""
        index = pd.Index(self.levels)
        codes = index.get_indexer(pd.Index(column.array))
        missing = column.isna().to_numpy()
        unseen = (codes < 0) & ~missing
        if unseen.any():
            raise DataError(
                f"column {where}: {int(unseen.sum())} rows hold values not seen in fit "
                f"({examples_of(column[unseen].unique())}); "
                f"known are {examples_of(self.levels, 12)}"
            )
        return np.where(missing, len(self.levels), codes).astype(float)

    def decode(self, codes: Floats) -> Any:
        """Return the values of codes."""
        at = codes.astype(np.int64)
        if (at < len(self.levels)).all():
            return self.levels.take(at)
        return self.levels.take(np.where(at < len(self.levels), at, -1), allow_fill=True)


class Columns:
    """What `fit` learned about the columns; turns rows into numbers and back.

    Parameters
    ----------
    X : DataFrame or array-like, shape (n_rows, n_columns)
    feature_types : sequence of str, optional
        ``"continuous"`` or ``"categorical"`` per column. By default numbers are
        continuous, text, booleans and categories are categorical.

    Attributes
    ----------
    names : list
        Column labels; positions for an array.
    is_frame, is_polars : bool
        Whether rows were a frame, and one of polars.
    index : Index
        Row labels seen in fit.
    continuous : ndarray of bool, shape (n_columns,)
    categories : dict of int to Categories
        By position of the column.
    low, high : ndarray, shape (n_columns,)
        Range of the numbers; ``NaN`` where there are none.
    whole : ndarray of bool, shape (n_columns,)
        Columns that hold whole numbers only.

    Raises
    ------
    DataError
        For infinite numbers, `feature_types` of another length, columns of another kind
        than declared; all at once.
    """

    def __init__(self, X: Any, feature_types: Sequence[str] | None = None) -> None:
        frame = as_frame(X)
        self.is_frame, self.is_polars = is_frame(X), is_polars(X)
        self.names = list(frame.columns)
        self.index = frame.index
        self.dtypes = list(frame.dtypes)
        self.continuous = _kinds(frame, feature_types)
        self.categories = {
            int(j): Categories.of(frame.iloc[:, j]) for j in np.flatnonzero(~self.continuous)
        }
        raw = self._read(frame)
        numbers = raw[:, self.continuous]
        self.low, self.high = np.full((2, raw.shape[1]), np.nan)
        self.whole = np.zeros(raw.shape[1], dtype=bool)
        with quiet(RuntimeWarning):
            self.low[self.continuous] = np.nanmin(numbers, axis=0)
            self.high[self.continuous] = np.nanmax(numbers, axis=0)
        self.whole[self.continuous] = ((numbers == np.rint(numbers)) | np.isnan(numbers)).all(0)
        self.fitted = raw

    @property
    def order(self) -> Array:
        """Positions of the columns in z space: continuous ones, then categorical ones."""
        return np.concatenate([np.flatnonzero(self.continuous), np.flatnonzero(~self.continuous)])

    def read(self, X: Any) -> Floats:
        """Return other rows as numbers.

        Parameters
        ----------
        X : DataFrame or array-like
            A DataFrame is matched by name, an array by position. Columns too many are
            ignored with an `HVRTFeatureWarning`.

        Raises
        ------
        ValueError
            If columns are missing or a category was not seen in fit.
        """
        frame = as_frame(X)
        if is_frame(X) and self.is_frame:
            frame = self._match(frame)
        elif frame.shape[1] < len(self.names):
            raise ValueError(
                f"X has {frame.shape[1]} features, but the estimator is expecting "
                f"{len(self.names)} features as input"
            )
        elif frame.shape[1] > len(self.names):
            extra = frame.shape[1] - len(self.names)
            _warn_of_extra(f"the last {extra} columns of X were not there in fit")
            frame = frame.iloc[:, : len(self.names)]
        return self._read(frame)

    def write(self, raw: Floats, index: Any = None) -> Any:
        """Return numbers as rows of the kind `fit` was given."""
        columns = [self._restore(j, raw[:, j]) for j in range(len(self.names))]
        if not self.is_frame and not self.categories:
            return np.column_stack(columns)
        frame = pd.DataFrame(dict(enumerate(columns)), index=index)
        frame.columns = pd.Index(self.names)
        if self.is_frame:
            return frame
        numeric = all(pd.api.types.is_numeric_dtype(dtype) for dtype in frame.dtypes)
        return frame.to_numpy(dtype=float if numeric else object)

    def confine(self, raw: Floats) -> Floats:
        """Return rows with numbers reflected into the range seen in fit."""
        low, high = self.low, self.high
        width = np.where(high > low, high - low, 1.0)
        reflected = low + np.abs((raw - low + width) % (2 * width) - width)
        return np.where((raw < low) | (raw > high), np.where(high > low, reflected, low), raw)

    def _read(self, frame: pd.DataFrame) -> Floats:
        raw = np.empty(frame.shape)
        with Faults("X", DataError) as faults:
            for j in range(frame.shape[1]):
                column, where = frame.iloc[:, j], repr(self.names[j])
                if j in self.categories:
                    raw[:, j] = self.categories[j].encode(column, where)
                    continue
                raw[:, j] = pd.to_numeric(column, errors="coerce").to_numpy(float, na_value=np.nan)
                text = np.isnan(raw[:, j]) & column.notna().to_numpy()
                if text.any():
                    faults.add(
                        f"column {where} is continuous but {int(text.sum())} rows hold "
                        f"{examples_of(column[text].unique())}; declare it 'categorical'"
                    )
                if np.isinf(raw[:, j]).any():
                    rows = int(np.isinf(raw[:, j]).sum())
                    faults.add(f"column {where} holds inf (infinity) in {rows} rows; use NaN")
        return raw

    def _match(self, frame: pd.DataFrame) -> pd.DataFrame:
        missing = [name for name in self.names if name not in frame.columns]
        if missing:
            raise ValueError(
                f"X lacks {len(missing)} of the columns seen in fit: {examples_of(missing, 12)}"
            )
        extra = [name for name in frame.columns if name not in self.names]
        if extra:
            _warn_of_extra(f"X has columns that were not there in fit: {examples_of(extra, 12)}")
        return frame[self.names]

    def _restore(self, j: int, values: Floats) -> Any:
        if j in self.categories:
            return self.categories[j].decode(values)
        if self.whole[j]:
            values = np.rint(values)
        dtype = self.dtypes[j]
        if not self.is_frame or (np.isnan(values).any() and isinstance(dtype, np.dtype)):
            return values
        return pd.Series(values).astype(dtype).array


def is_polars(X: Any) -> bool:
    """Return whether rows are a frame of polars, without importing it."""
    return type(X).__module__.partition(".")[0] == "polars" and hasattr(X, "columns")


def is_frame(X: Any) -> bool:
    """Return whether rows have named columns: a frame of pandas or polars."""
    return isinstance(X, pd.DataFrame) or is_polars(X)


def as_frame(X: Any) -> pd.DataFrame:
    """Return rows as a DataFrame with at least one row and column."""
    from sklearn.utils.validation import check_array

    if is_polars(X):
        X = X.to_pandas()
    if not isinstance(X, pd.DataFrame):
        given = getattr(X, "dtype", None)
        kept = None if given is None or np.dtype(given).kind in "OUSbiufc" else "numeric"
        lenient = {_finite_argument(): False}
        X = check_array(X, dtype=kept, **lenient)
        return pd.DataFrame(X).infer_objects()
    if 0 in X.shape:
        raise DataError(f"X has {len(X)} rows and {X.shape[1]} columns; at least 1 of both needed")
    if not X.columns.is_unique:
        twice = X.columns[X.columns.duplicated()].unique()
        raise DataError(f"X has several columns of one name: {examples_of(twice)}")
    return X


def _finite_argument() -> str:
    """Return the argument of `check_array` that allows gaps; scikit-learn 1.6 renamed it."""
    from sklearn.utils.validation import check_array

    names = signature(check_array).parameters
    return "ensure_all_finite" if "ensure_all_finite" in names else "force_all_finite"


def _kinds(frame: pd.DataFrame, feature_types: Sequence[str] | None) -> Flags:
    if feature_types is None:
        numeric = pd.api.types.is_numeric_dtype
        boolean = pd.api.types.is_bool_dtype
        return np.array([numeric(t) and not boolean(t) for t in frame.dtypes])
    if len(feature_types) != frame.shape[1]:
        raise DataError(
            f"feature_types has {len(feature_types)} entries but X has {frame.shape[1]} columns; "
            "give 'continuous' or 'categorical' for each"
        )
    return np.array([kind == "continuous" for kind in feature_types])


def _warn_of_extra(message: str) -> None:
    warnings.warn(f"{message}; they are ignored", HVRTFeatureWarning, stacklevel=4)
