"""The parser's side of the pipe: one document's bytes in, plain tuples out. Imports nothing heavy.

Runs in a child process that may be killed at any moment; answers are built from tuples, numbers and strings,
which cross the pipe quickly.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, NamedTuple

import pypdfium2.raw as pdfium

from pipeline.adapters.parsing.ink import LineInk, ink_of
from pipeline.adapters.parsing.parsed import (
    MOST_LINKS,
    Box4,
    DocumentRefused,
    Pixels,
    ReadPage,
    Refusal,
    guarded,
    with_scheme,
)
from pipeline.adapters.pdf.frame import Frame, fraction
from pipeline.adapters.pdf.glyphs import GlyphReader, TooManyGlyphs
from pipeline.adapters.pdf.images import refuse_huge_pictures
from pipeline.adapters.pdf.ligatures import needs_repair, repaired, words_in
from pipeline.adapters.pdf.lines import RawLine, lines_of
from pipeline.adapters.pdf.loops import pages_loop, tables_loop
from pipeline.adapters.pdf.picture import picture_of_page
from pipeline.adapters.pdf.unseen import unseen_styles
from pipeline.domain.suspicion import INVISIBLE_CHARACTERS

MAX_SIDE = 20_000  #: points; PDF itself allows 14,400
MAX_DOCUMENT_GLYPHS = 500_000
_MAX_URI = 2048
_PICTURE = b"/Image"  #: pictures are streams of their own: their type is never packed away
_JUNK_BEFORE_HEADER = 64 * 1024
#: With more glyphs than this nobody asks what else a page shows.
_GLYPHS_OF_A_PAGE = 600
_MOST_OBJECTS = 3000
_DEEPEST_FORM = 3
#: Of a rectangle or a rule: no letter is drawn with so few.
_STROKES_OF_A_BOX = 5
_TYPED = (pdfium.FPDF_ANNOT_FREETEXT, pdfium.FPDF_ANNOT_WIDGET, pdfium.FPDF_ANNOT_STAMP)
_UNSEEN = pdfium.FPDF_ANNOT_FLAG_HIDDEN | pdfium.FPDF_ANNOT_FLAG_NOVIEW
_MOST_ANNOTATIONS = 1000


def read_document(content: bytes, max_pages: int) -> list[ReadPage] | Refusal:
    """Every page of the PDF, or why not. Never raises for what a document may contain."""
    return guarded(_read, content, max_pages)


def _read(content: bytes, max_pages: int) -> list[ReadPage]:
    if tables_loop(content):
        raise _loop("cross-reference tables")
    with _opened(content) as document:
        count = pdfium.FPDF_GetPageCount(document)
        if count <= 0:
            raise DocumentRefused("corrupt", "The document has no pages.")
        if count > max_pages:
            raise DocumentRefused(
                "resource-limit", f"The document has {count} pages; {max_pages} are allowed."
            )
        try:
            return _with_ligatures(_read_pages(document, count, content))
        except TooManyGlyphs:
            raise DocumentRefused(
                "resource-limit", "The document holds more text than a resume can."
            ) from None


def cut_document(content: bytes, numbers: Sequence[int]) -> bytes | Refusal:
    """A PDF of these pages (from 1) alone, in this order. Never raises for what a document may contain."""
    return guarded(_cut, content, numbers)


def _cut(content: bytes, numbers: Sequence[int]) -> bytes:
    with _opened(content) as document, _new_document() as cut:
        indices = (ctypes.c_int * len(numbers))(*(number - 1 for number in numbers))
        if not pdfium.FPDF_ImportPagesByIndex(cut, document, indices, len(numbers), 0):
            raise DocumentRefused("corrupt", "The document's pages cannot be taken apart.")
        return _saved(cut)


def ink_of_document(
    content: bytes, wanted: Mapping[int, Sequence[Sequence[Box4]]]
) -> dict[int, list[LineInk]] | Refusal:
    """The ink of lines by page number (from 1); a line is the boxes of its words. Never raises, as the others."""
    return guarded(_ink, content, wanted)


def _ink(content: bytes, wanted: Mapping[int, Sequence[Sequence[Box4]]]) -> dict[int, list[LineInk]]:
    with _opened(content) as document:
        return {number: _ink_of_page(document, number, lines) for number, lines in wanted.items()}


def _ink_of_page(document: Any, number: int, lines: Sequence[Sequence[Box4]]) -> list[LineInk]:
    try:
        return ink_of(picture_of_page(document, number), lines)
    except DocumentRefused:  # the others' ink is told all the same
        return [(0.0, [0.0] * len(words)) for words in lines]


def picture_of_document(content: bytes, number: int) -> Pixels | Refusal:
    """The page (from 1) as pixels. Never raises for what a document may contain."""
    return guarded(_picture, content, number)


def _picture(content: bytes, number: int) -> Pixels:
    with _opened(content) as document:
        return picture_of_page(document, number)


@contextmanager
def _new_document() -> Iterator[Any]:
    document = pdfium.FPDF_CreateNewDocument()
    try:
        yield document
    finally:
        pdfium.FPDF_CloseDocument(document)


def _saved(document: Any) -> bytes:
    pieces: list[bytes] = []

    @pdfium.FPDF_FILEWRITE._fields_[1][1]  # type: ignore[untyped-decorator] # the callback's own type
    def write(_: Any, data: Any, size: int) -> int:
        pieces.append(ctypes.string_at(data, size))
        return 1

    writer = pdfium.FPDF_FILEWRITE(version=1, WriteBlock=write)
    if not pdfium.FPDF_SaveAsCopy(document, writer, pdfium.FPDF_NO_INCREMENTAL):
        raise DocumentRefused("corrupt", "The document's pages cannot be taken apart.")
    return b"".join(pieces)


@contextmanager
def _opened(content: bytes) -> Iterator[Any]:
    start = content.find(b"%PDF", 0, _JUNK_BEFORE_HEADER)
    if start > 1024 - 8:  # PDFium itself looks for the header in the first KiB only
        content = content[start:]
    document = pdfium.FPDF_LoadMemDocument64(content, len(content), None)
    if not document:
        error = pdfium.FPDF_GetLastError()
        if error == pdfium.FPDF_ERR_PASSWORD:
            raise DocumentRefused("encrypted", "The document needs a password to be opened.")
        if error == pdfium.FPDF_ERR_SECURITY:
            raise DocumentRefused("encrypted", "The document is protected in a way that cannot be opened.")
        raise DocumentRefused("corrupt", "The document is no readable PDF.")
    try:
        yield document
    finally:
        pdfium.FPDF_CloseDocument(document)


def _read_pages(document: Any, count: int, content: bytes) -> list[ReadPage]:
    reader = GlyphReader()
    pages: list[ReadPage] = []
    left = MAX_DOCUMENT_GLYPHS
    readable = 0
    has_pictures = _PICTURE in content
    for index in range(count):
        page = pdfium.FPDF_LoadPage(document, index)
        if not page:
            if readable == len(pages) and pages_loop(content):  # asked once, of the first such page
                raise _loop("pages")
            pages.append(ReadPage(595.0, 842.0, [], []))
            continue
        readable += 1
        links = _links(document, page)
        if _is_filled_in(page):
            page = _flattened(document, page, index)
        try:
            if has_pictures:
                refuse_huge_pictures(page)
            read, glyphs = _read_page(page, reader, links)
        finally:
            pdfium.FPDF_ClosePage(page)
        left -= glyphs
        if left < 0:
            raise TooManyGlyphs(MAX_DOCUMENT_GLYPHS - left)
        pages.append(read)
    if not readable:
        raise DocumentRefused("corrupt", "None of the document's pages can be read.")
    return pages


def _loop(of: str) -> DocumentRefused:
    return DocumentRefused(
        "resource-limit", f"The document's {of} lead back into themselves: export it again."
    )


def _with_ligatures(pages: list[ReadPage]) -> list[ReadPage]:
    """The pages with the ligatures repaired that their fonts give no meaning."""
    words = [word for page in pages for words, *_ in page.lines for word, _ in words]
    if not any(map(needs_repair, words)):
        return pages
    known = words_in(words)
    for page in pages:
        for printed, *_ in page.lines:
            printed[:] = [(repaired(word, known), box) for word, box in printed]
    return pages


def _read_page(page: Any, reader: GlyphReader, links: list[_Link]) -> tuple[ReadPage, int]:
    if max(pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page)) > MAX_SIDE:
        raise DocumentRefused("resource-limit", "A page is larger than any sheet of paper.")
    text_page = pdfium.FPDFText_LoadPage(page)
    if not text_page:
        return ReadPage(595.0, 842.0, [], []), 0
    try:
        found, frame = reader.read(page, text_page)
    finally:
        pdfium.FPDFText_ClosePage(text_page)
    hidden = unseen_styles(page, found, frame)
    lines: list[Any] = []
    for angle, glyphs in sorted(found.glyphs.items()):
        raw = lines_of(glyphs, found.styles, hidden)
        lines.extend(_in_fractions(line, angle, frame) for line in raw)
    placed = [_placed(link, frame) for link in links]
    count = sum(len(glyphs) for glyphs in found.glyphs.values())
    pictured, drawn = _shown(page, frame) if count < _GLYPHS_OF_A_PAGE else (0.0, 0)
    flags = (INVISIBLE_CHARACTERS,) if found.smuggles else ()
    return ReadPage(frame.width, frame.height, lines, placed, pictured, drawn, flags=flags), count


def _shown(page: Any, frame: Frame) -> tuple[float, int]:
    """The share of the page under pictures (overlaps count twice, 1 at most), and the strokes of its drawn shapes."""
    area, strokes = 0.0, 0
    for item, size in islice(_objects(page), _MOST_OBJECTS):
        kind = pdfium.FPDFPageObj_GetType(item)
        if kind == pdfium.FPDF_PAGEOBJ_IMAGE:
            area += size
        elif kind == pdfium.FPDF_PAGEOBJ_PATH:
            strokes += max(1, pdfium.FPDFPath_CountSegments(item) - _STROKES_OF_A_BOX)
    return round(min(1.0, area / max(1.0, frame.width * frame.height)), 3), strokes


def _objects(page: Any) -> Iterator[tuple[Any, float]]:
    """Every page object with its area (square points); those in forms too, by the form's area at most."""
    whole = pdfium.FPDF_GetPageWidthF(page) * pdfium.FPDF_GetPageHeightF(page)
    for index in range(pdfium.FPDFPage_CountObjects(page)):
        yield from _object(pdfium.FPDFPage_GetObject(page, index), whole, _DEEPEST_FORM)


