"""PDFium as the text engine: a PDF's own text layer, read in killable child processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import TypeVar

from pipeline.adapters.parser_pool import ParserPool
from pipeline.adapters.pdfium_child import ReadPage, Refusal, cut_document, ink_of_document, read_document
from pipeline.domain.errors import (
    CorruptDocument,
    DocumentError,
    EncryptedDocument,
    ResourceLimit,
    UnsupportedDocument,
)
from pipeline.domain.text import Box, Ink, Line, Link, Page, Text, Word
from pipeline.domain.upload import PDF

T = TypeVar("T")

_READING = 2  #: raise when the same bytes could read differently
_ERRORS: dict[str, type[DocumentError]] = {
    kind.code: kind for kind in (CorruptDocument, EncryptedDocument, ResourceLimit, UnsupportedDocument)
}


class PdfiumTextEngine:
    """A TextEngine for PDFs that carry their text. Pages that show text only as outlines give no lines."""

    def __init__(
        self, *, processes: int, timeout_s: float, memory_mib: int, max_pages: int, nice: int = 0
    ) -> None:
        self.version = f"pdfium-{version('pypdfium2')}/{_READING}"
        self._max_pages = max_pages
        self._pool = ParserPool(processes=processes, timeout_s=timeout_s, memory_mib=memory_mib, nice=nice)

    async def read(self, content: bytes, mime: str = PDF) -> Text:
        """Every page in order, with links, hidden text flagged. Raises as TextEngine.read says."""
        if mime != PDF:
            raise UnsupportedDocument()
        return _text(_accepted(await self._pool.run(read_document, content, self._max_pages)), self.version)

    async def cut(self, content: bytes, mime: str, pages: Sequence[int]) -> bytes:
        """As `TextEngine.cut`."""
        if mime != PDF:
            raise UnsupportedDocument()
        return _accepted(await self._pool.run(cut_document, content, tuple(pages)))

    async def ink(
        self, content: bytes, mime: str, lines: Mapping[int, Sequence[Line]]
    ) -> dict[int, list[Ink]]:
        """As `TextEngine.ink`."""
        if mime != PDF:
            raise UnsupportedDocument()
        wanted = {
            number: [[tuple(word.box) for word in line.words] for line in page]
            for number, page in lines.items()
        }
        found = _accepted(await self._pool.run(ink_of_document, content, wanted))
        return {
            number: [Ink(stroke, tuple(heights)) for stroke, heights in page]
            for number, page in found.items()
        }

    def close(self) -> None:
        """End the child processes. Idempotent."""
        self._pool.close()


def _accepted(answer: T | Refusal) -> T:
    if isinstance(answer, Refusal):
        raise _ERRORS[answer.code](answer.message)
    return answer


def _text(read: list[ReadPage], engine: str) -> Text:
    pages: list[Page] = []
    next_id = 0
    for number, page in enumerate(read, 1):
        lines = []
        for words, box, size, bold, hidden in page.lines:
            printed = tuple(Word(text, Box._make(word_box)) for text, word_box in words)
            lines.append(Line(next_id, number, printed, Box._make(box), size, bold, hidden))
            next_id += 1
        links = tuple(Link(number, uri, Box._make(box)) for uri, box in page.links)
        pages.append(
            Page(number, page.width, page.height, tuple(lines), links, "native", page.pictured, page.drawn)
        )
    return Text(tuple(pages), engine)
