"""Connections: one small pool a process, short timeouts, and one error for every way of losing the server."""

from __future__ import annotations

import select
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
import psycopg2.extras
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from pipeline.domain.errors import ConfigurationError, DatabaseUnavailable, ResumesError

psycopg2.extras.register_uuid()

CONNECT_TIMEOUT_S = 5
#: A worker that stalls inside a transaction holds row locks, which keep its jobs from its peers even when its lease
#: is over: the server ends such a transaction well within a lease.
SESSION = {
    "statement_timeout": "30s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "15s",
}
#: A peer that vanished without a word is noticed within about half a minute.
KEEPALIVE = {
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
#: SQLSTATEs that psycopg2 files elsewhere than under OperationalError: the session was ended while idle in
#: a transaction, or the server is a standby just now.
LOST = frozenset({"25P03", "25006"})


class StatementRefused(ResumesError):
    """PostgreSQL refused a statement, and would again.

    It stands in for the driver's error, whose message quotes the statement with the values in it.
    """


def parse_url(url: str) -> URL:
    """The URL with our driver named. Raises ConfigurationError, which never repeats the URL."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigurationError(
            "DB_URL is not a database URL: write postgresql://user:password@host:5432/name.", key="DB_URL"
        ) from None
    if parsed.get_backend_name() not in ("postgresql", "postgres"):
        raise ConfigurationError("DB_URL must name PostgreSQL (postgresql://…).", key="DB_URL")
    return parsed.set(drivername="postgresql+psycopg2")


def libpq_dsn(url: str) -> str:
    """The URL as libpq reads it, for the few connections that live outside the pool."""
    return parse_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def connect(
    url: str, *, application_name: str, session: dict[str, str] | None = None
) -> psycopg2.extensions.connection:
    """One autocommit connection outside the pool. Raises DatabaseUnavailable."""
    settings = " ".join(f"-c {name}={value}" for name, value in (session or {}).items())
    try:
        connection = psycopg2.connect(
            libpq_dsn(url),
            application_name=application_name,
            connect_timeout=CONNECT_TIMEOUT_S,
            options=settings,
            **KEEPALIVE,
        )
    except psycopg2.OperationalError as error:
        raise DatabaseUnavailable(f"PostgreSQL does not answer: {first_line(error)}") from None
    connection.autocommit = True
    return connection


def open_engine(url: str, *, application_name: str, pool_size: int = 5) -> Engine:
    """A pool of at most `pool_size` connections; connects at the first use, not here.

    Every checkout is tested first, so that the transaction after a restart of the server just works: by a look at its
    socket, which costs microseconds where a statement, twice over the wire, took a fifth of an upload.
    """
    engine = create_engine(
        parse_url(url),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=CONNECT_TIMEOUT_S,
        hide_parameters=True,  # an error that reaches a log carries no resume
        connect_args={
            "application_name": application_name,
            "connect_timeout": CONNECT_TIMEOUT_S,
            "options": " ".join(f"-c {name}={value}" for name, value in SESSION.items()),
            **KEEPALIVE,
        },
    )
    event.listen(engine, "checkout", _refuse_lost)
    return engine


def _refuse_lost(connection: psycopg2.extensions.connection, *_: object) -> None:
    """Make the pool replace a connection whose server has closed it, or said anything while nobody asked."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if connection.closed or poll.poll(0):
        raise DisconnectionError


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """One transaction: committed at the end of the block, rolled back by whatever leaves it early.

    Raises DatabaseUnavailable for a lost server, a lost connection, an exhausted pool, a full disk, a
    timeout or a deadlock: in short, whatever may go well another time. Whether a commit that was cut off
    reached the disk is then unknown: callers repeat only what is safe to repeat. Raises StatementRefused
    for everything else that PostgreSQL refuses.
    """
    with unavailable(), engine.begin() as connection:
        yield connection


@contextmanager
def unavailable() -> Iterator[None]:
    """Translate every failure of the driver or the pool: see `transaction`."""
    try:
        yield
    except PoolExhausted:
        raise DatabaseUnavailable("Every connection to PostgreSQL of this process is busy.") from None
    except (DBAPIError, psycopg2.Error) as error:
        if is_passing(error):
            raise DatabaseUnavailable(f"PostgreSQL does not answer: {first_line(error)}") from None
        raise StatementRefused(_refusal(error), key=sqlstate(error)) from None


def is_passing(error: DBAPIError | psycopg2.Error) -> bool:
    """Whether the failure says nothing about the data: the same statement may succeed later."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    state = sqlstate(error)
    if state.startswith("54"):
        return False  # a limit of PostgreSQL's that the row exceeds, filed under OperationalError by psycopg2
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    return lost or state in LOST or isinstance(cause, psycopg2.OperationalError | psycopg2.InterfaceError)


def sqlstate(error: DBAPIError | psycopg2.Error) -> str:
    """The five characters that name the failure, or "" where the server never got to say."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return getattr(cause, "pgcode", None) or ""


def _refusal(error: DBAPIError | psycopg2.Error) -> str:
    """What was refused: in words only where they name tables and columns (class 42), never a value."""
    state = sqlstate(error)
    words = f": {first_line(error)}" if state.startswith("42") else ""
    return f"PostgreSQL refused a statement (SQLSTATE {state or 'unknown'}){words}"


def first_line(error: BaseException) -> str:
    """The first line of the driver's message: the lines after it may quote a row."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return (str(cause).strip().splitlines() or [type(cause).__name__])[0]
