"""Accepting many resumes at once, as the yardsticks do it: every object, then all rows in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Engine, text

from pipeline.adapters.postgres.applications import CREATE
from pipeline.adapters.postgres.engine import transaction
from pipeline.domain.ids import uuid7
from pipeline.domain.journey import Lane
from pipeline.domain.media_type import PDF
from pipeline.ports import ObjectStore

#: A member's name and its bytes.
Member = tuple[str, bytes]
#: Stores members (object, application, job in the bulk lane) and answers their ids, in order.
Storing = Callable[[Engine, ObjectStore, Sequence[Member]], list[UUID]]


def store(engine: Engine, objects: ObjectStore, members: Sequence[Member]) -> list[UUID]:
    """As `Storing`. Raises ObjectStoreUnavailable, DatabaseUnavailable."""
    today = datetime.now(UTC).date()
    ids, rows = [], []
    for name, content in members:
        id_ = uuid7()
        key = f"resumes/{id_}"
        write(objects, key, content)
        ids.append(id_)
        rows.append({
            "id": id_, "object_key": key, "content_sha256": hashlib.sha256(content).hexdigest(),
            "size": len(content), "mime": PDF, "filename": name, "as_of_date": today, "job_post_id": None,
            "email": None, "external_id": None, "lane": Lane.BULK.value, "priority": 0, "traceparent": None,
        })  # fmt: skip
    with transaction(engine) as connection:
        connection.execute(text(CREATE), rows)
    return ids


def write(objects: ObjectStore, key: str, content: bytes) -> None:
    """One object. Raises ObjectStoreUnavailable."""
    writer = objects.create(key)
    try:
        writer.write(content)
        writer.commit()
    except BaseException:  # whatever ended it, cancellation too: nothing half written stays
        writer.abort()
        raise
