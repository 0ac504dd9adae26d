"""The queue: claims, heartbeats and every way a job can leave its worker.

A claim must be durable before its worker starts: were it lost in a crash of the server, the next claim would
hand out the same epoch again, and the fence could not tell the two workers apart. Heartbeats and progress
carry no such promise and do not wait for the disk.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, text

from pipeline.adapters.postgres import fence
from pipeline.adapters.postgres.engine import transaction
from pipeline.adapters.postgres.leases import NOT_DURABLE, JobLeases
from pipeline.adapters.postgres.models import CLAIMABLE_SQL
from pipeline.adapters.postgres.moves import JOBS, LEASE_ENDS, STATUS, move, quoted
from pipeline.domain import trace
from pipeline.domain.job import ClaimedJob
from pipeline.domain.journey import (
    CLAIMABLE,
    DEATHS_ALONE_ARE_POISON,
    LEGAL_MOVES,
    JobState,
    Lane,
    Lease,
    Stage,
)
from pipeline.domain.upload import StoredUpload

#: `suspicions` counts from 1, the suspicion itself; each death of a worker that ran it alone adds one.
POISON_AT = 1 + DEATHS_ALONE_ARE_POISON


class JobQueue(JobLeases):
    """The table `jobs` as a queue. Every method raises DatabaseUnavailable; none raises for a lost lease."""

    # Taking and keeping

    def claim(self, owner: int, lane: Lane, limit: int, *, suspects: bool = False) -> list[ClaimedJob]:
        """At most `limit` due jobs, lowest priority number first, then the longest due.

        Suspects (jobs that a death is linked with) are only ever answered to `suspects=True`, which is for
        a worker that runs them alone.
        """
        rows = self._run(CLAIM[suspects], owner=owner, lane=lane, limit=limit, lease_s=self._lease_s)
        return [_claimed(row) for row in rows]

    def held(self, owner: int) -> set[Lease]:
        """This owner's running leases, not renewed."""
        rows = self._run(HELD, owner=owner)
        return {Lease(row.application_id, row.lease_epoch) for row in rows}

    # Moving on

    def progress(self, moves: Sequence[tuple[Lease, Stage]]) -> None:
        """Show the stages that running jobs have begun. Moves whose lease is lost change nothing."""
        if not moves:
            return
        parameters = fence.of([lease for lease, _ in moves])
        with transaction(self._engine) as connection:
            connection.execute(NOT_DURABLE)
            connection.execute(text(progress_sql()), {**parameters, "stages": [stage for _, stage in moves]})

    def wait(self, lease: Lease, *, reason: str, seconds: float) -> bool:
        """Give the lease back until `wake(reason)` or `seconds` from now; no attempt is burnt.

        A reason that names a checkpoint which is stored by now does not wait at all.
        """
        with transaction(self._engine) as connection:
            if _checkpoint_is_done(connection, reason):
                seconds = 0
            return bool(_execute(connection, wait_sql(), lease, reason=reason, seconds=seconds))

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
        """Run the job again after `delay_s`, or give it up: the state that it has now, None for a lost lease.

        `died_alone`: the worker died and held nothing else; the third time the job is dead as `poison`. At
        its last attempt it is dead as `internal`.
        """
        rows = self._fenced(
            retry_sql(),
            lease,
            code=code,
            detail=detail,
            delay_s=delay_s,
            suspect=suspect or died_alone,
            died_alone=died_alone,
            max_attempts=self._max_attempts,
        )
        return JobState(rows[0].to_state) if rows else None

    def fail(self, lease: Lease, *, code: str, detail: str) -> bool:
        """End the job as the document's fault. False when the lease was lost."""
        return bool(self._fenced(end_sql(JobState.FAILED), lease, code=code, detail=detail))

    def die(self, lease: Lease, *, code: str, detail: str) -> bool:
        """End the job as ours to answer for. False when the lease was lost."""
        return bool(self._fenced(end_sql(JobState.DEAD), lease, code=code, detail=detail))

    def cancel(self, resume_id: UUID) -> bool:
        """Stop a job that has not ended; whoever runs it loses the lease. False when there is nothing to stop."""
        return bool(self._run(CANCEL, id=resume_id))

    def wake(self, reason: str) -> int:
        """Make the jobs that wait for this reason due now: how many."""
        with transaction(self._engine) as connection:
            return wake(connection, reason)

    # Looking

    def seconds_to_next(self) -> float | None:
        """Seconds until the next job that waits or backs off comes due, None when none does."""
        found = self._run(NEXT_DUE)[0].seconds
        return None if found is None else max(0.0, float(found))

    def due(self, lane: Lane, *, most: int) -> int:
        """Jobs of a lane that `claim` could take now, suspects aside; no more than `most` are counted."""
        return int(self._run(DUE, lane=lane, most=most)[0].jobs)

    def counts(self) -> dict[JobState, int]:
        """Jobs by state, every state named. Reads the whole table: for people, not for loops."""
        rows = self._run("SELECT state, count(*) AS jobs FROM jobs GROUP BY state")
        return dict.fromkeys(JobState, 0) | {JobState(row.state): row.jobs for row in rows}

    def _run(self, sql: str, **parameters: Any) -> Sequence[Row[Any]]:
        with transaction(self._engine) as connection:
            return connection.execute(text(sql), parameters).all()

    def _fenced(self, sql: str, lease: Lease, **parameters: Any) -> Sequence[Row[Any]]:
        with transaction(self._engine) as connection:
            return _execute(connection, sql, lease, **parameters)


