"""Sorting and counting give what NumPy gives, whatever the keys."""

import numpy as np
import pytest

from relsynth.sorting import FEW, distinct_codes, lexical_order, stable_order

ROWS = FEW + 1_000


def keys() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    days = rng.integers(0, 900, ROWS) * 86_400.0
    gaps = np.where(rng.random(ROWS) < 0.2, np.nan, days)
    return {
        "groups in order": np.sort(rng.integers(0, 70, ROWS)),
        "groups": rng.integers(-1, 70, ROWS),
        "flags": rng.random(ROWS) < 0.3,
        "small numbers": rng.integers(0, 200, ROWS).astype(np.uint8),
        "hashes": rng.integers(0, 9, ROWS).astype(np.uint64) + np.uint64(2**64 - 99),
        "fractions": rng.random(ROWS),
        "rounded": np.round(rng.normal(size=ROWS), 1),
        "days": days,
        "days, some missing": gaps,
        "rounded, some missing": np.where(np.isnan(gaps), np.nan, np.round(rng.random(ROWS), 2)),
        "only missing": np.full(ROWS, np.nan),
        "one value": np.zeros(ROWS),
        "infinite": np.where(days > 4e7, np.inf, -days),
        "beyond whole numbers of doubles": days * 2.0**60,
        "both ends of the range": np.where(
            days > 4e7, np.iinfo(np.int64).max, -1 - rng.integers(9)
        ),
        "texts": rng.choice(["b", "a", "c"], ROWS),
    }


@pytest.mark.parametrize("name", keys())
def test_a_key_sorts_as_numpy_sorts_it(name):
    key = keys()[name]
    assert (stable_order(key) == np.argsort(key, kind="stable")).all()


@pytest.mark.parametrize("name", keys())
def test_distinct_values_are_those_of_numpy(name):
    values = keys()[name]
    distinct, codes = distinct_codes(values)
    wanted, places = np.unique(values, return_inverse=True)
    assert np.array_equal(distinct, wanted, equal_nan=values.dtype.kind == "f")
    assert distinct.dtype == wanted.dtype
    assert (codes == places).all()


@pytest.mark.parametrize("first", keys())
@pytest.mark.parametrize("last", ["groups", "flags", "rounded, some missing", "texts"])
def test_several_keys_sort_as_numpy_sorts_them(first, last):
    found = keys()
    chosen = [found[first], found["days, some missing"], found[last]]
    assert (lexical_order(chosen) == np.lexsort(chosen)).all()
