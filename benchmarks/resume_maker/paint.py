"""Draws placed items as a PDF and notes the true box of every word as it is drawn."""

import io
from collections.abc import Iterator
from typing import Any, NamedTuple

from reportlab.pdfgen.canvas import Canvas

from . import fonts
from .rows import Box, Link, Placed, Text

Word = dict[str, Any]
"""`{"page": from 1, "text", "bbox": [x0, y0, x1, y1]}`, 0-1 of the page from its top left."""


class Sheet(NamedTuple):
    """Page size in points, and how the text reaches the content stream.

    `spaces` is `drawn`, `gaps` (every word alone, without a space between, as browsers print) or `letters`
    (every letter alone).
    `order` is `reading`, `dates_first` (dates before everything else) or `rows` (across the columns).
    """

    width: float
    height: float
    title: str
    spaces: str = "drawn"
    order: str = "reading"


def words(items: list[Placed], sheet: Sheet) -> list[Word]:
    """The words in the order of the items, with boxes that hug the letters."""
    found: list[Word] = []
    for at in items:
        if isinstance(at.item, Text):
            new = list(_words_of(at, at.item, sheet))
            if at.item.glue and new and found:
                new[0] = _joined(found.pop(), new[0])
            found += new
    return found


def _joined(left: Word, right: Word) -> Word:
    (x0, y0, _, y1), (_, top, x1, foot) = left["bbox"], right["bbox"]
    return {**left, "text": left["text"] + right["text"], "bbox": [x0, min(y0, top), x1, max(y1, foot)]}


def _words_of(at: Placed, text: Text, sheet: Sheet) -> Iterator[Word]:
    if text.seen == "":
        return
    base = at.y + text.dy
    for x, drawn in _pieces(at.x + text.x, text):
        up, down = fonts.extent(drawn, text.font)
        right = x + _advance(drawn, text) - text.spacing
        box = (
            x / sheet.width,
            (base - up * text.size) / sheet.height,
            right / sheet.width,
            (base + down * text.size) / sheet.height,
        )
        yield {"page": at.page, "text": text.seen or _spelt(drawn), "bbox": [round(v, 5) for v in box]}


def _spelt(drawn: str) -> str:
    """Ligatures taken apart, as an eye reads them."""
    return drawn.replace("\ufb01", "fi").replace("\ufb02", "fl")


def _pieces(x: float, text: Text) -> Iterator[tuple[float, str]]:
    """Left edge in points and letters of each word."""
    space = _advance(" ", text)
    for piece in text.text.split(" "):
        if piece:
            yield x, piece
        x += _advance(piece, text) + space


def _advance(piece: str, text: Text) -> float:
    return fonts.width(piece, text.font, text.size) + text.spacing * len(piece)


def pdf(items: list[Placed], sheet: Sheet, pages: int) -> bytes:
    """The document; the same bytes for the same items."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(sheet.width, sheet.height), invariant=1, pageCompression=1)
    canvas.setTitle(sheet.title)
    canvas.setAuthor("")
    for page in range(1, pages + 1):
        for at in _ordered([i for i in items if i.page == page], sheet.order):
            _draw(canvas, at, sheet)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _ordered(items: list[Placed], order: str) -> list[Placed]:
    """Boxes stay at the bottom; texts come as the sheet says."""
    boxes = [i for i in items if not isinstance(i.item, Text)]
    texts = [(i, i.item) for i in items if isinstance(i.item, Text)]
    if order == "dates_first":
        texts.sort(key=lambda p: p[1].kind != "date")
    elif order == "rows":
        texts.sort(key=lambda p: round(p[0].y + p[1].dy))
    return boxes + [at for at, _ in texts]


def _draw(canvas: Canvas, at: Placed, sheet: Sheet) -> None:
    item = at.item
    x, y = at.x + item.x, sheet.height - at.y - item.dy
    if isinstance(item, Text):
        _draw_text(canvas, item, x, y, sheet.spaces)
    elif isinstance(item, Box):
        canvas.setLineWidth(item.stroke)
        canvas.setStrokeColorRGB(*item.colour)
        canvas.setFillColorRGB(*item.colour)
        ruled = item.stroke > 0
        canvas.rect(x, y - item.height, item.width, item.height, stroke=int(ruled), fill=int(not ruled))
    elif isinstance(item, Link):
        canvas.linkURL(item.url, (x, y - item.height, x + item.width, y), relative=0, thickness=0)


def _draw_text(canvas: Canvas, text: Text, x: float, y: float, spaces: str) -> None:
    pen = canvas.beginText(x, y)
    pen.setFont(text.font, text.size)
    pen.setFillColorRGB(*text.colour)
    if text.spacing:
        pen.setCharSpace(text.spacing)
    for left, piece in _strokes(x, text, spaces):
        pen.setTextOrigin(left, y)
        pen.textOut(piece)
    if text.spacing:
        pen.setCharSpace(0)
    canvas.drawText(pen)


def _strokes(x: float, text: Text, spaces: str) -> Iterator[tuple[float, str]]:
    """What is drawn at once, and its left edge in points."""
    if spaces == "drawn":
        yield x, text.text
        return
    for left, piece in _pieces(x, text):
        if spaces == "gaps":
            yield left, piece
            continue
        for letter in piece:
            yield left, letter
            left += _advance(letter, text)
