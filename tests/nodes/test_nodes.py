"""Nodes come and go under a running service, and its head's GCS is killed: everything accepted completes, once."""

from __future__ import annotations

import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine, text

from benchmarks.service import Service
from pipeline.orchestration import wiring
from resumes_client import Client
from tests.chaos.killer import wait_until
from tests.nodes.cluster import Nodes, cluster_running
from tests.nodes.documents import distinct

#: An embedder does not fit twice beside the rest: the second waits for a node.
NUM_CPUS = 2
EMBEDDER_CPUS = 1.0
BACKLOG = 200
IN_HAND = 60

pytestmark = [pytest.mark.nodes, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def started() -> Iterator[tuple[Nodes, Service]]:
    """A head without CPUs and one node with the whole service, which may have a second embedder."""
    with cluster_running(
        num_cpus=NUM_CPUS,
        embedding_num_cpus=EMBEDDER_CPUS,
        embedding_max_replicas=2,
        scale_up_delay_s=0,
        scale_down_delay_s=600,
    ) as both:
        yield both


@pytest.fixture
def nodes(started: tuple[Nodes, Service]) -> Nodes:
    return started[0]


@pytest.fixture
def service(started: tuple[Nodes, Service]) -> Service:
    return started[1]


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    """As patient as a caller should be."""
    made = service.client(patience_s=120)
    yield made
    made.close()


@pytest.fixture
def engine(service: Service) -> Iterator[Engine]:
    """A connection that sees the truth."""
    made = wiring.database(service.settings, name="witness", pool_size=2)
    yield made
    made.dispose()


def one(engine: Engine, sql: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text(sql)).scalar_one())


RUNNING = "SELECT count(*) FROM jobs WHERE state = 'running'"
INTERRUPTED = """SELECT count(DISTINCT application_id) FROM events
    WHERE from_state = 'running' AND to_state = 'retry_wait'"""
TWICE = """SELECT count(*) FROM (SELECT FROM events WHERE to_state = 'succeeded'
    GROUP BY application_id HAVING count(*) > 1) AS twice"""


def upload_all(client: Client, files: list[Path]) -> list[str]:
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda path: client.upload(path)["id"], files))


def assert_all_complete(client: Client, engine: Engine, ids: list[str]) -> None:
    ends = [client.wait(id_, timeout=150) for id_ in ids]
    assert [end["error"] for end in ends if end["status"] != "completed"] == []
    assert len(set(ids)) == len(ids)
    assert one(engine, TWICE) == 0


def test_a_node_that_joins_takes_a_share_of_the_backlog(
    nodes: Nodes, client: Client, engine: Engine, tmp_path: Path
) -> None:
    """The backlog asks for a second embedder, which has no room until a node is there."""
    (first,) = nodes.workers
    ids = upload_all(client, distinct(tmp_path, BACKLOG))
    joined = nodes.add(num_cpus=2 * NUM_CPUS)
    wait_until(
        lambda: "ChunkEmbedder" in nodes.replicas(joined), seconds=60, what="an embedder on the new node"
    )
    assert nodes.replicas(first).count("ChunkEmbedder") == 1
    assert_all_complete(client, engine, ids)


def test_a_node_that_dies_with_documents_in_hand_loses_none(
    nodes: Nodes, client: Client, engine: Engine, tmp_path: Path
) -> None:
    """kill -9 of the raylet that has the only dispatcher, reader and ingress: the other node takes all over."""
    if len(nodes.workers) == 1:
        nodes.add(num_cpus=2 * NUM_CPUS)
    first, other = nodes.workers
    assert {"Dispatcher", "TextReader", "Ingress", "ResumeWriter"} <= set(nodes.replicas(first))
    ids = upload_all(client, distinct(tmp_path, IN_HAND))
    wait_until(lambda: one(engine, RUNNING) > 10, seconds=30, what="documents in hand")
    before = one(engine, INTERRUPTED)
    nodes.kill(first)
    assert_all_complete(client, engine, ids)
    assert one(engine, INTERRUPTED) > before, "nothing was interrupted: the kill proved nothing"
    assert {"Dispatcher", "TextReader", "Ingress", "ResumeWriter"} <= set(nodes.replicas(other))


class Uploads:
    """Two clients that never try again, and what each upload was answered."""

    def __init__(self, service: Service, files: list[Path]) -> None:
        self.answers: Counter[str] = Counter()
        self.accepted: list[str] = []
        self._service, self._files = service, files
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(2)]
        for thread in self._threads:
            thread.start()

    def _run(self, number: int) -> None:
        headers = {"Authorization": f"Bearer {self._service.key}"}
        with httpx.Client(base_url=self._service.url, headers=headers, timeout=60, trust_env=False) as http:
            for path in self._files[number::2]:
                if self._stop.wait(0.25):
                    return
                try:
                    answer = http.post("/resumes/upload", files={"file": (path.name, path.read_bytes())})
                except httpx.TransportError as error:
                    self.answers[type(error).__name__] += 1
                    continue
                self.answers[str(answer.status_code)] += 1
                if answer.status_code == httpx.codes.ACCEPTED:
                    self.accepted.append(answer.json()["id"])

    def finish(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()


@pytest.mark.skipif(
    shutil.which("redis-server") is None,
    reason="redis-server is not installed (Debian: apt-get install redis-server): a GCS without it forgets its cluster",
)
def test_a_gcs_that_restarts_loses_nothing_that_was_accepted(
    nodes: Nodes, service: Service, client: Client, engine: Engine, tmp_path: Path
) -> None:
    """Uploads go on meanwhile: each is answered 202 or 503, and every 202 completes."""
    uploads = Uploads(service, distinct(tmp_path, 400))
    wait_until(lambda: len(uploads.accepted) > 5, seconds=30, what="uploads before the kill")
    nodes.restart_gcs(after_s=4)
    before = len(uploads.accepted)
    time.sleep(10)
    uploads.finish()
    assert set(uploads.answers) <= {"202", "503"}, uploads.answers
    assert len(uploads.accepted) > before, "uploads are accepted again"
    assert_all_complete(client, engine, uploads.accepted)
