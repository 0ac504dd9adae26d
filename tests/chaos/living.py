"""A service under chaos, for the modules whose faults need one: what they are given, and how they look inside.

A module takes what it needs under pytest's names: `service = living.service(poll_s=2)`, `engine = living.witness`,
`client = living.client`. Not in a conftest, since modules without a service have the `engine` of all tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, text

from benchmarks.service import Service, running
from pipeline.orchestration import wiring
from resumes_client import Client

_CONNECTIONS = 4


def service(**settings: Any) -> Any:
    """A fixture: a service of the module's own, with these settings, since its processes are killed."""

    @pytest.fixture(scope="module")
    def started() -> Iterator[Service]:
        with running(**settings) as found:
            yield found

    return started


@pytest.fixture
def witness(service: Service) -> Iterator[Engine]:
    """A connection that sees the truth."""
    made = wiring.database(service.settings, name="witness", pool_size=_CONNECTIONS)
    yield made
    made.dispose()


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    """One that tries for two minutes: what it needs may have to start again first."""
    made = service.client(patience_s=120)
    yield made
    made.close()


def column(engine: Engine, sql: str, **parameters: Any) -> list[Any]:
    """The first value of each row."""
    with engine.begin() as connection:
        return list(connection.execute(text(sql), parameters).scalars())


def one(engine: Engine, sql: str, **parameters: Any) -> Any:
    """The first value of the first row."""
    return column(engine, sql, **parameters)[0]
