"""The HTTP ingress as a Serve deployment: it builds the API on the replica, from the replica's settings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import FastAPI
from ray import serve
from ray.exceptions import RayError
from ray.serve.exceptions import RayServeException

from pipeline.adapters.postgres.api_keys import ApiKeys
from pipeline.adapters.postgres.applications import Applications
from pipeline.adapters.postgres.idempotency import Idempotency
from pipeline.adapters.postgres.ingestions import Ingestions
from pipeline.adapters.postgres.key_rates import KeyRates
from pipeline.adapters.postgres.listen import Listener
from pipeline.adapters.postgres.moves import STATUS
from pipeline.adapters.postgres.reprocessing import Reprocessing
from pipeline.domain.chunk import Vector
from pipeline.domain.errors import TransientError
from pipeline.orchestration import wiring
from pipeline.orchestration.ray.calls import call
from pipeline.settings import load_settings
from serve_app.api import Services, build_api


@serve.ingress()
class Ingress:
    """Receives uploads and answers questions. Bound to the ingestor, so that Serve starts it and its dispatcher too."""

    async def __init__(self, embedder: Any, ingestor: Any) -> None:  # type: ignore[misc]  # Serve awaits it
        self._embedder = embedder
        self._model: str | None = None

    def __serve_build_asgi_app__(self) -> FastAPI:
        settings = load_settings()
        wiring.configure_logging(settings)
        engine = wiring.database(settings, name="ingress", pool_size=12)
        return build_api(
            Services(
                settings=settings,
                applications=Applications(engine),
                keys=ApiKeys(engine),
                key_rates=KeyRates(engine, settings.rate_limit_per_minute),
                idempotency=Idempotency(engine),
                search=wiring.search(engine),
                reprocessing=Reprocessing(engine),
                ingestions=Ingestions(engine),
                objects=wiring.object_store(settings),
                tracer=wiring.tracer(settings),
                legacy_word=wiring.reads_legacy_word(),
                embed_query=self._embed_query,
                embedding_model=self._embedding_model,
                front_answers_request_id=settings.front_sockets is None,
                listener=lambda on_notify, on_reconnect: Listener(
                    wiring.database_url(settings), [STATUS], on_notify, on_reconnect
                ),
            )
        )

    async def _embed_query(self, text: str) -> Vector:
        with _embedder_unavailable():
            vector, _ = await call(self._embedder.embed_query, text)
            return vector

    async def _embedding_model(self) -> str:
        if self._model is None:
            with _embedder_unavailable():
                (self._model, _), _ = await call(self._embedder.model)
        return self._model


@contextmanager
def _embedder_unavailable() -> Iterator[None]:
    """A dead or missing embedder is an outage, which passes: 503, not 500."""
    try:
        yield
    except (RayError, RayServeException) as error:
        raise TransientError("The embedding model is not available just now.") from error
