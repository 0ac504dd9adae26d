"""Word files (.docx) as a text engine, read in killable child processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.adapters.parsing.parsed import accepted, text_of
from pipeline.adapters.parsing.pool import ParserPool
from pipeline.adapters.word.child import read_docx
from pipeline.domain.errors import UnsupportedDocument
from pipeline.domain.media_type import DOCX
from pipeline.domain.ocr import Picture
from pipeline.domain.text import Ink, Line, Text

_READING = 1  #: raise when the same bytes could read differently


class DocxTextEngine:
    """A TextEngine for Word files. Pages and boxes are of our own making: there is nothing to draw or to cut."""

    version = f"docx/{_READING}"

    def __init__(self, pool: ParserPool, *, max_pages: int) -> None:
        self._pool, self._max_pages = pool, max_pages

    async def read(self, content: bytes, mime: str) -> Text:
        """As `TextEngine.read`: headers on the first page, footers on the last one."""
        if mime != DOCX:
            raise UnsupportedDocument()
        return text_of(accepted(await self._pool.run(read_docx, content, self._max_pages)), self.version)

    async def cut(self, content: bytes, mime: str, pages: Sequence[int]) -> bytes:
        """Raises UnsupportedDocument: no page of a Word file needs OCR."""
        raise UnsupportedDocument()

    async def ink(
        self, content: bytes, mime: str, lines: Mapping[int, Sequence[Line]]
    ) -> dict[int, list[Ink]]:
        """Raises UnsupportedDocument: sizes and weights are told."""
        raise UnsupportedDocument()

    async def picture(self, content: bytes, mime: str, page: int) -> Picture:
        """Raises UnsupportedDocument: there is none."""
        raise UnsupportedDocument()

    def close(self) -> None:
        """End the child processes. Idempotent."""
        self._pool.close()
