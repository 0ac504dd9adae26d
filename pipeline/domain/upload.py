"""The upload: an original file in the object store, and what its sender said about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID


@dataclass(frozen=True, slots=True)
class StoredUpload:
    """An original that the object store holds and whose row PostgreSQL holds.

    `sha256` is 64 hex digits over the bytes, `size` is in bytes, `as_of_date` is the day that "present"
    means in the resume (the day of the upload, unless its sender named another).
    """

    resume_id: UUID
    object_key: str
    sha256: str
    size: int
    mime: str
    as_of_date: date
    job_post_id: str | None = None
