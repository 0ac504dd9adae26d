"""Ingestions in every state, made by the real workers' side."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import Engine

from pipeline.adapters.postgres.ingestion_work import IngestionWork
from pipeline.adapters.postgres.ingestions import Ingestions
from pipeline.domain.ids import uuid7
from pipeline.domain.ingestion import (
    AcceptedMember,
    Listing,
    Member,
    Outcome,
    RefusedMember,
    Shard,
    SourceKind,
)
from pipeline.domain.media_type import PDF
from tests.adapters.postgres.factories import OWNER, sha256

DAY = date(2026, 1, 31)


def member(ordinal: int, **changes: str | None) -> Member:
    return Member(ordinal=ordinal, name=f"cvs/{ordinal}.pdf", locator=(ordinal,), **changes)  # type: ignore[arg-type]


def accepted(of: Member, content: str | None = None, *, job_post_id: str | None = None) -> AcceptedMember:
    """The member as it is stored, with bytes of its own unless `content` says which."""
    id_ = uuid7()
    digest = sha256(content if content is not None else f"member {of.ordinal}")
    return AcceptedMember(of, id_, f"resumes/{id_}", digest, 10, PDF, of.job_post_id or job_post_id)


def refused(of: Member, outcome: Outcome, code: str) -> RefusedMember:
    return RefusedMember(of, outcome, code, f"It is {code}.")


def claimed_listing(engine: Engine, source: str = "s3://b/cvs/", *, owner: int = OWNER) -> Listing:
    """A new ingestion whose listing is claimed."""
    id_ = Ingestions(engine).create(source, as_of_date=DAY)
    listing = IngestionWork(engine).claim_listing(owner)
    assert listing is not None
    assert listing.ingestion_id == id_
    return listing


def listed(
    engine: Engine, *sizes: int, source: str = "s3://b/cvs/", key: str = "key", sequential: bool = False
) -> UUID:
    """A new ingestion of shards of these sizes, ready to be stored."""
    work = IngestionWork(engine)
    listing = claimed_listing(engine, source)
    assert work.begin_listing(listing, key) is None
    ordinals = iter(range(sum(sizes)))
    work.add_shards(listing, 0, [[member(next(ordinals)) for _ in range(size)] for size in sizes])
    work.end_listing(
        listing, sum(sizes), SourceKind.TAR if sequential else SourceKind.ZIP, sequential=sequential
    )
    return listing.ingestion_id


def reject_next(engine: Engine, detail: str = "It is damaged.") -> None:
    """Claim the listing that is next, and reject its source."""
    listing = IngestionWork(engine).claim_listing(OWNER)
    assert listing is not None
    IngestionWork(engine).reject(listing, code="archive-rejected", detail=detail)


def store_all(engine: Engine, owner: int = OWNER) -> list[UUID]:
    """Store every member of every claimable shard as a resume: their ids, in order."""
    work = IngestionWork(engine)
    ids = []
    while shards := work.claim_shards(owner, 10):
        for shard in shards:
            batch = [accepted(one) for one in work.members(shard)]
            assert work.store(shard, batch, []) == []
            ids += [one.resume_id for one in batch]
    return ids


def claim_one(engine: Engine, *, owner: int = OWNER) -> Shard:
    (shard,) = IngestionWork(engine).claim_shards(owner, 1)
    return shard


def eventually(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Wait for what the server does in its own time: it notices a closed connection a moment later."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def ordinals(members: Sequence[Member]) -> list[int]:
    return [one.ordinal for one in members]
