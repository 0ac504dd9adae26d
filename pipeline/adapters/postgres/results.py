"""Saving results: many at once, each under its fence, none at another's expense."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg2
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from pipeline.adapters.postgres import binary_copy, documents, fence
from pipeline.adapters.postgres.applications import folded
from pipeline.adapters.postgres.engine import is_passing, sqlstate, transaction
from pipeline.adapters.postgres.ledger import spent_by
from pipeline.adapters.postgres.moves import LEASE_ENDS, move
from pipeline.domain.journey import JobState, Lease
from pipeline.domain.profile import Meta, Tokens
from pipeline.domain.result import ResumeResult, Verdict
from pipeline.domain.spending import Spent

#: Classes of SQLSTATE that are about the row: data, constraints, limits.
ROW_FAULTS = ("22", "23", "54")


@dataclass(frozen=True, slots=True)
class _Live:
    """A result whose lease is locked, with what its chunks copy from the application."""

    result: ResumeResult
    job_post_id: str | None
    created_at: datetime


class PostgresResults:
    """The ResultStore on PostgreSQL: profile, text and vectors replace what was there, and the job ends."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def save(self, results: Sequence[ResumeResult]) -> list[Verdict]:
        """As `ResultStore.save`."""
        if not results:
            return []
        verdicts = dict.fromkeys((result.lease for result in results), Verdict.LEASE_LOST)
        with transaction(self._engine) as connection:
            live = _lock(connection, results)
            if _try(connection, live):
                verdicts |= dict.fromkeys((one.result.lease for one in live), Verdict.SAVED)
            else:
                for one in live:
                    saved = _try(connection, [one])
                    verdicts[one.result.lease] = Verdict.SAVED if saved else Verdict.REFUSED
        return [verdicts[result.lease] for result in results]


def _lock(connection: Connection, results: Sequence[ResumeResult]) -> list[_Live]:
    by_lease = {result.lease: result for result in results}
    rows = connection.execute(text(lock_sql()), fence.of(list(by_lease)))
    return [_Live(by_lease[Lease(row.id, row.epoch)], row.job_post_id, row.created_at) for row in rows]


def _try(connection: Connection, live: list[_Live]) -> bool:
    """Write these in a savepoint; False, and nothing written, when PostgreSQL refuses one of the rows."""
    try:
        with connection.begin_nested():
            _write(connection, live)
    except (DBAPIError, psycopg2.Error, ValueError, struct.error) as error:
        # ValueError and struct.error: the row could not even be put into PostgreSQL's form.
        if isinstance(error, DBAPIError | psycopg2.Error) and not _is_row_fault(error):
            raise
        return False
    return True


def _is_row_fault(error: DBAPIError | psycopg2.Error) -> bool:
    return not is_passing(error) and sqlstate(error).startswith(ROW_FAULTS)


def _write(connection: Connection, live: list[_Live]) -> None:
    if not live:
        return
    ids = [one.result.lease.resume_id for one in live]
    connection.execute(text("DELETE FROM chunks WHERE application_id = ANY(:ids)"), {"ids": ids})
    _copy_chunks(connection, live)
    connection.execute(
        text(TEXTS),
        {
            "ids": ids,
            "bodies": [documents.pack(documents.text_document(one.result.sections)) for one in live],
        },
    )
    _tell_how(connection, live)
    leases = fence.of([one.result.lease for one in live])
    connection.execute(text(succeed_sql()), leases | _profiles([one.result for one in live]))


def _tell_how(connection: Connection, live: list[_Live]) -> None:
    """Write into each profile how it was made, and what its resume has paid for, over all its runs."""
    spent = spent_by(connection, [one.result.lease.resume_id for one in live])
    for one in live:
        one.result.profile.meta = _meta_of(one.result, spent.get(one.result.lease.resume_id, Spent()))


def _meta_of(result: ResumeResult, spent: Spent) -> Meta:
    """The one place that a profile's `meta` is made in; verification has counted the facts that it dropped."""
    return Meta(
        versions=result.versions,
        seconds=result.seconds,
        facts_dropped=result.profile.meta.facts_dropped,
        pages_billed=spent.pages,
        cost_usd=round(spent.usd, 6),
        tokens=Tokens(
            prompt=spent.prompt_tokens,
            cached=spent.cached_tokens,
            output=spent.output_tokens,
            thoughts=spent.thought_tokens,
        ),
    )


def _copy_chunks(connection: Connection, live: list[_Live]) -> None:
    rows = (
        row
        for one in live
        for row in binary_copy.chunk_rows(
            one.result.lease.resume_id, one.result.embedded, one.job_post_id, one.created_at
        )
    )
    driver = connection.connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor:
        cursor.copy_expert(binary_copy.COPY, binary_copy.stream(rows))


def _profiles(results: list[ResumeResult]) -> dict[str, Any]:
    return {
        "profiles": [result.profile.model_dump_json() for result in results],
        "versions": [documents.compact(result.versions) for result in results],
        "pages": [len(result.sections.text.pages) for result in results],
        "emails": [_first_email(result) for result in results],
    }


def _first_email(result: ResumeResult) -> str | None:
    emails = result.profile.person.emails
    return folded(emails[0].value) if emails else None


def lock_sql() -> str:
    return f"""
        WITH {fence.held()}
        SELECT p.id, p.epoch, a.job_post_id, a.created_at
        FROM picked p JOIN applications a ON a.id = p.id
        ORDER BY p.id"""


TEXTS = """
    INSERT INTO texts (application_id, body)
    SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:bodies AS bytea[]))
    ON CONFLICT (application_id) DO UPDATE SET body = excluded.body"""


def succeed_sql() -> str:
    """The profiles and the jobs' ends: one row of `applications`, with its many indexes, is written once."""
    profiles = fence.held(
        """, CAST(:profiles AS text[]), CAST(:versions AS text[]), CAST(:pages AS integer[]),
                CAST(:emails AS text[])""",
        ", profile, versions, pages, email",
    )
    return move(
        profiles,
        to=(JobState.SUCCEEDED,),
        changes=f"{LEASE_ENDS}, reason = NULL",
        # What the sender said of the application wins over what the resume says.
        shows="""profile = p.profile::jsonb, versions = p.versions::jsonb, pages = p.pages,
                email = coalesce(a.email, p.email)""",
    )
