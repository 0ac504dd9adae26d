"""PaidWork in memory, for tests of what pays: the real one (`orchestration/core/paid.py`) has tests of its own."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from pipeline.domain.errors import NotYet, VendorBusy
from pipeline.domain.spending import Usage, Vendor

T = TypeVar("T")
_TRIES = 3


class MemoryPaidWork:
    """Remembers notes and values by (stage, digest), and all that was asked and billed.

    Every quota is free; a busy vendor is asked three times at once and then waited for.
    """

    def __init__(self) -> None:
        self.values: dict[tuple[str, str], bytes] = {}
        self.notes: dict[tuple[str, str], dict[str, Any]] = {}
        self.asked: list[tuple[str, dict[str, float]]] = []
        self.bills: list[Usage] = []
        self.age_s = 0.0
        self.later_s = 0.0  #: how far PostgreSQL's clock has gone on meanwhile

    async def once(
        self, stage: str, digest: str, make: Callable[[MemoryPaidCall], Awaitable[bytes]]
    ) -> bytes:
        """As `PaidWork.once`."""
        key = stage, digest
        if key not in self.values:
            self.values[key] = await make(MemoryPaidCall(self, self.notes.setdefault(key, {})))
        return self.values[key]


class MemoryPaidCall:
    """As `PaidCall`."""

    def __init__(self, work: MemoryPaidWork, note: dict[str, Any]) -> None:
        self._work = work
        self.note: Mapping[str, Any] = note
        self._note = note
        self.age_s = work.age_s

    async def remember(self, **changes: Any) -> None:
        for name, value in changes.items():
            if value is None:
                self._note.pop(name, None)
            else:
                self._note[name] = value

    async def ask(
        self,
        vendor: Vendor,
        need: Mapping[str, float],
        request: Callable[[], Awaitable[T]],
        *,
        billed: bool = True,
    ) -> T:
        for _ in range(_TRIES):
            self._work.asked.append((vendor, dict(need)))
            try:
                return await request()
            except VendorBusy as busy:
                seconds = busy.retry_after_s or 1.0
        raise NotYet(key=f"vendor:{vendor}", seconds=seconds)

    async def now(self) -> float:
        return time.time() + self._work.later_s

    def bill(self, usage: Usage) -> None:
        self._work.bills.append(usage)
