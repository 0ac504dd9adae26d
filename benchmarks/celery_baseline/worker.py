"""What a Celery worker process holds, and how it takes a resume through all stages."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import text

from benchmarks.celery_baseline.paid import TaskPaidWork
from pipeline.adapters.postgres.engine import transaction
from pipeline.domain.errors import DocumentError, ProfileUnavailable, VendorTimeout
from pipeline.domain.journey import Lease
from pipeline.domain.profile import Meta
from pipeline.domain.result import ResumeResult, Verdict
from pipeline.domain.upload import StoredUpload
from pipeline.orchestration import wiring
from pipeline.settings import Settings
from pipeline.stages.embed_chunks import EmbedChunks

_LEASE = "1 hour"  # Celery's own visibility timeout: nobody else takes a task back


class ResumeWorker:
    """Every stage, in one process; not thread-safe. Its loop lives as long as it does, for the vendors' connections."""

    def __init__(self, settings: Settings) -> None:
        self._loop = asyncio.Runner()
        self._engine = wiring.database(settings, name="celery", pool_size=1)
        self._read = wiring.read_text(settings)
        self._group = wiring.group_sections()
        self._normalise = wiring.normalise_profile(settings)
        self._verify = wiring.verify_profile(settings)
        embedder = wiring.embedder(settings)
        self._embed = EmbedChunks(embedder)
        # What is saved can be searched, as with us; one of the workers makes the index.
        wiring.search(self._engine).ensure_index(embedder.model, embedder.dimension)
        self._save = wiring.save_resume(self._engine)

    def process(self, resume_id: UUID) -> None:
        """One resume. What is its own fault is written down; raises what is worth another try."""
        claimed = self._claim(resume_id)
        if claimed is None:  # delivered twice: it has ended
            return
        lease, upload = claimed
        try:
            result = self._loop.run(self._result(lease, upload))
        except (DocumentError, ProfileUnavailable, VendorTimeout) as error:
            self._fail(lease, error.code, error.message)
            return
        (verdict,) = self._save.run([result])
        if verdict is not Verdict.SAVED:
            self._fail(lease, "internal", f"The profile was not saved ({verdict.value}).")

    def close(self) -> None:
        """End the parser child and the loop."""
        self._read.close()
        self._loop.close()

    async def _result(self, lease: Lease, upload: StoredUpload) -> ResumeResult:
        paid, clock = TaskPaidWork(), _Clock()
        with clock.stage("read"):
            pages = await self._read.run(upload, paid)
        with clock.stage("group"):
            sections = self._group.run(pages)
        with clock.stage("normalise"):
            draft = await self._normalise.run(sections, paid)
        with clock.stage("verify"):
            profile = self._verify.run(draft, sections, upload)
        with clock.stage("embed"):
            (embedded,) = self._embed.run([self._embed.chunk(sections)])
        seconds = clock.seconds
        versions = {
            "read": pages.engine, "group": self._group.version, "normalise": self._normalise.version,
            "verify": self._verify.version, "embed": self._embed.version,
        }  # fmt: skip
        profile.meta = Meta(versions=versions, seconds=seconds, facts_dropped=profile.meta.facts_dropped)
        return ResumeResult(lease, upload, sections, profile, embedded, versions, seconds)

    def _claim(self, resume_id: UUID) -> tuple[Lease, StoredUpload] | None:
        with transaction(self._engine) as connection:
            row: Any = connection.execute(text(CLAIM), {"id": resume_id, "owner": os.getpid()}).first()
        if row is None:
            return None
        upload = StoredUpload(
            resume_id, row.object_key, row.content_sha256, row.size, row.mime, row.as_of_date, row.job_post_id
        )  # fmt: skip
        return Lease(resume_id, row.lease_epoch), upload

    def _fail(self, lease: Lease, code: str, detail: str) -> None:
        parameters = {"id": lease.resume_id, "epoch": lease.epoch, "code": code, "detail": detail}
        with transaction(self._engine) as connection:
            connection.execute(text(FAIL), parameters)


class _Clock:
    """Seconds by stage, as a profile's `meta` shows them."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - started, 6)


# A task that was redelivered after its worker died finds its job running, and takes it over.
CLAIM = f"""
    WITH job AS (
        UPDATE jobs SET state = 'running', lease_epoch = lease_epoch + 1, attempt = attempt + 1,
            lease_owner = :owner, lease_until = now() + interval '{_LEASE}'
        WHERE application_id = :id AND state IN ('queued', 'running')
        RETURNING application_id, lease_epoch
    ), shown AS (
        UPDATE applications SET status = 'processing', started_at = coalesce(started_at, now()), updated_at = now()
        FROM job WHERE id = job.application_id
    )
    SELECT lease_epoch, object_key, content_sha256, size, mime, as_of_date, job_post_id
    FROM job JOIN applications a ON a.id = job.application_id"""

FAIL = """
    WITH job AS (
        UPDATE jobs SET state = 'failed', lease_owner = NULL, lease_until = NULL, reason = :code
        WHERE application_id = :id AND lease_epoch = :epoch AND state = 'running'
        RETURNING application_id
    )
    UPDATE applications SET status = 'failed', error_code = :code, error_detail = :detail, updated_at = now(),
        completed_at = now()
    FROM job WHERE id = job.application_id"""
