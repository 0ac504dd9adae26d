"""Whether a database can be ours: asked before anything is written to it."""

from __future__ import annotations

import re

import psycopg2.extensions

from pipeline.adapters.postgres import migrate
from pipeline.adapters.postgres.engine import connect
from pipeline.adapters.postgres.models import Application
from pipeline.domain.errors import ConfigurationError, DatabaseUnavailable

SERVER_MIN = 15
PGVECTOR_MIN = (0, 8)


def check_database(url: str) -> None:
    """Raises ConfigurationError, with one sentence that says what to do, for a database that cannot be used."""
    try:
        connection = connect(url, application_name="resumes-check", session={"statement_timeout": "10s"})
    except DatabaseUnavailable as error:
        raise ConfigurationError(f"DB_URL cannot be used: {error.message}", key="DB_URL") from None
    try:
        problem = (
            server_problem(connection.server_version)
            or pgvector_problem(*_pgvector(connection))
            or _ownership_problem(connection)
        )
    except psycopg2.Error as error:
        problem = f"PostgreSQL refused to be looked at ({type(error).__name__})."
    finally:
        connection.close()
    if problem is not None:
        raise ConfigurationError(problem, key="DB_URL")


def server_problem(version: int) -> str | None:
    """What is wrong with a server of this `server_version_num` (150004 is 15.4), if anything."""
    if version // 10_000 >= SERVER_MIN:
        return None
    return f"DB_URL is PostgreSQL {version // 10_000}: {SERVER_MIN} or newer is needed."


def pgvector_problem(installed: str | None, available: str | None) -> str | None:
    """What is wrong with pgvector: the version in this database, and the one that could be created."""
    if installed is None and available is None:
        return "DB_URL's server has no pgvector: install pgvector 0.8 or newer on it."
    if _version(installed or available or "") >= PGVECTOR_MIN:
        return None
    if installed is not None and available is not None and _version(available) >= PGVECTOR_MIN:
        return f"DB_URL has pgvector {installed}: run ALTER EXTENSION vector UPDATE in it (0.8 is needed)."
    return f"DB_URL's server has pgvector {installed or available}: 0.8 or newer is needed."


def ownership_problem(tables: bool, revision: str | None, columns: frozenset[str]) -> str | None:
    """Whether the tables are somebody else's: is there a table `applications`, under which Alembic revision,
    with which columns."""
    foreign = "give this service a database, or a schema in the role's search_path, of its own."
    if revision is not None and revision not in migrate.revisions():
        return f"DB_URL holds another program's tables (Alembic revision {revision} is not ours): {foreign}"
    if revision is None and tables:
        return f"DB_URL holds a table 'applications' that is not this service's: {foreign}"
    missing = {column.name for column in Application.__table__.columns} - columns
    if revision == migrate.head() and missing:
        return f"DB_URL's table 'applications' lacks {', '.join(sorted(missing))}: {foreign}"
    return None


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def _pgvector(connection: psycopg2.extensions.connection) -> tuple[str | None, str | None]:
    return (
        _first(connection, "SELECT extversion FROM pg_extension WHERE extname = 'vector'"),
        _first(connection, "SELECT default_version FROM pg_available_extensions WHERE name = 'vector'"),
    )


def _ownership_problem(connection: psycopg2.extensions.connection) -> str | None:
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS)
        columns = frozenset(name for (name,) in cursor.fetchall())
    versioned = _first(connection, "SELECT to_regclass('alembic_version')::text") is not None
    revision = _first(connection, "SELECT min(version_num) FROM alembic_version") if versioned else None
    return ownership_problem(bool(columns), revision, columns)


def _first(connection: psycopg2.extensions.connection, statement: str) -> str | None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        row = cursor.fetchone()
    return None if row is None or row[0] is None else str(row[0])


COLUMNS = """
    SELECT attname FROM pg_attribute
    WHERE attrelid = to_regclass('applications') AND attnum > 0 AND NOT attisdropped"""
