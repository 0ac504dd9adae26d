"""Long polls: one LISTEN connection of the process wakes every request that waits for a resume."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from pipeline.domain.journey import Status

if TYPE_CHECKING:
    from pipeline.adapters.postgres.applications import ApplicationRow

ENDED = frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELLED, Status.ERASED})

#: A lost notification costs this long at first, and at most the second figure, in seconds.
_POLL_S, _SLOWEST_POLL_S = 2.0, 5.0


class Listening(Protocol):
    """A running LISTEN connection (`pipeline.adapters.postgres.listen.Listener`)."""

    def start(self) -> None:
        """Connect and call back from a thread of its own until `stop`."""

    def stop(self) -> None:
        """End the thread and the connection."""


#: Makes the listener of status changes: `on_notify(channel, payload)` and `on_reconnect()` are called from
#: its thread.
ListenerFactory = Callable[[Callable[[str, str], None], Callable[[], None]], Listening]


class StatusWaits:
    """Wakes coroutines when the status of their resume changes."""

    def __init__(self, new_listener: ListenerFactory) -> None:
        self._new_listener = new_listener
        self._listener: Listening | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._closed = False

    async def start(self) -> None:
        """Listen, as soon as the database lets us; waits are served by polling until then."""
        self._loop = asyncio.get_running_loop()
        self._listener = self._new_listener(self._on_notify, self._on_reconnect)
        await asyncio.to_thread(self._listener.start)

    async def stop(self) -> None:
        """Answer every wait and stop listening."""
        self._closed = True
        self._wake_all()
        if self._listener is not None:
            await asyncio.to_thread(self._listener.stop)

    async def until_ended(
        self, resume: UUID, seconds: float, get: Callable[[], Awaitable[ApplicationRow | None]]
    ) -> ApplicationRow | None:
        """The row as soon as its status is final, or as it is after `seconds`. Raises what `get` raises."""
        changed = asyncio.Event()
        waiting = self._waiting.setdefault(str(resume), set())
        waiting.add(changed)
        try:
            return await self._watch(changed, time.monotonic() + seconds, get)
        finally:
            waiting.discard(changed)
            if not waiting:
                self._waiting.pop(str(resume), None)

    async def _watch(
        self, changed: asyncio.Event, deadline: float, get: Callable[[], Awaitable[ApplicationRow | None]]
    ) -> ApplicationRow | None:
        poll = _POLL_S
        while True:
            # Cleared before the row is read: a change while it is being read wakes the wait below.
            changed.clear()
            row = await get()
            left = deadline - time.monotonic()
            if row is None or row.status in ENDED or left <= 0 or self._closed:
                return row
            try:
                async with asyncio.timeout(min(poll, left)):
                    await changed.wait()
            except TimeoutError:
                poll = min(poll * 1.5, _SLOWEST_POLL_S)

    def _on_notify(self, channel: str, payload: str) -> None:
        # On the listener's thread. Most notifications are about resumes that nobody waits for: they cost
        # the event loop nothing.
        if payload in self._waiting:
            self._from_thread(self._wake, payload)

    def _on_reconnect(self) -> None:
        self._from_thread(self._wake_all)

    def _from_thread(self, call: Callable[..., None], *args: str) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call, *args)

    def _wake(self, resume: str) -> None:
        for event in self._waiting.get(resume, ()):
            event.set()

    def _wake_all(self) -> None:
        for resume in list(self._waiting):
            self._wake(resume)