def wake(connection: Connection, *reasons: str, most: int | None = None) -> int:
    """As `JobQueue.wake`, within a transaction of the caller's; `most` wakes only so many, the longest due first."""
    if not reasons:
        return 0
    # Skipping locked rows: one that is being claimed just now needs no waking, and waiting for it could
    # deadlock with the claimer's next statement.
    rows = connection.execute(text(WAKE), {"reasons": list(reasons), "most": most}).all()
    for lane in {row.lane for row in rows}:
        connection.execute(text(f"SELECT pg_notify('{JOBS}', :lane)"), {"lane": lane})
    return len(rows)


def _execute(connection: Connection, sql: str, lease: Lease, **parameters: Any) -> Sequence[Row[Any]]:
    return connection.execute(text(sql), {**fence.of([lease]), **parameters}).all()


def _checkpoint_is_done(connection: Connection, reason: str) -> bool:
    """Whether the checkpoint that this reason names is stored.

    The share lock closes the gap in which its owner could store it and wake nobody, because we are not
    waiting yet: the owner's update and our move now happen one after the other.
    """
    stage, _, rest = reason.partition(":")
    sha256, _, digest = rest.partition(":")
    if not digest:
        return False
    found = connection.execute(text(CHECKPOINT), {"stage": stage, "sha256": sha256, "digest": digest})
    return found.scalar_one_or_none() == "done"


def _claimed(row: Row[Any]) -> ClaimedJob:
    return ClaimedJob(
        lease=Lease(row.application_id, row.lease_epoch),
        upload=StoredUpload(
            resume_id=row.application_id,
            object_key=row.object_key,
            sha256=row.content_sha256,
            size=row.size,
            mime=row.mime,
            as_of_date=row.as_of_date,
            job_post_id=row.job_post_id,
        ),
        lane=Lane(row.lane),
        attempt=row.attempt,
        suspicions=row.suspicions,
        trace=trace.parse(row.traceparent),
    )


def claim_sql(suspicions: str) -> str:
    return move(
        f"""picked AS (
            SELECT j.application_id, j.state, j.lease_owner FROM jobs j
            WHERE j.lane = :lane AND {CLAIMABLE_SQL} AND suspicions {suspicions} AND j.run_at <= now()
            ORDER BY j.priority, j.run_at
            LIMIT :limit
            FOR UPDATE SKIP LOCKED
        )""",
        to=(JobState.RUNNING,),
        changes="""lease_epoch = j.lease_epoch + 1, attempt = j.attempt + 1, reason = NULL,
            lease_owner = :owner, lease_until = now() + make_interval(secs => :lease_s)""",
        answer="""m.application_id, m.lease_epoch, m.lane, m.attempt, m.suspicions, a.object_key,
            a.content_sha256, a.size, a.mime, a.as_of_date, a.job_post_id, m.traceparent""",
        order="ORDER BY m.priority, m.run_at",
    )


