"""Patterns that ask for far too long texts."""

from __future__ import annotations

import pytest

from relsynth.columns.patterns import parse_pattern
from relsynth.errors import SchemaError


@pytest.mark.parametrize(
    "pattern", ["(((((((a{9}){9}){9}){9}){9}){9}){9}){9}", "a{0,90000}", "((a{1,99}){1,99}){99}"]
)
def test_repeats_that_multiply_are_refused(pattern):
    with pytest.raises(SchemaError, match="repeat"):
        parse_pattern(pattern)


def test_long_texts_are_understood():
    assert parse_pattern("[ab]{4000}").longest == 4000
    assert parse_pattern("(a{1,20} ){1,30}").longest == 630
