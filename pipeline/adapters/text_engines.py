"""Every type of document that is read, as one text engine: each goes to the engine of its media type."""

from __future__ import annotations

from dataclasses import replace

from pipeline.adapters.parsing.pool import ParserPool
from pipeline.adapters.pdf.text_engine import PdfiumTextEngine
from pipeline.adapters.pictures.text_engine import ImageTextEngine
from pipeline.adapters.word.text_engine import DocxTextEngine
from pipeline.domain.errors import UnsupportedDocument
from pipeline.domain.media_type import DOCX, IMAGES, PDF, is_polyglot
from pipeline.domain.suspicion import POLYGLOT
from pipeline.domain.text import Text
from pipeline.ports import PageEngine, TextEngine


class DocumentTextEngine:
    """A DocumentEngine for every media type that is accepted. The engines share one pool of child processes."""

    def __init__(
        self, *, processes: int, timeout_s: float, memory_mib: int, max_pages: int, nice: int = 0
    ) -> None:
        self._pool = ParserPool(processes=processes, timeout_s=timeout_s, memory_mib=memory_mib, nice=nice)
        pdfium = PdfiumTextEngine(self._pool, max_pages=max_pages)
        docx = DocxTextEngine(self._pool, max_pages=max_pages)
        images = ImageTextEngine(self._pool, max_pages=max_pages)
        self._engines: dict[str, TextEngine] = {PDF: pdfium, DOCX: docx, **dict.fromkeys(IMAGES, images)}
        self._pages: dict[str, PageEngine] = {PDF: pdfium, **dict.fromkeys(IMAGES, images)}
        self.version = ", ".join(engine.version for engine in (pdfium, docx, images))

    async def read(self, content: bytes, mime: str) -> Text:
        """As `TextEngine.read`."""
        text = await self._engine(mime).read(content, mime)
        return replace(text, flags=(*text.flags, POLYGLOT)) if is_polyglot(content, mime) else text

    def pages(self, mime: str) -> PageEngine | None:
        """As `DocumentEngine.pages`."""
        self._engine(mime)
        return self._pages.get(mime)

    def close(self) -> None:
        """End the child processes. Idempotent."""
        self._pool.close()

    def _engine(self, mime: str) -> TextEngine:
        try:
            return self._engines[mime]
        except KeyError:
            raise UnsupportedDocument() from None
