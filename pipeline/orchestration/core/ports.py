"""What driving resumes asks of the world around it, as Protocols.

PostgreSQL's adapters and Ray's deployments fulfil them in the service; tests have twins of them in memory.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol, TypeVar
from uuid import UUID

from pipeline.domain.checkpoint import CheckpointKey, Claimed
from pipeline.domain.ingestion import AcceptedMember, Listing, Member, RefusedMember, Shard, SourceKind
from pipeline.domain.job import ClaimedJob
from pipeline.domain.journey import JobState, Lane, Lease, Stage
from pipeline.domain.metrics import Metric
from pipeline.domain.receipt import Done, Failed, Receipt
from pipeline.domain.result import Verdict
from pipeline.domain.spending import Admission, Usage

C = TypeVar("C")

#: The receipts of a stage for a packet's jobs, in order, and what the next stages take as its answers.
Handed = tuple[Sequence[Receipt], Any]


class WorkerDied(Exception):
    """The process that held a packet's documents is gone: one of them may be why."""


class LostOnTheWay(Exception):
    """What a stage answered, or was to be given, got lost; no document is to blame. The message names the loss."""


class Meters(Protocol):
    """The metric registry (`domain/metrics.py`)."""

    def count(self, metric: Metric, amount: float = 1, **labels: str) -> None:
        """Add to a counter."""

    def observe(self, metric: Metric, value: float, **labels: str) -> None:
        """Record one value of a histogram, or the present value of a gauge."""


class Clock(Protocol):
    """Time as one process counts it."""

    def monotonic(self) -> float:
        """Seconds since some moment; never goes back."""

    async def sleep(self, seconds: float) -> None:
        """Return so many seconds later."""


class Stages(Protocol):
    """The stages that a packet passes before it is saved, wherever they run.

    Every method raises WorkerDied, LostOnTheWay, and whatever a bug in a stage raises.
    """

    async def read(self, jobs: Sequence[ClaimedJob]) -> Handed:
        """Read and group."""

    async def normalise(self, jobs: Sequence[ClaimedJob], texts: Any) -> Handed:
        """Normalise and verify; `texts` is what reading handed on."""

    async def embed(self, jobs: Sequence[ClaimedJob], texts: Any) -> Handed:
        """Cut into chunks and embed them; `texts` is what reading handed on."""


class Writer(Protocol):
    """The last stage."""

    async def save(
        self, jobs: Sequence[ClaimedJob], texts: Any, profiles: Any, embedded: Any, done: Sequence[Done]
    ) -> Sequence[Verdict | Failed]:
        """What became of each job's save, in order; Failed where PostgreSQL did not answer.

        It may have been saved all the same. Raises WorkerDied, perhaps after its commit: the fence makes a second try
        safe.
        """


class Leases(Protocol[C]):
    """What is leased, jobs or the work of ingestions. Blocking; every method raises DatabaseUnavailable."""

    def renew(self, owner: int) -> set[C]:
        """Renew what this owner holds, and answer it."""

    def release(self, owner: int, claims: Collection[C]) -> int:
        """Give back what this owner holds, as if it had never been claimed: how many were still its own."""

    def dead_owners(self) -> set[int]:
        """Owners of running work whose lock nobody holds."""

    def reap(self, owners: Collection[int]) -> int:
        """Take back what these owners held, and what nobody renewed: how many."""


class Lock(Protocol):
    """An owner's proof of life: free when its process is gone. Not thread-safe."""

    owner: int

    def acquire(self) -> None:
        """Take the lock, or do nothing while it is held. Raises DatabaseUnavailable."""

    def held(self) -> bool:
        """Whether it is still ours. Never raises."""

    def close(self) -> None:
        """Give it back. Idempotent."""


class Queue(Leases[Lease], Protocol):
    """The jobs. Blocking; every method raises DatabaseUnavailable; none raises for a lost lease."""

    def claim(self, owner: int, lane: Lane, limit: int, *, suspects: bool = False) -> list[ClaimedJob]:
        """At most `limit` due jobs, suspects or others."""

    def seconds_to_next(self) -> float | None:
        """Seconds until the next job that waits or backs off comes due, None when none does."""

    def progress(self, moves: Sequence[tuple[Lease, Stage]]) -> None:
        """Show the stages that running jobs have begun."""

    def wait(self, lease: Lease, *, reason: str, seconds: float) -> bool:
        """Give the lease back until `reason` is told or `seconds` from now. False when the lease was lost."""

    def retry(
        self,
        lease: Lease,
        *,
        code: str,
        detail: str,
        delay_s: float,
        suspect: bool = False,
        died_alone: bool = False,
    ) -> JobState | None:
        """Run the job again after `delay_s`, or give it up: its state now, None for a lost lease."""

    def fail(self, lease: Lease, *, code: str, detail: str) -> bool:
        """End the job as the document's fault. False when the lease was lost."""

    def die(self, lease: Lease, *, code: str, detail: str) -> bool:
        """End the job as ours to answer for. False when the lease was lost."""


