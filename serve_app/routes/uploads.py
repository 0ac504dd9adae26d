"""POST /resumes/upload."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from pipeline.adapters.postgres.api_keys import Principal
from pipeline.domain.media_type import SUFFIXES
from serve_app.answers import json_answer, problem_answers
from serve_app.auth import require
from serve_app.problems import no_parameters
from serve_app.runtime import Runtime
from serve_app.schemas import UploadAccepted, links
from serve_app.uploads import UploadOptions, accept_upload

router = APIRouter(tags=["resumes"])

_RETRY_AFTER_S = 1


def _form_schema() -> dict[str, Any]:
    schema = UploadOptions.model_json_schema()
    file = {
        "type": "string",
        "contentMediaType": "application/octet-stream",
        "description": "The resume: a PDF, a Word file (.docx; .doc where LibreOffice is installed beside the "
        "service), an OpenDocument text, an RTF, plain text, a PNG, a JPEG, a TIFF, a WebP or a HEIC.",
    }
    return {
        "type": "object",
        "title": "UploadForm",
        "required": ["file"],
        "additionalProperties": False,
        "properties": {"file": file} | schema["properties"],
    }


_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": _form_schema(),
                "encoding": {"file": {"contentType": ", ".join(SUFFIXES)}},
            }
        },
    },
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "description": "Makes repeating the upload safe for 24 hours: the same key with the same file and fields "
            "answers 200 and the same id, with others 422, and 409 while the first is under way.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
        }
    ],
}
_LOCATION = {"Location": {"description": "The resume.", "required": True, "schema": {"type": "string"}}}
_AGAIN = {
    "Retry-After": {
        "description": "Seconds before it is worth asking.",
        "required": True,
        "schema": {"type": "integer"},
    }
}


@router.post(
    "/resumes/upload",
    operation_id="uploadResume",
    summary="Upload a resume",
    status_code=202,
    response_model=UploadAccepted,
    responses={
        202: {"description": "Stored; it will be processed.", "headers": _LOCATION | _AGAIN},
        200: {
            "description": "It was there already: the same Idempotency-Key and file, or on_duplicate=return.",
            "model": UploadAccepted,
            "headers": _LOCATION,
        },
        **problem_answers(400, 401, 403, 408, 409, 413, 415, 422, 429, 503),
    },
    openapi_extra=_BODY,
    dependencies=[Depends(no_parameters)],
)
async def upload_resume(
    request: Request, caller: Annotated[Principal, Depends(require("upload"))]
) -> Response:
    """Scope `upload`. Streams the file into the store and answers as soon as it and its row are durable: what
    got a 202 is never lost. Processing follows; poll `links.self`, or long-poll it with `?wait=30`."""
    runtime: Runtime = request.app.state.runtime
    with runtime.uploads.hold(caller.key_id):
        await runtime.backlog.check()
        accepted = await accept_upload(request, runtime, caller)
    request.scope["state"]["resume_id"] = accepted.id
    paths = links(accepted.id, request.scope.get("root_path", ""))
    headers = {"Location": paths.self}
    if accepted.created:
        headers["Retry-After"] = str(_RETRY_AFTER_S)
    body = UploadAccepted(id=accepted.id, status=accepted.status, links=paths)
    return json_answer(body, status=202 if accepted.created else 200, headers=headers)
