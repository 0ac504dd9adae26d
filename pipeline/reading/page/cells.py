"""Lines as the layout sees them: in points, with what their text looks like."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter

from pipeline.domain.sections import SectionKind
from pipeline.domain.text import Line, Page
from pipeline.reading.sections.titles import title_kind
from pipeline.reading.values.dates import find_dates, mentions_open_end

_LONGEST_DATE = 34  # characters: "September 2019 – December 2021 (2)"; a longer line tells more than its date
_LEAST_SIZE = 0.25  # points; OCR answers boxes without any height now and then
_SIZES_A_POINT = 4  # sizes are told apart in quarter points: less is the renderer's rounding
_LARGER = 1.08  # times the body's size: from here on a line is set apart, as 11 pt over 10 pt
_SAME_BASE = 0.4  # of the smaller line's size: base lines that differ by less are those of one row


@dataclass(slots=True)
class Cell:
    """One line: its box in points on its page, its size, and what kind of title its text is.

    `dated` tells that it is short and prints a date, `capitals` that it is set in them, `styled` that it is set
    apart from the body text by size, weight or capitals.
    """

    line: Line
    text: str
    left: float
    top: float
    right: float
    bottom: float
    size: float
    title: SectionKind | None
    dated: bool
    capitals: bool
    styled: bool = False

    @property
    def base(self) -> float:
        """Where the line stands, in points from the top."""
        return self.bottom

    @property
    def measured(self) -> bool:
        """Whether it was read from a picture: its size is an estimate."""
        return any(word.confidence < 1 for word in self.line.words)

    @property
    def heads(self) -> bool:
        """Whether it is a known title that is also set as one."""
        return self.title is not None and self.styled


def cells_of(page: Page, skip: frozenset[int]) -> list[Cell]:
    """The page's lines but those in `skip`, from the top."""
    cells = [_cell(line, page) for line in page.lines if line.id not in skip]
    cells.sort(key=lambda cell: (cell.top, cell.left, cell.line.id))
    return cells


def _cell(line: Line, page: Page) -> Cell:
    box, text = line.box, line.text
    top, bottom = box.top * page.height, box.bottom * page.height
    return Cell(
        line,
        text,
        box.left * page.width,
        top,
        box.right * page.width,
        bottom,
        size=max(_LEAST_SIZE, line.size or (bottom - top)),
        title=title_kind(text),
        dated=_is_dated(text),
        capitals=_is_capitals(text),
    )


def _is_dated(text: str) -> bool:
    """Whether a short line prints a date, or the "present" that ends one in a column of its own."""
    return len(text) <= _LONGEST_DATE and (bool(find_dates(text)) or mentions_open_end(text))


def _is_capitals(text: str) -> bool:
    """Whether the text is set in capitals (a script without case is not)."""
    letters = [char for char in text if char.isalpha()]
    return len(letters) >= 2 and all(char.isupper() for char in letters)


def body_size(cells: Iterable[Cell]) -> float:
    """The size of most of the text, in points (1 where there is none)."""
    weights: dict[float, int] = {}
    for cell in cells:
        size = round(cell.size * _SIZES_A_POINT) / _SIZES_A_POINT
        weights[size] = weights.get(size, 0) + len(cell.text)
    return max(weights, key=lambda size: (weights[size], size)) if weights else 1.0


def mark_styled(cells: list[Cell]) -> None:
    """Mark the cells that stand out from the body text of the document."""
    body = body_size(cells)
    half = sum(len(cell.text) for cell in cells) / 2
    bold_is_rare = sum(len(cell.text) for cell in cells if cell.line.bold) < half
    capitals_are_rare = sum(len(cell.text) for cell in cells if cell.capitals) < half
    for cell in cells:
        cell.styled = (
            cell.size > _LARGER * body
            or (bool(cell.line.bold) and bold_is_rare)
            or (cell.capitals and capitals_are_rare)
        )


_FROM_TOP, _FROM_LEFT = attrgetter("base", "left", "line.id"), attrgetter("left", "line.id")


def rows_of(cells: list[Cell]) -> list[list[Cell]]:
    """Cells that share a base line, from the top; each row from the left."""
    rows: list[list[Cell]] = []
    base = size = 0.0
    for cell in sorted(cells, key=_FROM_TOP):
        if rows and cell.base - base <= _SAME_BASE * min(size, cell.size):
            rows[-1].append(cell)
            continue
        rows.append([cell])
        base, size = cell.base, cell.size
    for row in rows:
        if len(row) > 1:
            row.sort(key=_FROM_LEFT)
    return rows


def median_size(cells: list[Cell]) -> float:
    """The median size of the cells, in points."""
    return statistics.median(cell.size for cell in cells)
