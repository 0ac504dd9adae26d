"""PDFs, as the parser's child process reads, draws and cuts them. PDFium itself is not instrumented."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.adapters.parsing.parsed import accepted, text_of
from pipeline.adapters.pdf.child import cut_document, ink_of_document, picture_of_document, read_document
from pipeline.adapters.pdf.loops import pages_loop, tables_loop
from tests.adapters import pdf_bombs
from tests.adapters.pdf_bytes import pdf, text_at
from tests.fuzz import samples

LONGEST = 200_000
_MOST_PAGES = 5


def run(data: bytes) -> None:
    """Read every page; draw and cut the first, and measure its lines."""
    tables_loop(data)
    pages_loop(data)
    read = accepted(read_document(data, _MOST_PAGES))
    text_of(read, "fuzz")
    accepted(picture_of_document(data, 1))
    accepted(cut_document(data, [1]))
    boxes = [[box for _, box in words] for words, *_ in read[0].lines[:20]]
    accepted(ink_of_document(data, {1: boxes}))


def seeds() -> Iterator[bytes]:
    """Small documents written by hand, whose bytes mean something, and the samples."""
    yield pdf([text_at(60, 700, "Ada Fiktiva", size=20, font="F2") + text_at(60, 650, "ada@example.org")])
    yield pdf([text_at(60, 700, "sideways")], page_keys="/Rotate 90")
    yield pdf([text_at(60, 700, "needs a password")], user_password=b"x")
    yield pdf_bombs.saved_again(2)
    yield pdf_bombs.circular_prev_of_streams()
    yield pdf_bombs.page_tree_cycle()
    yield pdf_bombs.page_tree_cycle(packed=True)
    yield pdf_bombs.object_stream(1000)
    yield pdf_bombs.huge_jbig2(1000, told=1000)
    yield pdf_bombs.huge_jpx(1000, told=1000)
    yield pdf_bombs.acting("http://127.0.0.1:9", "true")
    yield pdf_bombs.many_pages(_MOST_PAGES)
    for path in samples.pdfs():
        yield path.read_bytes()
