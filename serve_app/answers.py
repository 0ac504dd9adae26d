"""Answers, and how the OpenAPI document describes them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from fastapi import Request
from pydantic import BaseModel
from starlette.responses import Response

from serve_app.problems import BY_STATUS, MEDIA_TYPE, PROBLEM_TYPES, ProblemDocument


def json_answer(body: BaseModel, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A model as JSON."""
    return Response(
        body.model_dump_json().encode(), status_code=status, media_type="application/json", headers=headers
    )


def tagged_json(request: Request, body: dict[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """JSON with an ETag of its bytes, weak because they may travel packed; 304 where the caller has those already."""
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    tag = f'W/"{hashlib.sha256(content).hexdigest()[:32]}"'
    all_headers = {"ETag": tag, "Cache-Control": "private, no-cache"} | dict(headers or {})
    if _matches(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=all_headers)
    return Response(content, media_type="application/json", headers=all_headers)


def _matches(if_none_match: str | None, tag: str) -> bool:
    tags = [candidate.strip().removeprefix("W/") for candidate in (if_none_match or "").split(",")]
    return tag.removeprefix("W/") in tags or "*" in tags


def problem_answers(*kinds: int | str) -> dict[int | str, dict[str, Any]]:
    """The problems that a call may answer, for its OpenAPI description; 500 always among them.

    A kind is a status, for the type that it usually means, or a type's slug.
    """
    slugs = {BY_STATUS[kind].slug if isinstance(kind, int) else kind for kind in kinds} | {"internal"}
    answers: dict[int | str, dict[str, Any]] = {}
    for kind in PROBLEM_TYPES.values():
        if kind.slug in slugs:
            answers[kind.status] = {
                "description": f"{kind.title} (`/problems/{kind.slug}`).",
                "content": {
                    MEDIA_TYPE: {"schema": {"$ref": f"#/components/schemas/{ProblemDocument.__name__}"}}
                },
            }
            if kind.retry_after_s is not None:
                answers[kind.status]["headers"] = {
                    "Retry-After": {
                        "description": "Seconds to wait.",
                        "required": True,
                        "schema": {"type": "integer"},
                    }
                }
    return answers
