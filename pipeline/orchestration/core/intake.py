"""What happens to the members of a source: listed into shards, then stored shard by shard, each batch at once.

Plain classes that a Ray task runs (`ingestion.py`) and tests call. Whatever dies, the next run of a shard begins
behind its last committed batch; an object that was stored without its row is swept as an orphan.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from pipeline.domain import member_faults
from pipeline.domain.errors import ObjectStoreUnavailable, UnsupportedDocument
from pipeline.domain.ids import uuid7
from pipeline.domain.ingestion import (
    AcceptedMember,
    Fault,
    Listing,
    Member,
    Outcome,
    RefusedMember,
    Shard,
    duplicate,
)
from pipeline.domain.media_type import is_archive, media_type
from pipeline.orchestration.core.ports import Intake
from pipeline.ports import ObjectStore, Source

log = logging.getLogger(__name__)

T = TypeVar("T")

#: Members of a shard: enough that a task is worth its start, few enough that a death repeats little.
SHARD = 256
#: Shards stored in one transaction while a source is listed.
_SHARDS_AT_ONCE = 16
#: A batch is one transaction: so many members, or so many bytes.
_BATCH = 64
_BATCH_BYTES = 32 * 1024 * 1024
_WRITES_AT_ONCE = 16
_ROOM_EVERY_S = 5.0
#: A shard that died so often without progress goes on member by member, and after as many more deaths passes over
#: the member that it dies of.
CAREFUL_FROM = 4
HOPELESS_FROM = 7

_DIED = Fault(
    Outcome.FAILED,
    "internal",
    "The process that stored this member died every time: upload the file by itself to see what it is.",
)


def list_members(work: Intake, listing: Listing, source: Source, source_key: str) -> int:
    """Count the members and store them as shards: their number; 0 where the same source is ingested already.

    Raises SourceRejected, SourceMissing, ObjectStoreUnavailable, DatabaseUnavailable, LeaseLost.
    """
    if work.begin_listing(listing, source_key) is not None:
        return 0
    count = shards = 0
    for batch in _chunks(_chunks(source.members(), SHARD), _SHARDS_AT_ONCE):
        work.add_shards(listing, shards, batch)
        shards += len(batch)
        count += sum(map(len, batch))
    work.end_listing(listing, count, source.kind, sequential=source.sequential)
    return count


class StoreMembers:
    """Stores the members of shards. One at a time; its threads only write objects."""

    def __init__(
        self,
        work: Intake,
        objects: ObjectStore,
        *,
        max_bytes: int,
        has_room: Callable[[], bool] = lambda: True,
        legacy_word: bool = False,
    ) -> None:
        """`has_room`: whether the queue takes more; whoever goes through many shards in one run asks before each.
        `legacy_word`: whether Word files of before 2007 are read here.
        """
        self._work, self._objects, self._max_bytes, self._has_room = work, objects, max_bytes, has_room
        self._legacy_word = legacy_word
        self._writers = ThreadPoolExecutor(_WRITES_AT_ONCE, "store")

    def run(self, shard: Shard, source: Source) -> int:
        """Store what the shard has left, and of a sequential source what all later ones have: the members moved.

        Raises SourceRejected, SourceMissing, ObjectStoreUnavailable, DatabaseUnavailable, LeaseLost.
        """
        if shard.attempt >= HOPELESS_FROM:
            # This very member killed every run: name it, and let the rest be read by a run that begins behind it.
            self._store(shard, [(self._work.members(shard)[0], _DIED)])
            self._work.give_back(shard, seconds=0, burn=False)
            return 1
        size = 1 if shard.attempt >= CAREFUL_FROM else _BATCH
        wanted = self._to_read(shard)
        read = source.read(wanted if shard.sequential else list(wanted), max_bytes=self._max_bytes)
        moved = 0
        current: Shard | None = shard
        while current is not None:
            for batch in _batches(_with_bytes(read, self._work.members(current)), size):
                self._store(current, batch)
                moved += len(batch)
            current = self._next(current) if shard.sequential else None
        return moved

    def _next(self, shard: Shard) -> Shard | None:
        """The next shard of a sequential source, once there is room for it."""
        while not self._has_room():
            time.sleep(_ROOM_EVERY_S)
        return self._work.claim_next(shard)

    def _to_read(self, shard: Shard) -> Iterator[Member]:
        """The members whose bytes are wanted; of a sequential source those of all later shards too, as it goes on."""
        number = shard.shard_no
        while (members := self._work.queued_members(shard.ingestion_id, number)) is not None:
            yield from (member for member in members if member.fault is None)
            if not shard.sequential:
                return
            number += 1

    def _store(self, shard: Shard, batch: Sequence[tuple[Member, bytes | Fault]]) -> None:
        candidates, refused = self._sorted_out(shard, batch)
        known = self._work.known(shard, [_content(one.accepted) for one in candidates])
        first: dict[tuple[str, str | None, str | None], AcceptedMember] = {}
        fresh: list[_Candidate] = []
        for place, one in enumerate(candidates):
            earlier = known.get(place)
            if earlier is None:
                twin = first.setdefault(_content(one.accepted), one.accepted)
                earlier = None if twin is one.accepted else twin.resume_id
            if earlier is None:
                fresh.append(one)
            else:
                refused.append(duplicate(one.accepted.member, earlier))
        list(self._writers.map(self._write, fresh))
        for lost in self._work.store(shard, [one.accepted for one in fresh], refused):
            self._delete(lost.object_key)

    def _sorted_out(
        self, shard: Shard, batch: Sequence[tuple[Member, bytes | Fault]]
    ) -> tuple[list[_Candidate], list[RefusedMember]]:
        """Those that are resumes by their content, and those that are not."""
        candidates, refused = [], []
        for member, content in batch:
            found = content if isinstance(content, Fault) else self._told(content)
            if isinstance(found, Fault):
                refused.append(RefusedMember(member, found.outcome, found.code, found.detail))
            else:
                assert isinstance(content, bytes)
                candidates.append(_candidate(shard, member, content, found))
        return candidates, refused

    def _told(self, content: bytes) -> str | Fault:
        """The media type of a member's bytes, or why they are no resume."""
        if not content:
            return member_faults.EMPTY
        try:
            return media_type(content, legacy_word=self._legacy_word)
        except UnsupportedDocument as error:
            code = "nested-archive" if is_archive(content) else "not-a-resume-type"
            return Fault(Outcome.SKIPPED, code, error.message)

    def _write(self, one: _Candidate) -> None:
        writer = self._objects.create(one.accepted.object_key)
        try:
            writer.write(one.content)
            writer.commit()
        except ObjectStoreUnavailable:
            writer.abort()
            raise

    def _delete(self, key: str) -> None:
        try:
            self._objects.delete(key)
        except ObjectStoreUnavailable:
            log.warning("object left behind", extra={"key": key})


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A member that becomes an application unless its bytes are one already."""

    accepted: AcceptedMember
    content: bytes


def _with_bytes(
    read: Iterator[tuple[Member, bytes | Fault]], members: Sequence[Member]
) -> Iterator[tuple[Member, bytes | Fault]]:
    """Every member in order with its bytes, or why there are none."""
    for member in members:
        if member.fault is not None:
            yield member, member.fault
            continue
        found, content = next(read)
        if found.ordinal != member.ordinal:
            raise RuntimeError("a source answered another member than it was asked for")
        yield member, content


def _batches(
    members: Iterable[tuple[Member, bytes | Fault]], size: int
) -> Iterator[list[tuple[Member, bytes | Fault]]]:
    batch: list[tuple[Member, bytes | Fault]] = []
    held = 0
    for one in members:
        batch.append(one)
        held += len(one[1]) if isinstance(one[1], bytes) else 0
        if len(batch) >= size or held >= _BATCH_BYTES:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch


def _candidate(shard: Shard, member: Member, content: bytes, mime: str) -> _Candidate:
    id_ = uuid7()
    accepted = AcceptedMember(
        member=member,
        resume_id=id_,
        object_key=f"resumes/{id_}",
        content_sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        mime=mime,
        job_post_id=member.job_post_id or shard.job_post_id,
    )
    return _Candidate(accepted, content)


def _content(accepted: AcceptedMember) -> tuple[str, str | None, str | None]:
    """What makes two members of an ingestion one application."""
    return accepted.content_sha256, accepted.job_post_id, accepted.member.external_id


def _chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
