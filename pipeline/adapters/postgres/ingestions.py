"""The callers' side of bulk ingestion: begin one, see how far it is, what failed and what came out, cancel it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, Row, text

from pipeline.adapters.postgres.engine import transaction
from pipeline.adapters.postgres.ingestion_sql import CANCEL_SHARDS
from pipeline.adapters.postgres.ingestion_work import INGESTORS, cancel_jobs
from pipeline.adapters.postgres.moves import INGESTIONS
from pipeline.domain.ids import uuid7
from pipeline.domain.ingestion import IngestionState
from pipeline.domain.journey import Status

#: Over how long the rate is measured.
RATE_WINDOW_S = 60.0
#: Fewer ended resumes tell no rate: the first ones wait for models to load.
_RATE_FROM = 10


@dataclass(frozen=True, slots=True)
class IngestionRow:
    """One ingestion. `members` is None until they are counted; `same_as` names the one that a re-run found."""

    id: UUID
    source: str
    kind: str | None
    job_post_id: str | None
    state: IngestionState
    same_as: UUID | None
    error_code: str | None
    error_detail: str | None
    members: int | None
    created_at: datetime
    listed_at: datetime | None
    stored_at: datetime | None
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an ingestion is, at one moment.

    Every member is exactly one of `accepted + duplicate + skipped + failed + not_started`; every accepted one is a
    resume, counted by status in `resumes` (those in work by stage in `stages`). `failures` counts skipped and failed
    members and failed resumes by (outcome, code). `per_s` is resumes ended a second over the last minute (or since
    the start, if that is shorter), `eta_s` how long the rest takes at that rate; both None before ten have ended.
    """

    row: IngestionRow
    accepted: int = 0
    duplicate: int = 0
    skipped: int = 0
    failed: int = 0
    not_started: int = 0
    resumes: dict[Status, int] = field(default_factory=dict)
    stages: dict[str, int] = field(default_factory=dict)
    failures: dict[tuple[str, str], int] = field(default_factory=dict)
    usd: float = 0.0
    per_s: float | None = None
    eta_s: float | None = None

    @property
    def ended(self) -> int:
        """Members of which nothing more is expected."""
        unfinished = self.resumes.get(Status.QUEUED, 0) + self.resumes.get(Status.PROCESSING, 0)
        return self.accepted - unfinished + self.duplicate + self.skipped + self.failed

    @property
    def all_failed(self) -> int:
        """Members that failed, before or after they became resumes."""
        return self.failed + self.resumes.get(Status.FAILED, 0)


@dataclass(frozen=True, slots=True)
class UncompletedMember:
    """A member that did not become a completed resume: where it failed is told by `outcome` (duplicate, skipped,
    failed) and, where it had become a resume, `resume_id`."""

    member: int
    name: str | None
    outcome: str
    code: str
    detail: str | None
    resume_id: UUID | None


@dataclass(frozen=True, slots=True)
class Result:
    """One accepted member and its resume as it is now."""

    id: UUID
    member: int | None
    filename: str | None
    status: Status
    job_post_id: str | None
    email: str | None
    external_id: str | None
    error_code: str | None
    error_detail: str | None
    profile: dict[str, Any] | None


Page = tuple[list[IngestionRow], UUID | None]
Results = list[Result]


