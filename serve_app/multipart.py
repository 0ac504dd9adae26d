"""One multipart form, parsed while it arrives: the file's bytes pass through, the fields are kept.

What makes the form unreadable or too large ends it at once; what is merely wrong with it (two files, an
unknown field) is told at the end, so that a flood of parts is a flood whatever the parts are called.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from serve_app.problems import FieldError, Problem

FILE = "file"
MAX_PARTS = 32
MAX_FIELD_BYTES = 64 * 1024
_MAX_FILENAME = 255
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]")
_PLAIN = frozenset({"", "binary", "7bit", "8bit"})


@dataclass
class Form:
    """The fields of a form that held exactly one file, and that file's name as it may be shown."""

    fields: dict[str, str]
    filename: str | None


@dataclass
class _Part:
    headers: dict[str, bytes] = field(default_factory=dict)
    name: str = ""
    is_file: bool = False
    is_the_file: bool = False
    size: int = 0
    value: bytearray = field(default_factory=bytearray)


class FormReader:
    """Feed it the body; it answers the file's bytes as they come."""

    def __init__(self, boundary: bytes, *, max_file_bytes: int, known_fields: frozenset[str]) -> None:
        """Raises Problem `bad-request` for a boundary that RFC 2046 does not allow."""
        self.file_bytes = 0
        self._max_file_bytes = max_file_bytes
        self._known = known_fields
        self._parts = 0
        self._files: list[str | None] = []
        self._fields: dict[str, str] = {}
        self._wrong: list[Problem] = []
        self._ended = False
        self._part = _Part()
        self._header = b""
        self._value = b""
        self._file: list[bytes] = []
        self._began = False
        self._parser = _parser(boundary, self)

    def feed(self, data: bytes) -> bytes:
        """The bytes of the file within this piece of the body.

        Raises Problem `bad-request` (the body is no multipart form) or `too-large`.
        """
        self._file.clear()
        if not self._began:
            # The parser skips what follows a leading line end up to a hyphen, in this piece alone: whether a body with
            # something before its first boundary was refused hung on how it was cut.
            data = data.lstrip(b"\r\n")
            self._began = bool(data)
        try:
            self._parser.write(data)
        except FormParserError:
            raise Problem(
                "bad-request",
                "The body is not the multipart form that its Content-Type names: check the boundary.",
            ) from None
        return b"".join(self._file)

    def finish(self) -> Form:
        """The form. Raises Problem: the first of what is wrong with it, the unreadable before the unwanted."""
        if not self._ended:
            raise Problem("bad-request", "The body ends before the form does: send the whole form.")
        if len(self._files) > 1:
            raise Problem("bad-request", "The form has more than one file: send one file a request.")
        wrong = sorted(self._wrong, key=lambda problem: problem.kind.status)
        if wrong and wrong[0].kind.slug == "bad-request":
            raise wrong[0]
        if not self._files and not wrong:
            raise Problem("bad-request", "The form has no file: send it as the part named file.")
        if wrong:
            raise wrong[0]
        return Form(self._fields, self._files[0])

    # What the parser calls, in the order of the body

    def on_part_begin(self) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise Problem(
                "too-large", f"The form has more than {MAX_PARTS} parts: send only what the call takes."
            )
        self._part = _Part()

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def on_header_end(self) -> None:
        self._part.headers[self._header.decode("latin-1").lower()] = self._value
        self._header = self._value = b""

    def on_headers_finished(self) -> None:
        part = self._part
        disposition, options = parse_options_header(
            part.headers.get("content-disposition", b"").decode("latin-1")
        )
        if disposition != b"form-data" or b"name" not in options:
            raise Problem("bad-request", "A part of the form has no name: give each one Content-Disposition.")
        encoding = part.headers.get("content-transfer-encoding", b"").decode("latin-1").strip().lower()
        if encoding not in _PLAIN:
            raise Problem("bad-request", "A part is transfer-encoded: send its bytes as they are.")
        part.name = options[b"name"].decode("utf-8", "replace")
        part.is_file = b"filename" in options
        if part.is_file and part.name == FILE:
            part.is_the_file = not self._files
            self._files.append(clean_filename(options[b"filename"].decode("utf-8", "replace")))
        elif part.name not in self._known:
            self._wrong.append(_unknown(part.name, self._known))

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        part = self._part
        part.size += end - start
        if part.is_the_file:
            self.file_bytes += end - start
            if self.file_bytes > self._max_file_bytes:
                raise too_large_file(self._max_file_bytes)
            self._file.append(data[start:end])
        elif not part.is_file:
            if part.size > MAX_FIELD_BYTES:
                raise Problem(
                    "too-large", f"A form field is larger than {MAX_FIELD_BYTES} bytes: shorten it."
                )
            part.value += data[start:end]

    def on_part_end(self) -> None:
        part = self._part
        if part.is_the_file:
            if self._files == [None] and part.size == 0:
                # A browser's form with no file chosen.
                self._files.clear()
            return
        if part.name == FILE and not part.is_file:
            self._wrong.append(
                Problem(
                    "bad-request", "The part named file has no filename: send it as a file, not as a field."
                )
            )
        elif part.name in self._known:
            self._add_field(part)

    def on_end(self) -> None:
        self._ended = True

    def _add_field(self, part: _Part) -> None:
        if part.is_file:
            self._wrong.append(_bad_field(part.name, "is a field, not a file"))
        elif part.name in self._fields:
            self._wrong.append(_bad_field(part.name, "is there twice: send it once"))
        elif b"\x00" in part.value:
            self._wrong.append(_bad_field(part.name, "holds a NUL character: remove it"))
        else:
            try:
                self._fields[part.name] = part.value.decode("utf-8")
            except UnicodeDecodeError:
                self._wrong.append(_bad_field(part.name, "is not UTF-8: encode it so"))


