"""The text of a document: pages of lines of words, each with its box.

Boxes are `(left, top, right, bottom)` as fractions of the page, 0–1 from the top left, of the page as a
reader sees it (rotation already applied). Every text engine (a PDF's own layer, OCR, Textract) answers this
same shape: a `Line` is a run of words on one base line with no column gap inside, as Textract cuts lines.
So "Nurse ........ 2019 – 2021", set at both margins, is two lines whose boxes share a row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple


class Box(NamedTuple):
    """A rectangle on a page, in fractions of its width and height, from the top left."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    def union(self, other: Box) -> Box:
        return Box(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )


@dataclass(frozen=True, slots=True)
class Word:
    """One word as printed, without white space; `confidence` is 0–1 (1 for a PDF's own text).

    A word broken at a line's end keeps its hyphen, as "-": joining belongs to whoever reads the lines. A glyph
    that the font gives no meaning is U+FFFD.
    """

    text: str
    box: Box
    confidence: float = 1.0

    # A document has hundreds of words, and goes from process to process: pickled as dataclasses pickle themselves,
    # with frozen slots set one by one, it takes twice as long.
    def __reduce__(self) -> tuple[type[Word], tuple[Any, ...]]:
        return Word, (self.text, self.box, self.confidence)


@dataclass(frozen=True, slots=True)
class Line:
    """A run of words on one base line.

    `id` is unique in the document and counts from 0 in the engine's order; `page` counts from 1. `size` is
    the font size in points and `bold` the weight, where the engine knows them. `hidden` marks text that a
    person looking at the page would not see (white on white, off the page, under 2 pt, invisible mode), and, once the
    text is screened, what is meant for machines: nobody reads it.
    """

    id: int
    page: int
    words: tuple[Word, ...]
    box: Box
    size: float | None = None
    bold: bool | None = None
    hidden: bool = False

    def __reduce__(self) -> tuple[type[Line], tuple[Any, ...]]:  # as Word
        return Line, (self.id, self.page, self.words, self.box, self.size, self.bold, self.hidden)

    @property
    def text(self) -> str:
        return " ".join([word.text for word in self.words])


@dataclass(frozen=True, slots=True)
class Ink:
    """What a line looks like: how thick its strokes are and how high each of its words, in points.

    0 where it cannot be told.
    """

    stroke: float
    heights: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """A hyperlink annotation: where it points, and the box that a reader would click."""

    page: int
    uri: str
    box: Box


TextSource = Literal["native", "ocr"]


@dataclass(frozen=True, slots=True)
class Page:
    """One page: `number` from 1, `width` and `height` in points, lines in the engine's order.

    A scan that lies on its side or on its head is told upright, as it is read. `pictured` is the share of the page
    that pictures cover, and `drawn` the number of drawn shapes on it: a page that shows much and holds no text needs
    OCR.
    """

    number: int
    width: float
    height: float
    lines: tuple[Line, ...]
    links: tuple[Link, ...] = ()
    source: TextSource = "native"
    pictured: float = 0.0
    drawn: int = 0


@dataclass(frozen=True, slots=True)
class Text:
    """What a text engine read. `engine` names it with its version (for `versions`).

    `unread` are the pages that should have been read by OCR and were not, `foreign` those in a script that OCR does
    not know, and `more_frames` tells that the file holds more pictures than the one that is its page (an animation, a
    burst of photos): whoever shows the text says so. `flags` are the security flags of what its bytes and its words
    hold.
    """

    pages: tuple[Page, ...]
    engine: str
    unread: tuple[int, ...] = ()
    foreign: tuple[int, ...] = ()
    more_frames: bool = False
    flags: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[Line, ...]:
        return tuple(line for page in self.pages for line in page.lines)

    @property
    def source(self) -> Literal["native", "ocr", "mixed"]:
        sources = {page.source for page in self.pages}
        return "mixed" if len(sources) > 1 else next(iter(sources), "native")
