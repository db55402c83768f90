"""Random databases of every value type, size and shape: nothing foreign is raised, rules hold."""

from __future__ import annotations

import os

import pytest
from random_data import exercise, seed_of_today

FEW = int(os.environ.get("RELSYNTH_DATABASES", "300"))


@pytest.mark.parametrize("seed", [1, 5, 8, 12, 109])
def test_a_random_database_goes_through_everything(seed):
    assert exercise(seed)[0] == []


@pytest.mark.slow
def test_hundreds_of_random_databases_of_today():
    first = seed_of_today()
    found = [fault for seed in range(first, first + FEW) for fault in exercise(seed)[0]]
    assert not found, "\n".join(found)
