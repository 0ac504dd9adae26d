"""One call of resumes_client, by a client that blocks or by one that awaits."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import anyio

from resumes_client import AsyncClient, Client, Retry

QUICK = Retry(within=20, first=0.001, longest=0.002)

#: The service's address, the call's name, and what it is given; `api_key` and `retry` are the client's.
Ask = Callable[..., Any]


def blocking(
    url: str, name: str, *given: Any, api_key: str = "rk_secret", retry: Retry = QUICK, **options: Any
) -> Any:
    """What the call answers; what it iterates over as a list."""
    with Client(url, api_key, retry=retry) as client:
        result = getattr(client, name)(*given, **options)
        return list(result) if inspect.isgenerator(result) else result


def awaiting(
    url: str, name: str, *given: Any, api_key: str = "rk_secret", retry: Retry = QUICK, **options: Any
) -> Any:
    """The same, in an event loop of its own."""

    async def run() -> Any:
        async with AsyncClient(url, api_key, retry=retry) as client:
            result = getattr(client, name)(*given, **options)
            return [one async for one in result] if inspect.isasyncgen(result) else await result

    return anyio.run(run)
