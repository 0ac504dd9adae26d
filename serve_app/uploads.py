"""The upload: a multipart body streamed into the object store, then one transaction, then the 202.

The object is durable before the row, and the row before the answer. Everything from the object's commit on runs
in a task of its own, so that a client that goes away ends its wait and nothing else.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Literal
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from pipeline.adapters.postgres.applications import NewApplication
from pipeline.adapters.postgres.idempotency import (
    HOLD_S,
    Answered,
    HeldElsewhere,
    Hold,
    IdempotencyRef,
)
from pipeline.domain.errors import (
    DatabaseUnavailable,
    ObjectStoreUnavailable,
    TransientError,
)
from pipeline.domain.ids import uuid7
from pipeline.domain.journey import Status
from pipeline.domain.media_type import Sniffer
from pipeline.domain.trace import traceparent
from serve_app import problems
from serve_app.bodies import FormLimits, checked_lengths, declared_boundary, receive_form
from serve_app.keeping import commit_with_row
from serve_app.multipart import Form
from serve_app.object_sink import ObjectSink
from serve_app.problems import Problem
from serve_app.runtime import Runtime

if TYPE_CHECKING:
    from pipeline.adapters.postgres.api_keys import Principal

logger = logging.getLogger("serve_app.uploads")

#: Two renewals of a key may fail before another upload may take it.
_RENEW_S = HOLD_S / 3
_ACCEPT_TIMEOUT_S = 45.0
#: The answer waits this long for the removal of what was written; the removal itself goes on.
_CLEAN_UP_S = 3.0
_LONGEST = {"job_post_id": 200, "external_id": 200, "email": 320, "as_of_date": 10, "on_duplicate": 16}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_IDEMPOTENCY_KEY = re.compile(r"[\x20-\x7e]{1,255}")


def _iso_day(value: object) -> object:
    if isinstance(value, str) and not _DAY.fullmatch(value):
        raise PydanticCustomError("day", "Must be a day as YYYY-MM-DD")
    return value


class UploadOptions(BaseModel):
    """The form's fields beside the file."""

    model_config = ConfigDict(extra="forbid")

    job_post_id: str | None = Field(
        None, max_length=200, description="Groups resumes; a filter of lists and searches."
    )
    email: str | None = Field(
        None,
        max_length=320,
        pattern=r"^[^@\s]+@[^@\s]+$",
        description="The candidate's address, a filter of lists. Default: the first one in the resume.",
    )
    external_id: str | None = Field(None, max_length=200, description="The sender's own id of this resume.")
    as_of_date: Annotated[date, BeforeValidator(_iso_day)] | None = Field(
        None, description='The day that "present" means in the resume, YYYY-MM-DD. Default: today (UTC).'
    )
    on_duplicate: Literal["new", "return"] = Field(
        "new",
        description="`return` answers 200 with the newest resume of the same bytes, job_post_id and external_id, "
        "if there is one that has not failed; `new` always makes another.",
    )


@dataclass(frozen=True, slots=True)
class AcceptedUpload:
    """A resume that is safe: its id, its status, and whether this request made it."""

    id: UUID
    status: Status
    created: bool


async def accept_upload(request: Request, runtime: Runtime, caller: Principal) -> AcceptedUpload:
    """Receive one upload.

    Raises Problem for whatever is wrong with the request; DatabaseUnavailable or ObjectStoreUnavailable when
    it could not be kept, and then nothing of it is left.
    """
    settings = runtime.settings
    boundary = declared_boundary(request, settings.max_upload_bytes)
    key = _idempotency_key(request)
    begun = await _begin(runtime, caller, key) if key else None
    earlier = begun if isinstance(begun, Answered) else None
    resume = uuid7()
    store = None if earlier else runtime.services.objects
    sink = ObjectSink(store, f"resumes/{resume}", runtime.storage_pool())
    upload = _Upload(runtime, begun if isinstance(begun, Hold) else None, resume, sink)
    try:
        form, mime = await receive_form(
            request,
            boundary,
            sink,
            limits=FormLimits(
                settings.max_upload_bytes, settings.upload_timeout_s, pause_s=settings.upload_timeout_s
            ),
            known_fields=frozenset(UploadOptions.model_fields),
            sniffer=Sniffer(legacy_word=runtime.services.legacy_word),
        )
        options = _options(form.fields)
        if earlier is not None:
            return await upload.repeated(earlier, options)
        return await upload.accept(form, mime, options)
    finally:
        if not upload.handed_over:
            await asyncio.wait([runtime.detach(upload.give_up())], timeout=_CLEAN_UP_S)


