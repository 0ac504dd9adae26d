"""An upload's body and the type of its file: the same in whatever pieces it arrives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.domain.errors import UnsupportedDocument
from pipeline.domain.media_type import Sniffer
from serve_app.multipart import Form, FormReader
from serve_app.problems import Problem
from tests.adapters import docx_bytes
from tests.adapters.odt_bytes import odt, p
from tests.fuzz import samples
from tests.serve_app.samples import BOUNDARY, form, part

LONGEST = 16_384
_KNOWN = frozenset({"email", "job_post_id"})
_HEAD_OF_A_FILE = 3000


def run(data: bytes) -> None:
    """A form or a problem, a type or a refusal; a body cut in two says the same."""
    cut = len(data) // 3
    whole, halves = _form([data]), _form([data[:cut], data[cut:]])
    assert whole == halves, (whole, halves)
    assert _type([data]) == _type([data[:cut], data[cut:]])


def seeds() -> Iterator[bytes]:
    """Forms with the beginnings of the samples in them, and those beginnings themselves."""
    for path in samples.pdfs():
        head = path.read_bytes()[:_HEAD_OF_A_FILE]
        yield form(part("email", b"ada@example.org"), part("file", head, filename=path.name))
        yield head
    yield form(part("file", docx_bytes.docx(), filename="C:\\\u202ea.docx", headers=["Content-Type: a/b"]))
    yield docx_bytes.docx()
    yield docx_bytes.encrypted()
    yield odt(p("Ada"))
    yield "Ada Fiktiva, инженер".encode()


def _form(pieces: Sequence[bytes]) -> tuple[Form, bytes] | str:
    reader = FormReader(BOUNDARY.encode(), max_file_bytes=10_000, known_fields=_KNOWN)
    try:
        content = b"".join(reader.feed(piece) for piece in pieces)
        return reader.finish(), content
    except Problem as problem:
        return problem.kind.slug


def _type(pieces: Sequence[bytes]) -> str:
    sniffer = Sniffer()
    try:
        for piece in pieces:
            sniffer.feed(piece)
        return sniffer.end()
    except UnsupportedDocument as refusal:
        return refusal.code
