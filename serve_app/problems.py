"""Every answer that is not a success, in one table: error → problem type → HTTP status.

Answers are RFC 9457 `application/problem+json`. `type` is `/problems/<slug>`, a page that says in words what
the problem is and what to do. This is the only module that knows the HTTP status of an error.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from pipeline.adapters.postgres.idempotency import AlreadyAnswered
from pipeline.domain.errors import (
    DatabaseUnavailable,
    ObjectMissing,
    ObjectStoreUnavailable,
    ResumesError,
    TransientError,
    UnsupportedDocument,
)
from pipeline.domain.media_type import ACCEPTED

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class ProblemType:
    """One kind of problem: its stable slug, its status, its title, and what a reader should know of it."""

    slug: str
    status: int
    title: str
    description: str
    retry_after_s: int | None = None


PROBLEM_TYPES: dict[str, ProblemType] = {
    kind.slug: kind
    for kind in (
        ProblemType(
            "bad-request",
            400,
            "The request cannot be read",
            "The request is not well formed: a multipart body that ends early or has no file or two, JSON that "
            "does not parse, an id that is not a UUID, a cursor that this service did not make. Repeating it "
            "unchanged gives the same answer; `detail` says what to change.",
        ),
        ProblemType(
            "unauthorized",
            401,
            "No valid API key",
            "The request has no API key, or one that is malformed, revoked or expired. Send "
            "`Authorization: Bearer rk_…`; `resumes keys create` makes a key.",
        ),
        ProblemType(
            "insufficient-scope",
            403,
            "The API key may not do this",
            "The key is valid but lacks the scope that this call needs: upload, read, search or erase. Use "
            "another key, or create one with the scope that `detail` names.",
        ),
        ProblemType(
            "not-found",
            404,
            "There is nothing here",
            "No resume or ingestion has this id, or no page of the API has this path.",
        ),
        ProblemType(
            "method-not-allowed",
            405,
            "This path does not answer this method",
            "The path exists but not with this method; the `Allow` header lists those it answers.",
        ),
        ProblemType(
            "timeout",
            408,
            "The body took too long to arrive",
            "The request's body did not arrive within the time the service allows. Nothing was kept: send the "
            "request again over a faster connection.",
        ),
        ProblemType(
            "in-progress",
            409,
            "This is still under way",
            "An upload with the same Idempotency-Key is still being received, or a result is asked for before "
            "it is there. Ask again after the seconds in `Retry-After`.",
            1,
        ),
        ProblemType(
            "ended",
            409,
            "This has ended already",
            "What the call would stop has ended: an ingestion that is completed, rejected or cancelled cannot be "
            "cancelled. Repeating it gives the same answer.",
        ),
        ProblemType(
            "erased",
            410,
            "The resume was erased",
            "The resume was erased on request: its file, text, profile and vectors are gone and cannot be "
            "brought back. Only the receipt of the erasure remains.",
        ),
        ProblemType(
            "too-large",
            413,
            "The request is too large",
            "The file, a form field, the number of parts or the body is larger than the service accepts. "
            "`detail` names the limit.",
        ),
        ProblemType(
            "unsupported-type",
            415,
            "This type is not accepted",
            "The file's content is not of a type that the service reads (the content decides, not the name), "
            "or the request's body has an encoding or a media type that the call does not take.",
        ),
        ProblemType(
            "invalid",
            422,
            "The request is understood but not acceptable",
            "A value is outside what the call accepts: an empty file, an unknown field or option, a value out of "
            "its range, an Idempotency-Key that was used with other bytes. `errors` lists the fields.",
        ),
        ProblemType(
            "rate-limited",
            429,
            "Too much at once",
            "The key made too many requests, too many uploads are under way, or too many resumes wait to be "
            "processed. Send the request again after the seconds in `Retry-After`.",
            5,
        ),
        ProblemType(
            "internal",
            500,
            "The service made a mistake",
            "Something unexpected happened. Quote `request_id` to whoever runs the service: the log has the rest.",
        ),
        ProblemType(
            "overloaded",
            503,
            "The service cannot do this just now",
            "The database, the object store or another part does not answer in time. Whatever was accepted "
            "before is safe. Send the request again after the seconds in `Retry-After`; with the same "
            "Idempotency-Key an upload is never made twice.",
            5,
        ),
    )
}

#: The first type of a status is what it means where nothing more is said.
BY_STATUS = {kind.status: kind for kind in reversed(PROBLEM_TYPES.values())}

#: The first class that matches decides; a ResumesError that no line names is `internal`.
_BY_ERROR: tuple[tuple[type[ResumesError], str, str], ...] = (
    (DatabaseUnavailable, "overloaded", "The database does not answer just now: try again in a few seconds."),
    (
        ObjectStoreUnavailable,
        "overloaded",
        "The object store does not answer just now: try again in a few seconds.",
    ),
    (
        TransientError,
        "overloaded",
        "A part of the service does not answer just now: try again in a few seconds.",
    ),
    (
        AlreadyAnswered,
        "in-progress",
        "Another upload with this Idempotency-Key was just accepted: ask again for its answer.",
    ),
    (ObjectMissing, "not-found", "The original of this resume is no longer in the object store."),
    (UnsupportedDocument, "unsupported-type", f"{ACCEPTED}: export the resume as a PDF."),
)
_INTERNAL = "Something unexpected happened: quote the request_id to whoever runs this service."

#: pydantic's error types that say the request is malformed rather than not acceptable.
_MALFORMED = ("json_invalid", "uuid_parsing", "uuid_type", "nul", "missing_body")


class FieldError(BaseModel):
    """One value that is not acceptable."""

    field: str = Field(examples=["limit"])
    message: str = Field(examples=["Input should be less than or equal to 200"])


class ProblemDocument(BaseModel):
    """An RFC 9457 problem. Switch on `type`; show `detail` to a person; quote `request_id` in a report."""

    type: str = Field(
        examples=["/problems/too-large"],
        json_schema_extra={"x-extensible-enum": [f"/problems/{slug}" for slug in PROBLEM_TYPES]},
    )
    title: str = Field(examples=["The request is too large"])
    status: int = Field(examples=[413])
    detail: str = Field(examples=["The file is larger than 10485760 bytes: upload a smaller one."])
    instance: str = Field(examples=["/resumes/upload"])
    request_id: str = Field(examples=["0197a3c1-6f2e-7c3a-9d53-2f6f4f7f0a11"])
    errors: list[FieldError] | None = None


class Problem(Exception):
    """A request that ends with a problem. `detail` is one sentence that says what to do; never content."""

    def __init__(
        self,
        slug: str,
        detail: str,
        *,
        retry_after_s: float | None = None,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[FieldError] = (),
        **members: Any,
    ) -> None:
        super().__init__(detail)
        self.kind = PROBLEM_TYPES[slug]
        self.detail = detail
        self.headers = dict(headers or {})
        self.errors = list(errors)
        self.members = members
        wait = retry_after_s if retry_after_s is not None else self.kind.retry_after_s
        if wait is not None:
            self.headers["Retry-After"] = str(max(1, math.ceil(wait)))


def respond(request: Request, problem: Problem) -> Response:
    """The problem as an answer to this request."""
    kind = problem.kind
    body: dict[str, Any] = {
        "type": f"/problems/{kind.slug}",
        "title": kind.title,
        "status": kind.status,
        "detail": problem.detail,
        "instance": quote(request.scope.get("path", "/"), safe="/:@-._~!$&'()*+,;="),
        "request_id": request.scope.get("state", {}).get("request_id", ""),
    }
    if problem.errors:
        body["errors"] = [error.model_dump() for error in problem.errors]
    return Response(
        json.dumps(body | problem.members, ensure_ascii=False).encode(),
        status_code=kind.status,
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store"} | problem.headers,
    )


def of_error(error: ResumesError) -> Problem:
    """The problem that a domain error is. Its message stays in the log: it may name parts of the machine."""
    for kind, slug, detail in _BY_ERROR:
        if isinstance(error, kind):
            return Problem(slug, detail)
    return internal()


def internal() -> Problem:
    """The problem that says nothing: a mistake of ours."""
    return Problem("internal", _INTERNAL)


def of_validation(errors: Sequence[Mapping[str, Any]]) -> Problem:
    """The problem that pydantic's errors are: malformed (bad-request) or not acceptable (invalid)."""
    fields = [
        FieldError(field=_field_name(error.get("loc", ())), message=str(error.get("msg", "not valid")))
        for error in errors[:20]
    ]
    malformed = any(str(error.get("type", "")) in _MALFORMED for error in errors)
    first = fields[0] if fields else FieldError(field="request", message="not valid")
    return Problem(
        "bad-request" if malformed else "invalid",
        f"{first.field}: {first.message}. Correct it and send the request again.",
        errors=fields,
    )


