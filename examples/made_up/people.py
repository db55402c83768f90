"""People with what makes data hard: a rule, a skewed number, rare values."""

from __future__ import annotations

import numpy as np
import pandas as pd


def people(n: int, seed: int) -> pd.DataFrame:
    """Return people with a rule, a skewed number and rare professions."""
    rng = np.random.default_rng(seed)
    level = rng.choice(4, n, p=[0.4, 0.3, 0.2, 0.1])
    age = np.clip(rng.gamma(9, 4.5, n).round(), 17, 90)
    income = np.exp(rng.normal(7.2 + 0.35 * level + age / 120, 0.4)).round()
    job = rng.choice(
        ["clerk", "smith", "nurse", "cook", *(f"rare {i}" for i in range(40))],
        n,
        p=[0.4, 0.25, 0.2, 0.11] + [0.001] * 40,
    )
    return pd.DataFrame(
        {
            "school": np.array(["none", "some", "high", "top"])[level],
            "years": level * 4.0,
            "age": age,
            "income": income,
            "job": job,
        }
    )
