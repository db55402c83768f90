"""The HVRT estimators: partition rows, then choose from them or generate more."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd

from relsynth.hvrt.arguments import check_count, check_size, classes_of, generator_of, rows_to_keep
from relsynth.hvrt.budgets import allocate, partition_weights
from relsynth.hvrt.exceptions import HVRTDeprecationWarning
from relsynth.hvrt.expansion import Expansion
from relsynth.hvrt.generation import GenerationStrategy
from relsynth.hvrt.novelty import insist_on_novelty, nearest_distances, summarise_novelty
from relsynth.hvrt.operations import OperationMixin
from relsynth.hvrt.partitioned import PartitionedRows
from relsynth.hvrt.reduction import Reduction
from relsynth.hvrt.selection import SelectionStrategy, get_strategy
from relsynth.hvrt.target import pairwise_target, sum_target
from relsynth.typing import Floats, Integers


class HVRT(OperationMixin, PartitionedRows):
    """Partition rows by how extreme they are, then reduce, expand or augment them.

    A regression tree is grown on a synthetic target, the sum of the standardised products
    of all column pairs. Its leaves group rows of similar extremeness; from each leaf rows
    are chosen (`reduce`) or drawn anew (`expand`).

    Parameters
    ----------
    n_partitions : int, optional
        Most leaves, at least 2; chosen from the data by default.
    min_samples_leaf : int, optional
        Least rows per leaf; chosen from the data by default.
    max_depth : int, optional
    min_samples_per_partition : int, default 5
        Least rows that `reduce` takes from a leaf; together at most half of all.
    y_weight : float, default 0.0
        Share of the outcome's extremeness in the target, 0 to 1. Where the outcome is a
        class (text, or at most 20 whole numbers), also how far `reduce` moves from the
        classes' own parts towards rare ones; then a class is chosen from among a random
        part of it, three times as large as wanted, and rows whose class their nearest
        neighbours contradict are chosen last.
    auto_tune : bool, default True
        Choose tree limits that are not given by row and column count.
    bandwidth : float or {"auto", "scott", "silverman"}, default "auto"
        Noise of `expand` in units of the leaf's spread. ``"auto"`` takes 0.1 where leaves
        hold ``max(15, 2 d)`` rows on average, and 0.5 where they are smaller.
    random_state : int, RandomState, Generator or None, default 42
        Calls continue one stream: each returns other rows, a refitted estimator the same.
    reduce_params, expand_params, augment_params : optional
        What `fit_transform` and `transform` do.
    mode : {"reduce", "expand", "augment"}, optional
        Deprecated; use the params objects.

    Attributes
    ----------
    X_ : ndarray, shape (n_rows, n_columns)
        The rows as numbers, categories as codes.
    X_z_ : ndarray, shape (n_rows, n_columns)
        Continuous columns, then categorical ones, each with mean 0 and deviation 1;
        missing numbers are 0.
    continuous_mask_, categorical_mask_ : ndarray of bool, shape (n_columns,)
    scaler_, cat_scaler_ : StandardScaler or None
    label_encoders_ : dict of int to Categories
    tree_ : DecisionTreeRegressor
    partition_ids_ : ndarray of int, shape (n_rows,)
        Leaf id of each row.
    unique_partitions_ : ndarray of int, shape (n_partitions_,)
    n_partitions_ : int
    n_features_in_ : int
    feature_names_in_ : ndarray of object
        Only where all column names are text.

    See Also
    --------
    FastHVRT : the same on the plain sum of columns.

    Notes
    -----
    Fitting costs one tree on n rows of d columns and O(n d^2) for the target; memory is
    O(n d). Generated rows with small bandwidths lie close to real ones: a bandwidth is no
    privacy guarantee. For synthesis use the table model ``"hvrt"``.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(500, 3))
    >>> model = HVRT().fit(X)
    >>> model.reduce(ratio=0.1).shape, model.expand(n=800).shape
    ((50, 3), (800, 3))
    """

    def reduce(
        self,
        n: int | None = None,
        ratio: float | None = None,
        method: str | SelectionStrategy = "fps",
        variance_weighted: bool = True,
        return_indices: bool = False,
        n_partitions: int | None = None,
        X: Any = None,
    ) -> Any:
        """Choose a diverse part of the rows.

        Parameters
        ----------
        n, ratio : int, float
            How many rows; give one. ``floor(rows * ratio)``, at least 1.
        method : str or callable, default "fps"
            A name in `BUILTIN_STRATEGIES` or a `SelectionStrategy`.
        variance_weighted : bool, default True
            Give leaves with extreme rows a larger share.
        return_indices : bool, default False
            Return ``(rows, indices)``.
        n_partitions : int, optional
            Leaves for this call only.
        X : DataFrame or array-like, optional
            Choose from these rows instead of those seen in `fit`.

        Returns
        -------
        DataFrame or ndarray
            Rows as they were given, in their order.

        Raises
        ------
        ValueError
            For both or neither of `n` and `ratio`, more rows than there are, or an
            unknown method.
        """
        self._check_fitted()
        strategy = get_strategy(method) if isinstance(method, str) else method
        raw, z, partition = self._rows(X, n_partitions)
        count = rows_to_keep(n, ratio, len(raw))
        indices = np.arange(len(raw))
        if count < len(raw):
            indices = Reduction(
                z,
                partition,
                self.y_classes_ if X is None else None,
                strategy,
                by_variance=variance_weighted,
                floor=self.min_samples_per_partition,
                seed=self.calls_.next("reduce"),
            ).choose(count)
        chosen = self._as_asked(self._given(X, raw, indices))
        return (chosen, indices) if return_indices else chosen

    def expand(
        self,
        n: int,
        min_novelty: float = 0.0,
        variance_weighted: bool = False,
        bandwidth: float | str | None = None,
        adaptive_bandwidth: bool = False,
        generation_strategy: str | GenerationStrategy | None = None,
        return_novelty_stats: bool = False,
        n_partitions: int | None = None,
        X: Any = None,
        by: Any = None,
    ) -> Any:
        """Draw new rows.

        Parameters
        ----------
        n : int
            Rows to draw, at least 1.
        min_novelty : float, default 0.0
            Deprecated: least z distance to a real row; rows that stay closer after
            several rounds are returned with a warning.
        variance_weighted : bool, default False
            Give leaves with extreme rows a larger share.
        bandwidth : float or str, optional
            As in the constructor, for this call only.
        adaptive_bandwidth : bool, default False
            Per leaf: Scott's bandwidth, widened where a leaf is asked for more rows than
            it holds. Replaces `bandwidth`.
        generation_strategy : str or callable, optional
            A name in `BUILTIN_GENERATION_STRATEGIES` or a `GenerationStrategy`;
            bandwidths do not apply to it.
        return_novelty_stats : bool, default False
            Return ``(rows, {"min", "mean", "p5"})``, the distances to the nearest real
            row over continuous z columns.
        n_partitions : int, optional
            Leaves for this call only.
        X : DataFrame or array-like, optional
            Draw around these rows instead of those seen in `fit`.
        by : array-like, shape (n_rows,), optional
            A class of every row, such as the outcome beside ``X``. Rows are drawn inside leaves
            and classes, each class in proportion to its rows, and
            ``(rows, classes)`` is returned.

        Returns
        -------
        DataFrame or ndarray, shape (n, n_columns)
            In random order, in the columns' order and dtypes. Numbers stay inside the
            range of the real ones, whole numbers stay whole, categories are real ones.

        Raises
        ------
        CapacityError
            For more rows than fit into one array of reasonable size.
        ValueError
            For an unknown strategy or bandwidth, or fewer rows than 1.

        Notes
        -----
        Without a strategy, rows are drawn from shrunk leaf kernels on normal scores
        (`relsynth.hvrt.kernel`): marginals and covariances are kept at any bandwidth.
        """
        self._check_fitted()
        check_count(n)
        check_size(n, self.n_features_in_)
        raw, z, partition = self._rows(X, n_partitions)
        classes = None if by is None else classes_of(by, len(raw))
        if classes is not None:
            partition = partition.by(classes)
        weights = partition_weights(
            z, partition.codes, len(partition), by_variance=variance_weighted
        )
        expansion = Expansion(self.columns_, self.scaling_, raw, z, partition)
        budgets = allocate(weights, n)
        draw = expansion.drawer(
            budgets,
            bandwidth=self.bandwidth if bandwidth is None else bandwidth,
            adaptive=adaptive_bandwidth,
            strategy=generator_of(generation_strategy),
        )
        rng = np.random.default_rng(self.calls_.next("expand"))
        made = draw(rng)
        turn = rng.permutation(len(made))
        drawn = made[turn]
        if min_novelty > 0 and by is not None:
            raise ValueError("min_novelty draws rows of any class; leave it out with by=")
        if min_novelty > 0:
            warnings.warn(
                "min_novelty is deprecated; choose a wider bandwidth instead",
                HVRTDeprecationWarning,
                stacklevel=2,
            )
            drawn = insist_on_novelty(
                drawn, z, min_novelty, lambda: rng.permutation(draw(rng)), self.scaling_.transform
            )
        rows = self._as_asked(self.columns_.write(drawn))
        beside: tuple[Any, ...] = ()
        if classes is not None:
            first = partition.order[partition.starts]
            beside = (np.asarray(by).reshape(-1)[np.repeat(first, budgets)[turn]],)
        if not return_novelty_stats:
            return (rows, *beside) if beside else rows
        width = int(self.continuous_mask_.sum())
        new = self.scaling_.transform(drawn)[:, :width]
        return rows, *beside, summarise_novelty(nearest_distances(new, z[:, :width]))

    def augment(
        self,
        n: int,
        min_novelty: float = 0.0,
        variance_weighted: bool = False,
        n_partitions: int | None = None,
        bandwidth: float | str | None = None,
        adaptive_bandwidth: bool = False,
        generation_strategy: str | GenerationStrategy | None = None,
    ) -> Any:
        """Return the real rows followed by as many new ones as `n` needs.

        Parameters
        ----------
        n : int
            Real rows and new ones together.
        min_novelty, variance_weighted, n_partitions
            As in `expand`.
        bandwidth, adaptive_bandwidth, generation_strategy
            As in `expand`.

        Raises
        ------
        ValueError
            Unless `n` exceeds the number of real rows.
        """
        self._check_fitted()
        rows = len(self.X_)
        if n <= rows:
            raise ValueError(f"augment(n={n}): n counts all rows and must exceed the {rows} given")
        new = self.expand(
            n - rows,
            min_novelty=min_novelty,
            variance_weighted=variance_weighted,
            n_partitions=n_partitions,
            bandwidth=bandwidth,
            adaptive_bandwidth=adaptive_bandwidth,
            generation_strategy=generation_strategy,
        )
        return self._stacked(self.columns_.write(self.X_), new)

    def compute_novelty(self, X_new: Any) -> Floats:
        """Return the Euclidean distance of each row to its nearest real row in z space."""
        self._check_fitted()
        return nearest_distances(self.scaling_.transform(self.columns_.read(X_new)), self.X_z_)

    def _synthetic_target(self, z: Floats) -> Floats:
        return pairwise_target(z)

    def _given(self, X: Any, raw: Floats, indices: Integers) -> Any:
        if isinstance(X, pd.DataFrame) and self.columns_.is_frame:
            return X[self.columns_.names].iloc[indices]
        return self.columns_.write(
            raw[indices], self.columns_.index[indices] if X is None else None
        )


class FastHVRT(HVRT):
    """`HVRT` on the plain sum of the z columns: cheaper to compute, coarser in what it sees.

    Parameters, attributes and methods are those of `HVRT`.

    Examples
    --------
    >>> import numpy as np
    >>> FastHVRT().fit(np.random.default_rng(0).normal(size=(200, 3))).expand(n=50).shape
    (50, 3)
    """

    def _synthetic_target(self, z: Floats) -> Floats:
        return sum_target(z)
