"""The synthetic targets a partition tree is grown on."""

from __future__ import annotations

import numpy as np

from relsynth.typing import Floats

NEGLIGIBLE = 1e-12  # of the second moment: what rounding makes of a constant column


def pairwise_target(z: Floats) -> Floats:
    """Return the sum over column pairs of their standardised products.

    Parameters
    ----------
    z : ndarray, shape (n_rows, n_columns)
        Columns with mean 0 and standard deviation 1, or all zero.

    Returns
    -------
    ndarray, shape (n_rows,)
        Large where several columns are extreme together with equal sign; all zero for
        fewer than two columns. A product without spread contributes nothing.

    Notes
    -----
    With ``s_ij`` the standard deviation of ``z_i z_j``, the sum over pairs equals
    ``z' W z`` less a constant, ``W_ij = 1 / (2 s_ij)`` off the diagonal. That needs
    matrix products only: O(n d^2) time and O(n d) memory instead of n d^2 / 2 products.

    Examples
    --------
    >>> pairwise_target(np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]]))
    array([ 1., -1., -1.,  1.])
    """
    rows, columns = z.shape
    if columns < 2:
        return np.zeros(rows)
    squared = z**2
    first = z.T @ z / rows
    second = squared.T @ squared / rows
    variance = second - first**2
    spreads = variance > NEGLIGIBLE * np.maximum(second, 1.0)
    np.fill_diagonal(spreads, val=False)
    weights = np.zeros_like(variance)
    weights[spreads] = 0.5 / np.sqrt(variance[spreads])
    return np.einsum("ij,ij->i", z @ weights, z) - float((weights * first).sum())


def sum_target(z: Floats) -> Floats:
    """Return the row sums of the z matrix, the cheap target of `FastHVRT`."""
    return z.sum(axis=1)


def blend_with_outcome(target: Floats, y: Floats, weight: float) -> Floats:
    """Return the target mixed with how far the outcome lies from its median.

    Parameters
    ----------
    target : ndarray, shape (n_rows,)
    y : ndarray, shape (n_rows,)
        Outcome as numbers.
    weight : float
        Share of the outcome, 0 to 1.

    Notes
    -----
    The target keeps its own scale, which grows with the number of columns; the outcome's
    part has unit spread.
    """
    standard = (y - y.mean()) / (y.std() + 1e-10)
    extreme = np.abs(standard - np.median(standard))
    outcome = (extreme - extreme.mean()) / (extreme.std() + 1e-10)
    return (1.0 - weight) * target + weight * outcome
