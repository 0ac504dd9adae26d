"""The real application under real uvicorn, on the real PostgreSQL and the real directory store."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import uvicorn
from sqlalchemy import Engine, text

from pipeline.adapters.directory import DirectoryStore
from pipeline.adapters.postgres.api_keys import ApiKeys
from pipeline.adapters.postgres.applications import Applications
from pipeline.adapters.postgres.embedded import EmbeddedPostgres
from pipeline.adapters.postgres.engine import open_engine
from pipeline.adapters.postgres.idempotency import Idempotency
from pipeline.adapters.postgres.ingestions import Ingestions
from pipeline.adapters.postgres.key_rates import KeyRates
from pipeline.adapters.postgres.listen import Listener
from pipeline.adapters.postgres.moves import STATUS
from pipeline.adapters.postgres.reprocessing import Reprocessing
from pipeline.adapters.postgres.search import Search
from pipeline.domain.chunk import Vector
from pipeline.orchestration import wiring
from pipeline.settings import Settings
from serve_app.api import Services, build_api
from tests.conftest import TEMPLATE, administer, database_of

MODEL = "words-16"


async def embed_query(query: str) -> Vector:
    """A unit vector of 16 numbers that depends on the words alone: the same words, the same vector."""
    vector = np.zeros(16, dtype=np.float32)
    for word in query.lower().split():
        vector[hashlib.sha256(word.encode()).digest()[0] % 16] += 1
    return vector / max(float(np.linalg.norm(vector)), 1e-6)


async def embedding_model() -> str:
    """The name of that model."""
    return MODEL


@dataclass
class Service:
    """A running service, and the parts behind it."""

    url: str
    engine: Engine
    objects: Any
    objects_dir: Path
    services: Services
    app: Any
    keys: dict[str, str] = field(default_factory=dict)

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    def client(self, *scopes: str, **options: Any) -> httpx.Client:
        """A client with a key of these scopes (default: admin)."""
        headers = {"Authorization": f"Bearer {self.token(*scopes)}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=20, **options)

    def token(self, *scopes: str) -> str:
        name = ",".join(scopes or ("admin",))
        if name not in self.keys:
            self.keys[name] = self.services.keys.create(name, scopes or ("admin",))[1]
        return self.keys[name]

    def files_left(self) -> list[Path]:
        """Every file in the object store, finished or not."""
        return [path for path in self.objects_dir.rglob("*") if path.is_file()]


Start = Callable[..., Service]


@contextmanager
def running(
    database_url: str,
    root: Path,
    *,
    objects: Any = None,
    front_answers_request_id: bool = False,
    **settings: Any,
) -> Iterator[Service]:
    """A service on this database; ended, with what it accepted finished, at the end of the block."""
    engine = open_engine(database_url, application_name="serve_app-tests", pool_size=8)
    objects_dir = root / "objects"
    store = objects or DirectoryStore(objects_dir)
    configured = Settings(_env_file=None, data_dir=root, **settings)
    services = Services(
        settings=configured,
        applications=Applications(engine),
        keys=ApiKeys(engine),
        key_rates=KeyRates(engine, configured.rate_limit_per_minute),
        idempotency=Idempotency(engine),
        search=Search(engine),
        reprocessing=Reprocessing(engine),
        ingestions=Ingestions(engine),
        objects=store,
        embed_query=embed_query,
        embedding_model=embedding_model,
        front_answers_request_id=front_answers_request_id,
        tracer=wiring.tracer(configured),
        listener=lambda on_notify, on_reconnect: Listener(database_url, [STATUS], on_notify, on_reconnect),
    )
    app = build_api(services)
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", access_log=False, lifespan="on")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the service did not start"
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield Service(f"http://127.0.0.1:{port}", engine, store, objects_dir, services, app)
    finally:
        server.should_exit = True
        thread.join(20)
        engine.dispose()


@pytest.fixture
def start(database_url: str, tmp_path: Path) -> Iterator[Start]:
    """Starts services with settings of the test's own, on the test's database."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(running(database_url, tmp_path, **options))


@pytest.fixture
def client(service: Service) -> Iterator[httpx.Client]:
    """A client of `service` with an admin key."""
    with service.client() as client:
        yield client


@pytest.fixture(scope="session")
def kept(
    postgres_server: EmbeddedPostgres, template_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """The service behind `service`, started once."""
    assert template_url
    administer(postgres_server.url, f"CREATE DATABASE kept TEMPLATE {TEMPLATE}")
    with running(database_of(postgres_server.url, "kept"), tmp_path_factory.mktemp("kept")) as service:
        yield service


@pytest.fixture
def service(kept: Service) -> Iterator[Service]:
    """A service with the default settings that holds nothing. A test that breaks one starts its own."""
    yield kept
    with kept.engine.begin() as connection:
        connection.execute(text("TRUNCATE applications, idempotency_keys, checkpoints, ingestions CASCADE"))
    for path in kept.files_left():
        path.unlink()


@pytest.fixture(scope="session")
def shared(
    postgres_server: EmbeddedPostgres, template_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """One service for the tests whose requests are all refused: they leave nothing that could disturb others."""
    assert template_url
    administer(postgres_server.url, f"CREATE DATABASE shared TEMPLATE {TEMPLATE}")
    with running(
        database_of(postgres_server.url, "shared"),
        tmp_path_factory.mktemp("shared"),
        max_upload_bytes=1_000_000,
        upload_timeout_s=1.5,
    ) as service:
        yield service
