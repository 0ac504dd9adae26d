"""Read a document: its own text layer first, and OCR for the pages that have none worth the name."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Literal

from pipeline.domain.errors import EmptyDocument, UnsupportedScript
from pipeline.domain.media_type import PDF
from pipeline.domain.ocr import OcrDocument, ocr_key
from pipeline.domain.text import Text
from pipeline.domain.upload import StoredUpload
from pipeline.ports import DocumentEngine, ObjectStore, OcrEngine, PageEngine, PaidWork
from pipeline.stages.merging.merge import lines_of, merged
from pipeline.stages.merging.quality import needs_ocr

#: Which pages go to OCR: those that need it, or every one.
Pages = Literal["needed", "all"]


class ReadText:
    """StoredUpload -> Text."""

    def __init__(
        self,
        engine: DocumentEngine,
        objects: ObjectStore,
        ocr: OcrEngine | None = None,
        pages: Pages = "needed",
    ) -> None:
        """Without `ocr`, a page says what its own text layer says."""
        self._engine, self._objects, self._ocr, self._pages = engine, objects, ocr, pages

    async def run(self, upload: StoredUpload, paid: PaidWork) -> Text:
        """The document's pages.

        Raises EmptyDocument when a person would see no text on any page, UnsupportedScript when what they would
        see cannot be read, NotYet while OCR is at work, and whatever the engines and the object store raise.
        """
        content = await asyncio.to_thread(self._objects.read, upload.object_key)
        text = await self._engine.read(content, upload.mime)
        if self._ocr is not None:
            text = await self._with_ocr(self._ocr, text, content, upload, paid)
        if not any(word.text for line in text.lines if not line.hidden for word in line.words):
            raise UnsupportedScript() if text.foreign else EmptyDocument()
        return text

    def close(self) -> None:
        """End what the engines run. Idempotent."""
        self._engine.close()
        if self._ocr is not None:
            self._ocr.close()

    async def _with_ocr(
        self, ocr: OcrEngine, text: Text, content: bytes, upload: StoredUpload, paid: PaidWork
    ) -> Text:
        pages = self._engine.pages(upload.mime)
        if pages is None:
            return text
        numbers = tuple(page.number for page in text.pages if self._pages == "all" or needs_ocr(page))
        if not numbers:
            return text
        cut = _CutPages(pages, self._objects, upload, content, numbers)
        whole = len(numbers) == len(text.pages)
        # An image is sent as a PDF: turned as its maker said, in a format that every vendor takes.
        in_place = whole and upload.mime == PDF
        place = cut.original if in_place else cut.place
        picture = partial(pages.picture, content, upload.mime)
        document = OcrDocument(upload.sha256, upload.resume_id, numbers, place, picture)
        read = await ocr.read(document, paid)
        if not in_place:
            await cut.remove()
        lines = lines_of(read)
        seen = {page.number: list(page.ink) for page in read.pages if page.ink is not None}
        unseen = {number: page for number, page in lines.items() if number not in seen}
        ink = seen | (await pages.ink(content, upload.mime, unseen) if unseen else {})
        return merged(text, read, ink, engine=ocr.version)


class _CutPages:
    """The pages for OCR as an object of their own, so that no other page is paid for."""

    def __init__(
        self,
        pages: PageEngine,
        objects: ObjectStore,
        upload: StoredUpload,
        content: bytes,
        numbers: tuple[int, ...],
    ) -> None:
        self._pages, self._objects, self._upload = pages, objects, upload
        self._content, self._numbers = content, numbers

    async def original(self) -> str:
        """Every page is wanted: the original is the object."""
        return self._upload.object_key

    async def place(self) -> str:
        """Cut the pages out and store them; a second time stores the same again."""
        key = ocr_key(self._upload.resume_id)
        cut = await self._pages.cut(self._content, self._upload.mime, self._numbers)
        await asyncio.to_thread(self._store, key, cut)
        return key

    def _store(self, key: str, cut: bytes) -> None:
        self._objects.delete(key)  # an earlier try's, which nobody reads any more
        writer = self._objects.create(key)
        try:
            writer.write(cut)
            writer.commit()
        except BaseException:  # whatever ended it, cancellation too: nothing half written stays
            writer.abort()
            raise

    async def remove(self) -> None:
        """The pages are read: the object is of no more use, if there is one."""
        await asyncio.to_thread(self._objects.delete, ocr_key(self._upload.resume_id))
