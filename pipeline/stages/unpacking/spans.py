"""Members that lie next to each other are read at once: a request each would cost more than the bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from pipeline.domain.ingestion import Member

#: Bytes of one read of several members; a larger member is read by itself.
_AT_ONCE = 4 * 1024 * 1024
#: Bytes between two members that are cheaper read than asked around.
_GAP = 64 * 1024


@dataclass(slots=True)
class ReadSpan:
    """Members and the bytes of the archive, from `start` to `end`, that hold them."""

    start: int
    end: int
    members: list[Member]


def spans(members: Iterable[Member], extent: Callable[[Member], tuple[int, int]]) -> Iterator[ReadSpan]:
    """The members in their order, by what is read at once; `extent` is where a member's bytes start and end."""
    span: ReadSpan | None = None
    for member in members:
        start, end = extent(member)
        if span and span.start <= start <= span.end + _GAP and max(end, span.end) - span.start <= _AT_ONCE:
            span.end = max(end, span.end)
            span.members.append(member)
            continue
        if span:
            yield span
        span = ReadSpan(start, end, [member])
    if span:
        yield span