def of_pydantic(error: ValidationError) -> Problem:
    """As `of_validation`, for a model validated by hand; values that the caller sent are left out."""
    return of_validation(error.errors(include_url=False, include_input=False, include_context=False))


async def no_parameters(request: Request) -> None:
    """The dependency of a call without query parameters: one that is sent is refused, not ignored."""
    unknown = list(request.query_params)[:20]
    if unknown:
        raise Problem(
            "invalid",
            "This call takes no query parameters: remove them and send it again.",
            errors=[FieldError(field=name[:80], message="Unknown parameter") for name in unknown],
        )


async def no_repeats(request: Request) -> None:
    """The dependency of every call: of a parameter that is sent twice, none would be ignored in silence."""
    names = [name for name, _ in request.query_params.multi_items() if name != "status"]
    repeated = sorted({name for name in names if names.count(name) > 1})[:20] if len(names) > 1 else []
    if repeated:
        raise Problem(
            "invalid",
            "A query parameter is there more than once: send each one once.",
            errors=[FieldError(field=name[:80], message="Sent more than once") for name in repeated],
        )


def _field_name(location: Sequence[Any]) -> str:
    parts = [str(part) for part in location if part not in ("query", "path", "header", "body")]
    return ".".join(parts) or "body"


def _of_http(error: HTTPException, request: Request) -> Problem:
    kind = BY_STATUS.get(error.status_code)
    if kind is None:
        return internal()
    details = {
        "not-found": "Nothing is at this path: /docs lists what the service answers.",
        "method-not-allowed": f"This path does not answer {request.method}: see the Allow header.",
    }
    detail = details.get(kind.slug, f"{kind.title}: see /problems/{kind.slug}.")
    return Problem(kind.slug, detail, headers=error.headers)


def install(app: FastAPI) -> None:
    """Answer every error of the application with a problem."""

    async def on_problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        return respond(request, error)

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return respond(request, _of_http(error, request))

    async def on_validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return respond(request, of_validation(error.errors()))

    async def on_domain(request: Request, error: Exception) -> Response:
        assert isinstance(error, ResumesError)
        request.scope.setdefault("state", {})["error"] = type(error).__name__
        return respond(request, of_error(error))

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(ResumesError, on_domain)
