"""Bulk ingestions: begin one, see how far it is, what failed and what came out, cancel it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response, StreamingResponse

from pipeline.adapters.postgres.api_keys import Principal
from pipeline.adapters.postgres.ingestions import IngestionRow, Ingestions
from pipeline.domain.ingestion import IngestionState
from serve_app.answers import json_answer, problem_answers, tagged_json
from serve_app.archives import AcceptedArchive, accept_archive
from serve_app.auth import require
from serve_app.bodies import media_type_of, read_model
from serve_app.problems import Problem, no_parameters
from serve_app.result_lines import ndjson
from serve_app.routes.resumes import ETAG, IF_NONE_MATCH
from serve_app.runtime import Runtime
from serve_app.schemas_ingestions import (
    ErrorsQuery,
    Ingestion,
    IngestionAccepted,
    IngestionId,
    IngestionList,
    IngestionListQuery,
    IngestionRequest,
    MemberErrorList,
    ResultsQuery,
    ingestion_links,
    ingestion_of,
    member_error_of,
    summary_of,
)
from serve_app.source_policy import checked_source

router = APIRouter(tags=["ingestions"])

Reader = Annotated[Principal, Depends(require("read"))]
Uploader = Annotated[Principal, Depends(require("upload"))]

NDJSON = "application/x-ndjson"
_RETRY_AFTER_S = 2
_FIRST_ERRORS = 10
_LINES_AT_ONCE = 100
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/IngestionRequest"}},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "title": "ArchiveForm",
                    "required": ["file"],
                    "additionalProperties": False,
                    "properties": {
                        "file": {
                            "type": "string",
                            "contentMediaType": "application/octet-stream",
                            "description": "The archive: a .zip, .tar, .tar.gz or .tar.zst, told by its content.",
                        },
                        "job_post_id": {
                            "type": "string",
                            "maxLength": 200,
                            "description": "Of every member.",
                        },
                    },
                },
            },
        },
    }
}
_LOCATION = {"Location": {"description": "The ingestion.", "required": True, "schema": {"type": "string"}}}
_AGAIN = {"Retry-After": {"description": "Seconds before it is worth asking.", "schema": {"type": "integer"}}}
_LINES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A JSON object a line: `id`, `member`, `filename`, `status`, `job_post_id`, `email`, "
        "`external_id`, `error` and the compact `profile`. The `id` of a line is the cursor behind it.",
        "content": {NDJSON: {"schema": {"type": "string"}}},
    }
}


@router.post(
    "/ingestions",
    operation_id="createIngestion",
    summary="Ingest many resumes",
    status_code=202,
    response_model=IngestionAccepted,
    responses={
        202: {"description": "Safe; it will be worked on.", "headers": _LOCATION | _AGAIN},
        200: {
            "description": "These very bytes, with this job_post_id, are an ingestion already.",
            "model": IngestionAccepted,
            "headers": _LOCATION,
        },
        **problem_answers(400, 401, 403, 408, 413, 415, 422, 429, 503),
    },
    openapi_extra=_BODY,
    dependencies=[Depends(no_parameters)],
)
async def create_ingestion(request: Request, caller: Uploader) -> Response:
    """Scope `upload`. JSON names a source in S3, a form brings an archive. The answer comes as soon as the
    ingestion is durable; `links.self` tells how far it is. A source that was ingested already is found when its
    members are counted, and `same_as` then names that ingestion."""
    runtime: Runtime = request.app.state.runtime
    media_type = media_type_of(request)[0]
    if media_type == b"multipart/form-data":
        accepted = await _archive(request, runtime)
    elif media_type == b"application/json":
        accepted = AcceptedArchive(await _source(request, runtime), created=True)
    else:
        raise Problem(
            "unsupported-type",
            "An ingestion is application/json that names a source, or multipart/form-data with an archive: send one.",
        )
    row = await _found(runtime, request, accepted.id)
    return _accepted(request, row, status=202 if accepted.created else 200)


@router.get(
    "/ingestions",
    operation_id="listIngestions",
    summary="List ingestions",
    response_model=IngestionList,
    responses=problem_answers(400, 401, 403, 422, 429, 503),
)
async def list_ingestions(
    request: Request, query: Annotated[IngestionListQuery, Query()], caller: Reader
) -> Response:
    """Scope `read`. Newest first. Follow `next_cursor` for the next page."""
    runtime: Runtime = request.app.state.runtime
    rows, following = await runtime.database(
        runtime.services.ingestions.list, cursor=_id_cursor(query.cursor), limit=query.limit
    )
    root_path = request.scope.get("root_path", "")
    return json_answer(
        IngestionList(
            items=[summary_of(row, root_path) for row in rows],
            next_cursor=None if following is None else str(following),
        )
    )


@router.get(
    "/ingestions/{id}",
    operation_id="getIngestion",
    summary="See how far an ingestion is",
    response_model=Ingestion,
    responses={
        200: {"description": "The ingestion.", "headers": ETAG},
        304: {"description": "As it was."},
        **problem_answers(400, 401, 403, 404, 422, 429, 503),
    },
    openapi_extra=IF_NONE_MATCH,
    dependencies=[Depends(no_parameters)],
)
async def get_ingestion(ingestion: IngestionId, request: Request, caller: Reader) -> Response:
    """Scope `read`. Counts of members and resumes, which add up at every moment; rate, time left, cost, and the
    first errors."""
    runtime: Runtime = request.app.state.runtime
    ingestions = runtime.services.ingestions
    request.scope["state"]["ingestion_id"] = ingestion
    progress = await runtime.database(ingestions.progress, ingestion)
    if progress is None:
        raise _unknown()
    errors = await runtime.database(ingestions.errors, ingestion, limit=_FIRST_ERRORS)
    body = ingestion_of(progress, errors, request.scope.get("root_path", ""))
    return tagged_json(request, body.model_dump(mode="json"))


@router.get(
    "/ingestions/{id}/errors",
    operation_id="listIngestionErrors",
    summary="List what did not become a completed resume",
    response_model=MemberErrorList,
    responses=problem_answers(400, 401, 403, 404, 422, 429, 503),
)
async def list_errors(
    ingestion: IngestionId, request: Request, query: Annotated[ErrorsQuery, Query()], caller: Reader
) -> Response:
    """Scope `read`. Duplicates, skipped and failed members, in the order of the source. The list is complete when
    the ingestion has ended."""
    runtime: Runtime = request.app.state.runtime
    await _found(runtime, request, ingestion)
    found = await runtime.database(
        runtime.services.ingestions.errors, ingestion, after=_ordinal(query.cursor), limit=query.limit + 1
    )
    page = found[: query.limit]
    return json_answer(
        MemberErrorList(
            items=[member_error_of(error) for error in page],
            next_cursor=str(page[-1].member) if len(found) > query.limit else None,
        )
    )


@router.get(
    "/ingestions/{id}/results",
    operation_id="streamIngestionResults",
    summary="Stream the results",
    response_class=Response,
    responses={**_LINES, **problem_answers(400, 401, 403, 404, 422, 429, 503)},
)
async def stream_results(
    ingestion: IngestionId, request: Request, query: Annotated[ResultsQuery, Query()], caller: Reader
) -> Response:
    """Scope `read`. Every accepted member whose resume is completed, failed or cancelled, as NDJSON in the order of
    their ids. After a cut, go on with the `id` of the last whole line as `cursor`. Complete when the ingestion has
    ended; while it runs, resumes that end later may lie before a cursor, so begin again without one."""
    runtime: Runtime = request.app.state.runtime
    await _found(runtime, request, ingestion)
    # Asked for before the answer begins, so that an outage is still a problem document.
    first = await runtime.streams(_lines, runtime.services.ingestions, ingestion, query.cursor, query.limit)
    return StreamingResponse(_stream(runtime, ingestion, first, query.limit), media_type=NDJSON)


@router.post(
    "/ingestions/{id}/cancel",
    operation_id="cancelIngestion",
    summary="Cancel an ingestion",
    status_code=202,
    response_model=IngestionAccepted,
    responses={
        202: {"description": "Nothing more of it begins.", "headers": _LOCATION},
        **problem_answers(400, 401, 403, 404, "ended", 422, 429, 503),
    },
    dependencies=[Depends(no_parameters)],
)
async def cancel_ingestion(ingestion: IngestionId, request: Request, caller: Uploader) -> Response:
    """Scope `upload`. Stops what has not started: members that are not stored, and resumes that wait. What runs,
    ends. The same source can be ingested anew."""
    runtime: Runtime = request.app.state.runtime
    await _found(runtime, request, ingestion)
    if not await runtime.write_database(runtime.services.ingestions.cancel, ingestion):
        raise Problem("ended", "This ingestion has ended: there is nothing to cancel.")
    return _accepted(request, await _found(runtime, request, ingestion), status=202)


async def _archive(request: Request, runtime: Runtime) -> AcceptedArchive:
    with runtime.archives.hold() as free:
        if not free:
            raise Problem(
                "rate-limited",
                f"{runtime.archives.limit} archives are being uploaded: send this one after the seconds in "
                "Retry-After, or put it into a bucket and name it.",
            )
        return await accept_archive(request, runtime)


async def _source(request: Request, runtime: Runtime) -> UUID:
    wanted = await read_model(request, IngestionRequest)
    return await runtime.write_database(
        runtime.services.ingestions.create,
        checked_source(wanted.source, runtime.settings),
        as_of_date=datetime.now(UTC).date(),
        job_post_id=(wanted.job_post_id or "").strip() or None,
    )


async def _found(runtime: Runtime, request: Request, id_: UUID) -> IngestionRow:
    request.scope["state"]["ingestion_id"] = id_
    row = await runtime.database(runtime.services.ingestions.get, id_)
    if row is None:
        raise _unknown()
    return row


def _unknown() -> Problem:
    return Problem("not-found", "No ingestion has this id: check it, or list the ingestions.")


def _accepted(request: Request, row: IngestionRow, *, status: int) -> Response:
    paths = ingestion_links(row.id, request.scope.get("root_path", ""))
    headers = {"Location": paths.self}
    if status == 202 and row.state is IngestionState.LISTING:
        headers["Retry-After"] = str(_RETRY_AFTER_S)
    body = IngestionAccepted(id=row.id, state=row.state, links=paths)
    return json_answer(body, status=status, headers=headers)


def _id_cursor(cursor: str | None) -> UUID | None:
    try:
        return None if cursor is None else UUID(cursor)
    except ValueError:
        raise _bad_cursor() from None


def _ordinal(cursor: str | None) -> int:
    """The ordinal of the last member that was seen; they are 64-bit numbers."""
    if cursor is None:
        return -1
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= 18):
        raise _bad_cursor()
    return int(cursor)


def _bad_cursor() -> Problem:
    return Problem("bad-request", "The cursor is not one of this service's: begin again without it.")


@dataclass(frozen=True, slots=True)
class _Batch:
    """Some lines, how many, and the cursor behind them."""

    lines: bytes
    count: int
    last: UUID


def _lines(ingestions: Ingestions, id_: UUID, after: UUID | None, left: int | None) -> _Batch | None:
    """The next batch, of at most `left` lines; made on the thread that reads it. None where there is no more."""
    limit = _LINES_AT_ONCE if left is None else min(left, _LINES_AT_ONCE)
    found = ingestions.results_page(id_, after=after, limit=limit) if limit else []
    return _Batch("".join(ndjson(found)).encode(), len(found), found[-1].id) if found else None


async def _stream(
    runtime: Runtime, id_: UUID, batch: _Batch | None, limit: int | None
) -> AsyncIterator[bytes]:
    left = limit
    while batch is not None:
        yield batch.lines
        left = None if left is None else left - batch.count
        batch = await runtime.streams(_lines, runtime.services.ingestions, id_, batch.last, left)
