"""Columns and reading order of one page.

A page is cut where a white gutter runs beside enough text: above the gutter, its columns, below it, and again
inside each of these. What looks like a column but is a part of the rows beside it (dates in a margin, a table's
cells, titles at the left of their content) is left in its rows.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from pipeline.domain.sections import SectionKind
from pipeline.reading.page.cells import Cell, median_size, rows_of
from pipeline.reading.sections.titles import loose_title_kind

_DEEPEST = 6
# What the labels of a table of contacts are taken for ("Address", "Nationality"): no titles in a margin.
_LABELS = frozenset({None, SectionKind.CONTACT, SectionKind.OTHER})


@dataclass(slots=True)
class Block:
    """Text that is read from the top to the bottom, row by row; or columns that are read one after another.

    `title` is the title that stands in the margin beside the text, where titles are set so. `gutter` is where
    the second of the columns begins, in points from the left. `flows` says that the columns are as wide as one
    another: text may run on from one into the next, as in a newspaper.
    """

    cells: list[Cell] = field(default_factory=list)
    columns: list[list[Block]] = field(default_factory=list)
    title: list[Cell] = field(default_factory=list)
    gutter: float | None = None
    flows: bool = False


class _Cut(NamedTuple):
    score: float
    x: float
    above: list[Cell]
    left: list[Cell]
    right: list[Cell]
    below: list[Cell]


def layout(
    cells: list[Cell], *, from_right: bool = False, gutters: Sequence[float] = (), depth: int = 0
) -> list[Block]:
    """The blocks of a page (or of a part of it) in reading order; every cell is in exactly one.

    `gutters` are those of the pages before: a side bar goes on where it was.
    """
    if not cells:
        return []
    cut = _best_cut(cells, gutters) if depth < _DEEPEST and len(cells) >= 4 else None
    if cut is None:
        return [Block(cells=cells)]
    inner = partial(layout, from_right=from_right, gutters=gutters, depth=depth + 1)
    margin = _margin_of_titles(cut, median_size(cells))
    if margin is not None:
        between = [block for title, beside in margin for block in _titled(title, inner(beside))]
    else:
        columns = [inner(cut.left), inner(cut.right)]
        in_order = columns[::-1] if from_right else columns
        between = [Block(columns=in_order, gutter=_start(cut), flows=_are_alike(cut))]
    return [*inner(cut.above), *between, *inner(cut.below)]


def _start(cut: _Cut) -> float:
    return min(cell.left for cell in cut.right)


def _are_alike(cut: _Cut) -> bool:
    """Whether the two columns are about equally wide, from the start of each to its longest line's end."""
    wide = [
        max(cell.right for cell in side) - min(cell.left for cell in side) for side in (cut.left, cut.right)
    ]
    return min(wide) >= 0.85 * max(wide)


def _titled(title: list[Cell], beside: list[Block]) -> list[Block]:
    return [Block(title=title), *beside] if title else beside


def _best_cut(cells: list[Cell], gutters: Sequence[float]) -> _Cut | None:
    em = median_size(cells)
    best: _Cut | None = None
    ordered = sorted(cells, key=lambda cell: cell.top)
    for x in _gutter_positions(cells, em):
        for cut in _cuts_at(ordered, x, em):
            if best is not None and cut.score <= best.score:
                continue
            if _margin_of_titles(cut, em) is not None or _are_columns(cut, em, gutters):
                best = cut
    return best


def _gutter_positions(cells: list[Cell], em: float) -> list[float]:
    """Where columns may begin: left edges that several lines share, and just right of shared right edges."""
    positions: list[float] = []
    for edges, shift in (
        (sorted(cell.left for cell in cells), -0.3 * em),
        (sorted(cell.right for cell in cells), 0.3 * em),
    ):
        cluster: list[float] = []
        for edge in [*edges, float("inf")]:
            if cluster and edge - cluster[0] > 0.5 * em:
                if len(cluster) >= 3 or shift < 0:
                    positions.append((cluster[0] if shift < 0 else cluster[-1]) + shift)
                cluster = []
            cluster.append(edge)
    return sorted(set(positions))


def _cuts_at(ordered: list[Cell], x: float, em: float) -> list[_Cut]:
    """The stretches of the page, from the top, that no line crosses at x, with text on both sides."""
    cuts: list[_Cut] = []
    start = 0
    crossing = [index for index, cell in enumerate(ordered) if cell.left < x < cell.right]
    for stop in [*crossing, len(ordered)]:
        stretch = ordered[start:stop]
        right = [cell for cell in stretch if cell.left >= x]
        left = [cell for cell in stretch if cell.left < x]
        if len(right) >= 2 and len(left) >= 2:
            top, bottom = _common_extent(left, right)
            if bottom - top > 2.5 * em:
                cuts.append(_trimmed(ordered, start, stop, x, em))
        start = stop + 1
    return [cut for cut in cuts if cut.left and cut.right]