class _Upload:
    """One upload between its first byte and its answer."""

    def __init__(self, runtime: Runtime, hold: Hold | None, resume: UUID, sink: ObjectSink) -> None:
        self._runtime, self._hold = runtime, hold
        self._applications = runtime.services.applications
        self._id, self._sink = resume, sink
        self._renewals = runtime.detach(_renew(runtime, hold)) if hold else None
        self.handed_over = False

    async def repeated(self, earlier: Answered, options: UploadOptions) -> AcceptedUpload:
        """The answer to a key that was used: the same id for the same bytes and fields."""
        if _fingerprint(await self._sink.sha256(), options) != earlier.fingerprint:
            raise Problem(
                "invalid", "This Idempotency-Key was used with another file or other fields: use a new key."
            )
        return await self._existing(earlier.resume_id)

    async def accept(self, form: Form, mime: str, options: UploadOptions) -> AcceptedUpload:
        """Commit the object, then the row; or answer a duplicate, where the caller asked for that."""
        if options.on_duplicate == "return":
            # Only to spare an object that is not needed: `create` decides.
            duplicate = await self._runtime.database(
                self._applications.find_duplicate,
                await self._sink.sha256(),
                job_post_id=options.job_post_id,
                external_id=options.external_id,
            )
            if duplicate is not None:
                return await self._existing(duplicate)
        self.handed_over = True
        work = self._runtime.detach(self._commit(form, mime, options))
        try:
            async with asyncio.timeout(_ACCEPT_TIMEOUT_S):
                return await asyncio.shield(work)
        except TimeoutError:
            raise TransientError("Keeping the upload took too long.") from None

    async def give_up(self) -> None:
        """Remove what was written and let the key go, as far as the stores answer."""
        self._stop_renewing()
        try:
            await self._sink.discard()
        except ObjectStoreUnavailable:
            logger.warning("object left behind", extra={"resume_id": str(self._id)})
        if self._hold is not None:
            try:
                await self._runtime.database(self._runtime.services.idempotency.abandon, self._hold)
            except DatabaseUnavailable:
                logger.info("idempotency key held until it expires", extra={"resume_id": str(self._id)})

    def _stop_renewing(self) -> None:
        if self._renewals is not None:
            self._renewals.cancel()

    async def _existing(self, resume: UUID) -> AcceptedUpload:
        row = await self._runtime.database(self._applications.get, resume, with_profile=False)
        if row is None:
            raise problems.internal()
        return AcceptedUpload(resume, row.status, created=False)

    async def _commit(self, form: Form, mime: str, options: UploadOptions) -> AcceptedUpload:
        async def create(digest: str) -> UUID:
            return await self._runtime.write_database(
                self._applications.create,
                self._new_application(digest, form, mime, options),
                idempotency=self._reference(digest, options),
                unless_duplicate=options.on_duplicate == "return",
            )

        async def exists() -> bool:
            found = await self._runtime.database(self._applications.get, self._id, with_profile=False)
            return found is not None

        try:
            made = await commit_with_row(
                self._runtime, self._sink, create_row=create, has_row=exists, give_up=self.give_up
            )
        finally:
            self._stop_renewing()
        if made != self._id:  # an equal upload was a moment faster
            await self.give_up()
            return await self._existing(made)
        return AcceptedUpload(self._id, Status.QUEUED, created=True)

    def _new_application(self, digest: str, form: Form, mime: str, options: UploadOptions) -> NewApplication:
        return NewApplication(
            id=self._id,
            object_key=self._sink.key,
            content_sha256=digest,
            size=self._sink.size,
            mime=mime,
            filename=form.filename,
            as_of_date=options.as_of_date or datetime.now(UTC).date(),
            job_post_id=options.job_post_id,
            email=options.email,
            external_id=options.external_id,
            traceparent=traceparent(),
        )

    def _reference(self, digest: str, options: UploadOptions) -> IdempotencyRef | None:
        if self._hold is None:
            return None
        return IdempotencyRef(self._hold.key_id, self._hold.key, _fingerprint(digest, options))


async def _begin(runtime: Runtime, caller: Principal, key: str) -> Hold | Answered:
    """Take the key for this upload, or answer what it was used for."""
    begun = await runtime.database(runtime.services.idempotency.begin, caller.key_id, key)
    if isinstance(begun, HeldElsewhere):
        raise Problem(
            "in-progress",
            "An upload with this Idempotency-Key is under way: ask again when it has ended.",
            retry_after_s=begun.left_s,
        )
    return begun


async def _renew(runtime: Runtime, hold: Hold) -> None:
    """Keep the key until cancelled, or until this process dies."""
    while True:
        await asyncio.sleep(_RENEW_S)
        try:
            await runtime.database(runtime.services.idempotency.renew, hold)
        except DatabaseUnavailable:
            logger.info("idempotency key not renewed: trying again")


def _idempotency_key(request: Request) -> str | None:
    key = request.headers.get("idempotency-key")
    if key is not None and not _IDEMPOTENCY_KEY.fullmatch(key):
        raise Problem(
            "bad-request", "Idempotency-Key is 1 to 255 printable ASCII characters: send such a one."
        )
    return key


def _options(fields: dict[str, str]) -> UploadOptions:
    """The fields, checked."""
    said = checked_lengths(fields, _LONGEST)
    try:
        return UploadOptions.model_validate(said)
    except ValidationError as error:
        raise problems.of_pydantic(error) from None


def _fingerprint(sha256: str, options: UploadOptions) -> str:
    """What makes two uploads the same: the bytes and the fields, not the file's name."""
    fields = options.model_dump(mode="json")
    return hashlib.sha256(json.dumps([sha256, fields], sort_keys=True).encode()).hexdigest()