def _parser(boundary: bytes, reader: FormReader) -> MultipartParser:
    if not re.fullmatch(rb"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]", boundary):
        raise Problem("bad-request", "The Content-Type names no usable boundary: let the HTTP client set it.")
    return MultipartParser(
        boundary,
        {
            "on_part_begin": reader.on_part_begin,
            "on_part_data": reader.on_part_data,
            "on_part_end": reader.on_part_end,
            "on_header_field": reader.on_header_field,
            "on_header_value": reader.on_header_value,
            "on_header_end": reader.on_header_end,
            "on_headers_finished": reader.on_headers_finished,
            "on_end": reader.on_end,
        },
    )


def too_large_file(limit: int) -> Problem:
    """The answer to a file above the limit."""
    return Problem(
        "too-large", f"The file is larger than {limit} bytes: upload a smaller one.", max_bytes=limit
    )


def clean_filename(name: str) -> str | None:
    """A client's file name as something to show: no folders, no control characters; None where none is left."""
    name = _CONTROL.sub("", name.replace("\\", "/").rsplit("/", 1)[-1]).strip()
    if len(name) > _MAX_FILENAME:
        stem, dot, ending = name.rpartition(".")
        name = (
            stem[: _MAX_FILENAME - 1 - len(ending)] + dot + ending
            if dot and len(ending) <= 10
            else name[:_MAX_FILENAME]
        )
    return name if name not in ("", ".", "..") else None


def _bad_field(name: str, what: str) -> Problem:
    return Problem(
        "bad-request", f"The form field {name} {what}.", errors=[FieldError(field=name, message=what)]
    )


def _unknown(name: str, known: frozenset[str]) -> Problem:
    shown = _CONTROL.sub("", name)[:80]
    takes = ", ".join([FILE, *sorted(known)])
    return Problem(
        "invalid",
        f"The form has a part named {shown!r}, which this call does not take: it takes {takes}.",
        errors=[FieldError(field=shown, message="Unknown field")],
    )
