"""A resume's text and its original file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from pipeline.adapters.postgres.api_keys import Principal
from pipeline.adapters.postgres.applications import ApplicationRow
from pipeline.domain.attachment import content_disposition
from pipeline.domain.media_type import SUFFIXES
from serve_app.answers import problem_answers, tagged_json
from serve_app.auth import require
from serve_app.problems import Problem, no_parameters
from serve_app.routes.resumes import live
from serve_app.runtime import Runtime
from serve_app.schemas import ResumeId, ResumeText
from serve_app.waits import ENDED

router = APIRouter(tags=["resumes"])

Reader = Annotated[Principal, Depends(require("read"))]

_URL_LIVES_S = 300


@router.get(
    "/resumes/{id}/text",
    operation_id="getResumeText",
    summary="Get the text of a resume",
    response_model=ResumeText,
    responses=problem_answers(400, 401, 403, 404, 409, 410, 422, 429, 503),
    dependencies=[Depends(no_parameters)],
)
async def get_text(resume: ResumeId, request: Request, caller: Reader) -> Response:
    """Scope `read`. Pages, lines with their boxes, and sections: what the facts' `line_ids` point at."""
    runtime: Runtime = request.app.state.runtime
    row = await _live_row(runtime, request, resume)
    text = await runtime.database(runtime.services.applications.text, resume)
    if text is None and row.status not in ENDED:
        raise Problem("in-progress", "The resume is not read yet: ask again when its status is completed.")
    if text is None:
        raise Problem("not-found", "The resume has no text: see its error.")
    return tagged_json(request, {"id": str(resume)} | text)


@router.get(
    "/resumes/{id}/file",
    operation_id="getResumeFile",
    summary="Download the original",
    response_class=Response,
    responses={
        200: {
            "description": "The original, as an attachment.",
            "content": {mime: {"schema": {"type": "string", "contentMediaType": mime}} for mime in SUFFIXES},
            "headers": {"Content-Disposition": {"required": True, "schema": {"type": "string"}}},
        },
        302: {
            "description": "The object store has it.",
            "headers": {
                "Location": {
                    "description": "Valid for five minutes.",
                    "required": True,
                    "schema": {"type": "string"},
                }
            },
        },
        **problem_answers(400, 401, 403, 404, 410, 422, 429, 503),
    },
    dependencies=[Depends(no_parameters)],
)
async def get_file(resume: ResumeId, request: Request, caller: Reader) -> Response:
    """Scope `read`. The bytes as they were uploaded. Follow redirects without sending the API key along."""
    runtime: Runtime = request.app.state.runtime
    objects = runtime.services.objects
    row = await _live_row(runtime, request, resume)
    if row.object_key is None:
        raise Problem("not-found", "The original of this resume is no longer in the object store.")
    filename = row.filename or f"{resume}{SUFFIXES[row.mime][0]}"
    url = await runtime.storage(
        objects.presigned_url, row.object_key, filename=filename, seconds=_URL_LIVES_S
    )
    if url is not None:
        return RedirectResponse(url, status_code=302)
    pieces = objects.stream(row.object_key)
    # Asked for before the answer begins, so that a missing object is still a problem document.
    first = await runtime.storage(next, pieces, b"")
    return StreamingResponse(
        _stream(runtime, first, pieces),
        headers={
            "Content-Type": row.mime,  # not as `media_type`, which would claim that any text is UTF-8
            "Content-Disposition": content_disposition(filename),
            "Content-Length": str(row.size),
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cache-Control": "private, no-store",
        },
    )


async def _live_row(runtime: Runtime, request: Request, resume: UUID) -> ApplicationRow:
    request.scope["state"]["resume_id"] = resume
    return live(await runtime.database(runtime.services.applications.get, resume, with_profile=False))


async def _stream(runtime: Runtime, first: bytes, pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    piece = first
    while piece:
        yield piece
        piece = await runtime.storage(next, pieces, b"")
