"""Applications: accepting an upload, showing it, and erasing it."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, Select, func, select, text, tuple_, update

from pipeline.adapters.postgres import documents, idempotency
from pipeline.adapters.postgres.engine import transaction
from pipeline.adapters.postgres.erasure import ErasureReceipt, erase
from pipeline.adapters.postgres.idempotency import IdempotencyRef
from pipeline.adapters.postgres.models import CLAIMABLE_SQL, UNFINISHED_SQL, Application, Event, Job, TextRow
from pipeline.adapters.postgres.moves import JOBS
from pipeline.domain.errors import DatabaseUnavailable
from pipeline.domain.journey import JobState, Lane, Status

PING_TIMEOUT_S = 2.0
#: Counting stops here: whoever asks only compares with a cap.
BACKLOG_MAX = 100_000
AHEAD_MAX = 10_000
#: What makes an earlier upload a duplicate: it has, or will have, a result.
USEFUL = (Status.QUEUED, Status.PROCESSING, Status.COMPLETED)


@dataclass(frozen=True, slots=True)
class NewApplication:
    """An upload whose object is stored. `content_sha256` is 64 lower-case hex digits, `size` in bytes, `traceparent` as
    in W3C Trace Context."""

    id: UUID
    object_key: str
    content_sha256: str
    size: int
    mime: str
    filename: str | None
    as_of_date: date
    job_post_id: str | None = None
    email: str | None = None
    external_id: str | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class ApplicationRow:
    """An application with its job's state. `profile` is None until it completes, and in listings."""

    id: UUID
    status: Status
    stage: str | None
    state: JobState
    reason: str | None
    attempt: int
    error_code: str | None
    error_detail: str | None
    job_post_id: str | None
    email: str | None
    external_id: str | None
    filename: str | None
    content_sha256: str
    object_key: str | None
    size: int
    mime: str
    as_of_date: date
    pages: int | None
    ingestion_id: UUID | None
    ingestion_member: str | None
    profile: dict[str, Any] | None
    versions: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    erased_at: datetime | None
    reprocessed_at: datetime | None


@dataclass(frozen=True, slots=True)
class EventRow:
    """One transition, or one stage begun; `id` grows with time within an application."""

    id: int
    at: datetime
    from_state: str | None
    to_state: str
    stage: str | None
    epoch: int
    reason: str | None


Listing = tuple[list[ApplicationRow], str | None]
Events = list[EventRow]
Unconfirmed = list[tuple[UUID, str]]


