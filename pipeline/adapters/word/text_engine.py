"""Word files (.docx) as a text engine, read in killable child processes."""

from __future__ import annotations

from pipeline.adapters.parsing.parsed import accepted, text_of
from pipeline.adapters.parsing.pool import ParserPool
from pipeline.adapters.word.child import read_docx
from pipeline.domain.errors import UnsupportedDocument
from pipeline.domain.media_type import DOCX
from pipeline.domain.text import Text
from pipeline.domain.version import source_version


class DocxTextEngine:
    """A TextEngine for Word files. Pages and boxes are of our own making: there is nothing to look at."""

    version = f"docx-{source_version('pipeline.adapters.word.child')}"

    def __init__(self, pool: ParserPool, *, max_pages: int) -> None:
        self._pool, self._max_pages = pool, max_pages

    async def read(self, content: bytes, mime: str) -> Text:
        """As `TextEngine.read`: headers on the first page, footers on the last one."""
        if mime != DOCX:
            raise UnsupportedDocument()
        return text_of(accepted(await self._pool.run(read_docx, content, self._max_pages)), self.version)

    def close(self) -> None:
        """End the child processes. Idempotent."""
        self._pool.close()
