"""What the commands that end with a report share: where it goes, and gates on its figures."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import click

from relsynth.cli.source import seed_option


class Report(Protocol):
    """What `say_report` needs of a report."""

    scores: dict[str, Any]

    def fails(self, under: Mapping[str, float]) -> list[str]:
        """Return a sentence for every figure that its gate does not let pass."""

    def save(self, path: str | Path) -> Path:
        """Write it as a page or as JSON."""


class Gates(click.ParamType[dict[str, float]]):
    """Gates such as ``dda=0.6,shapes=0.95``."""

    name = "FIGURE=GATE,…"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> dict[str, float]:
        """Return the gates by figure."""
        if isinstance(value, dict):
            return value
        gates = {}
        for part in str(value).split(","):
            name, sign, gate = part.partition("=")
            try:
                gates[name.strip()] = float(gate)
            except ValueError:
                sign = ""
            if not sign or not name.strip():
                self.fail(f"{part!r} is not of the form figure=number, such as dda=0.6", param, ctx)
        return gates


def report_options(gates_help: str) -> Callable[[Any], Any]:
    """Return a decorator that adds ``--output``, ``--seed``, ``--json`` and ``--fail-under``."""
    options = (
        click.option(
            "--output",
            "-o",
            type=click.Path(path_type=Path),
            help="Report to write, .html or .json.",
        ),
        seed_option,
        click.option("--json", "as_json", is_flag=True, help="Print all scores as JSON."),
        click.option("--fail-under", type=Gates(), default=None, help=gates_help),
        click.pass_context,
    )

    def decorated(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return decorated


def say_report(
    context: click.Context,
    report: Report,
    gates: Mapping[str, float] | None,
    output: Path | None,
    as_json: bool,
) -> None:
    """Write and print a report; exit with status 1 where a gate fails."""
    failed = report.fails(gates or {})
    if output is not None:
        report.save(output)
    click.echo(json.dumps(report.scores | {"failed": failed}, indent=1) if as_json else str(report))
    for sentence in failed:
        click.echo(sentence, err=True)
    if failed:
        context.exit(1)
