"""Pours rows into columns, page after page."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from .rows import Placed, Row


class Frame(NamedTuple):
    """Room for rows: page from 1, edges in points from the page's top left."""

    page: int
    x: float
    top: float
    bottom: float


class Stay(NamedTuple):
    """Where a row came to stand."""

    page: int
    x: float
    y: float
    row: Row


def _clusters(rows: list[Row]) -> Iterator[list[Row]]:
    """Rows that must not part: each run of `keep` rows with the row after it."""
    cluster: list[Row] = []
    for row in rows:
        cluster.append(row)
        if not row.keep:
            yield cluster
            cluster = []
    if cluster:
        yield cluster


def pour(rows: list[Row], frame_at: Callable[[int], Frame]) -> list[Stay]:
    """Places the rows in frame_at(0), frame_at(1), … ; a cluster taller than a frame is broken anywhere."""
    stays: list[Stay] = []
    number, frame = 0, frame_at(0)
    y, fresh = frame.top, True
    for cluster in _clusters(rows):
        fits = y + sum(r.height for r in cluster) <= frame.bottom
        room = frame.bottom - frame.top
        if not fits and not fresh and sum(r.height for r in cluster) <= room:
            number, frame, fresh = number + 1, frame_at(number + 1), True
            y = frame.top
        for row in cluster:
            if row.skip and fresh:
                continue
            if y + row.height > frame.bottom and not fresh:
                number, frame = number + 1, frame_at(number + 1)
                y = frame.top
                if row.skip:
                    fresh = True
                    continue
            stays.append(Stay(frame.page, frame.x, y, row))
            y, fresh = y + row.height, False
    return stays


def placed(stays: list[Stay]) -> list[Placed]:
    """The drawing items of the rows."""
    return [Placed(s.page, s.x, s.y, item) for s in stays for item in s.row.items]


def foot(stays: list[Stay], page: int) -> float:
    """The lowest edge that the rows reach on a page, in points."""
    return max((s.y + s.row.height for s in stays if s.page == page), default=0.0)
