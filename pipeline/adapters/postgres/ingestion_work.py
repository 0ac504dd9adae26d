"""The workers' side of bulk ingestion: listings and shards are claimed, worked on behind a fence, and given back.

An owner is the ingestor that holds an advisory lock (`owner.py`); when the lock is free its work is claimable
again. Whatever a worker commits names its claim's epoch, and commits the rows and the shard's progress together:
a shard that is run again begins behind the last member that is safe.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, text

from pipeline.adapters.postgres import ingestion_sql as sql
from pipeline.adapters.postgres import shards
from pipeline.adapters.postgres.applications import folded
from pipeline.adapters.postgres.engine import transaction
from pipeline.adapters.postgres.leases import IngestionLeases
from pipeline.domain.errors import DatabaseUnavailable, LeaseLost
from pipeline.domain.ingestion import (
    AcceptedMember,
    Listing,
    Member,
    Outcome,
    RefusedMember,
    Shard,
    SourceKind,
    duplicate,
)
from pipeline.domain.journey import Lane

#: The advisory lock that every ingestor shares for as long as it lives.
INGESTORS = 0x7265_7375_6D65_73
_CANCELLED_AT_ONCE = 1000


class IngestionWork(IngestionLeases):
    """Claims, progress and ends. Every method raises DatabaseUnavailable."""

    # Listing

    def claim_listing(self, owner: int) -> Listing | None:
        """The oldest ingestion that waits to be listed."""
        rows = self._run(sql.CLAIM_LISTING, owner=owner)
        return Listing(**rows[0]._mapping) if rows else None

    def begin_listing(self, listing: Listing, source_key: str) -> UUID | None:
        """Drop what an earlier try listed. Answers the ingestion that the same source has already, if any;
        this one is then over. An uploaded archive whose key was known when it came is never over so.
        Raises LeaseLost."""
        with transaction(self._engine) as connection:
            known_key = _fence_listing(connection, listing)
            parameters = {"id": listing.ingestion_id, "key": source_key}
            connection.execute(text(sql.FORGET_SHARDS), parameters)
            if listing.object_key is not None and known_key is not None:
                return None
            # Two re-runs at once would both find nobody.
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 1))"), parameters)
            earlier: UUID | None = connection.execute(text(sql.SAME_SOURCE), parameters).scalar_one_or_none()
            connection.execute(
                text(sql.SUPERSEDED if earlier else sql.KEYED), parameters | {"same_as": earlier}
            )
        return earlier

    def add_shards(self, listing: Listing, first: int, batches: Sequence[Sequence[Member]]) -> None:
        """Store shards numbered from `first`; nobody claims them before `end_listing`. Raises LeaseLost."""
        with transaction(self._engine) as connection:
            _fence_listing(connection, listing)
            connection.execute(
                text(sql.ADD_SHARDS),
                {
                    "id": listing.ingestion_id,
                    "numbers": list(range(first, first + len(batches))),
                    "members": [shards.pack(batch) for batch in batches],
                    "sizes": [len(batch) for batch in batches],
                },
            )

    def end_listing(self, listing: Listing, members: int, kind: SourceKind, *, sequential: bool) -> None:
        """Let the shards be claimed. Raises LeaseLost."""
        parameters = {
            "id": listing.ingestion_id,
            "members": members,
            "kind": kind.value,
            "sequential": sequential,
        }
        with transaction(self._engine) as connection:
            _fence_listing(connection, listing)
            connection.execute(text(sql.END_LISTING), parameters)

    def list_again(self, listing: Listing, *, seconds: float) -> None:
        """Give the listing back; it is due in so many seconds."""
        self._run(sql.LIST_AGAIN, id=listing.ingestion_id, epoch=listing.epoch, seconds=seconds)

    def reject(self, claim: Listing | Shard, *, code: str, detail: str) -> None:
        """End the ingestion: nothing more of its source is stored, and what has not started is cancelled.

        A claim that somebody else has by now ends nothing.
        """
        parameters = {"id": claim.ingestion_id, "epoch": claim.epoch, "code": code, "detail": detail}
        if isinstance(claim, Shard):
            statement, parameters = sql.REJECT_BY_SHARD, parameters | {"shard_no": claim.shard_no}
        else:
            statement = sql.REJECT_BY_LISTING
        with transaction(self._engine) as connection:
            if connection.execute(text(statement), parameters).one_or_none() is None:
                return
            connection.execute(text(sql.CANCEL_SHARDS), {"id": claim.ingestion_id})
        cancel_jobs(self._engine, claim.ingestion_id)

    def note(self, ingestion_id: UUID, *, code: str | None, detail: str | None) -> None:
        """Show what keeps a running ingestion from going on, or (None) that nothing does any more."""
        self._run(sql.NOTE, id=ingestion_id, code=code, detail=detail)

    # Storing

    def claim_shards(self, owner: int, limit: int, *, but: Sequence[UUID] = ()) -> list[Shard]:
        """At most `limit` due shards, those of the oldest ingestion first; of a sequential source one at a time, and
        none of the ingestions `but`, whose one task goes on by itself."""
        rows = self._run(sql.CLAIM_SHARDS, owner=owner, limit=limit, but=list(but))
        return [_shard(row) for row in rows]

    def members(self, shard: Shard) -> list[Member]:
        """The shard's members, from its position on. Raises LeaseLost."""
        rows = self._run(sql.MEMBERS, **_key(shard))
        if not rows:
            raise LeaseLost
        return shards.unpack(bytes(rows[0].members))[rows[0].position :]

    def queued_members(self, ingestion_id: UUID, shard_no: int) -> list[Member] | None:
        """What a shard has left, whoever holds it; None where there is no such shard or nothing is left of it."""
        rows = self._run(sql.QUEUED_MEMBERS, id=ingestion_id, shard_no=shard_no)
        return shards.unpack(bytes(rows[0].members))[rows[0].position :] if rows else None

    def claim_next(self, shard: Shard) -> Shard | None:
        """The next shard for the owner of this one, which is done: None where it was the last."""
        rows = self._run(
            sql.CLAIM_NEXT, id=shard.ingestion_id, shard_no=shard.shard_no + 1, owner=shard.owner
        )
        return _shard(rows[0]) if rows else None

    def known(self, shard: Shard, contents: Sequence[tuple[str, str | None, str | None]]) -> dict[int, UUID]:
        """Of these (sha256, job post, external id), those that the ingestion has an application for, by index."""
        sha256s, posts, external_ids = zip(*contents, strict=True) if contents else ((), (), ())
        rows = self._run(
            sql.KNOWN,
            id=shard.ingestion_id,
            sha256s=list(sha256s),
            posts=list(posts),
            external_ids=list(external_ids),
        )
        return {row.place - 1: row.id for row in rows}

    def store(
        self, shard: Shard, accepted: Sequence[AcceptedMember], refused: Sequence[RefusedMember]
    ) -> list[AcceptedMember]:
        """Commit the shard's next members: rows, jobs of the bulk lane, and progress, in one transaction.

        Answers those accepted here that are duplicates after all, of what another worker stored meanwhile: their
        objects are the caller's to delete. Raises LeaseLost, and then nothing was stored.
        """
        with transaction(self._engine) as connection:
            # First what errors refer to, as whoever cancels does: the other order could deadlock with it.
            connection.execute(text(sql.HOLD_INGESTION), {"id": shard.ingestion_id})
            if connection.execute(text(sql.FENCE_SHARD), _key(shard)).one_or_none() is None:
                raise LeaseLost
            made = _insert(connection, shard, accepted)
            lost = [one for one in accepted if one.resume_id not in made]
            instead = _found_instead(connection, shard, lost)
            refused = [
                *(_redirected(one, instead) for one in refused),
                *(duplicate(one.member, instead[one.resume_id]) for one in lost),
            ]
            if refused:
                connection.execute(text(sql.INSERT_ERRORS), _errors(shard, refused))
            counts = {outcome.value: sum(one.outcome is outcome for one in refused) for outcome in Outcome}
            counts |= {"accepted": len(made), "moved": len(made) + len(refused)}
            connection.execute(text(sql.ADVANCE), _key(shard) | counts)
        return lost

    def give_back(self, shard: Shard, *, seconds: float, burn: bool) -> None:
        """Let the shard be claimed again in so many seconds; `burn` counts the run against it.

        Of a sequential source, it is the one to which its task had come meanwhile.
        """
        self._run(sql.GIVE_BACK, **_key(shard), owner=shard.owner, seconds=seconds, burnt=int(burn))

    def end_finished(self) -> list[UUID]:
        """Complete the ingestions of which everything is stored and processed: their ids."""
        self._run(sql.STORED)
        return [row.id for row in self._run(sql.COMPLETE)]

    def any_open(self) -> bool:
        """Whether any ingestion has not ended."""
        return bool(self._run("SELECT 1 FROM ingestions WHERE state IN ('listing', 'running') LIMIT 1"))

    def _run(self, statement: str, **parameters: Any) -> Sequence[Row[Any]]:
        with transaction(self._engine) as connection:
            result = connection.execute(text(statement), parameters)
            return result.all() if result.returns_rows else []


