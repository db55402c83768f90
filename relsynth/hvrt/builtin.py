"""Strategies that are asked for by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from relsynth.errors import did_you_mean

Strategy = TypeVar("Strategy")


def find_builtin(name: str, builtin: Mapping[str, Strategy], what: str) -> Strategy:
    """Return the strategy of a name.

    Raises
    ------
    ValueError
        Naming the strategies there are.
    """
    if name not in builtin:
        names = ", ".join(map(repr, builtin))
        hint = did_you_mean(name, builtin)
        raise ValueError(f"unknown {what} strategy {name!r}; there are {names} ({hint})")
    return builtin[name]
