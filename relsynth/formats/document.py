"""Parse JSON text strictly: no key twice in one object, no NaN."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from relsynth.errors import Faults, SchemaError, examples_of
from relsynth.schema import MOST_COLUMNS


def parse_json(text: str, source: str) -> Any:
    """Parse JSON and refuse what Python's parser would silently accept.

    Parameters
    ----------
    source : str
        Where the text came from; opens error messages.

    Raises
    ------
    SchemaError
        For broken JSON, with line and column, for every key that stands twice in one
        object (two tables or two columns with one name), and for NaN and infinity.
    """
    faults = Faults(source, SchemaError)

    def collect(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        for key, count in Counter(key for key, _ in pairs).items():
            if count > 1:
                siblings = examples_of(dict.fromkeys(name for name, _ in pairs), limit=5)
                faults.add(
                    f"the name {key!r} stands {count} times in one object (of {siblings}); "
                    "a name may be used only once"
                )
        if len(pairs) > MOST_COLUMNS:
            faults.add(
                f"an object has {len(pairs):,} names, at most {MOST_COLUMNS:,} are taken, as of a "
                "table's columns"
            )
        return dict(pairs)

    def refuse(constant: str) -> None:
        faults.add(f"{constant} is no JSON number; write a finite number or null")

    try:
        document = json.loads(text, object_pairs_hook=collect, parse_constant=refuse)
    except RecursionError as error:
        raise SchemaError(f"{source}: lists and objects are nested too deeply") from error
    except ValueError as error:
        if not isinstance(error, json.JSONDecodeError):
            raise SchemaError(f"{source}: a number has too many digits: {error}") from error
        raise SchemaError(
            f"{source}: broken JSON in line {error.lineno}, column {error.colno}: {error.msg}"
        ) from error
    faults.raise_if_any()
    return document