def _object(item: Any, most: float, depth: int) -> Iterator[tuple[Any, float]]:
    bounds = [ctypes.c_float() for _ in range(4)]
    area = 0.0
    if pdfium.FPDFPageObj_GetBounds(item, *bounds):
        left, bottom, right, top = (bound.value for bound in bounds)
        area = min(most, abs((right - left) * (top - bottom)))
    if pdfium.FPDFPageObj_GetType(item) != pdfium.FPDF_PAGEOBJ_FORM:
        yield item, area
    elif depth:
        # Inside a form, bounds are in its own space: a picture there may cover the form and no more.
        for index in range(pdfium.FPDFFormObj_CountObjects(item)):
            for inner, size in _object(pdfium.FPDFFormObj_GetObject(item, index), area, depth - 1):
                is_picture = pdfium.FPDFPageObj_GetType(inner) == pdfium.FPDF_PAGEOBJ_IMAGE
                yield inner, area if is_picture else size


def _in_fractions(
    line: RawLine, angle: int, frame: Frame
) -> tuple[list[tuple[str, Box4]], Box4, float, bool, bool]:
    words = [(word.text, fraction(word.box, angle, frame)) for word in line.words]
    lefts, tops, rights, bottoms = zip(*(box for _, box in words), strict=True)
    box = min(lefts), min(tops), max(rights), max(bottoms)
    off_page = not (-0.01 < (box[0] + box[2]) / 2 < 1.01 and -0.01 < (box[1] + box[3]) / 2 < 1.01)
    return words, box, round(line.size, 2), line.bold, line.hidden or off_page


