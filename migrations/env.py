"""Runs migrations on `-x db_url=…`, else `migrate.upgrade`'s URL, else DB_URL, else the embedded server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import Connection, create_engine, pool, text

from pipeline.adapters.postgres.embedded import EmbeddedPostgres
from pipeline.adapters.postgres.engine import CONNECT_TIMEOUT_S, parse_url, unavailable
from pipeline.adapters.postgres.models import MODEL_INDEX_PREFIX, Base
from pipeline.settings import load_settings

#: Two deployments that start at once migrate one after the other.
MIGRATION_LOCK = 7_041_776_001


@contextmanager
def database_url() -> Iterator[str]:
    """The URL to migrate. An embedded server that was not running is stopped again afterwards."""
    given = context.get_x_argument(as_dictionary=True).get("db_url") or context.config.attributes.get(
        "db_url"
    )
    settings = None if given else load_settings()
    if settings is not None and settings.db_url is not None:
        given = settings.db_url.get_secret_value()
    if given:
        yield given
        return
    assert settings is not None
    server = EmbeddedPostgres(settings.postgres_dir)
    was_running = server.is_running()
    try:
        yield server.start()
    finally:
        if not was_running:
            server.stop()


def is_ours(name: str | None, kind: str, parents: object) -> bool:
    """Indexes of one embedding model are made and dropped at run time: autogenerate does not see them."""
    return not (kind == "index" and name is not None and name.startswith(MODEL_INDEX_PREFIX))


def render_item(kind: str, item: object, autogen_context: AutogenContext) -> str | Literal[False]:
    """Write pgvector's type with the import that it needs."""
    if kind == "type" and isinstance(item, HALFVEC):
        autogen_context.imports.add("from pgvector.sqlalchemy import HALFVEC")
        return "HALFVEC()"
    return False


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_name=is_ours,
        render_item=render_item,
        compare_type=True,
        compare_server_default=True,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        connection.execute(text("SET LOCAL lock_timeout = '5s'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        context.run_migrations()


def run_online() -> None:
    with database_url() as url:
        engine = create_engine(
            parse_url(url),
            poolclass=pool.NullPool,
            connect_args={"connect_timeout": CONNECT_TIMEOUT_S, "application_name": "resumes-migrate"},
        )
        with unavailable(), engine.connect() as connection:
            run(connection)


def run_offline() -> None:
    context.configure(dialect_name="postgresql", target_metadata=Base.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    run_offline()
else:
    run_online()
