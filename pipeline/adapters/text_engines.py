"""Every type of document that is read, as one text engine: each goes to the engine of its media type."""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import version

from pipeline.adapters.office.text_engine import DocTextEngine
from pipeline.adapters.opendocument.child import read_odt
from pipeline.adapters.parsing.pool import ParserPool
from pipeline.adapters.parsing.text_engine import LaidOutTextEngine
from pipeline.adapters.pdf.text_engine import PdfiumTextEngine
from pipeline.adapters.pictures.text_engine import ImageTextEngine
from pipeline.adapters.plaintext.child import read_text
from pipeline.adapters.richtext.child import read_rtf
from pipeline.adapters.word.child import read_docx
from pipeline.domain.errors import UnsupportedDocument
from pipeline.domain.media_type import DOC, DOCX, IMAGES, ODT, PDF, RTF, TXT, is_polyglot
from pipeline.domain.suspicion import POLYGLOT
from pipeline.domain.text import Text
from pipeline.ports import PageEngine, TextEngine

#: What reads the formats that know no pages, and what versions call it.
_LAID_OUT = {
    DOCX: (read_docx, "docx"),
    ODT: (read_odt, "odt"),
    RTF: (read_rtf, "rtf"),
    TXT: (read_text, f"txt-{version('chardet')}"),
}


class DocumentTextEngine:
    """A DocumentEngine for every media type that is accepted. The engines share one pool of child processes."""

    def __init__(
        self, *, processes: int, timeout_s: float, memory_mib: int, max_pages: int, nice: int = 0
    ) -> None:
        self._pool = ParserPool(processes=processes, timeout_s=timeout_s, memory_mib=memory_mib, nice=nice)
        pdfium = PdfiumTextEngine(self._pool, max_pages=max_pages)
        images = ImageTextEngine(self._pool, max_pages=max_pages)
        doc = DocTextEngine(
            pdfium, processes=processes, timeout_s=timeout_s, memory_mib=memory_mib, nice=nice
        )
        laid_out: dict[str, TextEngine] = {
            mime: LaidOutTextEngine(self._pool, mime, read, name=name, max_pages=max_pages)
            for mime, (read, name) in _LAID_OUT.items()
        }
        self._engines: dict[str, TextEngine] = {
            PDF: pdfium, DOC: doc, **laid_out, **dict.fromkeys(IMAGES, images)
        }  # fmt: skip
        self._pages: dict[str, PageEngine] = {PDF: pdfium, DOC: doc, **dict.fromkeys(IMAGES, images)}
        every: tuple[TextEngine, ...] = (pdfium, images, doc, *laid_out.values())
        self.version = ", ".join(engine.version for engine in every)

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
