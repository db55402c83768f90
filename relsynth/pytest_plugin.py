"""pytest plugin: generated tables and databases as fixtures.

Mark a test (or class, or module) with the schema it needs::

    @pytest.mark.relsynth("schema.json", rows={"customers": 20}, profile="edge", seed=7)
    def test_invoices(relsynth_db):
        ...

``relsynth_tables`` gives DataFrames, ``relsynth_db`` an SQLAlchemy connection to a database
that holds them. Whatever a test writes is rolled back when it ends.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import pandas as pd

    from relsynth.metadata import Metadata

_KEYWORDS = ("rows", "profile", "seed", "locale")
_ARGUMENTS = pytest.StashKey[dict[str, Any]]()
_MADE = pytest.StashKey[dict[str, dict[str, Any]]]()
_ENGINES = pytest.StashKey[dict[str, Any]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the settings and options of the plugin."""
    parser.addini("relsynth_schema", "Schema of tests whose marker names none.", default="")
    parser.addini(
        "relsynth_url", "Database URL; a SQLite database in memory by default.", default=""
    )
    group = parser.getgroup("relsynth", "generated test databases")
    group.addoption("--relsynth-seed", type=int, default=None, help="Seed for every marked test.")
    group.addoption("--relsynth-url", default=None, help="Database URL for relsynth_db.")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers",
        "relsynth(schema, rows=None, profile='realistic', seed=0, locale='en_US'): "
        "the generated tables a test needs.",
    )
    config.stash[_MADE] = {}
    config.stash[_ENGINES] = {}


def pytest_unconfigure(config: pytest.Config) -> None:
    """Close the databases."""
    for engine in config.stash.get(_ENGINES, {}).values():
        engine.dispose()


def _arguments(request: pytest.FixtureRequest) -> dict[str, Any]:
    marker = request.node.get_closest_marker("relsynth")
    given = dict(marker.kwargs) if marker else {}
    positional = marker.args if marker else ()
    unknown = [name for name in given if name not in (*_KEYWORDS, "schema")]
    if len(positional) > 1 or unknown:
        raise pytest.UsageError(
            f"pytest.mark.relsynth takes a schema, {', '.join(_KEYWORDS)}; got {positional} {given}"
        )
    schema = positional[0] if positional else given.pop("schema", None)
    schema = schema or request.config.getini("relsynth_schema")
    if not schema:
        raise pytest.UsageError(
            "no schema: mark the test with @pytest.mark.relsynth('schema.json'), "
            "or set relsynth_schema in the configuration of pytest"
        )
    seed = request.config.getoption("--relsynth-seed")
    if seed is not None:
        given["seed"] = seed
    given.setdefault("seed", 0)
    arguments = {"schema": schema, **given}
    request.node.stash[_ARGUMENTS] = arguments
    return arguments


def _load(schema: Any, request: pytest.FixtureRequest) -> Metadata:
    from relsynth.metadata import Metadata
    from relsynth.metadata.sources import schema_from

    if isinstance(schema, Metadata):
        return schema
    if isinstance(schema, Mapping):
        return Metadata.from_dict(schema)
    homes = (Path.cwd(), request.node.path.parent, request.config.rootpath)
    found = next((home / schema for home in homes if (home / str(schema)).is_file()), schema)
    return schema_from(found)


def _made(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Return schema and tables, generated once per schema and arguments."""
    from relsynth.generation import generate

    arguments = _arguments(request)
    metadata = _load(arguments["schema"], request)
    options = {name: arguments[name] for name in _KEYWORDS if name in arguments}
    name = json.dumps([metadata.to_dict(), options], sort_keys=True, default=str)
    cache = request.config.stash[_MADE]
    if name not in cache:
        cache[name] = {"name": name, "metadata": metadata, "tables": generate(metadata, **options)}
    return cache[name]


@pytest.fixture
def relsynth_tables(request: pytest.FixtureRequest) -> dict[str, pd.DataFrame]:
    """Tables generated for the test, a copy of its own."""
    return {name: frame.copy() for name, frame in _made(request)["tables"].items()}


@pytest.fixture
def relsynth_engine(request: pytest.FixtureRequest) -> Any:
    """Give `relsynth_db` its SQLAlchemy engine; override it to use one of your own."""
    from sqlalchemy import create_engine, event
    from sqlalchemy.pool import StaticPool

    url = request.config.getoption("--relsynth-url") or request.config.getini("relsynth_url")
    name = url or f"sqlite {_made(request)['name']}"
    engines = request.config.stash[_ENGINES]
    if name in engines:
        return engines[name]
    if url:
        engines[name] = create_engine(url)
        return engines[name]
    engine = create_engine("sqlite://", poolclass=StaticPool)

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def _begun(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN")

    engines[name] = engine
    return engine


@pytest.fixture
def relsynth_db(request: pytest.FixtureRequest, relsynth_engine: Any) -> Iterator[Any]:
    """Connect to a database that holds the tables; all a test writes is rolled back.

    The default SQLite database in memory is filled once and shared by the tests with the same
    schema and arguments; a configured database is filled inside the transaction of the test.
    """
    from sqlalchemy import inspect

    from relsynth.storage.load import load_tables

    made = _made(request)
    own = relsynth_engine in request.config.stash[_ENGINES].values()
    in_memory = own and relsynth_engine.url.database in (None, "", ":memory:")
    if in_memory and not inspect(relsynth_engine).get_table_names():
        load_tables(made["tables"], relsynth_engine, made["metadata"])
    with relsynth_engine.connect() as connection:
        transaction = connection.begin()
        if not in_memory:
            load_tables(made["tables"], connection, made["metadata"])
        inner = connection.begin_nested()
        try:
            yield connection
        finally:
            if inner.is_active:
                inner.rollback()
            transaction.rollback()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Print with a failing test what generates its data again."""
    outcome: Any = yield
    report = outcome.get_result()
    arguments = item.stash.get(_ARGUMENTS, None)
    if report.failed and arguments is not None:
        said = ", ".join(
            f"{name}={value!r}" for name, value in arguments.items() if name != "schema"
        )
        schema = arguments["schema"]
        shown = repr(schema) if isinstance(schema, (str, Path)) else "schema"
        report.sections.append(
            ("relsynth", f"reproduce the data: relsynth.generate({shown}, {said})")
        )
