"""A backlog of real documents brings replicas, and they go again: a real service, its own PostgreSQL and Serve."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from benchmarks.service import Service, running
from pipeline.orchestration import wiring
from tests.chaos.killer import wait_until
from tests.nodes.documents import distinct

UPLOADS = 300
RUNNING = text("SELECT count(*) FROM jobs WHERE state = 'running'")


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """One reader, a second where a backlog asks for it, and no patience in either direction."""
    with running(text_reader_max_replicas=2, scale_up_delay_s=0, scale_down_delay_s=3) as started:
        yield started


class Witness:
    """The most jobs that were running at once, by the number of readers that there were; of one, before the second
    came: what was claimed for two still runs when one has gone again."""

    def __init__(self, service: Service) -> None:
        self.most: Counter[int] = Counter()
        self._service = service
        self._engine = wiring.database(service.settings, name="witness", pool_size=1)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(0.3):
            readers = len(self._service.replicas("TextReader"))
            with self._engine.connect() as connection:
                jobs = connection.execute(RUNNING).scalar_one()
            if readers == 1 and self.most[2]:
                continue
            self.most[readers] = max(self.most[readers], jobs)

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()
        self._engine.dispose()


@pytest.mark.nodes
@pytest.mark.timeout(600)
def test_a_backlog_brings_a_reader_which_goes_when_it_is_gone(service: Service, tmp_path: Path) -> None:
    """One becomes two, the dispatcher takes more at once, everything completes, and two become one."""
    client = service.client(patience_s=120)
    witness = Witness(service)
    assert len(service.replicas("TextReader")) == 1
    with ThreadPoolExecutor(4) as pool:
        ids = list(pool.map(lambda path: client.upload(path)["id"], distinct(tmp_path, UPLOADS)))
    wait_until(lambda: len(service.replicas("TextReader")) == 2, seconds=60, what="a second reader")
    ends = [client.wait(one, timeout=120) for one in ids]
    assert {end["status"] for end in ends} == {"completed"}
    # What a reader has read is the dispatcher's, and still there when the reader has gone.
    assert {end["attempts"] for end in ends} == {1}
    wait_until(lambda: len(service.replicas("TextReader")) == 1, seconds=90, what="one reader again")
    witness.stop()
    client.close()
    assert witness.most[2] > witness.most[1] > 0, "the dispatcher's limit follows the readers that run"
