"""What Schemathesis is told of the service, in its own process: ids that are there, files that can be read, the keys.

Nothing is chosen by chance: the same draws in the same order make the same requests.
"""

from __future__ import annotations

import io
import itertools
import json
import os
import zipfile
import zlib
from pathlib import Path
from typing import Any
from uuid import UUID

import schemathesis

#: What the test gives: `key`, `narrow_key` (scope `read` alone), `calls` (a file), and ids: `resumes`, `erasable`,
#: `ingestions`.
_GIVEN: dict[str, Any] = json.loads(os.environ["SCHEMATHESIS_GIVEN"])
_LONGEST_WAIT_S = 1


def _number(drawn: object) -> int:
    return zlib.crc32(repr(drawn).encode())


@schemathesis.hook
def map_path_parameters(context: schemathesis.HookContext, path_parameters: dict[str, Any]) -> dict[str, Any]:
    """Three of four ids are of something that is there; resumes that others are to read are not erased."""
    try:
        drawn = UUID(path_parameters["id"])
    except (KeyError, TypeError, ValueError):  # the call has none, or this one is wrong on purpose
        return path_parameters
    operation = context.operation
    assert operation is not None
    erases = operation.method == "delete"
    if drawn.int % 4 == 3 and not (erases and str(drawn) in _GIVEN["resumes"]):
        return path_parameters
    known = _GIVEN[
        "erasable" if erases else "ingestions" if operation.path.startswith("/ingestions") else "resumes"
    ]
    return path_parameters | {"id": known[_number(drawn) % len(known)]}


@schemathesis.hook
def map_query(context: schemathesis.HookContext, query: dict[str, Any]) -> dict[str, Any]:
    """No long poll takes half a minute."""
    wait = (query or {}).get("wait")
    if isinstance(wait, int) and _LONGEST_WAIT_S < wait <= 30:
        return query | {"wait": _LONGEST_WAIT_S}
    return query


@schemathesis.hook
def map_body(context: schemathesis.HookContext, body: Any) -> Any:
    """Three of four files can be read: a text, an archive with a text."""
    operation = context.operation
    assert operation is not None
    number = _number(body)
    if not isinstance(body, dict) or _is_no_text(body.get("file")) or number % 4 == 3:
        return body
    text = (
        f"Ada Example\nada{number}@example.com\n\nExperience\nNurse, Example Hospital, 2019 - 2023\n".encode()
    )
    return body | {"file": _zipped(text) if operation.path == "/ingestions" else text}


def _zipped(text: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("cv.txt", text)
    return made.getvalue()


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case, kwargs: dict[str, Any]) -> None:
    """The parts of a form are text, and `null` and `false` are texts as good as any: a form that was to be wrong by the
    type of a part is wrong by an empty file instead."""
    body, meta = case.body, case.meta
    wrong = meta is not None and meta.generation.mode is schemathesis.GenerationMode.NEGATIVE
    if (
        wrong
        and isinstance(body, dict)
        and "file" in body
        and any(_is_no_text(part) for part in body.values())
    ):
        case.body = body | {"file": b""}


def _is_no_text(part: object) -> bool:
    return part is None or isinstance(part, bool | int | float | list | dict)


_turns = itertools.count()


@schemathesis.auth(refresh_interval=None)
class _Keys:
    """Of twelve requests one has no key, one a key without most scopes, one a wrong key."""

    def get(self, case: schemathesis.Case, context: schemathesis.AuthContext) -> str | None:
        which = next(_turns) % 12
        if which == 0:
            return None
        return {1: _GIVEN["narrow_key"], 2: "rk_unknown-to-this-service"}.get(which, _GIVEN["key"])

    def set(self, case: schemathesis.Case, data: str, context: schemathesis.AuthContext) -> None:
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def after_call(
    context: schemathesis.HookContext, case: schemathesis.Case, response: schemathesis.Response
) -> None:
    """A line a call: the operation, the method, the status."""
    with Path(_GIVEN["calls"]).open("a", encoding="utf-8") as calls:
        calls.write(f"{case.operation.label}\t{case.method}\t{response.status_code}\n")
