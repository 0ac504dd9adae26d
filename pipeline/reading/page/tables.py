"""Whether text on the two sides of a gutter is two columns, or the rows of one table, dates beside jobs and the like.

An em is the median size of the text; heights and places are in points.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from pipeline.reading.page.cells import Cell, rows_of
from pipeline.reading.page.gutters import GutterCut, common_extent, height_of

# Ems.
_SLACK = 0.3  # by which a cell may stand outside the stretch that both sides share
_HALF_LINE = 0.5  # from a base line to the middle of its letters
_SAME_ROW = 0.3  # by which base lines of one row differ, at most
_TOUCH = 0.1  # by which boxes of neighbouring lines may overlap without standing beside one another
_CLEAR = 0.5  # between a text and the dates at its side
_SAME_GUTTER = 1.0  # by which a gutter may be off that of the page before

# Shares of the rows of the side that has fewer: how many have a row at their height on the other side.
_HALF_MATES = 0.5  # from here on the sides may be rows of dates, or of titles
_MATES = 0.6  # from here on they are one table's rows, unless both sides are long texts
_MOST_MATES = 0.8  # from here on even beside a title: two texts on one grid rarely meet so often

_MOSTLY_ALONE = 0.6  # of the titles: when more have nothing beside them, they stand over both sides
_LEFT_DATES, _RIGHT_DATES = 0.5, 0.4  # dated share of a side's rows that makes it the dates of the other
_MOST_OF_IT = 0.6  # of its height, at which a date has the text beside it that it belongs to
_LEAST_DATES = 2  # rows of dates that are a column of their own
_LEAST_ROWS = 3  # rows of a side that may be a column without a title
_FEW_ROWS = 4  # rows of a side that is a short table's where most of them have mates
_LEAST_INK = 0.3  # of a side's height that its rows fill, or it is remarks beside a text
_SHORT = 24  # characters of the median cell: what is longer is a text, not a table's cell
_RAGGED = 0.25  # of the spread of the left edges: right edges that spread less are aligned to the right


@dataclass(frozen=True)
class _Sides:
    """The cells of a cut at heights where both sides have text."""

    left: list[Cell]
    right: list[Cell]
    em: float

    @cached_property
    def rows(self) -> tuple[int, int]:
        """How many rows each side has."""
        return len(rows_of(self.left)), len(rows_of(self.right))

    @cached_property
    def mates(self) -> float:
        """The share of rows that have one at their height on the other side."""
        return _mates(self.left, self.right, self.em)

    @cached_property
    def heads(self) -> tuple[list[Cell], list[Cell]]:
        """The titles of each side."""
        return [c for c in self.left if c.heads], [c for c in self.right if c.heads]

    @cached_property
    def free(self) -> int:
        """How many titles have text beside them that is not set in one row with them.

        Or a title of its own: two titles side by side head two columns.
        """
        left, right = self.heads
        return _stand_free(left, self.right, self.em) + _stand_free(right, self.left, self.em)

    @property
    def hold_dates_of_other(self) -> bool:
        """Whether dates of one side stand on the other: the gutter beyond them is the one between the texts."""
        return _has_dates_of_other(self.left, self.right, self.em) or _has_dates_of_other(
            self.right, self.left, self.em
        )

    @property
    def share_titles(self) -> bool:
        """Whether the titles, with nothing beside them, stand over both sides."""
        left, right = self.heads
        count = len(left) + len(right)
        alone = _stand_alone(left, self.right, self.em) + _stand_alone(right, self.left, self.em)
        return alone > _MOSTLY_ALONE * count and (count > 1 or self.mates >= _HALF_MATES)

    @property
    def are_dates_and_text(self) -> bool:
        """Whether one side is the dates of the other's rows."""
        left, right = self.heads
        shares = (0.0 if left else _dated_share(self.left)), (0.0 if right else _dated_share(self.right))
        if self.mates >= _HALF_MATES and (shares[0] >= _LEFT_DATES or shares[1] >= _RIGHT_DATES):
            return True
        # Dates in smaller type stand off the base line of what they date.
        return (shares[0] == 1 and _overlap_all(self.left, self.right)) or (
            shares[1] == 1 and _overlap_all(self.right, self.left)
        )

    @property
    def are_thin(self) -> bool:
        """Whether one side is too little text for a column."""
        return (
            min(self.rows) < _LEAST_ROWS or _is_sparse(self.left, self.em) or _is_sparse(self.right, self.em)
        )

    @property
    def are_rows(self) -> bool:
        """Whether the sides are cells of the same rows."""
        few, many = (self.left, self.right) if self.rows[0] <= self.rows[1] else (self.right, self.left)
        if self.mates >= _MOST_MATES and (_is_short(few) or _is_ragged_left(self.right)):
            return True
        if self.mates >= _MATES and min(self.rows) <= _FEW_ROWS:
            return True
        if self.free:
            return False
        return self.mates >= _MATES and (_is_short(few) or _is_short(many))


