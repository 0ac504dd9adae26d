"""GET, list and erase resumes."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import TypeAdapter
from starlette.responses import Response

from pipeline.adapters.postgres.api_keys import Principal
from pipeline.adapters.postgres.applications import ApplicationRow
from pipeline.domain.journey import Lane, Status
from pipeline.domain.ocr import ocr_key
from pipeline.domain.reprocessing import forgotten
from pipeline.domain.trace import traceparent
from serve_app.answers import json_answer, problem_answers, tagged_json
from serve_app.auth import require
from serve_app.bodies import has_body, read_model
from serve_app.compact import compact, complete
from serve_app.json_resume import json_resume
from serve_app.problems import Problem, no_parameters
from serve_app.runtime import Runtime
from serve_app.schemas import (
    ListQuery,
    Receipt,
    Removed,
    ReprocessRequest,
    Resume,
    ResumeId,
    ResumeList,
    ResumeQuery,
    ResumeSummary,
    UploadAccepted,
    View,
    links,
    summary_fields,
)

router = APIRouter(tags=["resumes"])

Reader = Annotated[Principal, Depends(require("read"))]
Uploader = Annotated[Principal, Depends(require("upload"))]
Eraser = Annotated[Principal, Depends(require("erase"))]

_REPROCESS_BODY = {
    "requestBody": {
        "required": False,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ReprocessRequest"}}},
    }
}
_SUMMARY = TypeAdapter(ResumeSummary)
ETAG = {
    "ETag": {
        "description": "Of exactly this answer; send it as If-None-Match.",
        "required": True,
        "schema": {"type": "string"},
    }
}
IF_NONE_MATCH = {
    "parameters": [
        {
            "name": "If-None-Match",
            "in": "header",
            "required": False,
            "description": "An ETag: 304 without a body when nothing has changed.",
            "schema": {"type": "string"},
        }
    ]
}


@router.get(
    "/resumes",
    operation_id="listResumes",
    summary="List resumes",
    response_model=ResumeList,
    responses=problem_answers(400, 401, 403, 422, 429, 503),
)
async def list_resumes(request: Request, query: Annotated[ListQuery, Query()], caller: Reader) -> Response:
    """Scope `read`. Newest first. Follow `next_cursor` for the next page: uploads that come meanwhile shift nothing.
    With `updated_after` it is a feed of changes."""
    runtime: Runtime = request.app.state.runtime
    filters = query.model_dump()
    try:
        rows, next_cursor = await runtime.database(runtime.services.applications.list, **filters)
    except ValueError:
        if query.cursor is None:
            raise
        raise Problem(
            "bad-request", "The cursor is not one of this service's: begin again without it."
        ) from None
    root_path = request.scope.get("root_path", "")
    items = [ResumeSummary(**summary_fields(row, root_path)) for row in rows]
    return json_answer(ResumeList(items=items, next_cursor=next_cursor))


@router.get(
    "/resumes/{id}",
    operation_id="getResume",
    summary="Get a resume, or wait for it",
    response_model=Resume,
    responses={
        200: {"description": "The resume.", "headers": ETAG},
        304: {"description": "As it was."},
        **problem_answers(400, 401, 403, 404, 410, 422, 429, 503),
    },
    openapi_extra=IF_NONE_MATCH,
)
async def get_resume(
    resume: ResumeId, request: Request, query: Annotated[ResumeQuery, Query()], caller: Reader
) -> Response:
    """Scope `read`. Status, timings, error, and the profile when it is done, in the view that is asked for."""
    runtime: Runtime = request.app.state.runtime
    request.scope["state"]["resume_id"] = resume
    headers = {}
    if query.wait:
        with runtime.waiters.hold() as free:
            if free:
                await _wait(runtime, resume, query.wait)
            else:
                headers["Retry-After"] = "1"
    applications = runtime.services.applications
    row = live(await runtime.database(applications.get, resume))
    ahead = await runtime.database(applications.ahead, resume) if row.status is Status.QUEUED else None
    body = _resume(row, query.view, request.scope.get("root_path", "")) | {"queued_ahead": ahead}
    return tagged_json(request, body, headers)


@router.post(
    "/resumes/{id}/reprocess",
    operation_id="reprocessResume",
    summary="Process a resume again",
    status_code=202,
    response_model=UploadAccepted,
    responses={
        202: {
            "description": "Queued again.",
            "headers": {
                "Location": {"description": "The resume.", "required": True, "schema": {"type": "string"}}
            },
        },
        **problem_answers(400, 401, 403, 404, 408, 409, 410, 413, 415, 422, 429, 503),
    },
    openapi_extra=_REPROCESS_BODY,
    dependencies=[Depends(no_parameters)],
)
async def reprocess_resume(resume: ResumeId, request: Request, caller: Uploader) -> Response:
    """Scope `upload`. Runs an ended resume through today's versions of every stage. Its profile stays readable
    and searchable until the new one takes its place. 409 while it is under way."""
    runtime: Runtime = request.app.state.runtime
    request.scope["state"]["resume_id"] = resume
    wanted = await read_model(request, ReprocessRequest) if has_body(request) else ReprocessRequest()
    queued = await runtime.write_database(
        runtime.services.reprocessing.queue,
        [resume],
        lane=Lane.ONLINE,
        forget=forgotten(wanted.from_),
        traceparent=traceparent(),
    )
    if not queued:
        live(await runtime.database(runtime.services.applications.get, resume, with_profile=False))
        raise Problem("in-progress", "This resume is being processed: ask again when it has ended.")
    paths = links(resume, request.scope.get("root_path", ""))
    answer = UploadAccepted(id=resume, status=Status.QUEUED, links=paths)
    return json_answer(answer, status=202, headers={"Location": paths.self})


@router.delete(
    "/resumes/{id}",
    operation_id="eraseResume",
    summary="Erase a resume",
    response_model=Receipt,
    responses=problem_answers(400, 401, 403, 404, 422, 429, 503),
    dependencies=[Depends(no_parameters)],
)
async def erase_resume(resume: ResumeId, request: Request, caller: Eraser) -> Response:
    """Scope `erase`. Removes the original, the text, the profile, the vectors and the personal fields, also
    while it is being processed. What is left is this receipt; reading the resume answers 410 from then on.
    Repeat it after a 503."""
    runtime: Runtime = request.app.state.runtime
    request.scope["state"]["resume_id"] = resume
    return json_answer(await asyncio.shield(runtime.detach(_erase(runtime, resume))))


def live(row: ApplicationRow | None) -> ApplicationRow:
    """The row of a resume that can be read. Raises Problem `not-found` or `erased`."""
    if row is None:
        raise Problem("not-found", "No resume has this id: check it, or list the resumes.")
    if row.status == Status.ERASED:
        raise Problem("erased", "This resume was erased: only its receipt remains (DELETE answers it again).")
    return row


async def _wait(runtime: Runtime, resume: UUID, seconds: int) -> None:
    async def glance() -> ApplicationRow | None:
        return await runtime.database(runtime.services.applications.get, resume, with_profile=False)

    await runtime.waits.until_ended(resume, seconds, glance)


def _resume(row: ApplicationRow, view: View, root_path: str) -> dict[str, Any]:
    """The resume as JSON. The profile is shown as it was stored, not validated again: it was when it was made. Only
    members that came since are added, so that all are there that the OpenAPI document promises."""
    body: dict[str, Any] = _SUMMARY.dump_python(ResumeSummary(**summary_fields(row, root_path)), mode="json")
    profile = complete(row.profile)
    if profile is not None and view == "compact":
        profile = compact(profile)
    elif profile is not None and view == "jsonresume":
        profile = json_resume(profile)
    return body | {"versions": row.versions, "view": view, "profile": profile}


async def _erase(runtime: Runtime, resume: UUID) -> Receipt:
    """The rows first, then the object, then the note that it is gone: every step can be repeated."""
    applications = runtime.services.applications
    receipt = await runtime.write_database(applications.erase, resume)
    if receipt is None:
        raise Problem("not-found", "No resume has this id: check it, or list the resumes.")
    if receipt.object_key is not None:
        for key in (receipt.object_key, ocr_key(resume)):
            await runtime.storage(runtime.services.objects.delete, key)
        await runtime.write_database(applications.confirm_object_erased, resume)
    removed = Removed(
        profile=receipt.profile,
        text=receipt.text,
        chunks=receipt.chunks,
        checkpoints=receipt.checkpoints,
        idempotency_answers=receipt.idempotency_answers,
        ingestion_errors=receipt.ingestion_errors,
    )
    return Receipt(
        id=resume, status="erased", erased_at=receipt.erased_at, removed=removed, object_deleted=True
    )
