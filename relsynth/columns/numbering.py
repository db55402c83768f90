"""Shuffle a range of whole numbers without holding it: a keyed permutation of ``[0, size)``."""

from __future__ import annotations

import numpy as np

from relsynth.typing import Integers

ROUNDS = 4


def permutation_key(rng: np.random.Generator) -> Integers:
    """Draw the key of a permutation: one odd multiplier and one addend per round."""
    return rng.integers(0, 1 << 62, size=(ROUNDS, 2), dtype=np.int64)


def permute(numbers: Integers, size: int, key: Integers) -> Integers:
    """Return where a keyed permutation of ``[0, size)`` sends each number.

    Parameters
    ----------
    numbers : ndarray of int64
        Each in ``[0, size)``.
    size : int
        At most 2**62.
    key : ndarray of int64, shape (4, 2)
        From `permutation_key`.

    Returns
    -------
    ndarray of int64
        Distinct for distinct numbers.

    Notes
    -----
    A four-round Feistel network over the next even power of two, walked on until the
    result lies inside the range (Black and Rogaway, "Ciphers with arbitrary finite
    domains", 2002). Linear in the numbers, no memory beside them; fewer than four walks
    each on average. It hides order, it is not encryption.
    """
    half = max(1, ((max(size - 1, 1)).bit_length() + 1) // 2)
    out = _feistel(numbers.astype(np.uint64), half, key)
    outside = np.flatnonzero(out >= size)
    while len(outside):
        out[outside] = _feistel(out[outside], half, key)
        outside = outside[out[outside] >= size]
    return out.astype(np.int64)


def _feistel(numbers: np.ndarray, half: int, key: Integers) -> np.ndarray:
    mask, shift = np.uint64((1 << half) - 1), np.uint64(half)
    left, right = numbers >> shift, numbers & mask
    for multiplier, addend in key.astype(np.uint64):
        mixed = (right + addend) * (multiplier | np.uint64(1))
        mixed ^= mixed >> np.uint64(29)
        mixed *= np.uint64(0xBF58476D1CE4E5B9)
        mixed ^= mixed >> np.uint64(32)
        left, right = right, left ^ (mixed & mask)
    return (left << shift) | right