class Intake(Protocol):
    """What storing the members of a source asks of PostgreSQL. Blocking; every method raises DatabaseUnavailable."""

    def begin_listing(self, listing: Listing, source_key: str) -> UUID | None:
        """Drop what an earlier try listed. Answers the ingestion that the same source has already. Raises LeaseLost."""

    def add_shards(self, listing: Listing, first: int, batches: Sequence[Sequence[Member]]) -> None:
        """Store shards numbered from `first`. Raises LeaseLost."""

    def end_listing(self, listing: Listing, members: int, kind: SourceKind, *, sequential: bool) -> None:
        """Let the shards be claimed. Raises LeaseLost."""

    def members(self, shard: Shard) -> list[Member]:
        """The shard's members, from its position on. Raises LeaseLost."""

    def known(self, shard: Shard, contents: Sequence[tuple[str, str | None, str | None]]) -> dict[int, UUID]:
        """Of these (sha256, job post, external id), those that the ingestion has an application for, by index."""

    def queued_members(self, ingestion_id: UUID, shard_no: int) -> list[Member] | None:
        """What a shard has left, whoever holds it; None where there is no such shard or nothing is left of it."""

    def claim_next(self, shard: Shard) -> Shard | None:
        """The next shard for the owner of this one, which is done: None where it was the last."""

    def store(
        self, shard: Shard, accepted: Sequence[AcceptedMember], refused: Sequence[RefusedMember]
    ) -> list[AcceptedMember]:
        """Commit the shard's next members; those that another batch was quicker with. Raises LeaseLost."""

    def give_back(self, shard: Shard, *, seconds: float, burn: bool) -> None:
        """Let the shard be claimed again in so many seconds; `burn` counts the run against it."""


class PaidCheckpoints(Protocol):
    """What paid work is remembered in. Blocking; every method raises LeaseLost and DatabaseUnavailable."""

    def take(self, key: CheckpointKey, lease: Lease) -> bytes | Claimed | None:
        """As `ports.CheckpointStore.take`."""

    def remember(self, key: CheckpointKey, lease: Lease, changes: dict[str, Any]) -> dict[str, Any]:
        """Merge into the claim's note (None removes); the note as it is then."""

    def put(self, key: CheckpointKey, lease: Lease, value: bytes, usages: Sequence[Usage] = ()) -> None:
        """As `ports.CheckpointStore.put`, with what it cost."""

    def discard(self, key: CheckpointKey, lease: Lease) -> None:
        """Give up a claim whose work cannot be done. Idempotent."""


class VendorGate(Protocol):
    """Quotas, breakers and the budget, over all workers. Blocking; every method raises DatabaseUnavailable."""

    def admit(
        self,
        key: CheckpointKey,
        lease: Lease,
        vendor: str,
        need: Mapping[str, float],
        *,
        billed: bool,
        again: bool = False,
    ) -> Admission:
        """Leave to make one request for a claim, or when to come back. Raises LeaseLost."""

    def succeeded(self, vendor: str) -> None:
        """The vendor answered."""

    def failed(self, vendor: str, reason: str, *, retry_after_s: float | None = None) -> None:
        """The vendor throttled or was down."""

    def now(self) -> float:
        """The database's clock, in seconds since 1970."""


class Bills(Protocol):
    """Where paid calls are entered. Raises DatabaseUnavailable."""

    def price(self, usage: Usage) -> float:
        """US dollars that this usage costs today."""

    def enter(self, resume_id: UUID, usages: Sequence[Usage]) -> None:
        """Write down what a resume used."""


class Kept(Protocol):
    """What the database says of the objects that are kept. Blocking; every method raises DatabaseUnavailable."""

    def known_objects(self, keys: Sequence[str]) -> set[str]:
        """Of these object keys, those that a resume still has."""

    def unfinished(self, ids: Sequence[UUID]) -> set[UUID]:
        """Of these resumes, those whose job has not ended."""

    def erase(self, id: UUID) -> object | None:  # noqa: A002
        """Forget the resume, but for where its object is. None when there is no such one."""

    def unconfirmed_erasures(self) -> Sequence[tuple[UUID, str]]:
        """Some erased resumes whose object may still be there: (id, object key)."""

    def confirm_object_erased(self, id: UUID) -> None:  # noqa: A002
        """Forget where the object of an erased resume was. Idempotent."""


class KeptArchives(Protocol):
    """What the database says of uploaded archives. Raises DatabaseUnavailable."""

    def archives(self, ids: Sequence[UUID]) -> dict[UUID, bool]:
        """Of these ingestions those that are known, and whether their uploaded archive is still to be read."""


class Periods(Protocol):
    """How long what is kept. Blocking; every method raises DatabaseUnavailable."""

    def expired(self, limit: int) -> list[UUID]:
        """Up to `limit` resumes whose period is over."""

    def count(self) -> int:
        """How many that are."""

    def forget_members(self) -> int:
        """Remove what ended ingestions tell of members that became no resume; the number of rows."""
