"""The workers' side of bulk ingestion: listings and shards are claimed, worked on behind a fence, and given back.

An owner is the ingestor that holds an advisory lock (`owner.py`); when the lock is free its work is claimable
again. Whatever a worker commits names its claim's epoch, and commits the rows and the shard's progress together:
a shard that is run again begins behind the last member that is safe.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, text

from pipeline.adapters.postgres import shards
from pipeline.adapters.postgres.applications import folded
from pipeline.adapters.postgres.engine import transaction
from pipeline.adapters.postgres.moves import JOBS, LEASE_ENDS, move, quoted
from pipeline.domain.errors import DatabaseUnavailable, LeaseLost
from pipeline.domain.ingestion import Member, Outcome, SourceKind
from pipeline.domain.journey import JobState, Lane

#: Payload: nothing. Sent when an ingestion was made, cancelled, or has come further.
INGESTIONS = "resumes_ingestions"
#: The advisory lock that every ingestor shares for as long as it lives.
INGESTORS = 0x7265_7375_6D65_73
#: After a restart of the server every lock is gone; owners have this long to take theirs again.
_RELOCK_GRACE_S = 5
#: Renewed every few seconds by whoever lives; the lock tells of a death much sooner.
_LEASE = "interval '60 seconds'"
_CANCELLED_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Listing:
    """The right to list an ingestion's members, and what there is to know for it."""

    ingestion_id: UUID
    epoch: int
    source: str
    object_key: str | None
    job_post_id: str | None
    attempt: int


@dataclass(frozen=True, slots=True)
class Shard:
    """The right to store a shard's members from `position` on. `attempt` counts from 1 since the last progress."""

    ingestion_id: UUID
    shard_no: int
    owner: int
    epoch: int
    position: int
    attempt: int
    sequential: bool
    source: str
    object_key: str | None
    job_post_id: str | None
    as_of_date: date
    kind: SourceKind
    source_key: str | None


@dataclass(frozen=True, slots=True)
class Held:
    """A claim of an owner's: a shard, or (`shard_no` None) the listing of an ingestion."""

    ingestion_id: UUID
    shard_no: int | None


@dataclass(frozen=True, slots=True)
class Accepted:
    """A member whose object is stored: the application that it becomes unless its bytes are one already."""

    member: Member
    application_id: UUID
    object_key: str
    content_sha256: str
    size: int
    mime: str
    job_post_id: str | None


@dataclass(frozen=True, slots=True)
class Refused:
    """A member that was not accepted. A duplicate names the application that has its bytes."""

    member: Member
    outcome: Outcome
    code: str
    detail: str
    application_id: UUID | None = None