class _Link(NamedTuple):
    """An address and the place on the page that leads to it, in the page's own space."""

    uri: str
    left: float
    bottom: float
    right: float
    top: float


def _links(document: Any, page: Any) -> list[_Link]:
    found: list[_Link] = []
    position = ctypes.c_int(0)
    link = pdfium.FPDF_LINK()
    rect = pdfium.FS_RECTF()
    while len(found) < MOST_LINKS and pdfium.FPDFLink_Enumerate(page, position, link):
        uri = _uri(document, link)
        if uri and pdfium.FPDFLink_GetAnnotRect(link, rect):
            found.append(_Link(uri, rect.left, rect.bottom, rect.right, rect.top))
    return found


def _placed(link: _Link, frame: Frame) -> tuple[str, Box4]:
    corners = (frame.point(link.left, link.bottom), frame.point(link.right, link.top))
    xs, ys = sorted(x for x, _ in corners), sorted(y for _, y in corners)
    return link.uri, fraction((xs[0], ys[0], xs[1], ys[1]), 0, frame)


def _is_filled_in(page: Any) -> bool:
    """Whether somebody typed on the page: form fields and text boxes are annotations, and no part of its text.

    Those that are never shown are taken away: PDFium would draw some of them.
    """
    filled_in = False
    for index in reversed(range(min(pdfium.FPDFPage_GetAnnotCount(page), _MOST_ANNOTATIONS))):
        annotation = pdfium.FPDFPage_GetAnnot(page, index)
        typed = pdfium.FPDFAnnot_GetSubtype(annotation) in _TYPED
        unseen = pdfium.FPDFAnnot_GetFlags(annotation) & _UNSEEN
        pdfium.FPDFPage_CloseAnnot(annotation)
        if typed and unseen:
            pdfium.FPDFPage_RemoveAnnot(page, index)
        filled_in = filled_in or (typed and not unseen)
    return filled_in


