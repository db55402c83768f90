"""Arrays and frames in, arrays and frames out: what the estimators of this package share."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pandas as pd

from relsynth.arguments import number_fault, refuse
from relsynth.errors import DataError, Faults, did_you_mean
from relsynth.optional import require
from relsynth.typing import Floats

CELLS = 4_000_000  # of one block of distances: 32 MB, twice that is no faster
OUTPUTS = ("default", "pandas", "polars")
# more names than these make a message unreadable
LISTED = 20


def read_numbers(
    X: Any, *, missing: bool = False, infinite: bool = False, least_rows: int = 1
) -> tuple[Floats, tuple[str, ...] | None]:
    """Return rows as numbers, and the column names of a frame.

    Parameters
    ----------
    X : array-like, pandas.DataFrame or polars.DataFrame, shape (n_rows, n_columns)
    missing : bool, default False
        Whether missing values are allowed; they become ``NaN``.
    infinite : bool, default False
        Whether infinite values are allowed.
    least_rows : int, default 1

    Returns
    -------
    values : ndarray of float, shape (n_rows, n_columns)
    names : tuple of str or None

    Raises
    ------
    DataError
        Listing every column that is not numeric, has gaps or infinite values; and for
        too few rows, no column or another number of dimensions.
    """
    names = getattr(X, "columns", None)
    if names is None:
        values = _numbers_of(X)
        labels = [f"column {j}" for j in range(values.shape[1])]
    else:
        labels = [str(name) for name in names]
        columns, wrong = list[Floats](), list[str]()
        for place, label in enumerate(labels):
            column = X.iloc[:, place] if hasattr(X, "iloc") else X[label]
            found = _floats(column)
            if found is None:
                wrong.append(f"column {label!r} holds {column.dtype}, only numbers are allowed")
            else:
                columns.append(found)
        if wrong:
            raise DataError("X: " + "; ".join(wrong))
        values = np.column_stack(columns) if columns else np.empty((len(X), 0))
    if values.shape[1] == 0:
        raise DataError(f"X: 0 feature(s) (shape={values.shape}) while a minimum of 1 is required.")
    if len(values) < least_rows:
        raise DataError(
            f"X: Found array with {len(values)} sample(s) (shape={values.shape}) while a minimum "
            f"of {least_rows} is required."
        )
    gaps, beyond = np.isnan(values).sum(axis=0), np.isinf(values).sum(axis=0)
    with Faults("X", DataError) as faults:
        for label, gap, far in zip(labels, gaps, beyond, strict=True):
            if gap and not missing:
                faults.add(
                    f"{label}: {gap} of {len(values)} values are NaN (missing); fill or drop"
                )
            if far and not infinite:
                faults.add(f"{label}: {far} of {len(values)} values are inf; replace them")
    return values, None if names is None else tuple(labels)


def _floats(column: Any) -> Floats | None:
    """Return a column as numbers; ``None`` for text and for dates, whose nanoseconds are none."""
    try:
        return None if np.asarray(column).dtype.kind in "mM" else np.asarray(column, dtype=float)
    except (TypeError, ValueError):
        return None


def _numbers_of(X: Any) -> Floats:
    if hasattr(X, "toarray"):
        raise TypeError("X is a sparse matrix; pass dense data, such as X.toarray()")
    given = np.asarray(X)
    if given.dtype.kind in "mM":
        raise DataError(f"X holds {given.dtype}; only numbers are allowed")
    if given.dtype.kind == "c":
        raise DataError("X: Complex data not supported; only real numbers are allowed")
    if given.ndim != 2:
        raise DataError(
            f"X: Expected 2D array, got {given.ndim}D array of shape {given.shape} instead. "
            "Reshape your data either using array.reshape(-1, 1) for one column or "
            "array.reshape(1, -1) for one row"
        )
    try:
        return given.astype(float)
    except ValueError:
        with Faults("X", DataError) as faults:
            for place, column in enumerate(given.T):
                text = next((value for value in column if not _is_number(value)), None)
                if text is not None:
                    faults.add(
                        f"column {place} holds {text!r}; only numbers are allowed, so give "
                        "categories as columns of 0 and 1 or leave them out"
                    )
        raise


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


def generator_of(random_state: Any) -> np.random.Generator:
    """Return a generator for an int, a RandomState, a Generator or ``None`` (fresh entropy)."""
    if isinstance(random_state, np.random.Generator):
        return random_state
    if isinstance(random_state, np.random.RandomState):
        return np.random.default_rng(int(random_state.randint(2**31 - 1)))
    if random_state is not None and not isinstance(random_state, np.random.SeedSequence):
        refuse("", number_fault("random_state", random_state, least=0, whole=True))
    return np.random.default_rng(random_state)


def output_of(estimator: Any) -> str:
    """Return what `set_output` has chosen for an estimator, ``"default"`` for nothing."""
    chosen = getattr(estimator, "_sklearn_output_config", {})
    return str(chosen.get("transform", "default"))


def as_output(rows: Any, output: str, names: list[str]) -> Any:
    """Return rows, an array or a frame of pandas, as a frame of ``"pandas"`` or ``"polars"``."""
    frame = rows
    if not isinstance(rows, pd.DataFrame):
        frame = pd.DataFrame(rows, columns=names)
        if frame.dtypes.eq(object).any():  # of an array of numbers beside text
            frame = frame.infer_objects()
    if output == "pandas":
        return frame
    polars = require("polars", "polars", 'set_output(transform="polars")')
    return polars.from_pandas(frame.set_axis([str(name) for name in frame.columns], axis=1))


class FrameMixin:
    """Keeps the columns of `fit`, checks later ones against them, and returns frames.

    Arrays are returned for arrays and, after ``set_output(transform="pandas")`` or
    ``"polars"``, frames.
    """

    n_features_in_: int

    def set_output(self, *, transform: str | None = None) -> Self:
        """Choose what rows are returned as.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"} or None
            Arrays, or frames of one of two packages; ``None`` changes nothing.
        """
        if transform is None:
            return self
        if transform not in OUTPUTS:
            raise ValueError(
                f"transform={transform!r} is not known; {did_you_mean(transform, OUTPUTS)}"
            )
        # where scikit-learn has it, so that a clone has it too
        self._sklearn_output_config = {"transform": transform}
        return self

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """Return the names of the columns of `fit`; ``x0``, ``x1`` ... for an array."""
        known = getattr(self, "feature_names_in_", None)
        if known is not None:
            return known
        return np.asarray([f"x{j}" for j in range(self.n_features_in_)], dtype=object)

    def _take_in(self, values: Floats, names: tuple[str, ...] | None) -> None:
        self.n_features_in_ = values.shape[1]
        if names is not None:
            self.feature_names_in_ = np.asarray(names, dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_

    def _check_columns(self, values: Floats, names: tuple[str, ...] | None) -> None:
        """Refuse rows of another width or with other columns than those of `fit`."""
        known = getattr(self, "feature_names_in_", None)
        if names is not None and known is not None and list(names) != list(known):
            absent = [name for name in known if name not in names]
            unknown = [name for name in names if name not in set(known)]
            found = f"missing {absent[:LISTED]}, unknown {unknown[:LISTED]}"
            if not absent and not unknown:
                found = "the same in another order"
            raise DataError(f"X has other columns than at fit: {found}")
        if values.shape[1] != self.n_features_in_:
            raise DataError(
                f"X has {values.shape[1]} features, but {type(self).__name__} is expecting "
                f"{self.n_features_in_} features as input"
            )

    def _wrap(self, rows: Any) -> Any:
        """Return rows as `set_output` says."""
        output = output_of(self)
        if output == "default":
            return rows
        return as_output(rows, output, [str(name) for name in self.get_feature_names_out()])
