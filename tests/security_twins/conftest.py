"""The reader that every twin goes through."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.security_twins.reading import Reader


@pytest.fixture(scope="package")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """One for all: a document takes milliseconds, a child process half a second."""
    made = Reader(tmp_path_factory.mktemp("twins"))
    yield made
    made.close()
