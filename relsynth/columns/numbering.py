"""Shuffle a range of whole numbers without holding it: a keyed permutation of ``[0, size)``."""

from __future__ import annotations

import numpy as np

from relsynth.groups import unique_values
from relsynth.typing import Array, Integers

ROUNDS = 4  # of a Feistel network: four are a pseudorandom permutation (Luby, Rackoff)


def permutation_key(rng: np.random.Generator) -> Integers:
    """Draw the key of a permutation: one odd multiplier and one addend per round."""
    return rng.integers(0, 1 << 62, size=(ROUNDS, 2), dtype=np.int64)


def permute(
    numbers: Integers, size: int | Integers, key: Integers, salt: Integers | None = None
) -> Integers:
    """Return where a keyed permutation of ``[0, size)`` sends each number.

    Parameters
    ----------
    numbers : ndarray of int64
        Each in ``[0, size)``.
    size : int or ndarray of int64
        At most 2**62; one for all numbers or one for each.
    key : ndarray of int64, shape (4, 2)
        From `permutation_key`.
    salt : ndarray of int64, optional
        Names the permutation that each number goes through; one for all where missing.

    Returns
    -------
    ndarray of int64
        Distinct for distinct numbers of one size and salt.

    Notes
    -----
    A four-round Feistel network over the next even power of two, walked on until the
    result lies inside the range (Black and Rogaway, "Ciphers with arbitrary finite
    domains", 2002). Linear in the numbers, no memory beside them; fewer than four walks
    each on average. It hides order, it is not encryption.
    """
    numbers = np.asarray(numbers, dtype=np.int64)
    sizes = np.broadcast_to(np.asarray(size, dtype=np.int64), numbers.shape)
    salts = np.zeros(1, np.int64) if salt is None else np.asarray(salt, dtype=np.int64)
    salts = np.broadcast_to(salts, numbers.shape)
    halves = (np.frexp((np.maximum(sizes, 2) - 1).astype(float))[1].astype(np.int64) + 1) // 2
    out = np.empty(len(numbers), dtype=np.int64)
    for half in unique_values(halves):
        rows = np.flatnonzero(halves == half)
        out[rows] = _walk(numbers[rows], sizes[rows], int(half), key, salts[rows])
    return out


def _walk(
    numbers: Integers, sizes: Integers, half: int, key: Integers, salts: Integers
) -> Integers:
    limits, shifts = sizes.astype(np.uint64), salts.astype(np.uint64)
    out = _feistel(numbers.astype(np.uint64), half, key, shifts)
    outside = np.flatnonzero(out >= limits)
    while len(outside):
        out[outside] = _feistel(out[outside], half, key, shifts[outside])
        outside = outside[out[outside] >= limits[outside]]
    return out.astype(np.int64)


def _feistel(numbers: Array, half: int, key: Integers, salts: Array) -> Array:
    mask, shift = np.uint64((1 << half) - 1), np.uint64(half)
    left, right = numbers >> shift, numbers & mask
    for multiplier, addend in key.astype(np.uint64):
        mixed = (right + addend + salts * np.uint64(0x9E3779B97F4A7C15)) * (
            multiplier | np.uint64(1)
        )
        mixed ^= mixed >> np.uint64(29)
        mixed *= np.uint64(0xBF58476D1CE4E5B9)
        mixed ^= mixed >> np.uint64(32)
        left, right = right, left ^ (mixed & mask)
    return (left << shift) | right
