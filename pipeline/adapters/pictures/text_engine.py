"""Pictures as documents: PNG, JPEG, WebP, HEIC, and TIFF, whose frames are pages. They hold no text; OCR reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version

from pipeline.adapters.parsing.parsed import accepted, boxes_of, inks_of, text_of
from pipeline.adapters.parsing.pool import ParserPool
from pipeline.adapters.pictures.child import cut_image, ink_of_image, picture_of_image, read_image
from pipeline.domain.errors import UnsupportedDocument
from pipeline.domain.media_type import IMAGES
from pipeline.domain.ocr import Picture
from pipeline.domain.text import Ink, Line, Text
from pipeline.domain.version import source_version


class ImageTextEngine:
    """A TextEngine and PageEngine for images: pages without lines, each one picture."""

    def __init__(self, pool: ParserPool, *, max_pages: int) -> None:
        made_by = f"pillow-{version('pillow')}-heif-{version('pillow-heif')}"
        self.version = f"{made_by}-{source_version('pipeline.adapters.pictures.child')}"
        self._pool, self._max_pages = pool, max_pages

    async def read(self, content: bytes, mime: str) -> Text:
        """As `TextEngine.read`: the sizes of the frames; nothing is decoded yet."""
        _require_image(mime)
        return text_of(accepted(await self._pool.run(read_image, content, self._max_pages)), self.version)

    async def cut(self, content: bytes, mime: str, pages: Sequence[int]) -> bytes:
        """As `PageEngine.cut`: a PDF."""
        _require_image(mime)
        return accepted(await self._pool.run(cut_image, content, tuple(pages)))

    async def ink(
        self, content: bytes, mime: str, lines: Mapping[int, Sequence[Line]]
    ) -> dict[int, list[Ink]]:
        """As `PageEngine.ink`."""
        _require_image(mime)
        return inks_of(accepted(await self._pool.run(ink_of_image, content, boxes_of(lines))))

    async def picture(self, content: bytes, mime: str, page: int) -> Picture:
        """As `PageEngine.picture`."""
        _require_image(mime)
        return Picture(*accepted(await self._pool.run(picture_of_image, content, page)))

    def close(self) -> None:
        """End the child processes. Idempotent."""
        self._pool.close()


def _require_image(mime: str) -> None:
    if mime not in IMAGES:
        raise UnsupportedDocument()