def _common_extent(left: list[Cell], right: list[Cell]) -> tuple[float, float]:
    top = max(min(cell.top for cell in left), min(cell.top for cell in right))
    bottom = min(max(cell.bottom for cell in left), max(cell.bottom for cell in right))
    return top, bottom


def _trimmed(ordered: list[Cell], start: int, stop: int, x: float, em: float) -> _Cut:
    """The cut of a stretch. What overlaps a line that crosses x is above or below the columns, not in them."""
    stretch = ordered[start:stop]
    above, below = ordered[:start], ordered[stop:]
    floor = max((cell.bottom for cell in above), default=float("-inf"))
    roof = min((cell.top for cell in below), default=float("inf"))
    inside = []
    for cell in stretch:
        middle = (cell.top + cell.bottom) / 2
        if above and middle < floor - 0.2 * em and middle < floor:
            above = [*above, cell]
        elif below and middle > roof:
            below = [cell, *below]
        else:
            inside.append(cell)
    if below:
        inside, below = _without_trailing_titles(inside, below, x)
    left = [cell for cell in inside if cell.left < x]
    right = [cell for cell in inside if cell.left >= x]
    score = 0.0
    if left and right:
        top, bottom = _common_extent(left, right)
        gutter = min(cell.left for cell in right) - max(cell.right for cell in left)
        if gutter > 0.5 * em and bottom > top:
            score = (bottom - top) * (1 + min(gutter / em, 3) / 30) + 0.25 * (_height(left) + _height(right))
    return _Cut(score, x, above, left, right, below)


def _without_trailing_titles(
    inside: list[Cell], below: list[Cell], x: float
) -> tuple[list[Cell], list[Cell]]:
    """A title at the end of one column, with white beside it, stands over the text below the columns."""
    last = max(inside, key=lambda cell: cell.bottom, default=None)
    if last is None or not last.heads:
        return inside, below
    side = last.left < x
    if any((cell.left < x) != side and cell.bottom > last.top for cell in inside):
        return inside, below
    return [cell for cell in inside if cell is not last], [last, *below]


def _are_columns(cut: _Cut, em: float, gutters: Sequence[float]) -> bool:
    """Whether the two sides are texts of their own, not parts of the same rows."""
    if cut.score <= 0:
        return False
    # A title above the first row of a table belongs to no side of it.
    top, bottom = _common_extent(cut.left, cut.right)
    left = [cell for cell in cut.left if top - 0.3 * em <= cell.bottom - 0.5 * em <= bottom]
    right = [cell for cell in cut.right if top - 0.3 * em <= cell.bottom - 0.5 * em <= bottom]
    if not left or not right:
        return False
    if _has_dates_of_other(left, right, em) or _has_dates_of_other(right, left, em):
        return False  # a gutter beyond these dates is the one between the texts
    heads_left, heads_right = [c for c in left if c.heads], [c for c in right if c.heads]
    mates = _mates(left, right, em)
    heads = len(heads_left) + len(heads_right)
    alone = _stand_alone(heads_left, right, em) + _stand_alone(heads_right, left, em)
    if alone > 0.6 * heads and (heads > 1 or mates >= 0.5):
        return False  # titles with nothing beside them stand over both sides
    if mates >= 0.5 and (
        (_dated_share(left) >= 0.5 and not heads_left) or (_dated_share(right) >= 0.4 and not heads_right)
    ):
        return False
    free = _stand_free(heads_left, right, em) + _stand_free(heads_right, left, em)
    if (free and heads_left and heads_right) or any(abs(_start(cut) - x) < em for x in gutters):
        return True
    rows_left, rows_right = len(rows_of(left)), len(rows_of(right))
    if min(rows_left, rows_right) < 3 or _is_sparse(left, em) or _is_sparse(right, em):
        return False
    few, many = (left, right) if rows_left <= rows_right else (right, left)
    if mates >= 0.8 and (_is_short(few) or _is_ragged_left(right)):
        return False
    if mates >= 0.6 and min(rows_left, rows_right) <= 4:
        return False
    if free:
        return mates < 0.8 or not _is_short(few)
    return mates < 0.6 or (not _is_short(few) and not _is_short(many))