class Ingestions:
    """The tables of ingestions as callers see them. Every method raises DatabaseUnavailable."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def create(
        self,
        source: str,
        *,
        as_of_date: date,
        job_post_id: str | None = None,
        object_key: str | None = None,
        content_sha256: str | None = None,
        id: UUID | None = None,  # noqa: A002
    ) -> UUID:
        """Begin an ingestion; whoever ingests is told. `object_key` is where an uploaded archive lies.

        With `content_sha256`, the digest of that archive, the same bytes for the same job post are one ingestion: a
        second answers the first one's id and creates nothing, unless that was rejected or cancelled.
        """
        id_ = id or uuid7()
        key = content_sha256 and uploaded_key(content_sha256, job_post_id)
        parameters = {
            "id": id_,
            "source": source,
            "object_key": object_key,
            "job_post_id": job_post_id,
            "as_of_date": as_of_date,
            "source_key": key,
        }
        while True:
            if self._run(CREATE, **parameters):
                return id_
            if found := self._run("SELECT id FROM ingestions WHERE source_key = :key", key=key):
                earlier: UUID = found[0].id
                return earlier
            # It was cancelled or rejected in between: then this one is the first.

    def get(self, id_: UUID) -> IngestionRow | None:
        """The ingestion, or None."""
        rows = self._run(f"SELECT {_COLUMNS} FROM ingestions WHERE id = :id", id=id_)
        return _row(rows[0]) if rows else None

    def of_source(self, source_key: str) -> IngestionRow | None:
        """The ingestion that this very source has, if any: one that was neither rejected nor cancelled."""
        rows = self._run(f"SELECT {_COLUMNS} FROM ingestions WHERE source_key = :key", key=source_key)
        return _row(rows[0]) if rows else None

    def list(self, *, cursor: UUID | None = None, limit: int = 50) -> Page:
        """One page, newest first, and the cursor of the next (None on the last)."""
        rows = self._run(LIST, cursor=cursor, limit=limit + 1)
        found = [_row(row) for row in rows]
        return found[:limit], found[limit - 1].id if len(found) > limit else None

    def progress(self, id_: UUID) -> Progress | None:
        """How far it is, read in one snapshot; None when there is no such ingestion."""
        with transaction(self._engine) as connection:
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            found = connection.execute(text(f"SELECT {_COLUMNS} FROM ingestions WHERE id = :id"), {"id": id_})
            row = found.one_or_none()
            if row is None:
                return None
            sums, statuses, stages, failures, rest = (
                connection.execute(text(sql), {"id": id_, "window": RATE_WINDOW_S}).all()
                for sql in (SUMS, STATUSES, STAGES, FAILURES, REST)
            )
        return _progress(_row(row), sums[0], statuses, stages, failures, rest[0])

    def errors(self, id_: UUID, *, after: int = -1, limit: int = 100) -> Sequence[UncompletedMember]:
        """Members that did not become completed resumes, in the order of the listing, those behind `after`."""
        rows = self._run(ERRORS, id=id_, after=after, limit=limit)
        return [UncompletedMember(**row._mapping) for row in rows]

    def results(self, id_: UUID, *, after: UUID | None = None, batch: int = 200) -> Iterator[Result]:
        """Every accepted member's resume that has ended, by id, those behind `after`."""
        while found := self.results_page(id_, after=after, limit=batch):
            yield from found
            after = found[-1].id

    def results_page(self, id_: UUID, *, after: UUID | None = None, limit: int = 200) -> Results:
        """One batch of `results`; empty behind the last."""
        rows = self._run(RESULTS, id=id_, after=after or UUID(int=0), limit=limit)
        return [Result(**dict(row._mapping) | {"status": Status(row.status)}) for row in rows]

    def archives(self, ids: Sequence[UUID]) -> dict[UUID, bool]:
        """Of these ingestions those that are known, and whether their uploaded archive is still to be read."""
        return {row.id: row.needed for row in self._run(ARCHIVES, ids=list(ids))}

    def cancel(self, id_: UUID) -> bool:
        """Stop what has not started: members not stored yet, and resumes that wait. What runs, ends.

        False when there is nothing to stop. A cancelling that an outage cut short can be repeated. An ingestion that
        was cancelled can be begun anew from its source.
        """
        with transaction(self._engine) as connection:
            stopped = connection.execute(text(CANCEL), {"id": id_}).one_or_none() is not None
            if stopped:
                connection.execute(text(CANCEL_SHARDS), {"id": id_})
        row = self.get(id_)
        if row is None or row.state is not IngestionState.CANCELLED:
            return False
        return bool(cancel_jobs(self._engine, id_)) or stopped

    def ingestor_lives(self) -> bool:
        """Whether a service (online or bulk) that ingests is connected to this database."""
        return bool(self._run(LIVES, key=INGESTORS)[0].lives)

    def _run(self, sql: str, **parameters: Any) -> Sequence[Row[Any]]:
        with transaction(self._engine) as connection:
            result = connection.execute(text(sql), parameters)
            return result.all() if result.returns_rows else []


def uploaded_key(content_sha256: str, job_post_id: str | None) -> str:
    """What makes two uploads of an archive the same ingestion."""
    return hashlib.sha256(f"upload:{content_sha256}:{job_post_id or ''}".encode()).hexdigest()


def _row(row: Row[Any]) -> IngestionRow:
    return IngestionRow(**dict(row._mapping) | {"state": IngestionState(row.state)})


def _progress(
    row: IngestionRow,
    sums: Row[Any],
    statuses: Sequence[Row[Any]],
    stages: Sequence[Row[Any]],
    failures: Sequence[Row[Any]],
    rest: Row[Any],
) -> Progress:
    resumes = {Status(found.status): found.n for found in statuses}
    counts = {name: getattr(sums, name) for name in ("accepted", "duplicate", "skipped", "failed")}
    not_started = (row.members or 0) - sum(counts.values())
    unfinished = resumes.get(Status.QUEUED, 0) + resumes.get(Status.PROCESSING, 0)
    tells = sum(resumes.values()) - unfinished >= _RATE_FROM and rest.ended and rest.seconds > 0
    per_s = rest.ended / float(rest.seconds) if tells else None
    open_ = row.state in (IngestionState.LISTING, IngestionState.RUNNING)
    return Progress(
        row,
        **counts,
        not_started=not_started,
        resumes=resumes,
        stages={found.stage: found.n for found in stages},
        failures={(found.outcome, found.code): found.n for found in failures},
        usd=float(rest.usd),
        per_s=per_s if open_ else None,
        eta_s=(not_started + unfinished) / per_s if per_s and open_ and row.members is not None else None,
    )


