"""Warnings that are expected, kept from the user whichever threads run."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

_ONE_AT_A_TIME = RLock()  # filters belong to the process: two threads would restore each other's


@contextmanager
def quiet(*categories: type[Warning]) -> Iterator[None]:
    """Ignore warnings of some categories, or all, in a short block of code."""
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        for category in categories or (Warning,):
            warnings.simplefilter("ignore", category)
        yield