CLAIM = {False: claim_sql("= 0"), True: claim_sql("> 0")}

HELD = "SELECT application_id, lease_epoch FROM jobs WHERE lease_owner = :owner AND state = 'running'"


def progress_sql() -> str:
    return f"""
        WITH {fence.held(", CAST(:stages AS text[])", ", stage")},
        recorded AS (
            INSERT INTO events (application_id, from_state, to_state, stage, epoch, owner)
            SELECT application_id, state, state, stage, epoch, lease_owner FROM picked ORDER BY position
        ),
        shown AS (
            UPDATE applications a SET stage = last.stage, updated_at = now()
            FROM (SELECT DISTINCT ON (application_id) application_id, stage FROM picked
                  ORDER BY application_id, position DESC) AS last
            WHERE a.id = last.application_id
            RETURNING a.id
        )
        SELECT count(pg_notify('{STATUS}', shown.id::text)) FROM shown"""


def wait_sql() -> str:
    return move(
        fence.held(),
        to=(JobState.WAITING,),
        changes=f"""{LEASE_ENDS}, reason = :reason, attempt = j.attempt - 1,
            run_at = now() + make_interval(secs => :seconds)""",
    )


def retry_sql() -> str:
    return move(
        fence.held(),
        to=(JobState.RETRY_WAIT, JobState.DEAD),
        state=f"""CASE WHEN :died_alone AND greatest(j.suspicions, 1) + 1 >= {POISON_AT} THEN 'dead'
            WHEN j.attempt >= :max_attempts THEN 'dead' ELSE 'retry_wait' END""",
        changes=f"""{LEASE_ENDS}, reason = :code, run_at = now() + make_interval(secs => :delay_s),
            suspicions = CASE WHEN :suspect THEN greatest(j.suspicions, 1) ELSE j.suspicions END
                + CASE WHEN :died_alone THEN 1 ELSE 0 END""",
        code=f"CASE WHEN :died_alone AND m.suspicions >= {POISON_AT} THEN 'poison' ELSE 'internal' END",
        detail=":detail",
    )


def end_sql(state: JobState) -> str:
    return move(
        fence.held(),
        to=(state,),
        changes=f"{LEASE_ENDS}, reason = :code",
        code=":code",
        detail=":detail",
    )


CANCEL = move(
    f"""picked AS (
        SELECT j.application_id, j.state, j.lease_owner FROM jobs j
        WHERE j.application_id = :id
          AND j.state IN ({quoted(s for s, to in LEGAL_MOVES.items() if JobState.CANCELLED in to)})
        FOR UPDATE
    )""",
    to=(JobState.CANCELLED,),
    changes=f"{LEASE_ENDS}, reason = NULL, lease_epoch = j.lease_epoch + 1",
)

WAKE = """
    UPDATE jobs SET run_at = now() WHERE application_id IN (
        SELECT application_id FROM jobs
        WHERE state = 'waiting' AND reason = ANY(:reasons) AND run_at > now()
        ORDER BY run_at LIMIT CAST(:most AS bigint) FOR UPDATE SKIP LOCKED
    ) AND state = 'waiting'
    RETURNING lane"""

NEXT_DUE = f"""
    SELECT extract(epoch FROM min(run_at) - now()) AS seconds FROM jobs
    WHERE state IN ({quoted(CLAIMABLE - {JobState.QUEUED})}) AND run_at > now()"""

# Only up to a limit: of an archive's millions a count of all would read every entry of the index. The order is that
# index's: it answers without the table.
DUE = f"""
    SELECT count(*) AS jobs FROM (
        SELECT FROM jobs j
        WHERE j.lane = :lane AND {CLAIMABLE_SQL} AND suspicions = 0 AND j.run_at <= now()
        ORDER BY j.priority, j.run_at
        LIMIT :most
    ) AS due"""

CHECKPOINT = """
    SELECT state FROM checkpoints
    WHERE content_sha256 = :sha256 AND stage = :stage AND digest = :digest FOR SHARE"""
