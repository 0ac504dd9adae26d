"""Reprocessing: ended jobs queued again, their profiles shown until new ones take their place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, text

from pipeline.adapters.postgres.engine import transaction
from pipeline.adapters.postgres.moves import move, quoted
from pipeline.domain.journey import TERMINAL, JobState, Lane, Lease, Status
from pipeline.domain.upload import StoredUpload

_BATCH = 500
ENDED = TERMINAL - {JobState.ERASED}


@dataclass(frozen=True, slots=True)
class Choice:
    """Which resumes: those given by id, or all that the filters leave (None filters nothing).

    `since_version`: resumes completed since that version (of any stage) first made one, that one included.
    """

    ids: tuple[UUID, ...] = ()
    since_version: str | None = None
    status: Status | None = None
    job_post_id: str | None = None
    ingestion_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class EndedResume:
    """A resume whose job has ended: its upload, the lease that a rehearsal works under, and its profile."""

    lease: Lease
    upload: StoredUpload
    profile: dict[str, Any] | None
    filename: str | None


class Reprocessing:
    """Chooses ended resumes and queues them again. Every method raises DatabaseUnavailable."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def queue(
        self, ids: Sequence[UUID], *, lane: Lane, forget: Sequence[str] = (), traceparent: str | None = None
    ) -> list[UUID]:
        """Queue those whose job has ended, as if they were new, in the trace of `traceparent`: their ids.

        `forget` names checkpoint stages whose stored results are dropped, so that they are done (and paid)
        anew. A profile stays as it is until the new one is saved.
        """
        with transaction(self._engine) as connection:
            rows = connection.execute(
                text(QUEUE), {"ids": list(ids), "lane": lane.value, "traceparent": traceparent}
            ).all()
            queued = [row.application_id for row in rows]
            if queued:
                parameters: dict[str, Any] = {"ids": queued, "stages": list(forget)}
                connection.execute(text(MARK), parameters)
                if forget:
                    connection.execute(text(FORGET), parameters)
        return queued

    def chosen(self, choice: Choice, *, limit: int | None = None) -> Iterator[list[UUID]]:
        """The ids of the ended resumes that the choice means, oldest first, in batches of 500."""
        after, left = UUID(int=0), limit
        while left is None or left > 0:
            size = _BATCH if left is None else min(_BATCH, left)
            parameters = {
                "ids": list(choice.ids),
                "any_id": not choice.ids,
                "version": choice.since_version,
                "status": choice.status.value if choice.status else None,
                "job_post_id": choice.job_post_id,
                "ingestion_id": choice.ingestion_id,
                "after": after,
                "size": size,
            }
            with transaction(self._engine) as connection:
                batch = [row.id for row in connection.execute(text(CHOSEN), parameters)]
            if not batch:
                return
            yield batch
            after = batch[-1]
            left = None if left is None else left - len(batch)

    def ended(self, id_: UUID) -> EndedResume | None:
        """The resume, if its job has ended and it was not erased."""
        with transaction(self._engine) as connection:
            row = connection.execute(text(ONE), {"id": id_}).one_or_none()
        if row is None:
            return None
        upload = StoredUpload(
            resume_id=row.id,
            object_key=row.object_key,
            sha256=row.content_sha256,
            size=row.size,
            mime=row.mime,
            as_of_date=row.as_of_date,
            job_post_id=row.job_post_id,
        )
        return EndedResume(Lease(row.id, row.lease_epoch), upload, row.profile, row.filename)


QUEUE = move(
    f"""picked AS (
        SELECT j.application_id, j.state, j.lease_owner FROM jobs j
        WHERE j.application_id = ANY(CAST(:ids AS uuid[])) AND j.state IN ({quoted(ENDED)})
        ORDER BY j.application_id
        FOR UPDATE
    )""",
    to=(JobState.QUEUED,),
    changes="reason = NULL, attempt = 0, suspicions = 0, lane = :lane, run_at = now(), traceparent = :traceparent",
)

MARK = """
    UPDATE applications SET reprocessed_at = now(), started_at = NULL
    WHERE id = ANY(CAST(:ids AS uuid[]))"""

FORGET = """
    DELETE FROM checkpoints
    WHERE state = 'done' AND stage = ANY(CAST(:stages AS text[]))
      AND content_sha256 IN (SELECT content_sha256 FROM applications WHERE id = ANY(CAST(:ids AS uuid[])))"""

CHOSEN = f"""
    SELECT a.id FROM applications a JOIN jobs j ON j.application_id = a.id
    WHERE j.state IN ({quoted(ENDED)}) AND a.id > :after
      AND (:any_id OR a.id = ANY(CAST(:ids AS uuid[])))
      AND (CAST(:status AS text) IS NULL OR a.status = :status)
      AND (CAST(:job_post_id AS text) IS NULL OR a.job_post_id = :job_post_id)
      AND (CAST(:ingestion_id AS uuid) IS NULL OR a.ingestion_id = :ingestion_id)
      AND (CAST(:version AS text) IS NULL OR a.completed_at >= (
          SELECT min(completed_at) FROM applications
          WHERE EXISTS (SELECT FROM jsonb_each_text(versions) AS made WHERE made.value = :version)))
    ORDER BY a.id LIMIT :size"""

ONE = f"""
    SELECT a.id, a.object_key, a.content_sha256, a.size, a.mime, a.as_of_date, a.job_post_id, a.profile,
        a.filename, j.lease_epoch
    FROM applications a JOIN jobs j ON j.application_id = a.id
    WHERE a.id = :id AND j.state IN ({quoted(ENDED)})"""
