"""Receiving an archive of resumes: streamed into the object store as it is, and unpacked only when it is ingested.

The object is durable before the row, and the row before the answer. The same bytes for the same job post are one
ingestion: whoever was cut off before the answer sends the archive again, and nothing is done twice.
"""

from __future__ import annotations

import asyncio
import logging
import tarfile
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from fastapi import Request

from pipeline.domain.errors import ObjectStoreUnavailable, TransientError, UnsupportedDocument
from pipeline.domain.ids import uuid7
from pipeline.domain.media_type import ARCHIVES
from serve_app.bodies import FormLimits, checked_lengths, declared_boundary, receive_form
from serve_app.keeping import commit_with_row
from serve_app.object_sink import ObjectSink
from serve_app.runtime import Runtime

logger = logging.getLogger("serve_app.archives")

#: Making a gibibyte durable takes a slow disk a while.
_STORE_TIMEOUT_S = 300.0
_ACCEPT_TIMEOUT_S = _STORE_TIMEOUT_S + 30
_CLEAN_UP_S = 3.0
_LONGEST = {"job_post_id": 200}


@dataclass(frozen=True, slots=True)
class AcceptedArchive:
    """An archive that is safe: its ingestion, and whether this request began it."""

    id: UUID
    created: bool


class ArchiveSniffer:
    """Tells by its first bytes whether a file is an archive. Whether it is a sound one, its ingestion finds out."""

    def __init__(self) -> None:
        self._head = b""

    def feed(self, data: bytes) -> None:
        """The next bytes. Raises UnsupportedDocument as soon as they show that the file is none."""
        if len(self._head) < tarfile.BLOCKSIZE:
            self._head += data[: tarfile.BLOCKSIZE - len(self._head)]
            if len(self._head) == tarfile.BLOCKSIZE:
                self.end()

    def end(self) -> str:
        """The media type. Raises UnsupportedDocument."""
        for signature, mime in ARCHIVES:
            if self._head.startswith(signature):
                return mime
        try:
            # A tar has no signature in its oldest form: its first header's checksum is what tells.
            tarfile.TarInfo.frombuf(self._head, "utf-8", "surrogateescape")
        except tarfile.HeaderError:
            raise UnsupportedDocument(
                "The file is no .zip or .tar (.gz, .zst, .bz2, .xz): send an archive of one of these kinds."
            ) from None
        return "application/x-tar"


async def accept_archive(request: Request, runtime: Runtime) -> AcceptedArchive:
    """Receive one archive, and begin its ingestion or find the one that it has.

    Raises Problem for whatever is wrong with the request; DatabaseUnavailable or ObjectStoreUnavailable when
    it could not be kept, and then nothing of it is left.
    """
    settings = runtime.settings
    boundary = declared_boundary(request, settings.max_archive_upload_bytes)
    archive = _Archive(runtime)
    try:
        form, _ = await receive_form(
            request,
            boundary,
            archive.sink,
            limits=FormLimits(
                settings.max_archive_upload_bytes,
                settings.archive_upload_timeout_s,
                pause_s=settings.upload_timeout_s,
            ),
            known_fields=frozenset(_LONGEST),
            sniffer=ArchiveSniffer(),
        )
        fields = checked_lengths(form.fields, _LONGEST)
        return await archive.accept(form.filename, fields.get("job_post_id"))
    finally:
        if not archive.handed_over:
            await asyncio.wait([runtime.detach(archive.give_up())], timeout=_CLEAN_UP_S)


class _Archive:
    """One archive between its first byte and its answer."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime, self._ingestions = runtime, runtime.services.ingestions
        self._id = uuid7()
        self.sink = ObjectSink(
            runtime.services.objects,
            f"archives/{self._id}",
            runtime.storage_pool(),
            timeout_s=_STORE_TIMEOUT_S,
        )
        self.handed_over = False

    async def accept(self, filename: str | None, job_post_id: str | None) -> AcceptedArchive:
        """Commit the object, then the row; a client that goes away ends its wait and nothing else."""
        self.handed_over = True
        work = self._runtime.detach(self._commit(filename, job_post_id))
        try:
            async with asyncio.timeout(_ACCEPT_TIMEOUT_S):
                return await asyncio.shield(work)
        except TimeoutError:
            raise TransientError("Keeping the archive took too long.") from None

    async def give_up(self) -> None:
        """Remove what was written, as far as the store answers."""
        try:
            await self.sink.discard()
        except ObjectStoreUnavailable:
            logger.warning("object left behind", extra={"ingestion_id": str(self._id)})

    async def _commit(self, filename: str | None, job_post_id: str | None) -> AcceptedArchive:
        async def create(digest: str) -> UUID:
            return await self._runtime.write_database(
                self._ingestions.create,
                f"upload:{filename or 'archive'}",
                as_of_date=datetime.now(UTC).date(),
                job_post_id=job_post_id,
                object_key=self.sink.key,
                content_sha256=digest,
                id=self._id,
            )

        async def exists() -> bool:
            return await self._runtime.database(self._ingestions.get, self._id) is not None

        found = await commit_with_row(
            self._runtime, self.sink, create_row=create, has_row=exists, give_up=self.give_up
        )
        if found != self._id:
            await self.give_up()
        return AcceptedArchive(found, created=found == self._id)