def _has_dates_of_other(side: list[Cell], other: list[Cell], em: float) -> bool:
    """Whether between a text and the gutter stand dates that belong to the rows beyond it: one more column."""
    is_right = min(cell.left for cell in side) > min(cell.left for cell in other)
    text = [cell for cell in side if not cell.dated]
    if not text:
        return False
    if is_right:
        edge = min(cell.left for cell in text)
        dates = [cell for cell in side if cell.right < edge - 0.5 * em]
    else:
        edge = max(cell.right for cell in text)
        dates = [cell for cell in side if cell.left > edge + 0.5 * em]
    return len(rows_of(dates)) >= 2 and _mates(dates, other, em) >= 0.6


def _stand_alone(heads: list[Cell], other: list[Cell], em: float) -> int:
    """How many of the titles on one side have white at their height on the other."""
    return sum(
        not any(cell.top < head.bottom - 0.1 * em and cell.bottom > head.top + 0.1 * em for cell in other)
        for head in heads
    )


def _stand_free(heads: list[Cell], other: list[Cell], em: float) -> int:
    """How many of the titles on one side have text beside them that is not set in one row with them.

    Or a title of its own: two titles side by side head two columns.
    """
    free = 0
    for head in heads:
        beside = [c for c in other if c.top < head.bottom - 0.1 * em and c.bottom > head.top + 0.1 * em]
        level = [c for c in beside if abs(c.base - head.base) <= 0.3 * em]
        free += bool(beside) and (not level or any(c.heads for c in level))
    return free


def _height(cells: list[Cell]) -> float:
    return max(cell.bottom for cell in cells) - min(cell.top for cell in cells)


def _mates(left: list[Cell], right: list[Cell], em: float) -> float:
    """The share of the rows of the side with fewer of them that have a row at their height on the other."""
    bases_left = [row[0].base for row in rows_of(left)]
    bases_right = [row[0].base for row in rows_of(right)]
    few, many = sorted((bases_left, bases_right), key=len)
    return sum(any(abs(base - other) <= 0.3 * em for other in many) for base in few) / len(few)


def _dated_share(cells: list[Cell]) -> float:
    rows = rows_of(cells)
    return sum(any(cell.dated for cell in row) for row in rows) / len(rows)


def _is_sparse(cells: list[Cell], em: float) -> bool:
    """Whether most of the height that the cells span is white: remarks beside a text, not a text."""
    return len(rows_of(cells)) * em < 0.3 * _height(cells)


def _is_short(cells: list[Cell]) -> bool:
    return statistics.median(len(cell.text) for cell in cells) <= 24


def _is_ragged_left(cells: list[Cell]) -> bool:
    """Whether the cells end at one place and begin at many: set against the right margin."""
    if len(cells) < 3:
        return False
    rights = [cell.right for cell in cells]
    lefts = [cell.left for cell in cells]
    return max(rights) - min(rights) < 0.25 * (max(lefts) - min(lefts))


def _margin_of_titles(cut: _Cut, em: float) -> list[tuple[list[Cell], list[Cell]]] | None:
    """Titles that stand in a margin, each with the text beside and below it; None when the cut has none such.

    A title may take several lines ("Professional" over "Experience"). Text above the first title has none.
    """
    if not cut.left or not cut.right:
        return None
    for margin, content in ((cut.left, cut.right), (cut.right, cut.left)):
        titles = _stacked(margin, em)
        known = [kind for title in titles if (kind := loose_title_kind(joined(title))) not in _LABELS]
        if len(set(known)) < 2 or 2 * len(known) < len(titles) or not all(cell.styled for cell in margin):
            continue
        if any(cell.dated or len(cell.text) > 28 for cell in margin):
            continue
        if sum(cell.heads for cell in content) > len(known):
            continue
        starts = [title[0] for title in titles]
        if all(any(abs(cell.base - start.base) <= 0.7 * em for cell in content) for start in starts):
            return _beside(titles, content, em)
    return None


def _stacked(margin: list[Cell], em: float) -> list[list[Cell]]:
    """The cells of a margin, those that stand closely one under another together."""
    titles: list[list[Cell]] = []
    for cell in sorted(margin, key=lambda cell: (cell.top, cell.left)):
        if titles and cell.top - titles[-1][-1].bottom < 0.6 * em:
            titles[-1].append(cell)
        else:
            titles.append([cell])
    return titles


def joined(cells: list[Cell]) -> str:
    """The text of a title that takes several lines."""
    return " ".join(cell.text for cell in cells)


def _beside(titles: list[list[Cell]], content: list[Cell], em: float) -> list[tuple[list[Cell], list[Cell]]]:
    parts: list[tuple[list[Cell], list[Cell]]] = [([], [])]
    parts.extend((title, []) for title in titles)
    tops = [title[0].base - 1.2 * em for title in titles]
    for cell in content:
        parts[sum(cell.base > top for top in tops)][1].append(cell)
    return parts
