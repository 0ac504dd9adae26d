"""Paid work inside one task: a vendor that is busy is asked again, and nothing outlives the task."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from pipeline.domain.errors import NotYet, VendorBusy
from pipeline.domain.spending import Usage, Vendor
from pipeline.ports import PaidCall

T = TypeVar("T")

_TRIES = 5
_LONGEST_POLL_S = 0.5


class TaskPaidWork:
    """`ports.PaidWork` of one task: a task that dies pays again."""

    async def once(self, stage: str, digest: str, make: Callable[[PaidCall], Awaitable[bytes]]) -> bytes:
        """What `make` answers, asked again here, in the task, for as long as a vendor is at it."""
        call = TaskPaidCall()
        while True:
            try:
                return await make(call)
            except NotYet as wait:
                await asyncio.sleep(min(_LONGEST_POLL_S, wait.seconds))


class TaskPaidCall:
    """`ports.PaidCall` of one task. What calls cost is not entered anywhere."""

    age_s = 0.0

    def __init__(self) -> None:
        self._kept: dict[str, Any] = {}
        self.note: Mapping[str, Any] = self._kept

    async def remember(self, **changes: Any) -> None:
        """As `PaidCall.remember`, in memory."""
        self._kept.update(changes)
        for name in [name for name, value in changes.items() if value is None]:
            del self._kept[name]

    async def ask(
        self,
        vendor: Vendor,
        need: Mapping[str, float],
        request: Callable[[], Awaitable[T]],
        *,
        billed: bool = True,
    ) -> T:
        """What `request` answers, asked up to five times with growing pauses. Raises VendorBusy after them."""
        for number in range(_TRIES - 1):
            try:
                return await request()
            except VendorBusy as busy:
                await asyncio.sleep(busy.retry_after_s or 0.5 * 2**number)
        return await request()

    async def now(self) -> float:
        """As `PaidCall.now`, by the one clock there is."""
        return time.time()

    def bill(self, usage: Usage) -> None:
        """As `PaidCall.bill`: nobody asks a task what it cost."""
