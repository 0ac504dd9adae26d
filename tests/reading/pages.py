"""Sectioned texts drawn from a few words: a section is a list of rows, a row a list of cells."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.domain.sections import Section, SectionedText, SectionKind
from pipeline.domain.text import Box, Line, Link, Page, Text, Word

_HEIGHT = 0.014
_WIDTH = 0.0075  # of a character


@dataclass(frozen=True)
class Cell:
    """A run of text at `left` (0–1); `gap` is the white space above its row, in line heights."""

    text: str
    left: float = 0.1
    bold: bool = False
    size: float = 10.0
    gap: float = 0.2


Row = str | Cell | list[Cell]


def draw(
    sections: dict[str, list[Row]], *, language: str = "en", links: tuple[Link, ...] = ()
) -> SectionedText:
    """A page with these sections, by kind; a kind may be followed by `#n` to occur again."""
    lines: list[Line] = []
    rows: list[tuple[int, ...]] = []
    found: list[Section] = []
    top = 0.03
    for name, content in sections.items():
        ids: list[int] = []
        top += _HEIGHT
        for row in content:
            cells = row if isinstance(row, list) else [row if isinstance(row, Cell) else Cell(row)]
            top += cells[0].gap * _HEIGHT
            row_ids = []
            for cell in cells:
                row_ids.append(len(lines))
                lines.append(_line(len(lines), cell, top))
            rows.append(tuple(row_ids))
            ids += row_ids
            top += _HEIGHT
        found.append(Section(SectionKind(name.split("#")[0]), name.upper(), (), tuple(ids)))
    page = Page(1, 595, 842, tuple(lines), links)
    return SectionedText(Text((page,), "drawn"), tuple(found), tuple(rows), (), language)


def _line(line_id: int, cell: Cell, top: float) -> Line:
    words = []
    left = cell.left
    for text in cell.text.split():
        right = left + len(text) * _WIDTH
        words.append(Word(text, Box(left, top, right, top + _HEIGHT)))
        left = right + _WIDTH
    box = Box(cell.left, top, max(left - _WIDTH, cell.left), top + _HEIGHT)
    return Line(line_id, 1, tuple(words), box, cell.size, cell.bold)
