"""Regular expressions as numbered languages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any

import numpy as np

from relsynth.columns.languages import Chain, Choice, Language, Letters
from relsynth.errors import SchemaError
from relsynth.groups import unique_values

OPEN_REPEATS = 8  # of a star or plus in a pattern without an end
ENUMERATED = 50_000  # texts of an ambiguous pattern that are listed to tell equal ones
LONGEST = 100_000  # characters of a text: a repeat of a repeat of a repeat may ask for billions
OPTIONS = 20_000_000  # characters of all lengths of a repeat together, a second to build
_SETS = {
    "alpha": "a-zA-Z",
    "digit": "0-9",
    "alnum": "a-zA-Z0-9",
    "upper": "A-Z",
    "lower": "a-z",
    "xdigit": "0-9a-fA-F",
    "space": r"\s",
    "blank": " ",
    "punct": r"!-/:-@\[-`{-~",
    "word": r"\w",
}
"""Sets that databases name inside brackets: ``[[:alpha:]_]``."""
_NAMED_SET = re.compile(rf"\[:({'|'.join(_SETS)}):\]")
PRINTABLE = tuple(range(32, 127))  # the signs of ASCII


@lru_cache(maxsize=512)
def parse_pattern(pattern: str, max_length: int | None = None) -> Language:
    """Return the language of a regular expression.

    Parameters
    ----------
    pattern : str
        Python syntax, with the sets that POSIX names. Literals, sets, categories, groups,
        alternatives and repeats are understood; ``.`` stands for printable ASCII, ``*`` and
        ``+`` repeat up to 8 times more than they must, or fewer where `max_length` says so.
    max_length : int, optional
        Longest text, in characters.

    Raises
    ------
    SchemaError
        For a syntax error, for what cannot be generated (look-around, back-references),
        and where the pattern cannot be kept within `max_length`.

    Examples
    --------
    >>> import numpy as np
    >>> language = parse_pattern("HID_[0-9]{3}")
    >>> language.count
    1000
    >>> language.texts(np.array([7]), np.random.default_rng(0)).tolist()
    ['HID_007']
    """
    parser: Any = import_module("re._parser")
    try:
        tree = parser.parse(_NAMED_SET.sub(lambda found: _SETS[found[1]], pattern))
    except Exception as error:
        if type(error).__name__ not in ("error", "PatternError", "OverflowError", "RecursionError"):
            raise
        raise SchemaError(f"the pattern {pattern!r} is no regular expression: {error}") from error
    for repeats in range(OPEN_REPEATS, -1, -1):
        language = _sequence(tree, pattern, repeats)
        if max_length is None or language.longest <= max_length:
            return language
    raise SchemaError(
        f"the pattern {pattern!r} spells up to {language.longest} characters, "
        f"but at most {max_length} are allowed"
    )


def exact_count(language: Language) -> int:
    """Return how many different texts a language has; an upper bound where too many to list."""
    if not language.ambiguous or language.count > ENUMERATED:
        return language.count
    ranks = np.arange(language.span, dtype=np.int64)
    return len(unique_values(language.texts(ranks, np.random.default_rng(0))))


def _sequence(tree: Any, pattern: str, repeats: int) -> Language:
    parts = [_node(op, argument, pattern, repeats) for op, argument in tree]
    merged = tuple(_merge_letters(parts))
    return merged[0] if len(merged) == 1 else Chain(merged)


def _merge_letters(parts: Sequence[Language]) -> Iterator[Language]:
    run: list[tuple[int, ...]] = []
    for part in parts:
        if isinstance(part, Letters):
            run.extend(part.alphabets)
            continue
        if run:
            yield Letters(tuple(run))
            run = []
        yield part
    if run or not parts:
        yield Letters(tuple(run))


def _node(op: Any, argument: Any, pattern: str, repeats: int) -> Language:
    name = str(op)
    if name in ("LITERAL", "NOT_LITERAL", "IN", "ANY"):
        return Letters((_alphabet(name, argument, pattern),))
    if name == "AT":
        return Letters(())
    if name == "SUBPATTERN":
        return _sequence(argument[-1], pattern, repeats)
    if name == "BRANCH":
        return Choice(tuple(_sequence(option, pattern, repeats) for option in argument[1]))
    if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        fewest, most, inner = argument
        most = fewest + repeats if "MAXREPEAT" in str(most) else most
        item = _sequence(inner, pattern, repeats)
        longest = max(item.longest, 1) * most
        if longest > LONGEST or longest * (most - fewest + 1) > OPTIONS:
            raise SchemaError(
                f"the pattern {pattern[:200]!r} repeats up to {longest:,} characters; texts of a "
                f"pattern have {LONGEST:,} at most, fewer where their lengths vary; repeat less"
            )
        options = tuple(_repeated(item, times) for times in range(fewest, most + 1))
        return options[0] if len(options) == 1 else Choice(options)
    raise SchemaError(
        f"the pattern {pattern!r} uses {name.lower().replace('_', ' ')}, "
        "from which no text can be generated"
    )


def _repeated(item: Language, times: int) -> Language:
    merged = tuple(_merge_letters([item] * times))
    return merged[0] if len(merged) == 1 else Chain(merged)


def _alphabet(name: str, argument: Any, pattern: str) -> tuple[int, ...]:
    if name == "LITERAL":
        return (argument,)
    if name == "NOT_LITERAL":
        return tuple(code for code in PRINTABLE if code != argument)
    if name == "ANY":
        return PRINTABLE
    negate, codes = False, set()
    for op, value in argument:
        kind = str(op)
        if kind == "NEGATE":
            negate = True
        elif kind == "LITERAL":
            codes.add(value)
        elif kind == "RANGE":
            codes.update(range(value[0], value[1] + 1))
        else:
            codes.update(_category(str(value)))
    chosen = [code for code in PRINTABLE if code not in codes] if negate else sorted(codes)
    if not chosen:
        raise SchemaError(f"the pattern {pattern!r} has a set without any printable character")
    return tuple(chosen)


def _category(name: str) -> list[int]:
    tests: dict[str, Callable[[str], bool]] = {
        "DIGIT": str.isdigit,
        "SPACE": str.isspace,
        "WORD": lambda text: text.isalnum() or text == "_",
    }
    kind = name.removeprefix("CATEGORY_")
    wanted = not kind.startswith("NOT_")
    test = tests[kind.removeprefix("NOT_")]
    return [code for code in PRINTABLE if test(chr(code)) is wanted]
