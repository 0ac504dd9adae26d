"""The HTTP API as one FastAPI application: under plain uvicorn in tests, inside a Serve ingress in production."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI
from fastapi.routing import APIRoute
from fastapi.telemetry import TelemetryConfig
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware

from pipeline.domain.media_type import SUFFIXES
from serve_app import problems
from serve_app.listening import listening
from serve_app.methods import Methods
from serve_app.middleware import Edge
from serve_app.routes import contents, docs, health, ingestions, openapi, resumes, search, uploads
from serve_app.runtime import Runtime, Services

_CALLS = (uploads, resumes, contents, search, ingestions)
_PAGES = (health, docs, openapi)
#: FastAPI's own would send messages of exceptions and values that were refused; `Edge` makes the spans.
_NO_TELEMETRY: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}

__all__ = ["Services", "build_api", "every_route"]


def build_api(services: Services) -> FastAPI:
    """The application. Its lifespan opens the thread pools and the listener, and closes them after what was
    accepted is done; nothing is connected before."""
    runtime = Runtime(services)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.readiness = (float("-inf"), {})
        app.state.readiness_lock = asyncio.Lock()
        await runtime.start()
        try:
            async with listening(app, services.settings):
                yield
                await runtime.waits.stop()  # long polls are answered now, not waited for
        finally:
            await runtime.stop()

    app = FastAPI(
        **openapi.ABOUT,
        telemetry=_NO_TELEMETRY,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.state.runtime = runtime
    for module in _CALLS:
        app.include_router(module.router, dependencies=[Depends(problems.no_repeats)])
    for module in _PAGES:
        app.include_router(module.router)
    problems.install(app)
    app.add_middleware(Methods, routes=every_route())
    # Level 1: most of what level 6 saves, in a third of its time. Documents and pictures are packed already.
    app.add_middleware(
        GZipMiddleware, minimum_size=1000, compresslevel=1, exclude_content_types=tuple(SUFFIXES)
    )
    _allow_origins(app, services.settings.cors_origins)
    app.add_middleware(Edge, tracer=services.tracer, answers_request_id=not services.front_answers_request_id)
    return app


def _allow_origins(app: FastAPI, listed: str | None) -> None:
    """Let the pages of these origins call the API, where any is listed."""
    origins = [part.strip() for part in (listed or "").split(",") if part.strip()]
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["GET", "HEAD", "POST", "DELETE"],
            allow_headers=[
                "Authorization",
                "Content-Type",
                "Idempotency-Key",
                "If-None-Match",
                "X-Request-Id",
                "traceparent",
            ],
            expose_headers=[
                "ETag",
                "Location",
                "Retry-After",
                "X-Request-Id",
                "RateLimit",
                "RateLimit-Policy",
            ],
        )


def every_route() -> list[APIRoute]:
    """The routes of the API and of its pages."""
    found = [route for module in (*_CALLS, *_PAGES) for route in module.router.routes]
    return [route for route in found if isinstance(route, APIRoute)]
