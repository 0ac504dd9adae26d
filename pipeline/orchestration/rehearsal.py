"""A rehearsal of reprocessing: today's reading of a stored resume, compared with its profile; nothing is saved.

Stages run in this process. Paid work is taken from its checkpoints; what is not stored there is either named
(`WouldPay`) or, where the caller agreed, paid for and stored, so that the real run will not pay for it again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from pipeline.adapters.postgres.checkpoints import PostgresCheckpoints, RehearsalCheckpoints
from pipeline.adapters.postgres.reprocessing import EndedResume, Reprocessing
from pipeline.domain.checkpoint import CheckpointKey
from pipeline.domain.differences import Difference, differences
from pipeline.domain.errors import NotYet, ResumesError
from pipeline.domain.metrics import Metric
from pipeline.domain.profile import Profile
from pipeline.orchestration import wiring
from pipeline.orchestration.core.paid import PaidDesk
from pipeline.ports import PaidCall, PaidWork
from pipeline.settings import Settings

_PATIENCE_S = 300.0
_LONGEST_SLEEP_S = 5.0


class WouldPay(ResumesError):
    """A paid call would be needed that is not stored: allow it with --pay."""


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What reprocessing would change of one resume; or why that cannot be told."""

    id: UUID
    filename: str | None
    differences: tuple[Difference, ...] = ()
    obstacle: str | None = None


class Rehearsal:
    """Runs the stages up to the verified profile. Close it."""

    def __init__(self, settings: Settings, reprocessing: Reprocessing, *, pay: bool) -> None:
        engine = wiring.database(settings, name="rehearsal", pool_size=4)
        ledger = wiring.ledger(settings, engine)
        self._checkpoints = RehearsalCheckpoints(engine, ledger)
        self._desk = PaidDesk(
            self._checkpoints,
            wiring.gate(settings, engine),
            ledger,
            _Unmetered(),
            patience_s=settings.vendor_patience_s,
        )
        self._reprocessing, self._pay = reprocessing, pay
        self._read, self._group = wiring.read_text(settings), wiring.group_sections()
        self._normalise, self._verify = wiring.normalise_profile(settings), wiring.verify_profile(settings)

    async def run(self, id_: UUID) -> Rehearsed | None:
        """What would change; None where the resume is under way or erased."""
        ended = await asyncio.to_thread(self._reprocessing.ended, id_)
        if ended is None:
            return None
        try:
            profile = await self._patiently(ended)
        except ResumesError as error:
            return Rehearsed(id_, ended.filename, obstacle=error.message)
        found = differences(ended.profile or {}, profile.model_dump(mode="json"))
        return Rehearsed(id_, ended.filename, tuple(found))

    def close(self) -> None:
        """End the parser processes."""
        self._read.close()

    async def _patiently(self, ended: EndedResume) -> Profile:
        """Waits in place, as no queue does it here. Raises NotYet after five minutes."""
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                return await self._profile(ended)
            except NotYet as wait:
                if time.monotonic() + wait.seconds > deadline:
                    raise
                await asyncio.sleep(min(_LONGEST_SLEEP_S, wait.seconds))

    async def _profile(self, ended: EndedResume) -> Profile:
        paid: PaidWork = self._desk.work_of(ended.lease, ended.upload.sha256)
        if not self._pay:
            paid = _Stored(self._checkpoints, ended)
        text = await self._read.run(ended.upload, paid)
        sections = await asyncio.to_thread(self._group.run, text)
        draft = await self._normalise.run(sections, paid)
        return self._verify.run(draft, sections, ended.upload)


class _Unmetered:
    """Meters of a command that nobody scrapes: the ledger has what it paid."""

    def count(self, metric: Metric, amount: float = 1, **labels: str) -> None:
        """As `Meters.count`."""

    def observe(self, metric: Metric, value: float, **labels: str) -> None:
        """As `Meters.observe`."""


class _Stored:
    """PaidWork that pays nothing."""

    def __init__(self, checkpoints: PostgresCheckpoints, ended: EndedResume) -> None:
        self._checkpoints, self._content = checkpoints, ended.upload.sha256

    async def once(self, stage: str, digest: str, make: Callable[[PaidCall], Awaitable[bytes]]) -> bytes:
        """The stored value. Raises WouldPay."""
        key = CheckpointKey(self._content, stage, digest)
        value = await asyncio.to_thread(self._checkpoints.stored, key)
        if value is None:
            raise WouldPay(
                f"A paid call of the stage {stage} would be needed: allow it with --pay.", key=stage
            )
        return value
