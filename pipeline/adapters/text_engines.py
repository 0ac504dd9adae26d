"""Every type of document that is read, as one text engine: each goes to the engine of its media type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.adapters.parsing.pool import ParserPool
from pipeline.adapters.pdf.text_engine import PdfiumTextEngine
from pipeline.adapters.pictures.text_engine import ImageTextEngine
from pipeline.adapters.word.text_engine import DocxTextEngine
from pipeline.domain.errors import UnsupportedDocument
from pipeline.domain.media_type import DOCX, IMAGES, PDF
from pipeline.domain.ocr import Picture
from pipeline.domain.text import Ink, Line, Text
from pipeline.ports import TextEngine


class DocumentTextEngine:
    """A TextEngine for every media type that is accepted. The engines share one pool of child processes."""

    def __init__(
        self, *, processes: int, timeout_s: float, memory_mib: int, max_pages: int, nice: int = 0
    ) -> None:
        self._pool = ParserPool(processes=processes, timeout_s=timeout_s, memory_mib=memory_mib, nice=nice)
        pdfium = PdfiumTextEngine(self._pool, max_pages=max_pages)
        docx = DocxTextEngine(self._pool, max_pages=max_pages)
        images = ImageTextEngine(self._pool, max_pages=max_pages)
        self._engines: dict[str, TextEngine] = {PDF: pdfium, DOCX: docx, **dict.fromkeys(IMAGES, images)}
        self.version = ", ".join(engine.version for engine in (pdfium, docx, images))

    async def read(self, content: bytes, mime: str) -> Text:
        """As `TextEngine.read`."""
        return await self._engine(mime).read(content, mime)

    async def cut(self, content: bytes, mime: str, pages: Sequence[int]) -> bytes:
        """As `TextEngine.cut`."""
        return await self._engine(mime).cut(content, mime, pages)

    async def ink(
        self, content: bytes, mime: str, lines: Mapping[int, Sequence[Line]]
    ) -> dict[int, list[Ink]]:
        """As `TextEngine.ink`."""
        return await self._engine(mime).ink(content, mime, lines)

    async def picture(self, content: bytes, mime: str, page: int) -> Picture:
        """As `TextEngine.picture`."""
        return await self._engine(mime).picture(content, mime, page)

    def close(self) -> None:
        """End the child processes. Idempotent."""
        self._pool.close()

    def _engine(self, mime: str) -> TextEngine:
        try:
            return self._engines[mime]
        except KeyError:
            raise UnsupportedDocument() from None
