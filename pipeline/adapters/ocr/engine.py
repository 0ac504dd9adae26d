"""RapidOCR as the OCR engine: on this machine, without a network, in child processes of its own.

Pages are drawn by the text engine's children and read one by one here, so that each page has the time and memory that
a page may take. What was read is remembered as a vendor's answer is: it is the slowest work there is. Kept is
zlib over

    {"pages": {number: {"turned": degrees, "lines": [[[[text, confidence, l, t, r, b], …], stroke, [height, …]], …]}},
     "unread": [number, …], "foreign": [number, …]}
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import zlib
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from pipeline.adapters.ocr.child import read_picture
from pipeline.adapters.ocr.run import ReadPicture
from pipeline.adapters.parsing.parsed import Pixels, Refusal, accepted
from pipeline.adapters.parsing.pool import ParserPool
from pipeline.domain.errors import CorruptDocument, OcrFailed, ResourceLimit
from pipeline.domain.ocr import OcrDocument, OcrPage, OcrText
from pipeline.domain.text import Box, Ink, Line, Word
from pipeline.domain.version import source_version
from pipeline.ports import PaidCall, PaidWork

#: Of pages as they are stored, which our own code has a part in. Raise it when the same picture is read otherwise: all
#: stored pages are then read anew, at some three seconds each. A test reminds whoever changes that code.
READING = 2
_STAGE = "ocr"
_DIGITS = 4


class RapidOcrEngine:
    """An OcrEngine. A page that breaks a limit is one that it gives up on; the others are read."""

    def __init__(self, *, processes: int, page_timeout_s: float, memory_mib: int, nice: int = 0) -> None:
        vendor = f"rapidocr-{version('rapidocr')}"
        self._asked = f"{vendor}/{READING}"
        self.version = f"{vendor}-{source_version('pipeline.adapters.ocr.page')}"
        self._pool = ParserPool(
            processes=processes, timeout_s=page_timeout_s, memory_mib=memory_mib, nice=nice
        )
        # One more than is read at once: drawn ahead, and no more of a long document in memory than that.
        self._pages_ahead = processes + 1

    async def read(self, document: OcrDocument, paid: PaidWork) -> OcrText:
        """As `OcrEngine.read`."""
        asked = json.dumps([self._asked, document.pages]).encode()

        async def make(_: PaidCall) -> bytes:
            return await self._make(document)

        return _text(await paid.once(_STAGE, hashlib.sha256(asked).hexdigest(), make))

    async def check(self) -> None:
        """Read a white page: the models load. Raises ResourceLimit where OCR_MEMORY_MIB is too little for them."""
        await self._pool.run(read_picture, Pixels(64, 64, b"\xff" * 4096, 1.0))

    def close(self) -> None:
        """End the child processes. Idempotent."""
        self._pool.close()

    async def _make(self, document: OcrDocument) -> bytes:
        ahead = asyncio.Semaphore(self._pages_ahead)
        pages_read = [asyncio.create_task(self._page(document, number, ahead)) for number in document.pages]
        try:
            read = await asyncio.gather(*pages_read)
        except BaseException:  # whatever it was: no page is read for nobody
            for page in pages_read:
                page.cancel()
            raise
        pages = dict(zip(document.pages, read, strict=True))
        unread = [number for number, page in pages.items() if page is None]
        if len(unread) == len(pages):
            raise OcrFailed(
                "No page could be read in the time and memory that a page is given: scan at 200 dpi."
            )
        return _packed({number: page for number, page in pages.items() if page is not None}, unread)

    async def _page(self, document: OcrDocument, number: int, ahead: asyncio.Semaphore) -> ReadPicture | None:
        """The page as read; None where it cannot be drawn, or takes more than a page is given."""
        async with ahead:
            try:
                picture = await document.picture(number)
                pixels = Pixels(picture.width, picture.height, picture.grey, picture.scale)
                answer: ReadPicture | Refusal = await self._pool.run(read_picture, pixels)
                return accepted(answer)
            except (CorruptDocument, ResourceLimit):
                return None


def _packed(pages: Mapping[int, ReadPicture], unread: list[int]) -> bytes:
    kept = {
        "pages": {
            number: {
                "turned": page.turned,
                "lines": [
                    [[[text, round(sure, _DIGITS), *box] for text, sure, box in words], *_rounded(ink)]
                    for words, ink in zip(page.lines, page.ink, strict=True)
                ],
            }
            for number, page in pages.items()
        },
        "unread": unread,
        "foreign": [number for number, page in pages.items() if page.foreign],
    }
    return zlib.compress(json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode())


def _rounded(ink: tuple[float, list[float]]) -> tuple[float, list[float]]:
    return round(ink[0], _DIGITS), [round(height, _DIGITS) for height in ink[1]]


def _text(kept: bytes) -> OcrText:
    told = json.loads(zlib.decompress(kept))
    pages = tuple(_page(int(number), page) for number, page in told["pages"].items())
    return OcrText(pages, tuple(told["unread"]), tuple(told["foreign"]))


def _page(number: int, told: Mapping[str, Any]) -> OcrPage:
    lines: list[Line] = []
    ink: list[Ink] = []
    for printed, stroke, heights in told["lines"]:
        words = tuple(Word(text, Box(*edges), sure) for text, sure, *edges in printed)
        box = words[0].box
        for word in words[1:]:
            box = box.union(word.box)
        lines.append(Line(len(lines), number, words, box))
        ink.append(Ink(stroke, tuple(heights)))
    return OcrPage(number, tuple(lines), told["turned"], tuple(ink))
