"""An ingestion's results as NDJSON: one line a resume that has ended, the same over HTTP and from the CLI."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from pipeline.adapters.postgres.ingestions import Result
from serve_app.compact import compact

#: Line ends to Unicode, and so to many readers of lines; JSON would leave them as they are.
_LINE_ENDS = {ord(character): f"\\u{ord(character):04x}" for character in "\x85\u2028\u2029"}


def result_line(result: Result) -> dict[str, Any]:
    """The resume's id (also the cursor behind it), its member, its end, and its profile in the compact view."""
    error = {"code": result.error_code, "detail": result.error_detail} if result.error_code else None
    return {
        "id": str(result.id),
        "member": result.member,
        "filename": result.filename,
        "status": result.status.value,
        "job_post_id": result.job_post_id,
        "email": result.email,
        "external_id": result.external_id,
        "error": error,
        "profile": compact(result.profile) if result.profile else None,
    }


def ndjson(results: Iterable[Result]) -> Iterator[str]:
    """A line each, with its newline."""
    for result in results:
        yield json.dumps(result_line(result), ensure_ascii=False).translate(_LINE_ENDS) + "\n"
