"""Lines as the layout sees them: in points, with what their text looks like."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.domain.sections import SectionKind
from pipeline.domain.text import Line, Page
from pipeline.reading.sections.titles import title_kind

_YEAR = r"(?:(?:19|20)\d\d|[٠-٩]{4})"
_DATED = re.compile(
    rf"(?<!\d){_YEAR}(?!\d)|(?<!\d)\d{{1,2}}\s?[./-]\s?\d{{2}}(?!\d)|['’]\d\d\b"
    r"|\b(?:present|current|now|today|heute|actual|presente|aujourd|oggi|heden|obecnie|bugün|halen|nu)\b"
    r"|至今|现在|現在|현재|настоящ|по н\.|היום|الآن|حتى",
    re.IGNORECASE,
)
_LONGEST_DATE = 34
_LEAST_SIZE = 0.25  #: points; OCR answers boxes without any height now and then


@dataclass(slots=True)
class Cell:
    """One line: its box in points on its page, its size, and what kind of title its text is."""

    line: Line
    left: float
    top: float
    right: float
    bottom: float
    size: float
    title: SectionKind | None
    dated: bool
    styled: bool = False  # set apart from the body text by size, weight or capitals

    @property
    def base(self) -> float:
        return self.bottom

    @property
    def text(self) -> str:
        return self.line.text

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
    cells = []
    for line in page.lines:
        if line.id in skip:
            continue
        box = line.box
        text = line.text
        top, bottom = box.top * page.height, box.bottom * page.height
        size = max(_LEAST_SIZE, line.size or (bottom - top))
        dated = len(text) <= _LONGEST_DATE and _DATED.search(text) is not None
        cells.append(
            Cell(
                line,
                box.left * page.width,
                top,
                box.right * page.width,
                bottom,
                size,
                title_kind(text),
                dated,
            )
        )
    cells.sort(key=lambda cell: (cell.top, cell.left, cell.line.id))
    return cells


def body_size(cells: Iterable[Cell]) -> float:
    """The size of most of the text, in points (1 where there is none)."""
    weights: dict[float, int] = {}
    for cell in cells:
        size = round(cell.size * 4) / 4
        weights[size] = weights.get(size, 0) + len(cell.text)
    return max(weights, key=lambda size: (weights[size], size)) if weights else 1.0


def is_capitals(text: str) -> bool:
    """Whether the text is set in capitals (a script without case is not)."""
    letters = [char for char in text if char.isalpha()]
    return len(letters) >= 2 and all(char.isupper() for char in letters)


def mark_styled(cells: list[Cell]) -> None:
    """Mark the cells that stand out from the body text of the document."""
    body = body_size(cells)
    heavy = sum(len(cell.text) for cell in cells if cell.line.bold)
    bold_is_rare = 2 * heavy < sum(len(cell.text) for cell in cells)
    capitals = sum(len(cell.text) for cell in cells if is_capitals(cell.text))
    capitals_are_rare = 2 * capitals < sum(len(cell.text) for cell in cells)
    for cell in cells:
        cell.styled = (
            cell.size > 1.08 * body
            or (bool(cell.line.bold) and bold_is_rare)
            or (capitals_are_rare and is_capitals(cell.text))
        )


def rows_of(cells: list[Cell]) -> list[list[Cell]]:
    """Cells that share a base line, from the top; each row from the left."""
    rows: list[list[Cell]] = []
    base = size = 0.0
    for cell in sorted(cells, key=lambda cell: (cell.base, cell.left, cell.line.id)):
        if rows and cell.base - base <= 0.4 * min(size, cell.size):
            rows[-1].append(cell)
            continue
        rows.append([cell])
        base, size = cell.base, cell.size
    for row in rows:
        row.sort(key=lambda cell: (cell.left, cell.line.id))
    return rows


def median_size(cells: list[Cell]) -> float:
    """The median size of the cells, in points."""
    return statistics.median(cell.size for cell in cells)
