"""A request's body on its way in, bounded in size and time: one form with one file, or a little JSON."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from python_multipart.multipart import parse_options_header
from starlette.requests import ClientDisconnect

from pipeline.domain.errors import UnsupportedDocument
from serve_app import problems
from serve_app.multipart import Form, FormReader, too_large_file
from serve_app.object_sink import ObjectSink
from serve_app.problems import FieldError, Problem

#: Room for the form around the file: boundaries, headers, fields.
_FORM_BYTES = 256 * 1024
_MAX_JSON = 64 * 1024
_JSON_TIMEOUT_S = 15.0
#: Slower than this, in bytes a second since it began, a form keeps its slot from others: looked at after the grace.
_LEAST_RATE, _GRACE_S = 512, 10.0

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class FormLimits:
    """What a form may be: bytes of its file, seconds for all of it, and seconds for the next piece of it."""

    max_file_bytes: int
    timeout_s: float
    pause_s: float


class FileSniffer(Protocol):
    """Tells what a file is while its bytes arrive. Both raise UnsupportedDocument with what the file looks like."""

    def feed(self, data: bytes) -> None:
        """The next bytes; raises as soon as they show that the file is not taken."""

    def end(self) -> str:
        """The media type of the whole file."""


def media_type_of(request: Request) -> tuple[bytes, dict[bytes, bytes]]:
    """The body's media type and its options. Raises Problem `unsupported-type` for a compressed body."""
    if request.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise Problem("unsupported-type", "The body is compressed: send it without a Content-Encoding.")
    return parse_options_header(request.headers.get("content-type", ""))


def declared_boundary(request: Request, max_file_bytes: int) -> bytes:
    """What the headers of a form promise, checked before a byte is read. Raises Problem."""
    media_type, options = media_type_of(request)
    if media_type != b"multipart/form-data":
        raise Problem("unsupported-type", "An upload is multipart/form-data with a part named file.")
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared) > max_file_bytes + _FORM_BYTES:
        raise too_large_file(max_file_bytes)
    return options.get(b"boundary", b"")


async def receive_form(
    request: Request,
    boundary: bytes,
    sink: ObjectSink,
    *,
    limits: FormLimits,
    known_fields: frozenset[str],
    sniffer: FileSniffer,
) -> tuple[Form, str]:
    """Stream the body through the form into the sink: the form, and the file's media type by its bytes.

    Raises Problem, ObjectStoreUnavailable.
    """
    reader = FormReader(boundary, max_file_bytes=limits.max_file_bytes, known_fields=known_fields)
    now = asyncio.get_running_loop().time
    began = now()
    deadline = began + limits.timeout_s
    received = 0
    while (piece := await _next_piece(request, min(deadline, now() + limits.pause_s))) is not None:
        received += len(piece)
        if now() - began > _GRACE_S and received < _LEAST_RATE * (now() - began):
            raise _too_slow()
        if received > limits.max_file_bytes + _FORM_BYTES:
            raise too_large_file(limits.max_file_bytes)
        data = reader.feed(piece)
        if data:
            with _unsupported():
                sniffer.feed(data)
            await sink.write(data)
    form = reader.finish()
    if reader.file_bytes == 0:
        raise Problem("invalid", "The file is empty: choose a file that has content.")
    with _unsupported():
        return form, sniffer.end()


def checked_lengths(fields: Mapping[str, str], longest: Mapping[str, int]) -> dict[str, str]:
    """The fields that say something, stripped: one that is left empty counts as not sent.

    Raises Problem `bad-request` for one that is longer than `longest` allows.
    """
    for name, value in fields.items():
        if len(value) > longest[name]:
            message = f"is longer than {longest[name]} characters"
            raise Problem(
                "bad-request",
                f"The form field {name} {message}: shorten it.",
                errors=[FieldError(field=name, message=message)],
            )
    return {name: value.strip() for name, value in fields.items() if value.strip()}


async def read_model(request: Request, model: type[M]) -> M:
    """The body of a call that takes JSON, once its caller is known. Raises Problem.

    No route declares its body to the framework: that would read it whole, without a bound, before the key.
    """
    try:
        return model.model_validate_json(await _read_json(request))
    except ValidationError as error:
        raise problems.of_pydantic(error) from None


def has_body(request: Request) -> bool:
    """Whether the headers promise a body."""
    return request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers


async def _read_json(request: Request) -> bytes:
    """A small JSON body. Raises Problem."""
    if media_type_of(request)[0] != b"application/json":
        raise Problem("unsupported-type", "The body of this call is application/json: set that Content-Type.")
    body = b""
    try:
        async with asyncio.timeout(_JSON_TIMEOUT_S):
            async for piece in request.stream():
                body += piece
                if len(body) > _MAX_JSON:
                    raise Problem("too-large", f"The body is larger than {_MAX_JSON} bytes: shorten it.")
    except TimeoutError:
        raise Problem("timeout", "The body took too long to arrive: send it again.") from None
    except ClientDisconnect:
        raise Problem("bad-request", "The connection ended before the body did: send it again.") from None
    return body


@contextmanager
def _unsupported() -> Iterator[None]:
    """Answer what the file looks like."""
    try:
        yield
    except UnsupportedDocument as error:
        raise Problem("unsupported-type", error.message) from None


async def _next_piece(request: Request, deadline: float) -> bytes | None:
    """The next piece of the body, or None at its end."""
    if getattr(request.state, "body_ended", False):
        return None
    try:
        async with asyncio.timeout_at(deadline):
            message = await request.receive()
    except TimeoutError:
        raise _too_slow() from None
    if message["type"] == "http.disconnect":
        raise Problem("bad-request", "The connection ended before the upload did: send it again.")
    request.state.body_ended = not message.get("more_body", False)
    body: bytes = message.get("body", b"")
    return body


def _too_slow() -> Problem:
    return Problem("timeout", "The upload took too long to arrive: send it again.")