def are_columns(cut: GutterCut, em: float, gutters: Sequence[float]) -> tuple[bool, str]:
    """Whether the two sides are texts of their own, not parts of the same rows, and why.

    `gutters` are those of the pages before, in points from the left: what was one there is one here.
    """
    sides = _sides(cut, em) if cut.score > 0 else None
    against = _no_sides(sides)
    if sides is None or against:
        return False, against
    if sides.free and all(sides.heads):
        return True, "titles side by side"
    if any(abs(cut.start - x) < _SAME_GUTTER * em for x in gutters):
        return True, "a gutter of the page before"
    if sides.are_thin:
        return False, "one side is too little text for a column"
    return (False, "cells of the same rows") if sides.are_rows else (True, "two texts")


def _no_sides(sides: _Sides | None) -> str:
    """Why what stands on two sides cannot be columns, whatever else is known; empty where it can."""
    if sides is None:
        return "the gutter is too narrow"
    if sides.hold_dates_of_other:
        return "dates of one side stand on the other"
    if sides.share_titles:
        return "titles stand over both sides"
    return "one side is the dates of the other's rows" if sides.are_dates_and_text else ""


def _sides(cut: GutterCut, em: float) -> _Sides | None:
    """What both sides have side by side: a title above the first row of a table belongs to no side of it."""
    top, bottom = common_extent(cut.left, cut.right)

    def within(cell: Cell) -> bool:
        return top - _SLACK * em <= cell.bottom - _HALF_LINE * em <= bottom + _SLACK * em

    left, right = [c for c in cut.left if within(c)], [c for c in cut.right if within(c)]
    return _Sides(left, right, em) if left and right else None


def _has_dates_of_other(side: list[Cell], other: list[Cell], em: float) -> bool:
    """Whether between a text and the gutter stand dates that belong to the rows beyond it: one more column."""
    text = [cell for cell in side if not cell.dated]
    if not text:
        return False
    if min(cell.left for cell in side) > min(cell.left for cell in other):
        edge = min(cell.left for cell in text)
        dates = [cell for cell in side if cell.right < edge - _CLEAR * em]
    else:
        edge = max(cell.right for cell in text)
        dates = [cell for cell in side if cell.left > edge + _CLEAR * em]
    return len(rows_of(dates)) >= _LEAST_DATES and _mates(dates, other, em) >= _MATES


def _beside(head: Cell, other: list[Cell], em: float) -> list[Cell]:
    """The cells of the other side at the height of a title."""
    slack = _TOUCH * em
    return [cell for cell in other if cell.top < head.bottom - slack and cell.bottom > head.top + slack]


def _stand_alone(heads: list[Cell], other: list[Cell], em: float) -> int:
    """How many of the titles on one side have white at their height on the other."""
    return sum(not _beside(head, other, em) for head in heads)


def _stand_free(heads: list[Cell], other: list[Cell], em: float) -> int:
    free = 0
    for head in heads:
        beside = _beside(head, other, em)
        level = [cell for cell in beside if abs(cell.base - head.base) <= _SAME_ROW * em]
        free += bool(beside) and (not level or any(cell.heads for cell in level))
    return free


def _mates(left: list[Cell], right: list[Cell], em: float) -> float:
    """The share of the rows of the side with fewer of them that have a row at their height on the other."""
    bases_left = [row[0].base for row in rows_of(left)]
    bases_right = [row[0].base for row in rows_of(right)]
    few, many = sorted((bases_left, bases_right), key=len)
    return sum(any(abs(base - other) <= _SAME_ROW * em for other in many) for base in few) / len(few)


def _overlap_all(side: list[Cell], other: list[Cell]) -> bool:
    """Whether each cell of a side has at most of its height a cell beside it."""
    return all(
        any(
            min(cell.bottom, one.bottom) - max(cell.top, one.top) > _MOST_OF_IT * (cell.bottom - cell.top)
            for one in other
        )
        for cell in side
    )


def _dated_share(cells: list[Cell]) -> float:
    rows = rows_of(cells)
    return sum(any(cell.dated for cell in row) for row in rows) / len(rows)


def _is_sparse(cells: list[Cell], em: float) -> bool:
    """Whether most of the height that the cells span is white: remarks beside a text, not a text."""
    return len(rows_of(cells)) * em < _LEAST_INK * height_of(cells)


def _is_short(cells: list[Cell]) -> bool:
    return statistics.median(len(cell.text) for cell in cells) <= _SHORT


def _is_ragged_left(cells: list[Cell]) -> bool:
    """Whether the cells end at one place and begin at many: set against the right margin."""
    if len(cells) < _LEAST_ROWS:
        return False
    rights = [cell.right for cell in cells]
    lefts = [cell.left for cell in cells]
    return max(rights) - min(rights) < _RAGGED * (max(lefts) - min(lefts))
