"""What all tests share: property tests draw the same examples in every run; one PostgreSQL.

``RELSYNTH_RANDOM=1`` draws others, to look for faults that nobody has seen yet.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec

import pytest
from postgres_cluster import cluster

if find_spec("hypothesis") is not None:  # the bare install has its own few tests without it
    from hypothesis import settings

    settings.register_profile("steady", derandomize=True)
    settings.register_profile("random", derandomize=False)
    settings.load_profile("random" if os.environ.get("RELSYNTH_RANDOM") else "steady")


def pytest_configure(config: pytest.Config) -> None:
    """Let pandas 2 pass whose own Timedelta uses what numpy 2.5 deprecates; pandas 3 does not."""
    if version("pandas").startswith("2."):
        unit = "ignore:The 'generic' unit for NumPy timedelta:DeprecationWarning"
        config.addinivalue_line("filterwarnings", unit)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Return the URL of a PostgreSQL cluster, with ``{name}`` for the database."""
    with cluster() as url:
        yield url


@pytest.fixture
def postgres_url(postgres: str) -> Iterator[str]:
    """Return the URL of an empty PostgreSQL database."""
    import sqlalchemy as sa

    name = f"t{uuid.uuid4().hex[:12]}"
    server = sa.create_engine(postgres.format(name="postgres"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    yield postgres.format(name=name)
    with server.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()