class Applications:
    """The table `applications`. Every method raises DatabaseUnavailable."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._pinger = ThreadPoolExecutor(1, "postgres-ping")

    def create(
        self,
        new: NewApplication,
        *,
        lane: Lane = Lane.ONLINE,
        priority: int = 0,
        idempotency: IdempotencyRef | None = None,
        unless_duplicate: bool = False,
    ) -> UUID:
        """Accept an upload: application, job, event and idempotency answer in one transaction. Its id.

        With `unless_duplicate`, where there is a duplicate (`find_duplicate`), that one's id, and nothing is created.
        Raises AlreadyAnswered, and then nothing was created, when the idempotency key got its answer from
        another request meanwhile.
        """
        values = {field.name: getattr(new, field.name) for field in fields(new)}
        values |= {"email": folded(new.email), "lane": lane.value, "priority": priority}
        with transaction(self._engine) as connection:
            if unless_duplicate:
                found = _locked_duplicate(connection, new)
                if found is not None:
                    return found
            connection.execute(text(CREATE), values)
            if idempotency is not None:
                complete(connection, idempotency, new.id)
        return new.id

    def find_duplicate(
        self, content_sha256: str, *, job_post_id: str | None, external_id: str | None
    ) -> UUID | None:
        """The newest application of the same bytes, job post and external id that did not fail, if any."""
        with transaction(self._engine) as connection:
            return _duplicate(connection, content_sha256, job_post_id, external_id)

    def get(self, id: UUID, *, with_profile: bool = True) -> ApplicationRow | None:  # noqa: A002
        """The application, erased ones included, or None."""
        with transaction(self._engine) as connection:
            row = connection.execute(_query(with_profile).where(Application.id == id)).one_or_none()
        return None if row is None else _row(row)

    def text(self, id: UUID) -> dict[str, Any] | None:  # noqa: A002
        """The text as it was read and cut (`documents.text_document`), or None before it is saved."""
        with transaction(self._engine) as connection:
            body = connection.execute(
                select(TextRow.body).where(TextRow.application_id == id)
            ).scalar_one_or_none()
        return None if body is None else documents.unpack(body)

    def events(self, id: UUID, *, after: int = 0) -> Events:  # noqa: A002
        """The application's transitions in order, those after event id `after`."""
        columns = [getattr(Event, field.name) for field in fields(EventRow)]
        query = select(*columns).where(Event.application_id == id, Event.id > after).order_by(Event.id)
        with transaction(self._engine) as connection:
            return [EventRow(*row) for row in connection.execute(query)]

    def erase(self, id: UUID) -> ErasureReceipt | None:  # noqa: A002
        """Forget the application; a worker that runs it loses the lease. None when there is no such one.

        A second call answers the first one's receipt. The object is the caller's to delete, after this
        returned, and to confirm with `confirm_object_erased`.
        """
        with transaction(self._engine) as connection:
            return erase(connection, id)

    def confirm_object_erased(self, id: UUID) -> None:  # noqa: A002
        """Forget where the object of an erased application was. Idempotent."""
        change = update(Application).where(Application.id == id, Application.erased_at.is_not(None))
        with transaction(self._engine) as connection:
            connection.execute(change.values(object_key=None))

    def unconfirmed_erasures(self, limit: int = 100) -> Unconfirmed:
        """Erased applications whose object may still be there: (id, object key), oldest first."""
        query = (
            select(Application.id, Application.object_key)
            .where(Application.erased_at.is_not(None), Application.object_key.is_not(None))
            .order_by(Application.erased_at)
            .limit(limit)
        )
        with transaction(self._engine) as connection:
            return [(row.id, row.object_key) for row in connection.execute(query)]

    def known_objects(self, keys: Sequence[str]) -> set[str]:
        """Of these object keys, those that an application still has."""
        query = select(Application.object_key).where(Application.id.in_(_ids(keys)))
        with transaction(self._engine) as connection:
            return {key for key in connection.execute(query).scalars() if key is not None}

    def unfinished(self, ids: Sequence[UUID]) -> set[UUID]:
        """Of these applications, those whose job has not ended."""
        with transaction(self._engine) as connection:
            rows = connection.execute(text(UNFINISHED), {"ids": list(ids)})
            return {row.application_id for row in rows}

    def backlog(self, lane: Lane, most: int = BACKLOG_MAX) -> int:
        """Unfinished jobs of the lane, counted up to `most`."""
        with transaction(self._engine) as connection:
            return int(connection.execute(text(BACKLOG), {"lane": lane.value, "most": most}).scalar_one())

    def ahead(self, id: UUID) -> int:  # noqa: A002
        """Jobs of its lane that are claimed before this application's, at most AHEAD_MAX; 0 when it is not queued."""
        with transaction(self._engine) as connection:
            return int(connection.execute(text(AHEAD), {"id": id, "most": AHEAD_MAX}).scalar_one())

    def ping(self) -> None:
        """Raises DatabaseUnavailable when the database does not answer within 2 s."""
        # In a thread: a connection on a dead network blocks for longer than a caller may wait.
        try:
            self._pinger.submit(self._select_one).result(PING_TIMEOUT_S)
        except FutureTimeout:
            raise DatabaseUnavailable("PostgreSQL did not answer within 2 s.") from None

    def _select_one(self) -> None:
        with transaction(self._engine) as connection:
            connection.execute(text("SELECT 1"))

    def list(
        self,
        *,
        status: Collection[Status] = (),
        job_post_id: str | None = None,
        email: str | None = None,
        external_id: str | None = None,
        ingestion_id: UUID | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        updated_after: datetime | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Listing:
        """One page, newest first, without profiles, and the cursor of the next page (None on the last).

        With `updated_after` it is what changed from then on, oldest change first, up to a moment before which nothing
        can change any more, about a second ago. Its cursor is None only before the first change: whoever keeps it
        goes on there later, misses none, and sees one twice only where it changed twice.
        The bounds after are inclusive, `created_before` exclusive. Raises ValueError on a cursor that is not ours.
        """
        feed = updated_after is not None
        wanted = {
            Application.job_post_id.__eq__: job_post_id,
            Application.email.__eq__: folded(email),
            Application.external_id.__eq__: external_id,
            Application.ingestion_id.__eq__: ingestion_id,
            Application.status.in_: sorted(set(status)) or None,
            Application.created_at.__ge__: created_after,
            Application.created_at.__lt__: created_before,
            Application.updated_at.__ge__: updated_after,
        }
        # The page first, its jobs after: the join costs a page, however many applications match.
        page = select(Application.id).where(*(holds(v) for holds, v in wanted.items() if v is not None))
        key = (Application.updated_at if feed else Application.created_at, Application.id)
        if cursor is not None:
            last = tuple_(*_decode(cursor, feed=feed))
            page = page.where(tuple_(*key) > last if feed else tuple_(*key) < last)
        order = key if feed else tuple(column.desc() for column in key)
        with transaction(self._engine) as connection:
            if feed:
                # Asked for by a statement of its own: the next one sees all that was committed by then.
                page = page.where(Application.updated_at < connection.execute(text(SETTLED)).scalar_one())
            chosen = page.order_by(*order).limit(limit + 1).subquery()
            query = _query(with_profile=False).join(chosen, chosen.c.id == Application.id).order_by(*order)
            rows = [_row(row) for row in connection.execute(query)]
        shown = rows[:limit]
        if feed:
            return shown, _encode(shown[-1], feed=True) if shown else cursor
        return shown, _encode(shown[-1], feed=False) if len(rows) > limit else None


complete = idempotency.complete


def _duplicate(
    connection: Connection, content_sha256: str, job_post_id: str | None, external_id: str | None
) -> UUID | None:
    query = (
        select(Application.id)
        .where(
            Application.content_sha256 == content_sha256,
            Application.job_post_id.is_not_distinct_from(job_post_id),
            Application.external_id.is_not_distinct_from(external_id),
            Application.status.in_(USEFUL),
        )
        .order_by(Application.created_at.desc(), Application.id.desc())
        .limit(1)
    )
    return connection.execute(query).scalar_one_or_none()


def _locked_duplicate(connection: Connection, new: NewApplication) -> UUID | None:
    """The duplicate of `new`, if any; until the transaction ends, nobody else who asks this makes one.

    A unique index cannot decide it: `on_duplicate=new` makes equal rows on purpose, and one that fails later no
    longer counts. So whoever asks waits for the others with these bytes, in whatever process they are, until they
    have committed; the look after that is a statement of its own, and under READ COMMITTED sees what they made.
    """
    connection.execute(text(LOCK_CONTENT), {"sha256": new.content_sha256})
    return _duplicate(connection, new.content_sha256, new.job_post_id, new.external_id)


def _ids(keys: Sequence[str]) -> Sequence[UUID]:
    """The applications' ids that object keys (`resumes/<id>`) are made of."""
    return [UUID(key.rsplit("/", 1)[1]) for key in keys]


def folded(email: str | None) -> str | None:
    """E-mail addresses are kept and looked up in lower case."""
    return email.strip().lower() if email else None


def _query(with_profile: bool) -> Select[Any]:
    job = {"state": Job.state, "reason": Job.reason, "attempt": Job.attempt}
    columns = []
    for field in fields(ApplicationRow):
        column = job.get(field.name) or getattr(Application, field.name)
        if field.name == "profile" and not with_profile:
            column = func.nullif(1, 1)
        columns.append(column.label(field.name))
    return select(*columns).join(Job, Job.application_id == Application.id)


def _row(row: Row[Any]) -> ApplicationRow:
    values = dict(row._mapping)
    return ApplicationRow(**values | {"status": Status(row.status), "state": JobState(row.state)})


def _encode(last: ApplicationRow, *, feed: bool) -> str:
    raw = json.dumps([(last.updated_at if feed else last.created_at).isoformat(), str(last.id), feed])
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def _decode(cursor: str, *, feed: bool) -> tuple[datetime, UUID]:
    try:
        raw = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        at, id_, of_feed = raw
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None or of_feed is not feed:
            raise ValueError(cursor)
        return moment.astimezone(UTC), UUID(id_)
    except (ValueError, TypeError, AttributeError, OverflowError, binascii.Error):
        raise ValueError("the cursor is not one of this service's") from None


CREATE = f"""
    WITH application AS (
        INSERT INTO applications (id, object_key, content_sha256, size, mime, filename, as_of_date,
            job_post_id, email, external_id)
        VALUES (:id, :object_key, :content_sha256, :size, :mime, :filename, :as_of_date,
            :job_post_id, :email, :external_id)
    ), job AS (
        INSERT INTO jobs (application_id, lane, priority, traceparent) VALUES (:id, :lane, :priority, :traceparent)
    ), recorded AS (
        INSERT INTO events (application_id, to_state, epoch) VALUES (:id, 'queued', 0)
    )
    SELECT pg_notify('{JOBS}', :lane)"""

# The seed tells it from the locks of erasures (0) and of ingestions (1).
LOCK_CONTENT = "SELECT pg_advisory_xact_lock(hashtextextended(:sha256, 2))"

UNFINISHED = f"""
    SELECT application_id FROM jobs WHERE application_id = ANY(CAST(:ids AS uuid[])) AND {UNFINISHED_SQL}"""

BACKLOG = f"""
    SELECT count(*) FROM (SELECT FROM jobs WHERE lane = :lane AND {UNFINISHED_SQL} LIMIT :most) AS capped"""

AHEAD = f"""
    SELECT count(*) FROM (
        SELECT FROM jobs mine JOIN jobs other ON other.lane = mine.lane
            AND {CLAIMABLE_SQL.replace("state", "other.state")}
            AND other.suspicions = 0 AND (other.priority, other.run_at) < (mine.priority, mine.run_at)
        WHERE mine.application_id = :id AND mine.state = 'queued' LIMIT :most
    ) AS capped"""

# Changes carry the time at which their transaction began, and show when it ends: what is younger than the oldest open
# transaction may still get an elder. One that has written nothing for a minute only reads: a write begins within the
# 10 s that a lock may be waited for. The second is for a transaction that has begun and is not reported yet.
SETTLED = """
    SELECT least(now() - interval '1 second', min(xact_start)) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND (backend_xid IS NOT NULL OR xact_start > now() - interval '1 minute')"""
