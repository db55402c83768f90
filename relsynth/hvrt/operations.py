"""What turns an estimator that reduces and expands into a step of a pipeline."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import TransformerMixin

from relsynth.arrays import as_output, output_of
from relsynth.hvrt.columns import as_frame
from relsynth.hvrt.exceptions import HVRTDeprecationWarning

MODES = ("reduce", "expand", "augment")


class OperationMixin(TransformerMixin):
    """`transform` and `fit_transform` that do what the params objects say."""

    columns_: Any
    n_features_in_: int
    mode: str | None

    def transform(self, X: Any) -> Any:
        """Do with rows what the params objects say; the number of rows changes.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n_rows, n_columns)
            Grouped by the fitted tree. Columns must be those of `fit`.

        Returns
        -------
        DataFrame or ndarray
        """
        self._check_fitted()
        self._check_width(X)
        operation, arguments = self._operation({})
        if operation == "augment":
            return self._augment_others(X, **arguments)
        return getattr(self, operation)(X=X, **arguments)

    def fit_transform(self, X: Any, y: Any = None, **changed: Any) -> Any:
        """Fit, then do what the params objects say, the first of them that is set.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n_rows, n_columns)
        y : array-like, optional
        **changed
            Replace single fields of the params object; `feature_types` goes to `fit`.
        """
        kinds = changed.pop("feature_types", None)
        operation, arguments = self._operation(changed)
        return getattr(self.fit(X, y, feature_types=kinds), operation)(**arguments)

    def _operation(self, changed: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        for name in MODES:
            params = getattr(self, f"{name}_params")
            if params is not None:
                return name, params.to_arguments(**changed)
        if self.mode is None:
            raise ValueError(
                "nothing to do: set reduce_params, expand_params or augment_params, "
                "or call reduce, expand or augment after fit"
            )
        if self.mode not in MODES:
            raise ValueError(f"unknown mode {self.mode!r}; there are {', '.join(MODES)}")
        warnings.warn(
            f"mode={self.mode!r} is deprecated; pass {self.mode}_params instead",
            HVRTDeprecationWarning,
            stacklevel=3,
        )
        return self.mode, changed

    def _augment_others(self, X: Any, n: int, **arguments: Any) -> Any:
        given = self.columns_.write(self.columns_.read(X))
        if n <= len(given):
            raise ValueError(f"augment(n={n}): n must exceed the {len(given)} rows given")
        return self._stacked(given, self.expand(n - len(given), X=X, **arguments))

    def _as_asked(self, rows: Any) -> Any:
        """Return rows as `set_output` says; by default as frames of polars where `fit` got one."""
        output = output_of(self)
        if output == "default":
            output = "polars" if self.columns_.is_polars else output
        if output == "default":
            return rows
        return as_output(rows, output, [str(name) for name in self.get_feature_names_out()])

    def _stacked(self, given: Any, new: Any) -> Any:
        """Return rows above drawn ones, which are as asked already."""
        given = self._as_asked(given)
        if isinstance(given, pd.DataFrame):
            return pd.concat([given, new], ignore_index=True)
        return np.concatenate([given, new]) if isinstance(given, np.ndarray) else given.vstack(new)

    def _check_width(self, X: Any) -> None:
        width = as_frame(X).shape[1]
        if width != self.n_features_in_:
            raise ValueError(
                f"X has {width} features, but {type(self).__name__} is expecting "
                f"{self.n_features_in_} features as input"
            )