def cancel_jobs(engine: Engine, ingestion_id: UUID) -> int:
    """Cancel the ingestion's jobs that do not run just now: how many. Raises DatabaseUnavailable."""
    parameters = {"id": ingestion_id, "limit": _CANCELLED_AT_ONCE}
    total, cancelled = 0, _CANCELLED_AT_ONCE
    while cancelled == _CANCELLED_AT_ONCE:
        with transaction(engine) as connection:
            cancelled = len(connection.execute(text(sql.CANCEL_JOBS), parameters).all())
        total += cancelled
    return total


def _shard(row: Row[Any]) -> Shard:
    return Shard(**dict(row._mapping) | {"kind": SourceKind(row.kind)})


def _key(shard: Shard) -> dict[str, Any]:
    return {"id": shard.ingestion_id, "shard_no": shard.shard_no, "epoch": shard.epoch}


def _fence_listing(connection: Connection, listing: Listing) -> str | None:
    """The source's key, where it is known already. Raises LeaseLost."""
    parameters = {"id": listing.ingestion_id, "epoch": listing.epoch}
    row = connection.execute(text(sql.FENCE_LISTING), parameters).one_or_none()
    if row is None:
        raise LeaseLost
    key: str | None = row.source_key
    return key


def _insert(connection: Connection, shard: Shard, accepted: Sequence[AcceptedMember]) -> set[UUID]:
    """The ids that became applications."""
    if not accepted:
        return set()
    # In the order of what must not be there twice, everywhere: two batches with members in common must not wait for
    # each other. Of two equal members the earlier one stays.
    ordered = sorted(accepted, key=_content_then_place)
    rows = connection.execute(
        text(sql.INSERT),
        {
            "ingestion_id": shard.ingestion_id,
            "as_of_date": shard.as_of_date,
            "ids": [one.resume_id for one in ordered],
            "keys": [one.object_key for one in ordered],
            "sha256s": [one.content_sha256 for one in ordered],
            "sizes": [one.size for one in ordered],
            "mimes": [one.mime for one in ordered],
            "names": [one.member.name for one in ordered],
            "posts": [one.job_post_id for one in ordered],
            "emails": [folded(one.member.email) for one in ordered],
            "external_ids": [one.member.external_id for one in ordered],
            "ordinals": [str(one.member.ordinal) for one in ordered],
            "lane": Lane.BULK.value,
        },
    )
    return {row.id for row in rows}


