"""Which of a PDF page's text a person looking at it would not see. Runs in the parser's child process.

Text may be tiny, off the page, white, of the colour of what it stands on, behind a box or a picture, clipped away, on a
layer that is off, drawn with empty letters. Most of that shows in one way only: the page looks the same without it. So
what may be hidden is taken out, and the two pictures are compared where it stood. Pages of plain text are not drawn.
"""

from __future__ import annotations

import ctypes
import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple

import pypdfium2.raw as pdfium

from pipeline.adapters.parsing.parsed import Box4
from pipeline.adapters.pdf import quick
from pipeline.adapters.pdf.frame import Frame, fraction
from pipeline.adapters.pdf.glyphs import GlyphPage, tiny_points

_MOST_OBJECTS = 20_000
_THIN = 3.0  #: points: a rule hides no text
_MOST_PAIRS = 20_000  #: of texts with shapes that are compared one by one
_MOST_PIXELS = 2_000_000
_SCALE = 1.0  #: pixels a point: strokes of small print are grey, and stand out all the same
_DIFFERENCE = 20  #: of 255, from which letters stand out
_LOOKED_AT = 40  #: glyphs of one text object
_SEEN = 1 / 3  #: of those, where a text is seen; boxes of glyphs are rough
_SCAN = 0.5  #: share of the page under a picture that is a scan's
_REPLACED = 8  #: letters that a sign may be told to stand for: an icon's name, a ligature
_NARROWEST = 0.1  #: ems a letter, below which they lie over one another


def unseen_styles(page: Any, found: GlyphPage, frame: Frame) -> list[bool]:
    """Of each style, whether a person looking at the page would not see its text."""
    tiny, crowded = tiny_points(found), _crowded(found)
    hidden = [style.size < tiny or number in crowded for number, style in enumerate(found.styles)]
    for number in _unseen(_Drawing(page, found, frame), hidden):
        hidden[number] = True
    return hidden


def _crowded(found: GlyphPage) -> set[int]:
    """The styles whose letters lie over one another: squeezed text, and what a sign is told to stand for.

    Icons stand for a name or an address.
    """
    letters: Counter[int] = Counter()
    widths: defaultdict[int, float] = defaultdict(float)
    for glyphs in found.glyphs.values():
        for text, left, right, _, style in glyphs:
            letters[style] += len(text)
            widths[style] += right - left
    return {
        number
        for number, count in letters.items()
        if count > _REPLACED and widths[number] < count * _NARROWEST * found.styles[number].size
        and not found.styles[number].icon
    }  # fmt: skip


def _unseen(drawing: _Drawing, hidden: list[bool]) -> Iterator[int]:
    styles = drawing.found.styles
    invisible = {number for number, style in enumerate(styles) if style.invisible and not hidden[number]}
    if invisible:
        yield from drawing.without_ink(invisible)
    asked = {n for n, style in enumerate(styles) if not hidden[n] and not style.invisible}
    doubtful, grounded = drawing.doubtful(asked)
    # Each of its own: what stands on a box may be all that is seen where other text lies behind that.
    for numbers in (doubtful, grounded):
        if numbers:
            yield from drawing.unchanged_without(numbers)


class _Shape(NamedTuple):
    """What may hide text or be its ground: its place in the order of drawing, and its edges in the page's space."""

    order: int
    left: float
    bottom: float
    right: float
    top: float


