"""Pages for the grouping tests: lines where a test says, with widths as a proportional font has them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pipeline.domain.sections import Section, SectionedText, SectionKind
from pipeline.domain.text import Box, Line, Page, Text, Word

WIDTH, HEIGHT = 600.0, 800.0


class Put(NamedTuple):
    """A line of text whose top left corner is at (x, y), in points from the page's top left."""

    x: float
    y: float
    text: str
    size: float = 10
    bold: bool = False
    hidden: bool = False


def title(x: float, y: float, text: str) -> Put:
    """A line set as section titles are: large and bold."""
    return Put(x, y, text, 14, True)


def document(*pages: Iterable[Put], scale: float = 1.0, confidence: float = 1.0) -> Text:
    """A Text of these pages; `scale` enlarges paper and print alike, a `confidence` below 1 is OCR's."""
    built: list[Page] = []
    next_id = 0
    for number, puts in enumerate(pages, 1):
        lines: list[Line] = []
        for put in puts:
            lines.append(_line(next_id, number, put, scale, confidence))
            next_id += 1
        built.append(Page(number, WIDTH * scale, HEIGHT * scale, tuple(lines)))
    return Text(tuple(built), "test")


def _line(number: int, page: int, put: Put, scale: float, confidence: float) -> Line:
    words: list[Word] = []
    x = put.x
    for text in put.text.split():
        width = 0.5 * put.size * len(text)
        box = Box(x / WIDTH, put.y / HEIGHT, (x + width) / WIDTH, (put.y + put.size) / HEIGHT)
        words.append(Word(text, box, confidence))
        x += width + 0.25 * put.size
    whole = words[0].box.union(words[-1].box)
    return Line(number, page, tuple(words), whole, put.size * scale, put.bold, put.hidden)


def section(grouped: SectionedText, kind: SectionKind) -> Section:
    """The one section of this kind."""
    (found,) = [section for section in grouped.sections if section.kind is kind]
    return found


def texts(grouped: SectionedText, ids: Sequence[int]) -> list[str]:
    """The text of these lines."""
    return [grouped.line_by_id[number].text for number in ids]


def outline(grouped: SectionedText) -> list[tuple[str, list[str]]]:
    """Every section's kind and lines."""
    return [(section.kind.value, texts(grouped, section.line_ids)) for section in grouped.sections]