class IngestionWork:
    """Claims, progress and ends. Every method raises DatabaseUnavailable."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    # Owners

    def dead_owners(self) -> set[int]:
        """Owners of running work whose advisory lock nobody holds."""
        return {row.owner for row in self._run(DEAD_OWNERS)}

    def renew(self, owner: int) -> set[Held]:
        """Renew what this owner holds, and answer it."""
        rows = [*self._run(RENEW_SHARDS, owner=owner), *self._run(RENEW_LISTINGS, owner=owner)]
        return {Held(row.ingestion_id, row.shard_no) for row in rows}

    def reap(self, owners: set[int]) -> int:
        """Make what these owners held, and what nobody renewed, claimable again: how many listings and shards.

        An owner's death says nothing about the members that its tasks had.
        """
        parameters = {"owners": sorted(owners)}
        return len(self._run(REAP_SHARDS, **parameters)) + len(self._run(REAP_LISTINGS, **parameters))

    def release(self, owner: int, held: Set[Held]) -> None:
        """Make these, which this owner holds and nobody works on, claimable again."""
        parameters = {
            "owner": owner,
            "ids": [one.ingestion_id for one in held],
            "numbers": [one.shard_no for one in held],
        }
        self._run(RELEASE_SHARDS, **parameters)
        self._run(RELEASE_LISTINGS, **parameters)

    # Listing

    def claim_listing(self, owner: int) -> Listing | None:
        """The oldest ingestion that waits to be listed."""
        rows = self._run(CLAIM_LISTING, owner=owner)
        return Listing(**rows[0]._mapping) if rows else None

    def begin_listing(self, listing: Listing, source_key: str) -> UUID | None:
        """Drop what an earlier try listed. Answers the ingestion that the same source has already, if any;
        this one is then over. An uploaded archive whose key was known when it came is never over so.
        Raises LeaseLost."""
        with transaction(self._engine) as connection:
            known_key = _fence_listing(connection, listing)
            parameters = {"id": listing.ingestion_id, "key": source_key}
            connection.execute(text(FORGET_SHARDS), parameters)
            if listing.object_key is not None and known_key is not None:
                return None
            # Two re-runs at once would both find nobody.
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 1))"), parameters)
            earlier: UUID | None = connection.execute(text(SAME_SOURCE), parameters).scalar_one_or_none()
            connection.execute(text(SUPERSEDED if earlier else KEYED), parameters | {"same_as": earlier})
        return earlier

    def add_shards(self, listing: Listing, first: int, batches: Sequence[Sequence[Member]]) -> None:
        """Store shards numbered from `first`; nobody claims them before `end_listing`. Raises LeaseLost."""
        with transaction(self._engine) as connection:
            _fence_listing(connection, listing)
            connection.execute(
                text(ADD_SHARDS),
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
            connection.execute(text(END_LISTING), parameters)

    def list_again(self, listing: Listing, *, seconds: float) -> None:
        """Give the listing back; it is due in so many seconds."""
        self._run(LIST_AGAIN, id=listing.ingestion_id, epoch=listing.epoch, seconds=seconds)

    def reject(self, claim: Listing | Shard, *, code: str, detail: str) -> None:
        """End the ingestion: nothing more of its source is stored, and what has not started is cancelled.

        A claim that somebody else has by now ends nothing.
        """
        parameters = {"id": claim.ingestion_id, "epoch": claim.epoch, "code": code, "detail": detail}
        if isinstance(claim, Shard):
            statement, parameters = REJECT_BY_SHARD, parameters | {"shard_no": claim.shard_no}
        else:
            statement = REJECT_BY_LISTING
        with transaction(self._engine) as connection:
            if connection.execute(text(statement), parameters).one_or_none() is None:
                return
            connection.execute(text(CANCEL_SHARDS), {"id": claim.ingestion_id})
        cancel_jobs(self._engine, claim.ingestion_id)

    def note(self, ingestion_id: UUID, *, code: str | None, detail: str | None) -> None:
        """Show what keeps a running ingestion from going on, or (None) that nothing does any more."""
        self._run(NOTE, id=ingestion_id, code=code, detail=detail)

    # Storing

    def claim_shards(self, owner: int, limit: int, *, but: Sequence[UUID] = ()) -> list[Shard]:
        """At most `limit` due shards, those of the oldest ingestion first; of a sequential source one at a time, and
        none of the ingestions `but`, whose one task goes on by itself."""
        rows = self._run(CLAIM_SHARDS, owner=owner, limit=limit, but=list(but))
        return [_shard(row) for row in rows]

    def members(self, shard: Shard) -> list[Member]:
        """The shard's members, from its position on. Raises LeaseLost."""
        rows = self._run(MEMBERS, **_key(shard))
        if not rows:
            raise LeaseLost
        return shards.unpack(bytes(rows[0].members))[rows[0].position :]

    def queued_members(self, ingestion_id: UUID, shard_no: int) -> list[Member] | None:
        """What a shard has left, whoever holds it; None where there is no such shard or nothing is left of it."""
        rows = self._run(QUEUED_MEMBERS, id=ingestion_id, shard_no=shard_no)
        return shards.unpack(bytes(rows[0].members))[rows[0].position :] if rows else None

    def claim_next(self, shard: Shard) -> Shard | None:
        """The next shard for the owner of this one, which is done: None where it was the last."""
        rows = self._run(CLAIM_NEXT, id=shard.ingestion_id, shard_no=shard.shard_no + 1, owner=shard.owner)
        return _shard(rows[0]) if rows else None

    def known(self, shard: Shard, contents: Sequence[tuple[str, str | None, str | None]]) -> dict[int, UUID]:
        """Of these (sha256, job post, external id), those that the ingestion has an application for, by index."""
        sha256s, posts, external_ids = zip(*contents, strict=True) if contents else ((), (), ())
        rows = self._run(
            KNOWN,
            id=shard.ingestion_id,
            sha256s=list(sha256s),
            posts=list(posts),
            external_ids=list(external_ids),
        )
        return {row.place - 1: row.id for row in rows}

    def store(self, shard: Shard, accepted: Sequence[Accepted], refused: Sequence[Refused]) -> list[Accepted]:
        """Commit the shard's next members: rows, jobs of the bulk lane, and progress, in one transaction.

        Answers those accepted here that are duplicates after all, of what another worker stored meanwhile: their
        objects are the caller's to delete. Raises LeaseLost, and then nothing was stored.
        """
        with transaction(self._engine) as connection:
            # First what errors refer to, as whoever cancels does: the other order could deadlock with it.
            connection.execute(text(HOLD_INGESTION), {"id": shard.ingestion_id})
            if connection.execute(text(FENCE_SHARD), _key(shard)).one_or_none() is None:
                raise LeaseLost
            made = _insert(connection, shard, accepted)
            lost = [one for one in accepted if one.application_id not in made]
            instead = _found_instead(connection, shard, lost)
            refused = [
                *(_redirected(one, instead) for one in refused),
                *(duplicate(one.member, instead[one.application_id]) for one in lost),
            ]
            if refused:
                connection.execute(text(INSERT_ERRORS), _errors(shard, refused))
            counts = {outcome.value: sum(one.outcome is outcome for one in refused) for outcome in Outcome}
            counts |= {"accepted": len(made), "moved": len(made) + len(refused)}
            connection.execute(text(ADVANCE), _key(shard) | counts)
        return lost

    def give_back(self, shard: Shard, *, seconds: float, burn: bool) -> None:
        """Let the shard be claimed again in so many seconds; `burn` counts the run against it.

        Of a sequential source, it is the one to which its task had come meanwhile.
        """
        self._run(GIVE_BACK, **_key(shard), owner=shard.owner, seconds=seconds, burnt=int(burn))

    def end_finished(self) -> list[UUID]:
        """Complete the ingestions of which everything is stored and processed: their ids."""
        self._run(STORED)
        return [row.id for row in self._run(COMPLETE)]

    def any_open(self) -> bool:
        """Whether any ingestion has not ended."""
        return bool(self._run("SELECT 1 FROM ingestions WHERE state IN ('listing', 'running') LIMIT 1"))

    def _run(self, sql: str, **parameters: Any) -> Sequence[Row[Any]]:
        with transaction(self._engine) as connection:
            result = connection.execute(text(sql), parameters)
            return result.all() if result.returns_rows else []


