"""Whole S3 objects, a few at a time: what a prefix lists, and what a manifest names."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError

from pipeline.adapters.sources.s3_address import source_errors
from pipeline.domain import member_faults
from pipeline.domain.errors import SourceMissing
from pipeline.domain.ingestion import Fault

#: Objects on their way at once: a small one is mostly waiting.
_AT_ONCE = 4
_TRIES = 3


class Wanted(NamedTuple):
    """An object; with an ETag, only as it was then."""

    bucket: str
    key: str
    etag: str | None = None


def contents(s3: Any, wanted: Sequence[Wanted], max_bytes: int) -> Iterator[bytes | Fault]:
    """The bytes of each object in order, or why there are none; at most four in memory.

    Raises ObjectStoreUnavailable.
    """
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="s3-objects") as pool:
        running: deque[Future[bytes | Fault]] = deque()
        for each in wanted:
            if len(running) == _AT_ONCE:
                yield running.popleft().result()
            running.append(pool.submit(_content, s3, each, max_bytes))
        while running:
            yield running.popleft().result()


def _content(s3: Any, wanted: Wanted, max_bytes: int) -> bytes | Fault:
    try:
        with source_errors(wanted.bucket, wanted.key):
            return _read(s3, wanted, max_bytes, _TRIES)
    except SourceMissing as error:
        return member_faults.gone(error.key)


def _read(s3: Any, wanted: Wanted, max_bytes: int, tries: int) -> bytes | Fault:
    unchanged = {"IfMatch": wanted.etag} if wanted.etag else {}
    answer = s3.get_object(Bucket=wanted.bucket, Key=wanted.key, **unchanged)
    body = answer["Body"]
    try:
        if answer["ContentLength"] > max_bytes:
            return member_faults.too_large(answer["ContentLength"], max_bytes)
        return body.read() or member_faults.EMPTY
    except BotoCoreError:
        if tries == 1:
            raise
        return _read(s3, wanted, max_bytes, tries - 1)
    finally:
        body.close()
