"""One file read as the service reads it, with all that was weighed: no service, no database, no vendor.

The stages are the service's own, and so are the parsers' child processes and their limits. Pages without text of their
own are read by OCR on this machine.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

from pipeline.adapters.directory import DirectoryStore
from pipeline.domain.errors import ResourceLimit
from pipeline.domain.media_type import media_type
from pipeline.domain.ocr import OcrDocument, OcrText, Picture
from pipeline.domain.profile import Profile
from pipeline.domain.sections import SectionedText
from pipeline.domain.upload import StoredUpload
from pipeline.orchestration import wiring
from pipeline.ports import OcrEngine, PaidWork
from pipeline.reading.profile import draft_of
from pipeline.reading.why import Decision, listening
from pipeline.settings import Settings
from pipeline.stages.read_text import ReadText

_NO_VENDOR: dict[str, Any] = {"aws_s3_bucket_name": None, "gemini_api_key": None, "text_engine": "auto"}


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a file says and how it was read. `draft` is what the rules told, `profile` what its lines show of it.

    `turned` is by how many degrees, clockwise, the pictures of pages that OCR read must be turned to stand as their
    lines do.
    """

    content: bytes
    mime: str
    sections: SectionedText
    draft: Profile
    profile: Profile
    decisions: tuple[Decision, ...]
    turned: dict[int, int] = field(default_factory=dict)


class Inspector:
    """Reads files one by one. Close it."""

    def __init__(self, settings: Settings) -> None:
        local = settings.model_copy(update=_NO_VENDOR)
        self._folder = tempfile.TemporaryDirectory()
        self._objects = DirectoryStore(Path(self._folder.name))
        self._engine = wiring.text_engine(local)
        self._ocr = _Turns(wiring.ocr_engine(local))
        self._read = ReadText(self._engine, self._objects, self._ocr)
        self._group, self._verify = wiring.group_sections(), wiring.verify_profile(local)
        self._most = settings.max_upload_bytes

    async def inspect(self, content: bytes) -> Inspection:
        """The file, read. Raises DocumentError, as the service would fail the resume, or WorkerKilled."""
        if len(content) > self._most:
            raise ResourceLimit(
                f"The file has {len(content):,} bytes, MAX_UPLOAD_BYTES allows {self._most:,}: "
                "raise it, or cut the file."
            )
        mime, sha256 = media_type(content), hashlib.sha256(content).hexdigest()
        today = date.today()  # noqa: DTZ011 ("present" is the day of whoever looks)
        upload = StoredUpload(uuid4(), f"resumes/{sha256}", sha256, len(content), mime, today)
        self._keep(upload.object_key, content)
        self._ocr.turned = {}
        try:
            text = await self._read.run(upload, Unpaid())
        finally:
            self._objects.delete(upload.object_key)
        with listening() as decisions:
            sections = self._group.run(text)
            draft = draft_of(
                sections
            )  # as the rules' engine does, which would do it on another thread, unheard
        profile = self._verify.run(draft, sections, upload)
        return Inspection(content, mime, sections, draft, profile, tuple(decisions), self._ocr.turned)

    async def picture(self, inspection: Inspection, number: int) -> Picture | None:
        """A page (from 1) as a reader sees it; None where there is nothing to look at. Raises as `inspect`."""
        pages = self._engine.pages(inspection.mime)
        if pages is None:
            return None
        return await pages.picture(inspection.content, inspection.mime, number)

    def close(self) -> None:
        """End the child processes. Idempotent."""
        self._read.close()
        self._folder.cleanup()

    def _keep(self, key: str, content: bytes) -> None:
        writer = self._objects.create(key)
        writer.write(content)
        writer.commit()


class Unpaid:
    """PaidWork of one who stores nothing: what is asked is done, each time."""

    async def once(self, stage: str, digest: str, make: Callable[[Any], Awaitable[bytes]]) -> bytes:
        """As `PaidWork.once`."""
        return await make(None)


class _Turns:
    """An OcrEngine that remembers how it turned the pages."""

    def __init__(self, engine: OcrEngine) -> None:
        self._engine, self.version = engine, engine.version
        self.turned: dict[int, int] = {}

    async def read(self, document: OcrDocument, paid: PaidWork) -> OcrText:
        """As `OcrEngine.read`."""
        read = await self._engine.read(document, paid)
        self.turned = {page.number: page.turned for page in read.pages if page.turned}
        return read

    async def check(self) -> None:
        """As `OcrEngine.check`."""
        await self._engine.check()

    def close(self) -> None:
        """As `OcrEngine.close`."""
        self._engine.close()
