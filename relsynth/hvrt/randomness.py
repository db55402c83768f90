"""A random stream that advances from call to call."""

from __future__ import annotations

from typing import Any

import numpy as np

from relsynth.seeding import Seed, integer_seed


def seed_of(random_state: Any) -> int | None:
    """Return an integer seed, or ``None`` for fresh entropy.

    Parameters
    ----------
    random_state : int, RandomState, Generator or None
        A generator is drawn from, and so advances.
    """
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31 - 1))
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**31 - 1))
    return None if random_state is None else int(random_state)


class CallStream:
    """Seeds for the calls of one fitted estimator, another one for each call."""

    def __init__(self, seed: int | None) -> None:
        self.seed: Seed = np.random.SeedSequence(seed)
        self.calls = 0

    def next(self, purpose: str) -> int:
        """Return the seed of the next call."""
        self.calls += 1
        return integer_seed(self.seed, purpose, self.calls)