class _Drawing:
    """The page as it looks, and as it would look without some of its text."""

    def __init__(self, page: Any, found: GlyphPage, frame: Frame) -> None:
        self._page, self.found, self._frame = page, found, frame
        self._whole: bytes | None = None
        area = max(1.0, frame.width * frame.height)
        scale = min(_SCALE, math.sqrt(_MOST_PIXELS / area))
        self._width, self._height = max(1, int(frame.width * scale)), max(1, int(frame.height * scale))
        self._stride = self._width

    def doubtful(self, asked: set[int]) -> tuple[set[int], set[int]]:
        """Of these styles, those that may be hidden by how they are drawn or by what lies over them, and, of the rest,
        those that stand on something, which may be of their colour.
        """
        shapes, places = self._shapes_and_texts()
        styles = self.found.styles
        doubtful = {n for n in asked if styles[n].doubtful or styles[n].owner not in places}
        rest = asked - doubtful
        if len(shapes) * len(rest) > _MOST_PAIRS:
            last = shapes[-1].order
            return doubtful | {n for n in rest if places[styles[n].owner] < last}, rest
        grounded: set[int] = set()
        for number in rest if shapes else ():
            order = places[styles[number].owner]
            for shape in _meeting(shapes, styles[number].owner):
                (doubtful if shape.order > order else grounded).add(number)
        return doubtful, grounded - doubtful

    def _shapes_and_texts(self) -> tuple[list[_Shape], dict[int, int]]:
        """What may hide or ground text, in order of drawing, and the places of the page's own texts in that order."""
        shapes: list[_Shape] = []
        places: dict[int, int] = {}
        page = quick.address(self._page)
        for order in range(min(pdfium.FPDFPage_CountObjects(self._page), _MOST_OBJECTS)):
            item = quick.object_of(page, order)
            kind = quick.kind_of(item)
            if kind == pdfium.FPDF_PAGEOBJ_TEXT:
                places[item or 0] = order
            elif kind != pdfium.FPDF_PAGEOBJ_PATH or _is_filled(item):
                edges = _edges(item)
                if edges and min(edges[2] - edges[0], edges[3] - edges[1]) > _THIN:
                    shapes.append(_Shape(order, *edges))
        return shapes, places

    def unchanged_without(self, numbers: set[int]) -> Iterator[int]:
        """Those of the styles without which the page looks the same where they stand."""
        if self._whole is None:
            self._whole = self._drawn()
        without = self._drawn({self.found.styles[number].owner for number in numbers})
        for number, boxes in self._boxes(numbers):
            seen = sum(self._differ(self._whole, without, box) for box in boxes)
            if seen < _SEEN * len(boxes):
                yield number

    def without_ink(self, numbers: set[int]) -> Iterator[int]:
        """Those of the styles in invisible mode that stand for nothing that a scan shows."""
        if not self._shows_a_scan():
            yield from numbers
            return
        picture = self._drawn({style.owner for style in self.found.styles})
        for number, boxes in self._boxes(numbers):
            if sum(self._has_contrast(picture, box) for box in boxes) < _SEEN * len(boxes):
                yield number

    def _shows_a_scan(self) -> bool:
        """Whether a picture covers most of the page: text in invisible mode is then what the picture shows."""
        area = 0.0
        page = quick.address(self._page)
        for index in range(min(pdfium.FPDFPage_CountObjects(self._page), 2000)):
            item = quick.object_of(page, index)
            if quick.kind_of(item) in (pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_FORM):
                left, bottom, right, top = _edges(item) or (0.0, 0.0, 0.0, 0.0)
                area += abs((right - left) * (top - bottom))
        return area > _SCAN * self._frame.width * self._frame.height

    def _boxes(self, numbers: set[int]) -> Iterator[tuple[int, list[Box4]]]:
        """Of each style, the boxes of some of its letters, spread over all."""
        found: dict[int, list[tuple[int, float, float, float]]] = {number: [] for number in numbers}
        for angle, glyphs in self.found.glyphs.items():
            for text, left, right, base, style in glyphs:
                if style in found and text != " ":
                    found[style].append((angle, left, right, base))
        for number, places in found.items():
            if places:
                size = self.found.styles[number].size
                step = max(1, len(places) // _LOOKED_AT)
                yield (
                    number,
                    [
                        fraction((left, base - 0.75 * size, right, base + 0.22 * size), angle, self._frame)
                        for angle, left, right, base in places[::step]
                    ],
                )

    def _drawn(self, without: Collection[int] = ()) -> bytes:
        """Grey pixels of the page as it is held, with these text objects left out."""
        for owner in without:
            quick.set_active(owner, False)
        bitmap = pdfium.FPDFBitmap_CreateEx(self._width, self._height, pdfium.FPDFBitmap_Gray, None, 0)
        if not bitmap:
            raise MemoryError
        try:
            pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, self._width, self._height, 0xFFFFFFFF)
            pdfium.FPDF_RenderPageBitmap(
                bitmap, self._page, 0, 0, self._width, self._height, self.found.turns, pdfium.FPDF_GRAYSCALE
            )
            self._stride = pdfium.FPDFBitmap_GetStride(bitmap)
            return ctypes.string_at(pdfium.FPDFBitmap_GetBuffer(bitmap), self._stride * self._height)
        finally:
            pdfium.FPDFBitmap_Destroy(bitmap)
            for owner in without:
                quick.set_active(owner, True)

    def _rows(self, box: Box4) -> Iterable[slice]:
        """Where the rows of pixels in a box (fractions of the page) lie."""
        left, right = (int(self._width * min(1.0, max(0.0, x))) for x in (box[0], box[2]))
        top, bottom = (int(self._height * min(1.0, max(0.0, y))) for y in (box[1], box[3]))
        right = min(right + 1, self._width)
        for y in range(top, min(bottom + 1, self._height)):
            yield slice(y * self._stride + left, y * self._stride + right)

    def _differ(self, one: bytes, other: bytes, box: Box4) -> bool:
        for row in self._rows(box):
            a, b = one[row], other[row]
            if a != b and any(abs(x - y) > _DIFFERENCE for x, y in zip(a, b, strict=True)):
                return True
        return False

    def _has_contrast(self, picture: bytes, box: Box4) -> bool:
        low, high = 255, 0
        for row in self._rows(box):
            pixels = picture[row]
            if pixels:
                low, high = min(low, min(pixels)), max(high, max(pixels))
        return high - low > _DIFFERENCE


def _meeting(shapes: list[_Shape], owner: int) -> Iterator[_Shape]:
    """The shapes that share a place with a text object."""
    edges = _edges(owner)
    if edges is not None:
        left, bottom, right, top = edges
        for shape in shapes:
            if shape.left < right and left < shape.right and shape.bottom < top and bottom < shape.top:
                yield shape


def _is_filled(path: int | None) -> bool:
    mode, stroked = ctypes.c_int(), ctypes.c_int()
    return bool(quick.draw_mode(path, mode, stroked)) and mode.value != pdfium.FPDF_FILLMODE_NONE


def _edges(item: int | None) -> tuple[float, float, float, float] | None:
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    if not quick.bounds(item, left, bottom, right, top):
        return None
    return left.value, bottom.value, right.value, top.value
