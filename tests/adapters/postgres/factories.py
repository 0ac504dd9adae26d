"""Small, fictional, complete inputs for the adapters' tests."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import Engine, text

from pipeline.adapters.postgres.applications import Applications, NewApplication
from pipeline.adapters.postgres.jobs import JobQueue
from pipeline.domain.chunk import Chunk, EmbeddedChunks, Vector
from pipeline.domain.ids import uuid7
from pipeline.domain.job import ClaimedJob
from pipeline.domain.journey import Lane, Lease
from pipeline.domain.media_type import PDF
from pipeline.domain.profile import Name, Person, Profile, pointed
from pipeline.domain.result import ResumeResult
from pipeline.domain.sections import Section, SectionedText, SectionKind
from pipeline.domain.text import Box, Line, Page, Text, Word
from pipeline.domain.upload import StoredUpload

DIMENSION = 8
MODEL = "toy/fp32"
OWNER = 4242


def sha256(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def new_application(content: str = "a resume", **changes: Any) -> NewApplication:
    id_ = changes.pop("id", None) or uuid7()
    values: dict[str, Any] = {
        "id": id_,
        "object_key": f"resumes/{id_}",
        "content_sha256": sha256(content),
        "size": len(content),
        "mime": PDF,
        "filename": "ada.pdf",
        "as_of_date": date(2026, 1, 31),
    }
    return NewApplication(**values | changes)


def created(
    engine: Engine, content: str = "a resume", *, lane: Lane = Lane.ONLINE, priority: int = 0, **changes: Any
) -> UUID:
    new = new_application(content, **changes)
    Applications(engine).create(new, lane=lane, priority=priority)
    return new.id


def claimed(engine: Engine, content: str = "a resume", *, owner: int = OWNER, **changes: Any) -> ClaimedJob:
    """A new application's job, running under `owner`."""
    id_ = created(engine, content, **changes)
    jobs = JobQueue(engine).claim(owner, Lane.ONLINE, 100)
    return next(job for job in jobs if job.lease.resume_id == id_)


def sectioned(*lines: str) -> SectionedText:
    made = tuple(
        Line(
            id=n,
            page=1,
            words=tuple(Word(w, Box(0.1, 0.1, 0.2, 0.2)) for w in line.split(" ")),
            box=Box(0.1, 0.1, 0.9, 0.2),
        )
        for n, line in enumerate(lines)
    )
    ids = tuple(line.id for line in made)
    return SectionedText(
        text=Text(pages=(Page(1, 612.0, 792.0, made),), engine="toy-1"),
        sections=(Section(SectionKind.SUMMARY, "Summary", (), ids),),
        rows=tuple((id_,) for id_ in ids),
        language="en",
    )


def unit(*values: float) -> Vector:
    padded = np.zeros(DIMENSION, dtype=np.float32)
    padded[: len(values)] = values
    return padded / np.linalg.norm(padded)


def result(
    lease: Lease,
    *texts: str,
    vectors: list[Vector] | None = None,
    name: str = "Ada Example",
    email: str | None = "ada@example.org",
    upload: StoredUpload | None = None,
    model: str = MODEL,
) -> ResumeResult:
    """A result with one chunk a text."""
    texts = texts or ("Builds engines in Python.",)
    vectors = vectors or [unit(1.0, float(n)) for n in range(len(texts))]
    emails = [pointed(email, email, [0])] if email else []
    return ResumeResult(
        lease=lease,
        upload=upload or StoredUpload(lease.resume_id, "key", sha256("x"), 1, PDF, date(2026, 1, 31)),
        sections=sectioned(*texts),
        profile=Profile(person=Person(name=Name(full=pointed(name, name, [0])), emails=emails)),
        embedded=EmbeddedChunks(
            model=model,
            chunks=tuple(Chunk(n, "summary", (n,), text) for n, text in enumerate(texts)),
            vectors=np.stack(vectors),
        ),
        versions={"read": "toy-1"},
        seconds={"read": 0.1},
    )


def sql(engine: Engine, statement: str, **parameters: Any) -> list[Any]:
    """Run a statement as somebody who may do everything; its rows, if it has any."""
    with engine.begin() as connection:
        rows = connection.execute(text(statement), parameters)
        return list(rows) if rows.returns_rows else []


def expire_lease(engine: Engine, resume_id: UUID) -> None:
    """Let a lease run out without anybody sleeping."""
    sql(
        engine,
        "UPDATE jobs SET lease_until = now() - interval '1 second' WHERE application_id = :id AND state = 'running'",
        id=resume_id,
    )


def make_due(engine: Engine) -> None:
    sql(engine, "UPDATE jobs SET run_at = now() WHERE run_at > now()")
