"""The command ``relsynth``: one subcommand a file."""

from __future__ import annotations

import sys
import traceback
from difflib import get_close_matches
from importlib import import_module
from typing import NoReturn

import click

from relsynth import __version__
from relsynth.errors import RelsynthError

COMMANDS = (
    "audit",
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
BAD_INPUT = 2  # exit status, as of click for a wrong option
NO_INPUT_OUTPUT = 3  # exit status: a file or database cannot be read or written
UNEXPECTED = 4  # exit status of a fault of the library, distinct from bad input


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
@click.option("--debug", is_flag=True, help="Show the traceback of an error; anywhere in the line.")
def cli(debug: bool) -> None:
    """Learn a relational database and write a synthetic one of any size.

    Exit status: 0 fine, 1 a gate failed, 2 bad schema, data or arguments, 3 input or output,
    4 an error nobody foresaw.
    """


def main() -> None:
    """Run the command line; every error becomes one clear message and an exit status."""
    arguments = [word for word in sys.argv[1:] if word != "--debug"]
    debug = len(arguments) < len(sys.argv) - 1
    try:
        status = cli.main(args=arguments, prog_name="relsynth", standalone_mode=False)
    except click.Abort:
        click.echo("aborted", err=True)
        sys.exit(NO_INPUT_OUTPUT)
    except BrokenPipeError:
        sys.exit(NO_INPUT_OUTPUT)
    except click.ClickException as error:
        _end(_explained(error), error.exit_code, debug)
    except RelsynthError as error:
        _end(str(error), BAD_INPUT, debug)
    except (OSError, ImportError) as error:
        _end(_of_the_system(error), NO_INPUT_OUTPUT, debug)
    except MemoryError:
        _end("out of memory; learn a part (relsynth subset) or draw less", UNEXPECTED, debug)
    except Exception as error:  # noqa: BLE001 - whatever it is, a person reads one line
        what = f"{type(error).__name__}: {error}".splitlines()[0]
        _end(f"unexpected, please report it: {what} (--debug shows more)", UNEXPECTED, debug)
    # outside of its standalone mode click returns the status of an early exit
    sys.exit(status if isinstance(status, int) else 0)


def _end(message: str, status: int, debug: bool) -> NoReturn:
    if debug:
        traceback.print_exc()
    click.echo(f"error: {message}", err=True)
    sys.exit(status)


def _explained(error: click.ClickException) -> str:
    """Return what click found wrong with the arguments, and where to read on."""
    text = error.format_message().rstrip(".")
    context = getattr(error, "ctx", None)
    if context is None:
        return text
    if text.startswith("No such command") and context.parent is None:
        word = text.split("'")[1] if "'" in text else ""
        close = get_close_matches(word, COMMANDS, n=1)
        text += f"; did you mean {close[0]!r}?" if close else f"; one of {', '.join(COMMANDS)}"
    return f"{text} (see {context.command_path} --help)"


def _of_the_system(error: OSError | ImportError) -> str:
    """Return a message with the file first, as a person would say it."""
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error)
