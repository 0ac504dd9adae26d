"""A real service for all integration tests: Ray Serve over HTTP on an embedded PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks.service import Service, running
from resumes_client import Client
from resumes_client.answers import FullResume


@pytest.fixture(scope="package")
def service() -> Iterator[Service]:
    """One service for all: it takes some twenty seconds to start, and a process can have one Ray at a time."""
    with running(max_pages=50, rate_limit_per_minute=1_000_000) as started:
        yield started


def ended(client: Client, resume_id: str) -> FullResume:
    """The resume as facts, when it has ended."""
    client.wait(resume_id)
    return client.get_full(resume_id)


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    """A client with every scope."""
    made = service.client()
    yield made
    made.close()
