"""Connections: one error for every way of losing the server, and recovery without help."""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Callable
from contextlib import suppress

import psycopg2
import pytest
from sqlalchemy import Connection, Engine, text

from pipeline.adapters.postgres.applications import Applications
from pipeline.adapters.postgres.embedded import EmbeddedPostgres
from pipeline.adapters.postgres.engine import StatementRefused, libpq_dsn, open_engine, parse_url, transaction
from pipeline.domain.errors import ConfigurationError, DatabaseUnavailable
from tests.adapters.postgres.factories import created, sql


def end_session(connection: Connection) -> None:
    connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))


def run_too_long(connection: Connection) -> None:
    connection.execute(text("SET LOCAL statement_timeout = 20"))
    connection.execute(text("SELECT pg_sleep(5)"))


def idle_too_long(connection: Connection) -> None:
    connection.execute(text("SET idle_in_transaction_session_timeout = 20"))
    connection.execute(text("SELECT 1"))
    with psycopg2.connect(libpq_dsn(connection.engine.url.render_as_string(hide_password=False))) as other:
        other.cursor().execute("SELECT pg_sleep(0.3)")
    connection.execute(text("SELECT 1"))


@pytest.mark.parametrize("mishap", [end_session, run_too_long, idle_too_long])
def test_every_passing_mishap_is_database_unavailable_and_the_next_transaction_works(
    database_url: str, mishap: Callable[[Connection], None]
) -> None:
    """A cut session, a timeout, an idle transaction that was ended: one error, and then business as usual."""
    engine = open_engine(database_url, application_name="t", pool_size=1)
    with pytest.raises(DatabaseUnavailable) as caught, transaction(engine) as connection:
        mishap(connection)
    assert pickle.loads(pickle.dumps(caught.value)).message == caught.value.message
    assert sql(engine, "SELECT 1 AS one")[0].one == 1
    engine.dispose()


def test_a_mistake_in_a_statement_is_no_outage(engine: Engine) -> None:
    """It names the fault, never the row: driver messages quote the statement with its values."""
    with (
        pytest.raises(StatementRefused, match=r"42P01.*nowhere") as caught,
        transaction(engine) as connection,
    ):
        connection.execute(text("SELECT nothing FROM nowhere WHERE :name = 'x'"), {"name": "Ada Example"})
    with pytest.raises(StatementRefused, match="22P02") as other, transaction(engine) as connection:
        connection.execute(text("SELECT CAST(:name AS integer)"), {"name": "Ada Example"})
    shown = "".join(traceback.format_exception(caught.value) + traceback.format_exception(other.value))
    assert "Ada Example'" not in shown.replace('{"name": "Ada Example"}', "")


def test_what_left_the_block_early_is_rolled_back(engine: Engine) -> None:
    """Any exception takes the transaction back."""
    id_ = created(engine)

    def change_their_mind() -> None:
        with transaction(engine) as connection:
            connection.execute(text("DELETE FROM applications"))
            raise KeyError

    with pytest.raises(KeyError):
        change_their_mind()
    assert Applications(engine).get(id_) is not None


def test_a_used_up_pool_and_a_used_up_server_are_both_unavailable(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Waiting for a connection ends; so does asking a server that has none left."""
    monkeypatch.setattr("pipeline.adapters.postgres.engine.CONNECT_TIMEOUT_S", 1)
    engine = open_engine(database_url, application_name="t", pool_size=1)
    with engine.connect(), pytest.raises(DatabaseUnavailable, match="busy"), transaction(engine):
        pass
    engine.dispose()


@pytest.mark.slow
def test_a_server_without_a_free_connection_is_unavailable_until_one_is_free(database_url: str) -> None:
    """Hundreds of idle connections: an answer at once, no wedge, and work again when they go."""
    engine = open_engine(database_url, application_name="t")
    hoard = []
    try:
        with suppress(psycopg2.OperationalError):
            for _ in range(300):
                hoard.append(psycopg2.connect(libpq_dsn(database_url)))
        assert len(hoard) < 300
        with pytest.raises(DatabaseUnavailable):
            Applications(engine).ping()
    finally:
        for connection in hoard:
            connection.close()
    Applications(engine).ping()
    engine.dispose()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:p@h:5433/db",
        "postgresql+psycopg2://u:p@h:5433/db",
        "postgresql+psycopg://u:p@h:5433/db",
    ],
)
def test_any_spelling_of_the_driver_is_ours(url: str) -> None:
    """SQLAlchemy's default driver changes between versions; ours does not."""
    assert parse_url(url).drivername == "postgresql+psycopg2"
    assert libpq_dsn(url) == "postgresql://u:p@h:5433/db"


@pytest.mark.parametrize("url", ["mysql://u:s3cret@h/db", "s3cret", ""])
def test_a_url_of_anything_else_is_refused_without_being_repeated(url: str) -> None:
    """A mistyped DB_URL may hold a password."""
    with pytest.raises(ConfigurationError) as caught:
        parse_url(url)
    assert "s3cret" not in caught.value.message


def test_a_url_reaches_the_embedded_server_through_either_client(postgres_server: EmbeddedPostgres) -> None:
    """SQLAlchemy and libpq read the same URL."""
    psycopg2.connect(libpq_dsn(postgres_server.url)).close()
    engine = open_engine(postgres_server.url, application_name="t")
    Applications(engine).ping()
    engine.dispose()