_COLUMNS = ", ".join(column.name for column in fields(IngestionRow))

CREATE = f"""
    INSERT INTO ingestions (id, source, object_key, job_post_id, as_of_date, source_key)
    VALUES (:id, :source, :object_key, :job_post_id, :as_of_date, :source_key)
    ON CONFLICT (source_key) DO NOTHING
    RETURNING pg_notify('{INGESTIONS}', '')"""

LIST = f"""
    SELECT {_COLUMNS} FROM ingestions
    WHERE CAST(:cursor AS uuid) IS NULL OR id < CAST(:cursor AS uuid)
    ORDER BY id DESC LIMIT :limit"""

SUMS = """
    SELECT coalesce(sum(accepted), 0)::bigint AS accepted, coalesce(sum(duplicate), 0)::bigint AS duplicate,
        coalesce(sum(skipped), 0)::bigint AS skipped, coalesce(sum(failed), 0)::bigint AS failed
    FROM ingestion_shards WHERE ingestion_id = :id"""

STATUSES = "SELECT status, count(*) AS n FROM applications WHERE ingestion_id = :id GROUP BY status"

STAGES = """
    SELECT coalesce(stage, 'begun') AS stage, count(*) AS n FROM applications
    WHERE ingestion_id = :id AND status = 'processing' GROUP BY 1"""

# Failed resumes count with failed members of the same code.
FAILURES = """
    SELECT outcome, code, sum(n)::bigint AS n FROM (
        SELECT outcome, code, count(*) AS n FROM ingestion_errors
        WHERE ingestion_id = :id AND outcome <> 'duplicate' GROUP BY 1, 2
        UNION ALL
        SELECT 'failed', coalesce(error_code, 'internal'), count(*) FROM applications
        WHERE ingestion_id = :id AND status = 'failed' GROUP BY 1, 2
    ) AS f
    GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2"""

REST = """
    SELECT
        (SELECT count(*) FROM applications a
         WHERE a.ingestion_id = :id AND a.status IN ('completed', 'failed')
           AND a.completed_at > now() - make_interval(secs => :window)) AS ended,
        least(:window, extract(epoch FROM now() - coalesce(i.listed_at, i.created_at))) AS seconds,
        coalesce((SELECT sum(l.usd) FROM ledger l JOIN applications a ON a.id = l.application_id
                  WHERE a.ingestion_id = :id), 0) AS usd
    FROM ingestions i WHERE i.id = :id"""

# Each half is cut before they are merged: a page of a long list costs a page.
ERRORS = """
    SELECT ordinal AS member, name, outcome, code, detail, application_id AS resume_id FROM (
        (SELECT ordinal, name, outcome, code, detail, application_id FROM ingestion_errors
         WHERE ingestion_id = :id AND ordinal > :after ORDER BY ordinal LIMIT :limit)
        UNION ALL
        (SELECT CAST(ingestion_member AS bigint), filename, 'failed', coalesce(error_code, 'internal'), error_detail,
            id
         FROM applications
         WHERE ingestion_id = :id AND status = 'failed' AND CAST(ingestion_member AS bigint) > :after
         ORDER BY CAST(ingestion_member AS bigint) LIMIT :limit)
    ) AS e ORDER BY ordinal LIMIT :limit"""

RESULTS = f"""
    SELECT id, CAST(ingestion_member AS bigint) AS member, filename, status, job_post_id, email, external_id,
        error_code, error_detail, profile
    FROM applications
    WHERE ingestion_id = :id AND id > :after
      AND status IN ('{Status.COMPLETED}', '{Status.FAILED}', '{Status.CANCELLED}')
    ORDER BY id LIMIT :limit"""

ARCHIVES = """
    SELECT id, state = 'listing' OR (state = 'running' AND stored_at IS NULL) AS needed
    FROM ingestions WHERE id = ANY(CAST(:ids AS uuid[]))"""

CANCEL = f"""
    UPDATE ingestions SET state = 'cancelled', owner = NULL, source_key = NULL, completed_at = now()
    WHERE id = :id AND state IN ('listing', 'running')
    RETURNING pg_notify('{INGESTIONS}', '')"""

LIVES = """
    SELECT EXISTS (
        SELECT FROM pg_locks l
        WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
          AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND (l.classid::bigint << 32) | l.objid::bigint = :key
    ) AS lives"""
