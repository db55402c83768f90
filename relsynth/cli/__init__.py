"""The command ``relsynth``: one subcommand a file."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from relsynth import __version__
from relsynth.errors import RelsynthError

COMMANDS = (
    "demo",
    "evaluate",
    "fit",
    "generate",
    "inspect",
    "refine",
    "sample",
    "subset",
    "synth",
)
BAD_INPUT = 2
NO_INPUT_OUTPUT = 3


class _LazyGroup(click.Group):
    """Imports a command when it is asked for, so that ``--help`` is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by its name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"relsynth.cli.{cmd_name}"), cmd_name)
        return command


@click.group(cls=_LazyGroup)
@click.version_option(__version__, prog_name="relsynth")
def cli() -> None:
    """Learn a relational database and write a synthetic one of any size.

    Exit status: 0 fine, 1 a gate failed, 2 bad schema, data or arguments, 3 input or output.
    """


def main() -> None:
    """Run the command line; errors of the input become one clear message."""
    try:
        status = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        click.echo("aborted", err=True)
        sys.exit(NO_INPUT_OUTPUT)
    except RelsynthError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(BAD_INPUT)
    except (OSError, ImportError) as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(NO_INPUT_OUTPUT)
    # outside of its standalone mode click returns the status of an early exit
    sys.exit(status if isinstance(status, int) else 0)
