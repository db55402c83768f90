"""Random streams spawned by name, so that results depend on names and never on order."""

from __future__ import annotations

import hashlib

import numpy as np

Seed = int | np.random.SeedSequence | None


def stream(seed: Seed, *names: object) -> np.random.Generator:
    """Return the generator that belongs to these names under a seed.

    Parameters
    ----------
    seed : int, numpy.random.SeedSequence or None
        ``None`` takes fresh entropy from the operating system.
    *names : object
        What the stream is for, such as a table, a purpose and a partition number.

    Returns
    -------
    numpy.random.Generator

    Notes
    -----
    The names are hashed with SHA-256 into the spawn key of a `SeedSequence`. Neither
    the order in which streams are asked for nor PYTHONHASHSEED has any influence.

    Examples
    --------
    >>> bool(stream(7, "orders").random() == stream(7, "orders").random())
    True
    """
    return np.random.default_rng(spawn(seed, *names))


def integer_seed(seed: Seed, *names: object) -> int:
    """Return a 31-bit seed for libraries that take an integer."""
    return int(spawn(seed, *names).generate_state(1)[0] & 0x7FFFFFFF)


def spawn(seed: Seed, *names: object) -> np.random.SeedSequence:
    """Return the seed that belongs to these names under another one; see `stream`."""
    root = seed if isinstance(seed, np.random.SeedSequence) else np.random.SeedSequence(seed)
    digest = hashlib.sha256("\x1f".join(map(str, names)).encode()).digest()
    key = tuple(np.frombuffer(digest[:16], dtype="<u4").tolist())
    return np.random.SeedSequence(root.entropy, spawn_key=(*root.spawn_key, *key))