def _flattened(document: Any, page: Any, index: int) -> Any:
    """The page with what its annotations show as part of it; its links are gone. Takes the place of `page`."""
    # Drawing is what makes the look of fields that came without one ("NeedAppearances").
    bitmap = pdfium.FPDFBitmap_CreateEx(1, 1, pdfium.FPDFBitmap_Gray, None, 0)
    pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, 1, 1, 0, pdfium.FPDF_ANNOT)
    pdfium.FPDFBitmap_Destroy(bitmap)
    if pdfium.FPDFPage_Flatten(page, pdfium.FLAT_NORMALDISPLAY) != pdfium.FLATTEN_SUCCESS:
        return page
    pdfium.FPDF_ClosePage(page)
    return pdfium.FPDF_LoadPage(document, index)


def _uri(document: Any, link: Any) -> str:
    action = pdfium.FPDFLink_GetAction(link)
    if not action or pdfium.FPDFAction_GetType(action) != pdfium.PDFACTION_URI:
        return ""
    size = pdfium.FPDFAction_GetURIPath(document, action, None, 0)
    if not 1 < size <= _MAX_URI:
        return ""
    buffer = ctypes.create_string_buffer(size)
    pdfium.FPDFAction_GetURIPath(document, action, buffer, size)
    text = buffer.raw[: size - 1].decode("utf-8", "replace")
    return with_scheme("".join(char for char in text if char.isprintable()).strip())
