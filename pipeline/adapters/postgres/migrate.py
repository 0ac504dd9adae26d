"""Migrations from within: what `alembic upgrade head` does, for a service that starts from an installed wheel."""

from __future__ import annotations

from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, pool

from pipeline.adapters.postgres.engine import CONNECT_TIMEOUT_S, parse_url, unavailable


def config(url: str | None = None) -> Config:
    """Alembic's configuration without a file: the scripts are the package `migrations`."""
    made = Config()
    made.set_main_option("script_location", str(files("migrations")).replace("%", "%%"))
    made.attributes["db_url"] = url
    return made


def upgrade(url: str) -> None:
    """Bring the database to `head()`; one of several that start at once does it, the others wait.

    Raises ConfigurationError when pgvector cannot be created, DatabaseUnavailable.
    """
    command.upgrade(config(url), "head")


def downgrade(url: str, revision: str = "base") -> None:
    """Take the database back to `revision`; "base" drops every table of ours."""
    command.downgrade(config(url), revision)


def current(url: str) -> str | None:
    """The revision of the database, None when it was never migrated. Raises DatabaseUnavailable."""
    engine = create_engine(
        parse_url(url), poolclass=pool.NullPool, connect_args={"connect_timeout": CONNECT_TIMEOUT_S}
    )
    with unavailable(), engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head() -> str:
    """The revision that this code needs."""
    return ScriptDirectory.from_config(config()).get_current_head() or ""


def revisions() -> frozenset[str]:
    """Every revision that this code knows: any other in a database was not made by us."""
    return frozenset(script.revision for script in ScriptDirectory.from_config(config()).walk_revisions())
