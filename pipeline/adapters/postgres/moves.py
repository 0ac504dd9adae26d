"""One move of jobs between states, as one statement: job, event, what callers see, and notifications.

Everything that changes a job's state goes through `move`, so no transition can forget its event, and none
that `LEGAL_MOVES` does not name can happen.
"""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.adapters.postgres.models import CLAIMABLE_SQL
from pipeline.domain.journey import LEGAL_MOVES, STATUS_OF, TERMINAL, JobState

#: Payload: the lane in which a job became claimable.
JOBS = "resumes_jobs"
#: Payload: the id of the application whose status or stage changed.
STATUS = "resumes_status"
#: Payload: nothing. Sent when an ingestion was made, cancelled, or has come further.
INGESTIONS = "resumes_ingestions"

LEASE_ENDS = "lease_owner = NULL, lease_until = NULL"


def quoted(states: Iterable[JobState]) -> str:
    return ", ".join(f"'{state.value}'" for state in sorted(states))


def legal_sources(*targets: JobState) -> str:
    """The states, as SQL literals, from which every one of the targets is a legal move."""
    return quoted(state for state, to in LEGAL_MOVES.items() if to.issuperset(targets))


STATUS_CASE = (
    "CASE m.to_state " + " ".join(f"WHEN '{s.value}' THEN '{v.value}'" for s, v in STATUS_OF.items()) + " END"
)
NOTIFY_SHOWN = f"(SELECT count(pg_notify('{STATUS}', shown.id::text)) FROM shown)"
NOTIFY_CLAIMABLE = f"""(
    SELECT count(pg_notify('{JOBS}', due.lane))
    FROM (SELECT DISTINCT lane FROM moved WHERE {CLAIMABLE_SQL.replace("state", "to_state")}
          AND run_at <= now()) AS due
)"""


def move(
    picked: str,
    *,
    to: tuple[JobState, ...],
    changes: str,
    state: str | None = None,
    code: str = "NULL",
    detail: str = "NULL",
    shows: str = "",
    answer: str = "m.application_id, m.to_state",
    order: str = "",
) -> str:
    """The statement that moves the jobs of the CTE `picked` (application_id, state, lease_owner, locked).

    `to` names every target state; `state` is the SQL that chooses among them when there are several.
    `changes` are further assignments to `jobs`; `code` and `detail` become the application's error when the
    target is failed or dead; `shows` are further assignments to the application, from columns of `p` (picked).
    `answer` selects from `m` (the moved job) and `a` (its application as it was).
    """
    state = state or f"'{to[0].value}'"
    failed = f"m.to_state IN ({quoted({JobState.FAILED, JobState.DEAD})})"
    finished = f"m.to_state IN ({quoted(TERMINAL - {JobState.ERASED})})"
    return f"""
        WITH {picked},
        moved AS (
            UPDATE jobs j SET state = {state}, {changes}
            FROM picked p
            WHERE j.application_id = p.application_id AND j.state IN ({legal_sources(*to)})
            RETURNING j.application_id, j.state AS to_state, p.state AS from_state, j.lane, j.priority,
                j.run_at, j.attempt, j.suspicions, j.lease_epoch, j.reason, j.traceparent,
                coalesce(j.lease_owner, p.lease_owner) AS owner
        ),
        recorded AS (
            INSERT INTO events (application_id, from_state, to_state, stage, epoch, owner, reason)
            SELECT m.application_id, m.from_state, m.to_state, a.stage, m.lease_epoch, m.owner, m.reason
            FROM moved m JOIN applications a ON a.id = m.application_id
        ),
        shown AS (
            UPDATE applications a SET
                status = {STATUS_CASE},
                stage = CASE m.to_state WHEN 'queued' THEN NULL WHEN 'succeeded' THEN 'save' ELSE a.stage END,
                updated_at = now(),
                started_at = coalesce(a.started_at, CASE WHEN m.to_state = 'running' THEN now() END),
                completed_at = CASE WHEN {finished} THEN now() END,
                error_code = CASE WHEN {failed} THEN {code} END,
                error_detail = CASE WHEN {failed} THEN {detail} END{", " + shows if shows else ""}
            FROM moved m JOIN picked p USING (application_id)
            WHERE a.id = m.application_id AND a.status <> {STATUS_CASE}
            RETURNING a.id
        )
        SELECT {answer}, {NOTIFY_SHOWN}, {NOTIFY_CLAIMABLE}
        FROM moved m JOIN applications a ON a.id = m.application_id
        {order}"""
