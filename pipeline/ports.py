"""What the stages ask of the world, as Protocols: an adapter fulfils one by behaving as its docstring says.

One conformance suite per port (`tests/adapters/`) runs against every adapter of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

from pipeline.domain.checkpoint import CheckpointKey, Claimed
from pipeline.domain.chunk import Vector
from pipeline.domain.errors import LeaseLost
from pipeline.domain.ingestion import Fault, Member, SourceKind
from pipeline.domain.journey import Lease
from pipeline.domain.ocr import OcrDocument, OcrText, Picture
from pipeline.domain.profile import Profile
from pipeline.domain.result import ResumeResult, Verdict
from pipeline.domain.sections import SectionedText
from pipeline.domain.spending import Usage, Vendor
from pipeline.domain.text import Ink, Line, Text
from pipeline.domain.trace import TraceContext

T = TypeVar("T")


class ObjectWriter(Protocol):
    """One object being written: nothing is visible under its key before `commit`."""

    def write(self, data: bytes) -> None:
        """Append bytes. Raises ObjectStoreUnavailable."""

    def commit(self) -> None:
        """Make the object durable and visible. Raises ObjectStoreUnavailable."""

    def abort(self) -> None:
        """Leave no trace. Never raises."""


class ObjectStore(Protocol):
    """Where originals live. Keys are ours (`resumes/<id>`), never a client's file name. Thread-safe."""

    def create(self, key: str) -> ObjectWriter:
        """Begin an object. Raises ObjectStoreUnavailable."""

    def read(self, key: str) -> bytes:
        """The whole object. Raises ObjectMissing, ObjectStoreUnavailable."""

    def stream(self, key: str) -> Iterator[bytes]:
        """The object in pieces of at most 1 MiB. Raises ObjectMissing, ObjectStoreUnavailable."""

    def delete(self, key: str) -> None:
        """Remove the object and every version of it; an object that is not there is no error."""

    def presigned_url(self, key: str, *, filename: str, seconds: int) -> str | None:
        """A URL that downloads the object as an attachment, or None where the store has no such thing."""

    def older_than(self, seconds: float) -> Iterator[str]:
        """The keys of the objects that were stored longer ago than this. Raises ObjectStoreUnavailable."""

    def sweep_unfinished(self) -> int:
        """Remove what writers that died left behind a day ago; the number removed."""

    def check(self) -> None:
        """Answer within 2 s, or raise ObjectStoreUnavailable with what to do."""


class RandomAccess(Protocol):
    """The bytes of one file, anywhere in it: a local file, or an object by range requests. Thread-safe."""

    name: str  #: what people are shown
    size: int  #: bytes
    near: bool  #: whether a read costs microseconds and no request: then a look at each member is affordable

    def fingerprint(self) -> str:
        """64 hex digits over the address and whatever tells the bytes from changed ones. Raises as `read_at` does."""

    def read_at(self, offset: int, length: int) -> bytes:
        """At most `length` bytes from `offset`; fewer only at the end.

        Raises SourceMissing (also where the file changed since it was opened), ObjectStoreUnavailable.
        """


class Source(Protocol):
    """A folder, archive, prefix or manifest: what a bulk ingestion reads from."""

    kind: SourceKind
    sequential: bool  #: whether `read` has to run through everything before a member (a compressed tar)

    def fingerprint(self) -> str:
        """What makes it the same source as another time: 64 hex digits over its address and ETag, digest or listing.

        Raises SourceMissing, ObjectStoreUnavailable.
        """

    def members(self) -> Iterator[Member]:
        """Every member in order, read or ruled out, in memory that does not grow with their number.

        Raises SourceRejected (before or after the first member: then nothing of it may be kept), SourceMissing,
        ObjectStoreUnavailable.
        """

    def read(self, members: Iterable[Member], *, max_bytes: int) -> Iterator[tuple[Member, bytes | Fault]]:
        """The bytes of these members (in ascending order, none with a fault), or why there are none.

        A sequential source takes the next member only when it needs it: there may be millions. No more than
        `max_bytes` of a member is ever in memory, of a few members at once where each is a request.

        Raises SourceMissing, ObjectStoreUnavailable; and SourceRejected where an archive contradicts its own
        listing, which only a look at each member can tell: then nothing of the source may be kept. Never raises
        for what is one member's own fault.
        """


