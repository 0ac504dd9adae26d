"""Old Word files as a text engine: LibreOffice makes a PDF of each, and that is what is read and shown."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

from pipeline.adapters.office.convert import as_pdf
from pipeline.domain.errors import UnsupportedDocument
from pipeline.domain.media_type import DOC, PDF
from pipeline.domain.ocr import Picture
from pipeline.domain.text import Ink, Line, Text
from pipeline.domain.version import source_version
from pipeline.ports import PageEngine, TextEngine


class _PdfEngine(TextEngine, PageEngine, Protocol):
    """What reads and shows PDFs."""


class DocTextEngine:
    """A TextEngine and PageEngine for Word files of before 2007. Each call converts: nothing is kept between two."""

    version = f"doc-{source_version('pipeline.adapters.office.convert')}"

    def __init__(
        self, pdf: _PdfEngine, *, processes: int, timeout_s: float, memory_mib: int, nice: int = 0
    ) -> None:
        """`processes`: how many of LibreOffice run at once."""
        self._pdf = pdf
        self._timeout_s, self._memory_mib, self._nice = timeout_s, memory_mib, nice
        self._places = asyncio.Semaphore(processes)

    async def read(self, content: bytes, mime: str) -> Text:
        """As `TextEngine.read`."""
        return await self._pdf.read(await self._converted(content, mime), PDF)

    async def cut(self, content: bytes, mime: str, pages: Sequence[int]) -> bytes:
        """As `PageEngine.cut`."""
        return await self._pdf.cut(await self._converted(content, mime), PDF, pages)

    async def picture(self, content: bytes, mime: str, page: int) -> Picture:
        """As `PageEngine.picture`."""
        return await self._pdf.picture(await self._converted(content, mime), PDF, page)

    async def ink(
        self, content: bytes, mime: str, lines: Mapping[int, Sequence[Line]]
    ) -> dict[int, list[Ink]]:
        """As `PageEngine.ink`."""
        return await self._pdf.ink(await self._converted(content, mime), PDF, lines)

    async def _converted(self, content: bytes, mime: str) -> bytes:
        if mime != DOC:
            raise UnsupportedDocument()
        async with self._places:
            return await as_pdf(
                content, timeout_s=self._timeout_s, memory_mib=self._memory_mib, nice=self._nice
            )

    def close(self) -> None:
        """End the child processes. Idempotent."""
        self._pdf.close()
