"""What is kept no longer: resumes, and the names of members that never became one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, text

from pipeline.adapters.postgres.engine import transaction
from pipeline.domain.journey import Status
from pipeline.domain.retention import Retention

_MOST_COUNTED = 1_000_000
_KEPT = [status.value for status in Status if status != Status.ERASED]


class RetentionPeriods:
    """Finds what is older than its period. Every method raises DatabaseUnavailable."""

    def __init__(self, engine: Engine, retention: Retention) -> None:
        self._engine, self._retention = engine, retention

    def expired(self, limit: int) -> list[UUID]:
        """Up to `limit` resumes whose period is over, whatever their state; erased ones are none of them."""
        found: list[UUID] = []
        with transaction(self._engine) as connection:
            for condition, parameters in self._periods():
                query = text(EXPIRED.format(condition=condition))
                limits = {"kept": _KEPT, "limit": limit - len(found)}
                rows = connection.execute(query, parameters | limits)
                found += rows.scalars()
                if len(found) >= limit:
                    break
        return found

    def count(self) -> int:
        """How many that are, counted up to a million."""
        return len(self.expired(_MOST_COUNTED))

    def forget_members(self) -> int:
        """Remove what ended ingestions tell of members that became no resume; the number of rows."""
        with transaction(self._engine) as connection:
            return sum(
                connection.execute(text(FORGET_MEMBERS.format(condition=condition)), parameters).rowcount
                for condition, parameters in self._periods()
            )

    def _periods(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """A condition on `job_post_id` with its parameters, for each period."""
        for job_post_id, days in self._retention.by_job_post.items():
            if days is not None:
                yield "job_post_id = :job_post_id", {"job_post_id": job_post_id, "days": days}
        if self._retention.days is not None:
            others = {"others": list(self._retention.by_job_post), "days": self._retention.days}
            yield "coalesce(job_post_id <> ALL(CAST(:others AS text[])), true)", others


# Erased rows stay for good, as receipts: the index on (status, created_at) passes them by.
EXPIRED = """
    SELECT id FROM applications
    WHERE status = ANY(CAST(:kept AS text[])) AND created_at < now() - make_interval(days => :days)
        AND {condition}
    LIMIT :limit"""

FORGET_MEMBERS = """
    DELETE FROM ingestion_errors WHERE ingestion_id IN (
        SELECT id FROM ingestions
        WHERE completed_at < now() - make_interval(days => :days) AND {condition})"""
