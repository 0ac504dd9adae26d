"""PDFium as the text engine: a PDF's own text layer, read in killable child processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version

from pipeline.adapters.parsing.parsed import accepted, boxes_of, inks_of, text_of
from pipeline.adapters.parsing.pool import ParserPool
from pipeline.adapters.pdf.child import cut_document, ink_of_document, picture_of_document, read_document
from pipeline.domain.errors import UnsupportedDocument
from pipeline.domain.media_type import PDF
from pipeline.domain.ocr import Picture
from pipeline.domain.text import Ink, Line, Text
from pipeline.domain.version import source_version


class PdfiumTextEngine:
    """A TextEngine and PageEngine for PDFs that carry their text. What is only drawn as outlines gives no lines."""

    def __init__(self, pool: ParserPool, *, max_pages: int) -> None:
        self.version = f"pdfium-{version('pypdfium2')}-{source_version('pipeline.adapters.pdf.child')}"
        self._pool, self._max_pages = pool, max_pages

    async def read(self, content: bytes, mime: str = PDF) -> Text:
        """Every page in order, with links, hidden text flagged. Raises as TextEngine.read says."""
        _require_pdf(mime)
        return text_of(accepted(await self._pool.run(read_document, content, self._max_pages)), self.version)

    async def cut(self, content: bytes, mime: str, pages: Sequence[int]) -> bytes:
        """As `PageEngine.cut`."""
        _require_pdf(mime)
        return accepted(await self._pool.run(cut_document, content, tuple(pages)))

    async def ink(
        self, content: bytes, mime: str, lines: Mapping[int, Sequence[Line]]
    ) -> dict[int, list[Ink]]:
        """As `PageEngine.ink`."""
        _require_pdf(mime)
        return inks_of(accepted(await self._pool.run(ink_of_document, content, boxes_of(lines))))

    async def picture(self, content: bytes, mime: str, page: int) -> Picture:
        """As `PageEngine.picture`."""
        _require_pdf(mime)
        return Picture(*accepted(await self._pool.run(picture_of_document, content, page)))

    def close(self) -> None:
        """End the child processes. Idempotent."""
        self._pool.close()


def _require_pdf(mime: str) -> None:
    if mime != PDF:
        raise UnsupportedDocument()
