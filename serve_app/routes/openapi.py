"""The OpenAPI 3.1 document: made from the routes, served at /openapi.json."""

from __future__ import annotations

import json
from typing import Any, cast

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema
from starlette.responses import Response

from serve_app.openapi_portable import portable
from serve_app.problems import ProblemDocument
from serve_app.schemas import ReprocessRequest, SearchRequest
from serve_app.schemas_ingestions import IngestionRequest

ABOUT: dict[str, Any] = {
    "title": "Resumes",
    "version": "0.1.0",
    "summary": "Turns resumes into verified, searchable profiles",
    "description": "Upload a resume, follow it, read its profile, search them all. JSON in and out; times are RFC 3339 "
    "in UTC; ids are UUIDv7. Every error is an RFC 9457 problem whose `type` is a page of this service. Every call "
    "takes `X-Request-Id` and answers it. Unknown parameters and fields are refused, not ignored. Answers may come to "
    "have more members, and strings whose values `x-extensible-enum` lists more values: ignore what you do not know.",
    "servers": [
        {"url": "/", "description": "Whoever serves this document."},
        {
            "url": "{scheme}://{host}:{port}",
            "description": "Any other: by default this machine, as `resumes serve` starts it.",
            "variables": {
                "scheme": {"default": "http", "enum": ["http", "https"]},
                "host": {"default": "127.0.0.1"},
                "port": {"default": "8000"},
            },
        },
    ],
    "openapi_tags": [
        {"name": "resumes", "description": "Upload, follow, read, erase."},
        {"name": "search", "description": "Find resumes by meaning and by words."},
        {"name": "ingestions", "description": "Many resumes at once: an archive, or a prefix of a bucket."},
        {"name": "health", "description": "For load balancers; no key needed."},
    ],
}
_REF = "#/components/schemas/{model}"
_NAMES = {"Fact_str_": "TextFact", "Fact_bool_": "FlagFact", "Fact_int_": "NumberFact"}

router = APIRouter(include_in_schema=False)


@router.get("/openapi.json")
async def get_openapi_document(request: Request) -> Response:
    """The document, of the running code."""
    return Response(text(document(request.app)), media_type="application/json")


def document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of the application, made once."""
    if app.openapi_schema is None:
        app.openapi_schema = _make(app)
    return app.openapi_schema


def text(made: dict[str, Any]) -> str:
    """The document as it is committed and served."""
    return json.dumps(made, indent=2, ensure_ascii=False, sort_keys=False) + "\n"


def _make(app: FastAPI) -> dict[str, Any]:
    made = get_openapi(
        title=app.title,
        version=app.version,
        summary=app.summary,
        description=app.description,
        tags=app.openapi_tags,
        servers=app.servers,
        routes=app.routes,
    )
    _, extra = models_json_schema(
        [
            (ProblemDocument, "serialization"),
            (SearchRequest, "validation"),
            (ReprocessRequest, "validation"),
            (IngestionRequest, "validation"),
        ],
        ref_template=_REF,
    )
    schemas = made["components"]["schemas"]
    schemas.update(extra["$defs"])
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for path in made["paths"].values():
        for operation in path.values():
            _tidy(operation)
    renamed = json.dumps(_plain_tuples(made))
    for old, new in _NAMES.items():
        renamed = renamed.replace(f"schemas/{old}", f"schemas/{new}").replace(f'"{old}":', f'"{new}":')
    return portable(cast(dict[str, Any], json.loads(renamed)))


def _plain_tuples(value: Any) -> Any:
    """Tuples of one type as arrays of a fixed length: client generators know those better."""
    if isinstance(value, list):
        return [_plain_tuples(member) for member in value]
    if not isinstance(value, dict):
        return value
    if (items := value.get("prefixItems")) and all(item == items[0] for item in items):
        value = {name: member for name, member in value.items() if name != "prefixItems"} | {
            "items": items[0]
        }
    return {name: _plain_tuples(member) for name, member in value.items()}


def _tidy(operation: dict[str, Any]) -> None:
    """FastAPI adds its own 422 to every call with parameters: ours stand, and its are dropped."""
    answer = operation["responses"].get("422", {})
    if "application/json" in answer.get("content", {}):
        if "application/problem+json" in answer["content"]:
            del answer["content"]["application/json"]
        else:
            del operation["responses"]["422"]
    for status, answer in operation["responses"].items():
        if int(status) >= 400:
            answer.get("content", {}).pop("application/json", None)
    if "security" not in operation and "401" in operation["responses"]:
        raise AssertionError(f"{operation['operationId']} answers 401 but names no security scheme")
