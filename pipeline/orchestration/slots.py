"""Slots whose number may change while they are held: a stage has as many as its running replicas bring."""

from __future__ import annotations

import asyncio


class Slots:
    """`async with slots:` holds one. Fewer than are held is reached as they are given back."""

    def __init__(self, number: int) -> None:
        self._free = asyncio.Semaphore(number)
        self._number = number
        self._owed = 0

    def resize(self, number: int) -> None:
        """From now on so many."""
        more, self._number = number - self._number, number
        if more < 0:
            self._owed -= more
        for _ in range(more):
            self._give_back()

    def _give_back(self) -> None:
        if self._owed:
            self._owed -= 1
        else:
            self._free.release()

    async def __aenter__(self) -> None:
        while True:
            await self._free.acquire()
            if not self._owed:
                return
            self._owed -= 1  # this one has gone; wait for one that stays

    async def __aexit__(self, *exc: object) -> None:
        self._give_back()
