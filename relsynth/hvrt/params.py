"""What `fit_transform` and `transform` shall do, as values."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from relsynth.hvrt.generation import GenerationStrategy
    from relsynth.hvrt.selection import SelectionStrategy


class _Params:
    """Dataclasses that turn into keyword arguments of the method they stand for."""

    def to_arguments(self, **changed: Any) -> dict[str, Any]:
        """Return the fields as keyword arguments, some of them replaced."""
        own = {field.name: getattr(self, field.name) for field in fields(cast(Any, self))}
        return {**own, **changed}


@dataclass(frozen=True)
class ReduceParams(_Params):
    """Arguments of `HVRT.reduce`; give one of `n` and `ratio`.

    Parameters
    ----------
    n : int, optional
        Rows to keep.
    ratio : float, optional
        Share of the rows to keep.
    method, variance_weighted, return_indices, n_partitions
        As in `HVRT.reduce`.

    Raises
    ------
    ValueError
        If both `n` and `ratio` are given, or neither.

    Examples
    --------
    >>> ReduceParams(ratio=0.2).method
    'fps'
    """

    n: int | None = None
    ratio: float | None = None
    method: str | SelectionStrategy = "fps"
    variance_weighted: bool = True
    return_indices: bool = False
    n_partitions: int | None = None

    def __post_init__(self) -> None:
        if self.n is not None and self.ratio is not None:
            raise ValueError(
                f"ReduceParams: n={self.n} and ratio={self.ratio} exclude each other; give one"
            )
        if self.n is None and self.ratio is None:
            raise ValueError("ReduceParams: give n (rows to keep) or ratio (share to keep)")


@dataclass(frozen=True)
class ExpandParams(_Params):
    """Arguments of `HVRT.expand`; `n` is required.

    Parameters
    ----------
    n : int
        Rows to draw.
    variance_weighted, bandwidth, adaptive_bandwidth, generation_strategy
        As in `HVRT.expand`.
    return_novelty_stats, n_partitions
        As in `HVRT.expand`.

    Raises
    ------
    ValueError
        Without `n`.

    Examples
    --------
    >>> ExpandParams(n=500, bandwidth=0.5).bandwidth
    0.5
    """

    n: int | None = None
    variance_weighted: bool = False
    bandwidth: float | str | None = None
    adaptive_bandwidth: bool = False
    generation_strategy: str | GenerationStrategy | None = None
    return_novelty_stats: bool = False
    n_partitions: int | None = None

    def __post_init__(self) -> None:
        if self.n is None:
            raise ValueError("ExpandParams: n, the number of rows to generate, is required")


@dataclass(frozen=True)
class AugmentParams(_Params):
    """Arguments of `HVRT.augment`; `n` is required.

    Parameters
    ----------
    n : int
        Rows in all, the given ones included.
    variance_weighted, n_partitions
        As in `HVRT.augment`.

    Raises
    ------
    ValueError
        Without `n`.

    Examples
    --------
    >>> AugmentParams(n=500).n
    500
    """

    n: int | None = None
    variance_weighted: bool = False
    n_partitions: int | None = None

    def __post_init__(self) -> None:
        if self.n is None:
            raise ValueError("AugmentParams: n, the number of rows in all, is required")
