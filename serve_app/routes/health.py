"""Is it alive, is it ready, open to everyone: what a load balancer asks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from fastapi import APIRouter, Request
from starlette.responses import Response

from pipeline.domain.errors import ResumesError
from serve_app.answers import json_answer, problem_answers
from serve_app.problems import Problem
from serve_app.runtime import Runtime
from serve_app.schemas import Health, Readiness

router = APIRouter(tags=["health"])

_CHECK_S = 3.0
#: Nobody's probing costs the database more than this: the last answer serves for a second.
_FRESH_S = 1.0


@router.get("/healthz", operation_id="getHealth", summary="Alive", response_model=Health)
async def get_health() -> Response:
    """The process answers; says nothing of what it depends on."""
    return json_answer(Health(status="ok"))


@router.get(
    "/readyz",
    operation_id="getReadiness",
    summary="Ready",
    response_model=Readiness,
    responses=problem_answers(503),
)
async def get_readiness(request: Request) -> Response:
    """The database and the object store answer."""
    runtime: Runtime = request.app.state.runtime
    checks = await _checks(request, runtime)
    if set(checks.values()) != {"ok"}:
        down = " and ".join(name.replace("_", " ") for name, state in checks.items() if state != "ok")
        raise Problem("overloaded", f"Not answering: {down}. Try again in a few seconds.", checks=checks)
    return json_answer(Readiness(status="ready", checks=checks))


async def _checks(request: Request, runtime: Runtime) -> dict[str, str]:
    state = request.app.state
    lock: asyncio.Lock = state.readiness_lock
    async with lock:
        checked_at, checks = state.readiness
        if time.monotonic() - checked_at > _FRESH_S:
            database, objects = await asyncio.gather(
                _check(runtime, runtime.services.applications.ping),
                _check(runtime, runtime.services.objects.check),
            )
            checks = {"database": database, "object_store": objects}
            state.readiness = (time.monotonic(), checks)
        return dict(checks)


async def _check(runtime: Runtime, check: Callable[[], None]) -> str:
    try:
        await runtime.probe(check, _CHECK_S)
    except ResumesError:
        return "unavailable"
    return "ok"
