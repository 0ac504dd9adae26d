"""Slots whose number may change while they are held: a stage has as many as its running replicas bring."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class StageSlots:
    """`async with slots.hold(8):` holds eight, first come first served. Fewer than are held is reached as they are
    given back; who wants more than there are gets in alone."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._held = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    def resize(self, number: int) -> None:
        """From now on so many."""
        self._number = number
        self._admit()

    @asynccontextmanager
    async def hold(self, wanted: int) -> AsyncIterator[None]:
        """So many within the block."""
        admitted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((wanted, admitted))
        self._admit()
        try:
            await admitted
            yield
        finally:
            if admitted.done() and not admitted.cancelled():
                self._held -= wanted
            self._admit()

    def _admit(self) -> None:
        while self._waiting:
            wanted, admitted = self._waiting[0]
            if not admitted.done():  # else whoever waited was cancelled
                if self._held and self._held + wanted > self._number:
                    return
                self._held += wanted
                admitted.set_result(None)
            self._waiting.popleft()
