"""The row conditions of a schema: checks and structured constraints."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from relsynth.constraints.rows import Rows
from relsynth.constraints.rule import Rule
from relsynth.constraints.rules import Check, rules_of
from relsynth.errors import SchemaError
from relsynth.evaluate.violation import Violation, broken
from relsynth.typing import Tables

if TYPE_CHECKING:
    from relsynth.metadata import Metadata, Table


def check_violations(metadata: Metadata, real: Tables, synthetic: Tables) -> list[Violation]:
    """Return the rows that break a declared condition; what is unknown passes, as in SQL.

    A condition that the real data break themselves, or that cannot be read, is reported
    without being counted as an error.
    """
    found: list[Violation] = []
    for name, table in metadata.tables.items():
        for rule in _rules(table):
            text = rule.text if isinstance(rule, Check) else str(rule)
            try:
                wrong = rule.broken(Rows(metadata, dict(synthetic), name))
                strict = not rule.broken(Rows(metadata, dict(real), name)).any()
            except SchemaError as error:
                found.append(Violation(name, "check not read", 0, (), f"{text}: {error}", False))
                continue
            columns = [column for column in rule.columns() if column in table.columns]
            found += broken(synthetic[name], wrong, name, "check", columns, text, strict=strict)
    return found


def _rules(table: Table) -> list[Rule]:
    """Return every condition once; `rules_of` reads a simple check as an inequality as well."""
    return [*rules_of(replace(table, checks=())), *(Check(text) for text in table.checks)]