class TextEngine(Protocol):
    """Reads a document's bytes into Text."""

    version: str  #: which code reads: equal versions read equal bytes alike

    async def read(self, content: bytes, mime: str) -> Text:
        """Every page in order.

        Raises EncryptedDocument, CorruptDocument, ResourceLimit, UnsupportedDocument (the file's fault) or
        WorkerKilled (not its fault). A document without text is an answer, not an error: the stage decides.
        """

    def close(self) -> None:
        """End the child processes and connections. Idempotent."""


class PageEngine(Protocol):
    """Shows the pages of a document whose pages are something to look at: a PDF's, a picture's."""

    async def cut(self, content: bytes, mime: str, pages: Sequence[int]) -> bytes:
        """A document of these pages (numbers from 1) alone, in this order. Raises as `TextEngine.read` does."""

    async def picture(self, content: bytes, mime: str, page: int) -> Picture:
        """A page (from 1) as pixels. Raises as `TextEngine.read` does."""

    async def ink(
        self, content: bytes, mime: str, lines: Mapping[int, Sequence[Line]]
    ) -> dict[int, list[Ink]]:
        """What each of these lines looks like where it is printed, by page number. Raises as `TextEngine.read` does."""


class DocumentEngine(TextEngine, Protocol):
    """Reads documents of several media types."""

    def pages(self, mime: str) -> PageEngine | None:
        """What shows the pages of such a document; None where it is text and nothing else.

        Raises UnsupportedDocument.
        """


class PaidCall(Protocol):
    """One piece of paid work that this job has claimed: what `PaidWork.once` hands to an adapter."""

    note: Mapping[str, Any]  #: what earlier runs of this work remembered, whichever job they belonged to
    age_s: float  #: seconds since the vendor was first found busy with this work, 0 when it is not

    async def remember(self, **changes: Any) -> None:
        """Merge changes into `note`, durably, before returning; a value of None removes its key.

        Raises LeaseLost, DatabaseUnavailable.
        """

    async def ask(
        self,
        vendor: Vendor,
        need: Mapping[str, float],
        request: Callable[[], Awaitable[T]],
        *,
        billed: bool = True,
    ) -> T:
        """What `request` answers, asked when breaker, budget (where it is billed) and quotas let it.

        `need` is units by quota name. A request that raises VendorBusy is asked again a little later, a few
        times, each time with units of its own. Raises NotYet where that takes longer than a worker should
        wait, and whatever else `request` raises.
        """

    async def now(self) -> float:
        """Seconds since 1970 by PostgreSQL's clock, which all workers share. Raises DatabaseUnavailable."""

    def bill(self, usage: Usage) -> None:
        """Enter usage into the ledger: with the work's result, or when the work ends without one."""


class PaidWork(Protocol):
    """The paid work of one job: each piece is done once for equal content, whatever dies in between."""

    async def once(self, stage: str, digest: str, make: Callable[[PaidCall], Awaitable[bytes]]) -> bytes:
        """What is stored for this content, stage and digest, or else what `make` answers, which is then stored.

        Raises NotYet while another job with equal content is at it; LeaseLost; and whatever `make` raises.
        """


class OcrEngine(Protocol):
    """Reads pictures of text, each page once for equal content: through `PaidWork`, whether it costs money or time."""

    version: str  #: which code reads: equal versions read equal pages alike

    async def read(self, document: OcrDocument, paid: PaidWork) -> OcrText:
        """The document's pages.

        Raises NotYet, VendorTimeout, WorkerKilled (not the file's fault), or OcrFailed, UnsupportedDocument,
        ResourceLimit.
        """

    async def check(self) -> None:
        """Prove, for nothing, that it can be used. Raises ConfigurationError, VendorBusy."""

    def close(self) -> None:
        """End what it runs. Idempotent."""


