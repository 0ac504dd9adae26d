"""A real PostgreSQL for every test that asks: started once, migrated once, a copy of the template for each test."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy import Engine, make_url

from pipeline.adapters.postgres import migrate
from pipeline.adapters.postgres.embedded import EmbeddedPostgres
from pipeline.adapters.postgres.engine import open_engine

pytest_plugins = ["tests.standins.fixtures"]

TEMPLATE = "template_resumes"
_numbers = count(1)


@pytest.fixture
def server_directory() -> Iterator[Path]:
    """A directory that an embedded server can live in.

    Not `tmp_path`: every pytest that root starts closes /tmp/pytest-of-root to the server's own user.
    """
    with tempfile.TemporaryDirectory(prefix="resumes-pg-", ignore_cleanup_errors=True) as directory:
        yield Path(directory)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[EmbeddedPostgres]:
    """One embedded server for the session. A test that kills a server starts one of its own."""
    with tempfile.TemporaryDirectory(prefix="resumes-pg-", ignore_cleanup_errors=True) as directory:
        server = EmbeddedPostgres(Path(directory) / "postgres")
        server.start()
        yield server
        server.stop()


@pytest.fixture(scope="session")
def template_url(postgres_server: EmbeddedPostgres) -> str:
    """The migrated database that tests copy; nobody may stay connected to it."""
    administer(postgres_server.url, f"CREATE DATABASE {TEMPLATE}")
    url = database_of(postgres_server.url, TEMPLATE)
    migrate.upgrade(url)
    return url


@pytest.fixture
def database_url(postgres_server: EmbeddedPostgres, template_url: str) -> Iterator[str]:
    """The URL of a migrated, empty database of this test's own."""
    name = f"test_{next(_numbers)}"
    administer(postgres_server.url, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    yield database_of(postgres_server.url, name)
    administer(postgres_server.url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty_database_url(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    """The URL of a database that was never migrated."""
    name = f"test_{next(_numbers)}"
    administer(postgres_server.url, f"CREATE DATABASE {name}")
    yield database_of(postgres_server.url, name)
    administer(postgres_server.url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """A pool on `database_url`."""
    engine = open_engine(database_url, application_name="tests", pool_size=10)
    yield engine
    engine.dispose()


def administer(url: str, statement: str) -> None:
    """One statement outside of any transaction."""
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()


def database_of(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)
