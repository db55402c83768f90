"""Options and steps that several commands share: where data and schema come from."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from relsynth.cli.rows import rows_option
from relsynth.cli.target import OUTPUT_HELP
from relsynth.errors import did_you_mean
from relsynth.metadata import Metadata
from relsynth.metadata.sources import schema_from

if TYPE_CHECKING:
    from relsynth.relational import RelationalSynthesizer

Command = TypeVar("Command", bound=Callable[..., Any])
SCHEMA_FILES = ("schema.json", "metadata.json")
FORMATS = ("csv", "csv.gz", "parquet")
SCHEMA_HELP = (
    "Schema file; without one the schema is guessed from the data. Of a database also a schema to "
    "read instead of the default one; may be repeated."
)
EXCLUDE_HELP = "TABLE or TABLE.COLUMN to leave out; may be repeated."
SUBJECT_HELP = "Table of people or firms to protect, instead of those found; may be repeated."
KEEP_HELP = "Table to copy as it is, instead of the reference tables found; 'auto' adds these."
INVENT_HELP = "Table to invent though it looks like a reference table; may be repeated."

_CSV_STYLE = "relsynth.csv style"  # in the context of a command: how its CSV files are spelled


def _remember(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    """Keep how CSV files are spelled for all that a command reads."""
    if value is not None:
        tab = parameter.name == "separator" and value in ("\\t", "tab")
        context.meta.setdefault(_CSV_STYLE, {})[parameter.name] = "\t" if tab else value


csv_options = (
    click.option(
        "--sep",
        "separator",
        expose_value=False,
        callback=_remember,
        help="Separator of CSV files, such as ';' or tab; recognised in each file without.",
    ),
    click.option(
        "--encoding",
        expose_value=False,
        callback=_remember,
        help="Encoding of CSV files, such as cp1252; recognised in each file without.",
    ),
)
data_options = (
    click.option("--schema", "-s", "schemas", multiple=True, help=SCHEMA_HELP),
    click.option("--exclude", multiple=True, help=EXCLUDE_HELP),
    *csv_options,
)
treatment_options = (
    click.option("--subject", "subjects", multiple=True, help=SUBJECT_HELP),
    click.option("--keep", multiple=True, help=KEEP_HELP),
    click.option("--invent", multiple=True, help=INVENT_HELP),
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
seed_option = click.option(
    "--seed", type=int, default=0, show_default=True, help="The same seed gives the same rows."
)
roots_option = click.option(
    "--roots",
    type=click.IntRange(min=1),
    help="Read in part, where the data lie: so many rows of every table without a parent, with "
    "all that hangs below; count the rest in SQL. Files need --schema.",
)
memory_option = click.option("--memory", help="What DuckDB may use with --roots, such as 2GB.")
formulas_option = click.option(
    "--escape-formulas",
    is_flag=True,
    help="Put an apostrophe before text in CSV files that spreadsheets would run.",
)
format_option = click.option(
    "--format",
    "file_format",
    type=click.Choice(FORMATS),
    default="csv",
    show_default=True,
    help="Of the files in a folder.",
)


def conditions(texts: Sequence[str], tables: Mapping[str, Any]) -> dict[str, dict[str, list[Any]]]:
    """Return values by table and column from texts such as ``customers.country=DE``.

    The same column several times means any of the values; nothing behind the sign means a
    missing value.
    """
    found: dict[str, dict[str, list[Any]]] = {}
    for text in texts:
        place, sign, value = text.partition("=")
        names = [name for name in tables if place.startswith(f"{name}.")]
        table = max(names, key=len) if names else place.partition(".")[0]
        column = place[len(table) + 1 :]
        if not sign or not column:
            raise click.BadParameter(
                f"{text!r} is not of the form table.column=value, such as customers.country=DE",
                param_hint="--where",
            )
        found.setdefault(table, {}).setdefault(column, []).append(value or None)
    return found


def _above_zero(context: click.Context, parameter: click.Parameter, value: float) -> float:
    if not 0 < value < float("inf"):
        raise click.BadParameter(f"scale must be a number above 0, not {value:g}")
    return value


def with_treatments(command: Command) -> Command:
    """Add the options that say what is read, who is protected and what is kept."""
    for option in reversed((*data_options, *treatment_options)):
        command = option(command)
    return command


def fitting_options(command: Command) -> Command:
    """Add the options that steer fitting."""
    for option in reversed(
        (
            *data_options,
            click.option(
                "--model",
                default="auto",
                show_default=True,
                help="Table model: auto, cart, bagged_trees, gaussian_copula, hvrt or sequence.",
            ),
            *treatment_options,
            click.option(
                "--orphans",
                type=click.Choice(["error", "null"]),
                default="error",
                show_default=True,
                help="References without a target: refuse them, or set them to null.",
            ),
            click.option(
                "--relations",
                multiple=True,
                callback=lambda _context, _option, kinds: "none" if kinds == ("none",) else kinds,
                help="Kinds of rules to look for, such as sum; repeatable; none for no rules.",
            ),
            seed_option,
        )
    ):
        command = option(command)
    return command


def sampling_options(command: Command) -> Command:
    """Add the options that steer sampling."""
    for option in reversed(
        (
            click.option("--output", "-o", required=True, help=OUTPUT_HELP),
            click.option(
                "--scale",
                type=float,
                default=1.0,
                show_default=True,
                callback=_above_zero,
                help="Rows, times those of the data.",
            ),
            rows_option("Exact rows of some tables: orders=200,customers=50; repeatable."),
            format_option,
            formulas_option,
        )
    ):
        command = option(command)
    return command


def with_csv(command: Command) -> Command:
    """Add the options that say how CSV files are spelled."""
    for option in reversed(csv_options):
        command = option(command)
    return command


def tables_in(data: str, metadata: Metadata | None = None) -> dict[str, Any]:
    """Return the tables of a folder, file or database, CSV files as the options say."""
    from relsynth.storage import read_tables

    style = click.get_current_context().meta.get(_CSV_STYLE, {})
    return read_tables(data, metadata, **style)


def read(
    data: str, schemas: tuple[str, ...] = (), exclude: tuple[str, ...] = ()
) -> tuple[Metadata, dict[str, Any]]:
    """Return schema and tables of a folder or database.

    Without a schema file, one named ``schema.json`` or ``metadata.json`` in the folder is
    taken; a database tells its own, and its data what it leaves open; otherwise the schema is
    guessed from the data.

    Parameters
    ----------
    data : str
    schemas : tuple of str
        A schema file, or schemas of a database to read.
    exclude : tuple of str
        Tables and columns to leave out.
    """
    from relsynth.storage.database import is_database
    from relsynth.storage.folder import left_out

    _check_source(data)
    file = _schema_file(data, schemas)
    if is_database(data) and file is None:
        metadata = Metadata.from_database(data, schema=schemas, exclude=exclude)
        return metadata, tables_in(data, metadata)
    if file is not None:
        whole = schema_from(file)
        tables = tables_in(data, whole.without(exclude) if is_database(data) else whole)
    else:
        tables = tables_in(data)
        whole = Metadata.detect(tables)
        others = left_out(Path(data))
        if others:
            shown = ", ".join(others[:5]) + (", …" if len(others) > 5 else "")
            click.echo(f"left out, no table files: {shown}", err=True)
    metadata = whole.without(exclude)
    left = {name: tables[name][list(table.columns)] for name, table in metadata.tables.items()}
    return metadata, left if exclude else tables


def check_memory(roots: int | None, memory: str | None) -> None:
    """Refuse a bound of memory where everything is read."""
    if memory is not None and roots is None:
        raise click.UsageError("--memory bounds what is read in part; give --roots as well")


def schema_of(data: str, schemas: tuple[str, ...] = (), exclude: tuple[str, ...] = ()) -> Metadata:
    """Return the schema of data that are not read whole: of a file or a database.

    Parameters
    ----------
    data, schemas, exclude
        See `read`; the data may also be a pattern of file names.
    """
    from relsynth.storage.database import is_database
    from relsynth.warehouse.source import is_pattern

    if not is_pattern(data):
        _check_source(data)
    file = _schema_file(data, schemas)
    if file is not None:
        return schema_from(file).without(exclude)
    if is_database(data):
        return Metadata.from_database(data, schema=schemas, exclude=exclude)
    raise click.BadParameter(
        "files that are not read whole need a schema file; relsynth inspect writes one from a "
        "part of the data: relsynth inspect PART --save schema.json",
        param_hint="--schema",
    )


def _check_source(data: str) -> None:
    if data.endswith(".relsynth") and Path(data).is_file():
        raise click.UsageError(f"{data} is a model; relsynth sample {data} draws from it")
    if "://" not in data and not Path(data).exists():
        raise FileNotFoundError(f"{data}: no such file or folder{_nearby(Path(data))}")


def _schema_file(data: str, schemas: tuple[str, ...]) -> str | None:
    """Return the schema file that was named, or lies in the folder of the data."""
    files = [name for name in schemas if Path(name).suffix or Path(name).is_file()]
    if len(files) > 1 or (files and len(schemas) > 1):
        raise click.BadParameter("give one schema file alone", param_hint="--schema")
    if files or (schemas and "://" not in data and not Path(data).is_file()):
        return schemas[0]
    found = (Path(data) / name for name in SCHEMA_FILES)
    return next((str(path) for path in found if path.is_file()), None)


def _nearby(path: Path) -> str:
    """Return a hint at what lies in the folder where something is missing."""
    if not path.absolute().parent.is_dir():
        return ""
    names = [found.name for found in path.absolute().parent.iterdir()]
    hint = did_you_mean(path.name, names)
    return f"; {hint}" if hint.startswith("did") else ""


def learned(
    metadata: Metadata,
    tables: Mapping[str, Any] | str,
    fitting: Mapping[str, Any],
    as_json: bool,
    *,
    roots: int | None = None,
    memory: str | None = None,
    workers: int = 1,
) -> RelationalSynthesizer:
    """Return a synthesizer fitted as the `fitting_options` say, in place with `roots`."""
    from relsynth.relational import RelationalSynthesizer

    said = {name: value for name, value in fitting.items() if value != ()}
    progress = on_terminal() and not as_json
    synthesizer = RelationalSynthesizer(metadata, progress=progress, **said)
    return synthesizer.fit(tables, roots=roots, memory=memory, workers=workers)


def say(text: str, as_json: bool) -> None:
    """Print text for people; nothing where machines read along."""
    if not as_json:
        click.echo(text)


def tell(document: Mapping[str, Any], as_json: bool) -> None:
    """Print a document for machines, where they asked for one."""
    if as_json:
        click.echo(json.dumps(document, indent=1, default=str))


def on_terminal() -> bool:
    """Whether somebody watches, who wants to see progress."""
    return sys.stderr.isatty()