def cancel_jobs(engine: Engine, ingestion_id: UUID) -> int:
    """Cancel the ingestion's jobs that do not run just now: how many. Raises DatabaseUnavailable."""
    parameters = {"id": ingestion_id, "limit": _CANCELLED_AT_ONCE}
    total, cancelled = 0, _CANCELLED_AT_ONCE
    while cancelled == _CANCELLED_AT_ONCE:
        with transaction(engine) as connection:
            cancelled = len(connection.execute(text(CANCEL_JOBS), parameters).all())
        total += cancelled
    return total


def _shard(row: Row[Any]) -> Shard:
    return Shard(**dict(row._mapping) | {"kind": SourceKind(row.kind)})


def _key(shard: Shard) -> dict[str, Any]:
    return {"id": shard.ingestion_id, "shard_no": shard.shard_no, "epoch": shard.epoch}


def _fence_listing(connection: Connection, listing: Listing) -> str | None:
    """The source's key, where it is known already. Raises LeaseLost."""
    parameters = {"id": listing.ingestion_id, "epoch": listing.epoch}
    row = connection.execute(text(FENCE_LISTING), parameters).one_or_none()
    if row is None:
        raise LeaseLost
    key: str | None = row.source_key
    return key


def _insert(connection: Connection, shard: Shard, accepted: Sequence[Accepted]) -> set[UUID]:
    """The ids that became applications."""
    if not accepted:
        return set()
    # In the order of what must not be there twice, everywhere: two batches with members in common must not wait for
    # each other. Of two equal members the earlier one stays.
    ordered = sorted(accepted, key=_content_then_place)
    rows = connection.execute(
        text(INSERT),
        {
            "ingestion_id": shard.ingestion_id,
            "as_of_date": shard.as_of_date,
            "ids": [one.application_id for one in ordered],
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


def _content_then_place(one: Accepted) -> tuple[str, str, str, int]:
    return one.content_sha256, one.job_post_id or "", one.member.external_id or "", one.member.ordinal


def _found_instead(connection: Connection, shard: Shard, lost: Sequence[Accepted]) -> dict[UUID, UUID]:
    """For each that did not become an application, the one that has its bytes."""
    found = {}
    for one in lost:
        parameters = {
            "id": shard.ingestion_id,
            "sha256s": [one.content_sha256],
            "posts": [one.job_post_id],
            "external_ids": [one.member.external_id],
        }
        row = connection.execute(text(KNOWN), parameters).first()
        if row is None:
            raise DatabaseUnavailable("A member is neither stored nor a duplicate: it is tried again.")
        found[one.application_id] = row.id
    return found


def _redirected(refused: Refused, instead: Mapping[UUID, UUID]) -> Refused:
    """A twin of a member that lost its race is a duplicate of the one that won."""
    found = instead.get(refused.application_id) if refused.application_id else None
    return replace(refused, application_id=found) if found else refused


def duplicate(member: Member, application_id: UUID) -> Refused:
    """A member whose bytes, job post and external id are an application of this ingestion already."""
    detail = "Its bytes, job post and external id are those of an earlier member."
    return Refused(member, Outcome.DUPLICATE, "duplicate", detail, application_id)


def _errors(shard: Shard, refused: Sequence[Refused]) -> dict[str, Any]:
    return {
        "ingestion_id": shard.ingestion_id,
        "ordinals": [one.member.ordinal for one in refused],
        "names": [one.member.name for one in refused],
        "outcomes": [one.outcome.value for one in refused],
        "codes": [one.code for one in refused],
        "details": [one.detail for one in refused],
        "applications": [one.application_id for one in refused],
    }


DEAD_OWNERS = f"""
    SELECT w.owner FROM (
        SELECT owner FROM ingestion_shards WHERE state = 'running'
        UNION SELECT owner FROM ingestions WHERE state = 'listing' AND owner IS NOT NULL
    ) AS w
    WHERE pg_postmaster_start_time() < now() - interval '{_RELOCK_GRACE_S} seconds' AND NOT EXISTS (
        SELECT FROM pg_locks l
        WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
          AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND (l.classid::bigint << 32) | l.objid::bigint = w.owner
    )"""

RENEW_SHARDS = f"""
    UPDATE ingestion_shards SET lease_until = now() + {_LEASE} WHERE state = 'running' AND owner = :owner
    RETURNING ingestion_id, shard_no"""
RENEW_LISTINGS = f"""
    UPDATE ingestions SET lease_until = now() + {_LEASE} WHERE state = 'listing' AND owner = :owner
    RETURNING id AS ingestion_id, NULL AS shard_no"""

_QUEUED_AGAIN = "state = 'queued', owner = NULL, run_at = now(), attempt = greatest(attempt - 1, 0)"

REAP_SHARDS = f"""
    UPDATE ingestion_shards SET {_QUEUED_AGAIN}
    WHERE state = 'running' AND (owner = ANY(CAST(:owners AS bigint[])) OR lease_until < now())
    RETURNING pg_notify('{INGESTIONS}', '')"""

REAP_LISTINGS = f"""
    UPDATE ingestions SET owner = NULL, run_at = now()
    WHERE state = 'listing' AND owner IS NOT NULL
      AND (owner = ANY(CAST(:owners AS bigint[])) OR lease_until < now())
    RETURNING pg_notify('{INGESTIONS}', '')"""

_STRAYS = "unnest(CAST(:ids AS uuid[]), CAST(:numbers AS int[])) AS w (id, shard_no)"

RELEASE_SHARDS = f"""
    UPDATE ingestion_shards s SET {_QUEUED_AGAIN} FROM {_STRAYS}
    WHERE s.state = 'running' AND s.owner = :owner AND s.ingestion_id = w.id AND s.shard_no = w.shard_no
    RETURNING pg_notify('{INGESTIONS}', '')"""

RELEASE_LISTINGS = f"""
    UPDATE ingestions i SET owner = NULL, run_at = now() FROM {_STRAYS}
    WHERE i.state = 'listing' AND i.owner = :owner AND i.id = w.id AND w.shard_no IS NULL
    RETURNING pg_notify('{INGESTIONS}', '')"""

CLAIM_LISTING = f"""
    UPDATE ingestions i SET owner = :owner, epoch = i.epoch + 1, attempt = i.attempt + 1,
        lease_until = now() + {_LEASE}
    WHERE i.id = (
        SELECT id FROM ingestions
        WHERE state = 'listing' AND owner IS NULL AND run_at <= now()
        ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    RETURNING i.id AS ingestion_id, i.epoch, i.source, i.object_key, i.job_post_id, i.attempt"""

FENCE_LISTING = """
    SELECT source_key FROM ingestions
    WHERE id = :id AND epoch = :epoch AND state = 'listing' AND owner IS NOT NULL
    FOR UPDATE"""

SAME_SOURCE = "SELECT id FROM ingestions WHERE source_key = :key AND id <> :id"
FORGET_SHARDS = "DELETE FROM ingestion_shards WHERE ingestion_id = :id"
KEYED = "UPDATE ingestions SET source_key = :key WHERE id = :id"
SUPERSEDED = """
    UPDATE ingestions SET same_as = :same_as, state = 'completed', owner = NULL, source_key = NULL, members = 0,
        listed_at = now(), stored_at = now(), completed_at = now()
    WHERE id = :id"""

ADD_SHARDS = """
    INSERT INTO ingestion_shards (ingestion_id, shard_no, members, size)
    SELECT :id, shard_no, members, size
    FROM unnest(CAST(:numbers AS int[]), CAST(:members AS bytea[]), CAST(:sizes AS int[]))
        AS s (shard_no, members, size)"""

END_LISTING = f"""
    UPDATE ingestions SET state = 'running', owner = NULL, members = :members, kind = :kind,
        sequential = :sequential, listed_at = now(), attempt = 0
    WHERE id = :id
    RETURNING pg_notify('{INGESTIONS}', '')"""

LIST_AGAIN = f"""
    UPDATE ingestions SET owner = NULL, run_at = now() + make_interval(secs => :seconds)
    WHERE id = :id AND epoch = :epoch AND state = 'listing'
    RETURNING pg_notify('{INGESTIONS}', '')"""

# Without its key, the same source may be tried again.
_REJECT = """
    UPDATE ingestions i SET state = 'rejected', owner = NULL, source_key = NULL, error_code = :code,
        error_detail = :detail, completed_at = now()
    WHERE i.id = :id AND """

REJECT_BY_LISTING = f"""{_REJECT} i.state = 'listing' AND i.epoch = :epoch AND i.owner IS NOT NULL
    RETURNING pg_notify('{INGESTIONS}', '')"""

REJECT_BY_SHARD = f"""{_REJECT} i.state = 'running' AND EXISTS (
        SELECT FROM ingestion_shards s
        WHERE s.ingestion_id = i.id AND s.shard_no = :shard_no AND s.epoch = :epoch AND s.state IN ('running', 'done'))
    RETURNING pg_notify('{INGESTIONS}', '')"""

NOTE = "UPDATE ingestions SET error_code = :code, error_detail = :detail WHERE id = :id AND state = 'running'"

HOLD_INGESTION = "SELECT 1 FROM ingestions WHERE id = :id FOR KEY SHARE"

CANCEL_SHARDS = """
    UPDATE ingestion_shards SET state = 'cancelled', owner = NULL, members = NULL
    WHERE ingestion_id = :id AND state IN ('queued', 'running')"""

_CLAIMED = """s.ingestion_id, s.shard_no, s.owner, s.epoch, s.position, s.attempt, i.sequential, i.source, i.object_key,
        i.job_post_id, i.as_of_date, i.kind, i.source_key"""

CLAIM_SHARDS = f"""
    UPDATE ingestion_shards s
    SET state = 'running', owner = :owner, epoch = s.epoch + 1, attempt = s.attempt + 1,
        lease_until = now() + {_LEASE}
    FROM (
        SELECT c.ingestion_id, c.shard_no FROM ingestion_shards c JOIN ingestions i ON i.id = c.ingestion_id
        WHERE c.state = 'queued' AND c.run_at <= now() AND i.state = 'running'
          AND i.id <> ALL(CAST(:but AS uuid[]))
          AND (NOT i.sequential OR NOT EXISTS (
              SELECT FROM ingestion_shards o
              WHERE o.ingestion_id = i.id AND o.state IN ('queued', 'running') AND o.shard_no < c.shard_no))
        ORDER BY i.created_at, c.shard_no LIMIT :limit
        FOR UPDATE OF c SKIP LOCKED
    ) AS picked JOIN ingestions i ON i.id = picked.ingestion_id
    WHERE s.ingestion_id = picked.ingestion_id AND s.shard_no = picked.shard_no
    RETURNING {_CLAIMED}"""

CLAIM_NEXT = f"""
    UPDATE ingestion_shards s
    SET state = 'running', owner = :owner, epoch = s.epoch + 1, attempt = s.attempt + 1,
        lease_until = now() + {_LEASE}
    FROM ingestions i
    WHERE i.id = s.ingestion_id AND i.state = 'running' AND s.ingestion_id = :id AND s.shard_no = :shard_no
      AND s.state = 'queued'
    RETURNING {_CLAIMED}"""

_SHARD = "ingestion_id = :id AND shard_no = :shard_no AND epoch = :epoch AND state = 'running'"

MEMBERS = f"SELECT members, position FROM ingestion_shards WHERE {_SHARD}"
QUEUED_MEMBERS = """
    SELECT members, position FROM ingestion_shards
    WHERE ingestion_id = :id AND shard_no = :shard_no AND state IN ('queued', 'running')"""
FENCE_SHARD = f"SELECT 1 FROM ingestion_shards WHERE {_SHARD} FOR UPDATE"

# An erased one has lost its external id: its bytes alone keep its person from coming back.
KNOWN = """
    SELECT w.place, a.id
    FROM unnest(CAST(:sha256s AS text[]), CAST(:posts AS text[]), CAST(:external_ids AS text[]))
        WITH ORDINALITY AS w (sha256, post, external_id, place)
    JOIN applications a ON a.ingestion_id = :id AND a.content_sha256 = w.sha256
        AND (a.erased_at IS NOT NULL OR (a.job_post_id IS NOT DISTINCT FROM w.post
            AND a.external_id IS NOT DISTINCT FROM w.external_id))"""

INSERT = f"""
    WITH made AS (
        INSERT INTO applications (id, object_key, content_sha256, size, mime, filename, as_of_date, job_post_id,
            email, external_id, ingestion_id, ingestion_member)
        SELECT n.id, n.key, n.sha256, n.size, n.mime, n.name, :as_of_date, n.post, n.email, n.external_id,
            :ingestion_id, n.ordinal
        FROM unnest(CAST(:ids AS uuid[]), CAST(:keys AS text[]), CAST(:sha256s AS text[]),
            CAST(:sizes AS bigint[]), CAST(:mimes AS text[]), CAST(:names AS text[]), CAST(:posts AS text[]),
            CAST(:emails AS text[]), CAST(:external_ids AS text[]), CAST(:ordinals AS text[]))
            AS n (id, key, sha256, size, mime, name, post, email, external_id, ordinal)
        ON CONFLICT DO NOTHING
        RETURNING id
    ), queued AS (
        INSERT INTO jobs (application_id, lane) SELECT id, :lane FROM made
    ), recorded AS (
        INSERT INTO events (application_id, to_state, epoch) SELECT id, 'queued', 0 FROM made
    ), announced AS (
        SELECT pg_notify('{JOBS}', :lane) FROM made LIMIT 1
    )
    SELECT made.id, (SELECT count(*) FROM announced) FROM made"""

INSERT_ERRORS = """
    INSERT INTO ingestion_errors (ingestion_id, ordinal, name, outcome, code, detail, application_id)
    SELECT :ingestion_id, * FROM unnest(CAST(:ordinals AS bigint[]), CAST(:names AS text[]),
        CAST(:outcomes AS text[]), CAST(:codes AS text[]), CAST(:details AS text[]),
        CAST(:applications AS uuid[]))"""

ADVANCE = f"""
    UPDATE ingestion_shards SET position = position + :moved, accepted = accepted + :accepted,
        duplicate = duplicate + :duplicate, skipped = skipped + :skipped, failed = failed + :failed, attempt = 1,
        state = CASE WHEN position + :moved >= size THEN 'done' ELSE state END,
        owner = CASE WHEN position + :moved >= size THEN NULL ELSE owner END,
        members = CASE WHEN position + :moved >= size THEN NULL ELSE members END
    WHERE {_SHARD}"""

GIVE_BACK = f"""
    UPDATE ingestion_shards s SET state = 'queued', owner = NULL, attempt = s.attempt - 1 + :burnt,
        run_at = now() + make_interval(secs => :seconds)
    FROM ingestions i
    WHERE i.id = s.ingestion_id AND s.ingestion_id = :id AND s.state = 'running' AND s.owner = :owner
      AND ((s.shard_no = :shard_no AND s.epoch = :epoch) OR (i.sequential AND s.shard_no > :shard_no))
    RETURNING pg_notify('{INGESTIONS}', '')"""

STORED = """
    UPDATE ingestions i SET stored_at = now()
    WHERE i.state = 'running' AND i.stored_at IS NULL AND NOT EXISTS (
        SELECT FROM ingestion_shards s WHERE s.ingestion_id = i.id AND s.state IN ('queued', 'running'))"""

COMPLETE = """
    UPDATE ingestions i SET state = 'completed', completed_at = now(), error_code = NULL, error_detail = NULL
    WHERE i.state = 'running' AND i.stored_at IS NOT NULL AND NOT EXISTS (
        SELECT FROM applications a WHERE a.ingestion_id = i.id AND a.status IN ('queued', 'processing'))
    RETURNING i.id"""

CANCEL_JOBS = move(
    f"""picked AS (
        SELECT j.application_id, j.state, j.lease_owner
        FROM jobs j JOIN applications a ON a.id = j.application_id
        WHERE a.ingestion_id = :id AND a.status IN ('queued', 'processing')
          AND j.state IN ({quoted({JobState.QUEUED, JobState.WAITING, JobState.RETRY_WAIT})})
        ORDER BY j.application_id LIMIT :limit
        FOR UPDATE OF j SKIP LOCKED
    )""",
    to=(JobState.CANCELLED,),
    changes=f"{LEASE_ENDS}, reason = NULL, lease_epoch = j.lease_epoch + 1",
)
