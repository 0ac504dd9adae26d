"""Lays the text of a word processor's file out on pages, as that would, roughly.

Such a file knows no pages and no boxes; whoever groups lines judges by where they stand. So every word gets a place
that shows its order, its indent, its column and its size. Widths of letters are estimated.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from pipeline.adapters.parsing.parsed import MOST_LINKS, Box4, DocumentRefused, ReadPage
from pipeline.adapters.word.blocks import (
    BREAK,
    MARGIN_TAB,
    PAGE,
    TAB,
    Block,
    Look,
    Paragraph,
    StyledText,
    Table,
    TableCell,
    TextBox,
)

A4 = (595.3, 841.9)
LEAST_SIDE, MOST_SIDE = 100.0, 4000.0  #: of a page, in points: what a file says beyond is not believed
_MOST_CHARACTERS = 500_000
_TINY = 2.0  #: points, below which nobody sees text
_LINE = 1.22  #: of a line's size, from one base line to the next
_ASCENT, _DESCENT = 0.75, 0.22
_SPACE = 0.26
_COLUMN = 0.95  #: ems: a wider gap after a tab begins another line, as in a PDF
_TAB_STOPS = 36.0
_CELL_MARGIN = 5.4
_NARROWEST = 20.0
_WITHOUT_WIDTH = ("Mn", "Me", "Cf")  #: accents, and characters that show nothing
_NARROW, _WIDE = frozenset("iljtfrI.,;:'!|()[]-·"), frozenset("mwMW@%—…")


class Sheet(NamedTuple):
    """A page and its margins, in points."""

    width: float
    height: float
    left: float
    top: float
    right: float
    bottom: float


class At(NamedTuple):
    """A place to write: page from 0, and points from its top."""

    page: int
    y: float


@dataclass(slots=True)
class _Word:
    text: str
    size: float
    bold: bool
    hidden: bool
    uri: str
    width: float


@dataclass(slots=True)
class _Placed:
    word: _Word
    left: float


class Layout:
    """The pages while they are written."""

    def __init__(self, sheet: Sheet, max_pages: int) -> None:
        self._sheet, self._max_pages = sheet, max_pages
        self._pages: list[ReadPage] = []
        self._floor = sheet.height - sheet.bottom
        self._characters = 0

    def pages(self) -> list[ReadPage]:
        """Everything written; one page at least."""
        self._page(0)
        return self._pages

    def header(self, blocks: Sequence[Block]) -> At:
        """Write the header; where the text begins."""
        sheet = self._sheet
        end = self._flow(
            blocks, sheet.left, sheet.width - sheet.right, At(0, min(36.0, sheet.top)), boxed=False
        )
        return max(end, At(0, sheet.top))

    def text(self, blocks: Sequence[Block], at: At) -> At:
        """Write the text; where it ends."""
        return self._flow(blocks, self._sheet.left, self._sheet.width - self._sheet.right, at, boxed=False)

    def footer(self, blocks: Sequence[Block], at: At) -> None:
        """Write the footer below the text of the last page."""
        self._floor = self._sheet.height - 10
        below = At(at.page, max(at.y, self._sheet.height - self._sheet.bottom + 8))
        self._flow(blocks, self._sheet.left, self._sheet.width - self._sheet.right, below, boxed=False)

    def _flow(self, blocks: Sequence[Block], left: float, right: float, at: At, *, boxed: bool) -> At:
        """Write blocks between two margins. `boxed`: on a ground of which nothing is known but that it is there."""
        right = max(right, left + _NARROWEST)
        for block in blocks:
            if isinstance(block, Paragraph):
                at = self._paragraph(block, left, right, at, boxed=boxed)
            elif isinstance(block, TextBox):
                at = self._flow(block.blocks, left, right, at, boxed=True)
            else:
                at = self._table(block, left, right, at, boxed=boxed)
        return at

    def _table(self, table: Table, left: float, right: float, at: At, *, boxed: bool) -> At:
        columns = max((sum(cell.span for cell in row) for row in table.rows), default=0)
        told = len(table.widths) >= columns and all(width > 0 for width in table.widths)
        widths = list(table.widths) if told else [1.0] * columns
        scale = (right - left) / sum(widths) if widths else 1.0
        if told:
            scale = min(1.0, scale)
        edges = [left]
        for width in widths:
            edges.append(edges[-1] + scale * width)
        for row in table.rows:
            at = self._row(row, edges, at, boxed=boxed)
        return at

    def _row(self, row: Sequence[TableCell], edges: Sequence[float], at: At, *, boxed: bool) -> At:
        """Its cells side by side, from one height; each may run on over pages by itself."""
        column, end = 0, at
        for cell in row:
            left, right = edges[column], edges[min(column + cell.span, len(edges) - 1)]
            column = min(column + cell.span, len(edges) - 1)
            inner = left + _CELL_MARGIN, right - _CELL_MARGIN
            end = max(end, self._flow(cell.blocks, *inner, at, boxed=boxed or cell.shaded))
        return end

    def _paragraph(self, paragraph: Paragraph, left: float, right: float, at: At, *, boxed: bool) -> At:
        shape = paragraph.shape
        if shape.new_page and at.y > self._sheet.top:
            at = At(at.page + 1, self._sheet.top)
        ground = boxed or shape.shaded
        tokens = list(_tokens(_marked(paragraph), ground=ground))
        words = [token for token in tokens if isinstance(token, _Word) and token.text != paragraph.mark]
        unseen = bool(words) and all(word.hidden for word in words)
        at = at if unseen else At(at.page, at.y + shape.before)
        start, stop = left + shape.left, max(right - shape.right, left + shape.left + _NARROWEST)
        begin = max(left, start + shape.first)
        for line, size, new_page in _Lines(paragraph, tokens, begin, start, stop, left).lines():
            if new_page:
                at = At(at.page + 1, self._sheet.top) if at.y > self._sheet.top else at
            at = self._write(line, size, at, bidi=shape.bidi, margins=(start, stop))
        return at if unseen else At(at.page, at.y + shape.after)

    def _write(
        self, line: list[list[_Placed]], size: float, at: At, *, bidi: bool, margins: tuple[float, float]
    ) -> At:
        # What nobody sees takes no room: the rest stands where it would stand without.
        unseen = bool(line) and all(placed.word.hidden for segment in line for placed in segment)
        if at.y + _LINE * size > self._floor and not unseen:
            at = At(at.page + 1, self._sheet.top)
        base = at.y + 0.95 * size
        for segment in line:
            for _, words in groupby(segment, key=lambda placed: placed.word.hidden):
                self._print(list(words), base, at.page, mirrored=margins if bidi else None)
        return at if unseen else At(at.page, at.y + _LINE * size)

    def _print(
        self, placed: list[_Placed], base: float, page: int, *, mirrored: tuple[float, float] | None
    ) -> None:
        """One line of the text. `mirrored`: it runs from the right one of these margins."""
        words, links = [], []
        for one in placed:
            word, left = one.word, one.left
            if mirrored:
                left = mirrored[0] + mirrored[1] - left - word.width
            box = self._box(left, base - _ASCENT * word.size, left + word.width, base + _DESCENT * word.size)
            words.append((word.text, box))
            if word.uri:
                links.append((word.uri, box))
            self._characters += len(word.text)
        if self._characters > _MOST_CHARACTERS:
            raise DocumentRefused("resource-limit", "The document holds more text than a resume can.")
        target = self._page(page)
        lengths: dict[float, int] = {}
        for one in placed:
            lengths[one.word.size] = lengths.get(one.word.size, 0) + len(one.word.text)
        size = max(lengths, key=lambda key: lengths[key])
        bold = 2 * sum(len(one.word.text) for one in placed if one.word.bold) > sum(lengths.values())
        target.lines.append(
            (words, _around([box for _, box in words]), round(size, 2), bold, placed[0].word.hidden)
        )
        for uri, boxes in groupby(links, key=lambda link: link[0]):
            if len(target.links) < MOST_LINKS:
                target.links.append((uri, _around([box for _, box in boxes])))

    def _box(self, left: float, top: float, right: float, bottom: float) -> Box4:
        wide, high = self._sheet.width, self._sheet.height
        edges = (left / wide, top / high, right / wide, bottom / high)
        return tuple(round(min(1.0, max(0.0, edge)), 5) for edge in edges)  # type: ignore[return-value]

    def _page(self, number: int) -> ReadPage:
        if number >= self._max_pages:
            raise DocumentRefused(
                "resource-limit", f"The document has more than the {self._max_pages} pages allowed."
            )
        while len(self._pages) <= number:
            self._pages.append(ReadPage(self._sheet.width, self._sheet.height, [], []))
        return self._pages[number]


class _Lines:
    """Breaks a paragraph into lines of segments: runs of words without a column gap."""

    def __init__(
        self,
        paragraph: Paragraph,
        tokens: list[_Word | str],
        begin: float,
        start: float,
        stop: float,
        margin: float,
    ) -> None:
        self._paragraph, self._tokens = paragraph, tokens
        self._start, self._stop, self._margin = start, stop, margin
        self._x = begin
        self._segments: list[list[_Placed]] = []
        self._new_segment = True

    def lines(self) -> Iterator[tuple[list[list[_Placed]], float, bool]]:
        """`(segments, size, whether a new page begins before it)` of each line; an empty one has no segments."""
        usual = self._paragraph.look.size
        new_page = False
        for number, token in enumerate(self._tokens):
            if isinstance(token, _Word):
                if not token.hidden and self._x + token.width > self._stop and self._segments:
                    yield self._ended(usual, new_page)
                    new_page = False
                self._add(token)
            elif token in (TAB, MARGIN_TAB):
                self._tab(number, to_margin=token == MARGIN_TAB)
            elif token == BREAK:
                yield self._ended(usual, new_page)
                new_page = False
            else:
                if self._segments:
                    yield self._ended(usual, new_page)
                new_page = True
        if self._segments or not self._tokens or new_page:
            yield self._ended(usual, new_page)

    def _ended(self, usual: float, new_page: bool) -> tuple[list[list[_Placed]], float, bool]:
        segments, self._segments = self._segments, []
        self._x, self._new_segment = self._start, True
        size = max((placed.word.size for segment in segments for placed in segment), default=usual)
        if len(segments) == 1 and self._paragraph.shape.align in ("center", "right"):
            last = segments[0][-1]
            free = self._stop - (last.left + last.word.width)
            shift = max(0.0, free / 2 if self._paragraph.shape.align == "center" else free)
            for placed in segments[0]:
                placed.left += shift
        return segments, size, new_page

    def _add(self, word: _Word) -> None:
        if self._new_segment:
            self._segments.append([])
            self._new_segment = False
        self._segments[-1].append(_Placed(word, self._x))
        if not word.hidden:
            self._x += word.width + _SPACE * word.size

    def _tab(self, number: int, *, to_margin: bool) -> None:
        """Move to the next stop; what follows begins a line of its own where the gap is that of a column."""
        size = self._paragraph.look.size
        here = self._x
        stops = [(self._margin + at, kind) for at, kind in self._paragraph.shape.tabs]
        if to_margin:
            stops = [(self._stop, "right")]
        elif self._start > here and not self._segments:
            stops.append((self._start, "left"))  # a hanging indent is a stop
        position, kind = min(
            (stop for stop in stops if stop[0] > here + 0.5),
            default=(self._margin + (1 + (here - self._margin) // _TAB_STOPS) * _TAB_STOPS, "left"),
        )
        if kind in ("right", "center", "decimal"):
            width = self._width_after(number)
            position -= width / 2 if kind == "center" else width
        self._x = max(position, here)
        last = self._segments[-1][-1] if self._segments else None
        end = last.left + last.word.width if last else self._x
        bullet = last is not None and len(self._segments[-1]) == 1 and last.word.text == self._paragraph.mark
        if self._x - end > _COLUMN * size and not bullet:
            self._new_segment = True

    def _width_after(self, number: int) -> float:
        words: list[_Word] = []
        for token in self._tokens[number + 1 :]:
            if not isinstance(token, _Word):
                break
            words.append(token)
        return sum(word.width for word in words) + sum(_SPACE * word.size for word in words[1:])


def _marked(paragraph: Paragraph) -> list[StyledText]:
    if not paragraph.mark:
        return paragraph.pieces
    return [StyledText(paragraph.mark, paragraph.look), StyledText(TAB, paragraph.look), *paragraph.pieces]


def _tokens(pieces: Sequence[StyledText], *, ground: bool) -> Iterator[_Word | str]:
    """Words, which may consist of several pieces, and control characters."""
    word: list[StyledText] = []
    for piece in pieces:
        if piece.text in (TAB, MARGIN_TAB, BREAK, PAGE):
            yield from _joined(word, ground=ground)
            word = []
            yield piece.text
            continue
        parts = [(space, "".join(chars)) for space, chars in groupby(piece.text, key=str.isspace)]
        for is_space, text in parts:
            if is_space:
                yield from _joined(word, ground=ground)
                word = []
            else:
                word.append(piece._replace(text=text))
    yield from _joined(word, ground=ground)


def _joined(word: Sequence[StyledText], *, ground: bool) -> Iterator[_Word]:
    """A word of its pieces, cut where what can be seen ends."""
    for hidden, group in groupby(word, key=lambda piece: _is_hidden(piece.look, ground=ground)):
        parts = list(group)
        text = "".join(part.text for part in parts)
        bold = 2 * sum(len(part.text) for part in parts if part.look.bold) > len(text)
        width = sum(part.look.size * _ems(part.text) * (1.06 if part.look.bold else 1) for part in parts)
        yield _Word(text, max(part.look.size for part in parts), bold, hidden, parts[0].uri, width)


def _is_hidden(look: Look, *, ground: bool) -> bool:
    return look.hidden or look.size < _TINY or (look.white and not look.shaded and not ground)


def _ems(text: str) -> float:
    return sum(map(_advance, text))


def _advance(char: str) -> float:
    if char in _NARROW:
        return 0.29
    if char in _WIDE:
        return 0.85
    if unicodedata.east_asian_width(char) in "WF":
        return 1.0
    if unicodedata.category(char) in _WITHOUT_WIDTH:
        return 0.0
    return 0.65 if char.isupper() else 0.51


def _around(boxes: Sequence[Box4]) -> Box4:
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return (min(lefts), min(tops), max(rights), max(bottoms))
