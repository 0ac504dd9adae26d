"""Every kind of process dies with -9 in turn while 200 uploads run: everything accepted completes, once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine

from benchmarks.service import Service
from pipeline.cli.demo import samples_dir
from resumes_client import Client
from tests.chaos import living
from tests.chaos.killer import Killer, wait_until

UPLOADS = 200
DISTINCT = 50
TARGETS = ("Dispatcher", "TextReader", "ChunkEmbedder", "Ingress", "postgres")


service = living.service()
engine = living.witness


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Distinct bytes, since equal ones would share their vectors: samples with a comment of their own behind."""
    folder = tmp_path_factory.mktemp("chaos")
    samples = sorted(samples_dir().glob("*.pdf"))
    paths = []
    for number in range(DISTINCT):
        paths.append(folder / f"{number}.pdf")
        paths[-1].write_bytes(samples[number % len(samples)].read_bytes() + b"\n%% %d\n" % number)
    return paths


class Uploads:
    """200 uploads by four clients that try again, as a Go service would; `accepted` grows meanwhile."""

    def __init__(self, client: Client, files: list[Path]) -> None:
        self.accepted: list[str] = []
        self._client, self._files = client, files
        self._pool = ThreadPoolExecutor(4)
        self._lock = threading.Lock()
        self._futures = [self._pool.submit(self._one, number) for number in range(UPLOADS)]

    def _one(self, number: int) -> None:
        answer = self._client.upload(self._files[number % len(self._files)])
        with self._lock:
            self.accepted.append(answer["id"])

    def finish(self) -> list[str]:
        """All ids; raises what an upload raised."""
        for future in self._futures:
            future.result()
        self._pool.shutdown()
        return self.accepted


@pytest.mark.long
@pytest.mark.timeout(600)
def test_everything_accepted_completes_once_whatever_dies(
    service: Service, engine: Engine, files: list[Path]
) -> None:
    """Dispatcher, two stages, ingress and PostgreSQL are killed in turn, each with jobs running."""
    client = service.client(patience_s=180)
    killer = Killer(service, engine)
    uploads = Uploads(client, files)
    step = UPLOADS // (len(TARGETS) + 1)
    for number, target in enumerate(TARGETS, 1):
        wait_until(
            lambda reached=number * step: len(uploads.accepted) >= reached,
            seconds=120,
            what=f"{number * step} uploads accepted before {target} is killed",
        )
        killer.kill(target)
    accepted = uploads.finish()
    ends = [client.wait(one, timeout=240) for one in accepted]
    client.close()

    assert [kill.target for kill in killer.kills] == list(TARGETS)
    assert all(kill.running_jobs > 0 for kill in killer.kills)
    assert len(set(accepted)) == UPLOADS
    assert [end["error"] for end in ends if end["status"] != "completed"] == []
    assert_once(engine, accepted)


#: One number each, over the whole database.
COUNTS = {
    "applications": "SELECT count(*) FROM applications",
    "successes": "SELECT count(*) FROM events WHERE to_state = 'succeeded'",
    "succeeded": "SELECT count(DISTINCT application_id) FROM events WHERE to_state = 'succeeded'",
    "doubled chunks": "SELECT count(*) - count(DISTINCT (application_id, chunk_no)) FROM chunks",
    "without chunks": "SELECT count(*) FROM applications a "
    "WHERE NOT EXISTS (SELECT 1 FROM chunks c WHERE c.application_id = a.id)",
    "interrupted": "SELECT count(DISTINCT application_id) FROM events "
    "WHERE from_state = 'running' AND to_state = 'retry_wait'",
}


def assert_once(engine: Engine, accepted: list[str]) -> None:
    """One row, one success, one set of chunks for each accepted upload, and no other application."""
    found = {name: living.one(engine, sql) for name, sql in COUNTS.items()}
    assert found.pop("interrupted") > 0, "no kill interrupted a job: the run proved nothing"
    assert found == {
        "applications": len(accepted),
        "successes": len(accepted),
        "succeeded": len(accepted),
        "doubled chunks": 0,
        "without chunks": 0,
    }
