"""The text engine of every format that knows no pages: its reader, in a child process, lays the text out itself."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.adapters.parsing.parsed import ReadPage, Refusal, accepted, text_of
from pipeline.adapters.parsing.pool import ParserPool
from pipeline.domain.errors import UnsupportedDocument
from pipeline.domain.text import Text
from pipeline.domain.version import source_version


class LaidOutTextEngine:
    """A TextEngine for one media type. Pages and boxes are of our own making: there is nothing to look at."""

    def __init__(
        self,
        pool: ParserPool,
        mime: str,
        read: Callable[[bytes, int], list[ReadPage] | Refusal],
        *,
        name: str,
        max_pages: int,
    ) -> None:
        """`read` takes the bytes and the most pages, and is importable by name; `name` is what versions call it."""
        self.version = f"{name}-{source_version(read.__module__)}"
        self._pool, self._mime, self._read, self._max_pages = pool, mime, read, max_pages

    async def read(self, content: bytes, mime: str) -> Text:
        """As `TextEngine.read`: headers on the first page, footers on the last one."""
        if mime != self._mime:
            raise UnsupportedDocument()
        return text_of(accepted(await self._pool.run(self._read, content, self._max_pages)), self.version)

    def close(self) -> None:
        """End the child processes. Idempotent."""
        self._pool.close()
