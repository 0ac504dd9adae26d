"""Paid work as the adapters see it (`ports.PaidWork`), on the checkpoints, the gate and the ledger."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from pipeline.domain.checkpoint import CheckpointKey, Claimed
from pipeline.domain.errors import (
    DocumentError,
    NotYet,
    ProfileUnavailable,
    VendorBusy,
    VendorTimeout,
)
from pipeline.domain.journey import Lease
from pipeline.domain.metrics import SPENT, VENDOR_REQUESTS
from pipeline.domain.spending import Usage, Vendor
from pipeline.orchestration.core.checkpoints import PENDING_BACKSTOP_S
from pipeline.orchestration.core.ports import Bills, Meters, PaidCheckpoints, VendorGate
from pipeline.orchestration.core.retry import until_answered

T = TypeVar("T")

#: Requests in place before the job gives its lease back: a passing throttle is cheaper to outwait here.
_TRIES = 3
_LONGEST_SLEEP_S = 2.0
_LONGEST_WAIT_S = 120.0
#: An answer that was paid for is worth waiting for PostgreSQL to come back.
_STORE_FOR_S = 40.0


class PaidDesk:
    """What a replica's paid work shares: the stores, and the threads that talk to them."""

    def __init__(
        self,
        checkpoints: PaidCheckpoints,
        gate: VendorGate,
        ledger: Bills,
        meters: Meters,
        *,
        patience_s: float,
        threads: int = 4,
    ) -> None:
        """`patience_s`: how long a vendor may be busy for one piece of work before it is given up."""
        self.checkpoints, self.gate, self.ledger = checkpoints, gate, ledger
        self.meters, self.patience_s = meters, patience_s
        self._threads = ThreadPoolExecutor(threads, "paid")

    def work_of(self, lease: Lease, content_sha256: str) -> JobsPaidWork:
        """The paid work of one job."""
        return JobsPaidWork(self, lease, content_sha256)

    async def run(self, call: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """A blocking call, in a thread; it runs to its end even when its caller is cancelled."""
        return await asyncio.wrap_future(self._threads.submit(call, *args, **kwargs))

    async def insist(self, call: Callable[..., T], *args: Any) -> T:
        """As `run`, tried again for a while when PostgreSQL is away. Raises DatabaseUnavailable at last."""
        deadline = time.monotonic() + _STORE_FOR_S
        return await until_answered(
            lambda: self.run(call, *args), give_up=lambda: time.monotonic() > deadline
        )

    def count(self, bills: Sequence[Usage]) -> None:
        """Tell the metrics what the ledger has."""
        for usage in bills:
            self.meters.count(SPENT, self.ledger.price(usage), vendor=usage.vendor)


class JobsPaidWork:
    """`ports.PaidWork` of one job."""

    def __init__(self, desk: PaidDesk, lease: Lease, content_sha256: str) -> None:
        self._desk, self._lease, self._content = desk, lease, content_sha256

    async def once(self, stage: str, digest: str, make: Callable[[JobsPaidCall], Awaitable[bytes]]) -> bytes:
        """As `PaidWork.once`."""
        key = CheckpointKey(self._content, stage, digest)
        found = await self._desk.run(self._desk.checkpoints.take, key, self._lease)
        if found is None:
            raise NotYet(key=str(key), seconds=PENDING_BACKSTOP_S)
        if isinstance(found, bytes):
            return found
        call = JobsPaidCall(self._desk, key, self._lease, found)
        try:
            value = await make(call)
        except (DocumentError, ProfileUnavailable, VendorTimeout):
            await call.settle()
            await self._desk.run(self._desk.checkpoints.discard, key, self._lease)
            raise
        except BaseException:  # whatever ended the work, cancellation too: what was used is entered
            await asyncio.shield(call.settle())
            raise
        # Shielded: a worker that is told to stop now still keeps what was paid for.
        await asyncio.shield(self._put(key, value, call.bills))
        return value

    async def _put(self, key: CheckpointKey, value: bytes, bills: Sequence[Usage]) -> None:
        await self._desk.insist(self._desk.checkpoints.put, key, self._lease, value, bills)
        self._desk.count(bills)


class JobsPaidCall:
    """`ports.PaidCall` of one claim."""

    def __init__(self, desk: PaidDesk, key: CheckpointKey, lease: Lease, claimed: Claimed) -> None:
        self._desk, self._key, self._lease = desk, key, lease
        self.note: Mapping[str, Any] = claimed.note
        self.age_s = claimed.age_s
        self.bills: list[Usage] = []
        self._slot_used = False

    async def remember(self, **changes: Any) -> None:
        """As `PaidCall.remember`."""
        self.note = await self._desk.insist(self._desk.checkpoints.remember, self._key, self._lease, changes)

    async def now(self) -> float:
        """As `PaidCall.now`."""
        return await self._desk.insist(self._desk.gate.now)

    def bill(self, usage: Usage) -> None:
        """As `PaidCall.bill`."""
        self.bills.append(usage)

    async def settle(self) -> None:
        """Enter what was used into the ledger, where no result will carry it."""
        bills, self.bills = self.bills, []
        if bills:
            await self._desk.insist(self._desk.ledger.enter, self._lease.resume_id, bills)
            self._desk.count(bills)

    async def ask(
        self,
        vendor: Vendor,
        need: Mapping[str, float],
        request: Callable[[], Awaitable[T]],
        *,
        billed: bool = True,
    ) -> T:
        """As `PaidCall.ask`."""
        tries = 0
        while True:
            await self._admitted(vendor, need, billed=billed)
            tries += 1
            try:
                answer = await request()
            except VendorBusy as busy:
                self._desk.meters.count(
                    VENDOR_REQUESTS, vendor=vendor, outcome="throttled" if busy.throttled else "failed"
                )
                reason = busy.key or type(busy).__name__
                await self._desk.run(self._desk.gate.failed, vendor, reason, retry_after_s=busy.retry_after_s)
                await self._patience(vendor, busy, tries)
            else:
                self._desk.meters.count(VENDOR_REQUESTS, vendor=vendor, outcome="answered")
                await self._answered(vendor)
                return answer

    async def _admitted(self, vendor: Vendor, need: Mapping[str, float], *, billed: bool) -> None:
        admission = await self._desk.run(
            self._desk.gate.admit, self._key, self._lease, vendor, need, billed=billed, again=self._slot_used
        )
        if not admission.granted:
            raise NotYet(key=admission.reason, seconds=admission.seconds)
        self._slot_used = True
        if admission.seconds > 0:
            await asyncio.sleep(admission.seconds)

    async def _patience(self, vendor: Vendor, busy: VendorBusy, tries: int) -> None:
        """Sleep a little before the next try; raise NotYet where that is too long, VendorTimeout after a day."""
        delay = busy.retry_after_s or random.uniform(0.5, 1) * 0.5 * 2**tries
        if tries < _TRIES and delay <= _LONGEST_SLEEP_S:
            await asyncio.sleep(delay)
            return
        if self.age_s > self._desk.patience_s:
            raise VendorTimeout(
                f"{vendor.capitalize()} has not answered for {self.age_s / 3600:.0f} hours ({busy.message}): "
                "reprocess the resume when it works again.",
                key=vendor,
            )
        waits = int(self.note.get("waits", 0)) + 1
        since = self.note.get("busy_since")
        if since is None:
            since = await self.now()
        await self.remember(waits=waits, busy_since=since)
        seconds = max(delay, random.uniform(0.5, 1) * min(_LONGEST_WAIT_S, 2.0**waits))
        raise NotYet(key=f"vendor:{vendor}", seconds=seconds)

    async def _answered(self, vendor: Vendor) -> None:
        await self._desk.run(self._desk.gate.succeeded, vendor)
        if "busy_since" in self.note:
            await self.remember(waits=None, busy_since=None)
            self.age_s = 0.0