def _content_then_place(one: AcceptedMember) -> tuple[str, str, str, int]:
    return one.content_sha256, one.job_post_id or "", one.member.external_id or "", one.member.ordinal


def _found_instead(connection: Connection, shard: Shard, lost: Sequence[AcceptedMember]) -> dict[UUID, UUID]:
    """For each that did not become an application, the one that has its bytes."""
    found = {}
    for one in lost:
        parameters = {
            "id": shard.ingestion_id,
            "sha256s": [one.content_sha256],
            "posts": [one.job_post_id],
            "external_ids": [one.member.external_id],
        }
        row = connection.execute(text(sql.KNOWN), parameters).first()
        if row is None:
            raise DatabaseUnavailable("A member is neither stored nor a duplicate: it is tried again.")
        found[one.resume_id] = row.id
    return found


def _redirected(refused: RefusedMember, instead: Mapping[UUID, UUID]) -> RefusedMember:
    """A twin of a member that lost its race is a duplicate of the one that won."""
    found = instead.get(refused.resume_id) if refused.resume_id else None
    return replace(refused, resume_id=found) if found else refused


def _errors(shard: Shard, refused: Sequence[RefusedMember]) -> dict[str, Any]:
    return {
        "ingestion_id": shard.ingestion_id,
        "ordinals": [one.member.ordinal for one in refused],
        "names": [one.member.name for one in refused],
        "outcomes": [one.outcome.value for one in refused],
        "codes": [one.code for one in refused],
        "details": [one.detail for one in refused],
        "applications": [one.resume_id for one in refused],
    }
