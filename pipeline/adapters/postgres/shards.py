"""A shard's members as they are stored: zlib over JSON, some twenty bytes a member of an archive."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from typing import Any

from pipeline.domain.ingestion import Fault, Member, Outcome


def pack(members: Sequence[Member]) -> bytes:
    """The members in order."""
    return zlib.compress(json.dumps([_row(member) for member in members], ensure_ascii=False).encode(), 1)


def unpack(body: bytes) -> list[Member]:
    """What `pack` was given."""
    return [_member(row) for row in json.loads(zlib.decompress(body))]


def _row(member: Member) -> list[Any]:
    fault = member.fault
    row: list[Any] = [
        member.ordinal,
        member.name,
        member.locator,
        member.size,
        member.job_post_id,
        member.email,
        member.external_id,
        [fault.outcome, fault.code, fault.detail] if fault else None,
    ]
    while row[-1] is None:
        row.pop()
    return row


def _member(row: list[Any]) -> Member:
    ordinal, name, locator, size, job_post_id, email, external_id, fault = row + [None] * (8 - len(row))
    return Member(
        ordinal=ordinal,
        name=name,
        locator=tuple(locator),
        size=size,
        job_post_id=job_post_id,
        email=email,
        external_id=external_id,
        fault=Fault(Outcome(fault[0]), fault[1], fault[2]) if fault else None,
    )