class ProfileEngine(Protocol):
    """Turns sections into a draft profile whose facts point at lines."""

    version: str  #: which code drafts: equal versions draft equal sections alike

    async def draft(self, sections: SectionedText, paid: PaidWork, cpu: Executor | None = None) -> Profile:
        """Facts with `raw` copied from the lines that `evidence[0].line_ids` names, status `unverified`.

        Dates are not resolved against a calendar here: an open end ("present") has `is_current` and no `end`.
        Whatever an engine pays for goes through `paid`. What takes the processor's time runs on a thread of `cpu`,
        or else of the event loop's own: the loop has other resumes to serve.

        Raises NotYet, ProfileUnavailable, VendorTimeout.
        """

    async def check(self) -> None:
        """Prove, for nothing, that it can be used. Raises ConfigurationError, VendorBusy."""


class Embedder(Protocol):
    """Turns texts into unit vectors."""

    model: str  #: name and precision: vectors of two models are never compared
    dimension: int

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text by the model's own tokenizer, special tokens not counted."""

    def embed(self, texts: Sequence[str]) -> Vector:
        """float32 of shape (len(texts), dimension), each of length 1, in the order given."""

    def twin(self, *, threads: int | None = None) -> Embedder:
        """The same model for another thread: an embedder serves one thread at a time.

        `threads` are those that the twin computes on, where it should be other than this one's number.
        """


class ResultStore(Protocol):
    """Writes results, fenced: what a worker without a valid lease writes never lands."""

    def save(self, results: Sequence[ResumeResult]) -> list[Verdict]:
        """Save the results whose leases are live, in one transaction; a verdict each, in order.

        A result that the store refuses on its own account is retried alone and answered `REFUSED`: it never
        costs its neighbours. Raises DatabaseUnavailable, and then nothing was saved.
        """


class CheckpointStore(Protocol):
    """Remembers what was paid for or slow, by content, stage and version. Fenced by the job's lease."""

    def take(self, key: CheckpointKey, lease: Lease) -> bytes | Claimed | None:
        """The stored value; or a claim: compute it, then `put`; or None: another job is at it.

        Raises LeaseLost, DatabaseUnavailable.
        """

    def take_many(
        self, wanted: Sequence[tuple[CheckpointKey, Lease]]
    ) -> list[bytes | Claimed | LeaseLost | None]:
        """`take` for each, in one transaction; a lost lease is an answer like the others, not raised."""

    def put(self, key: CheckpointKey, lease: Lease, value: bytes) -> None:
        """Store the value of a claim that is ours and wake whoever waits. Raises LeaseLost, DatabaseUnavailable."""

    def put_many(self, values: Sequence[tuple[CheckpointKey, Lease, bytes]]) -> None:
        """`put` for each, in one transaction; a claim that somebody else has by now changes nothing."""


class TraceSpan(Protocol):
    """A piece of work in a trace. It is told ids and kinds, never content."""

    def rename(self, name: str) -> None:
        """Call it something else: few names for many spans."""

    def tell(self, attributes: Mapping[str, str | int]) -> None:
        """Add attributes."""

    def fail(self) -> None:
        """It ended in an error."""


class Tracer(Protocol):
    """Makes spans. Never raises, whatever becomes of them. Thread-safe."""

    def span(
        self,
        name: str,
        parent: TraceContext | None,
        attributes: Mapping[str, str | int],
        *,
        server: bool = False,
    ) -> AbstractContextManager[TraceSpan]:
        """What runs in the block is a span of its own, a child of `parent`, or the first of a new trace.

        `server`: it answers somebody's request. An exception is told by its type, and goes on.
        """
