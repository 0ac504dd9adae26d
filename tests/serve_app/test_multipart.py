"""The form reader, without a server: however a body is cut into pieces, it is the same form."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.domain.errors import UnsupportedDocument
from pipeline.domain.media_type import Sniffer
from serve_app.archives import ArchiveSniffer
from serve_app.multipart import Form, FormReader, clean_filename
from serve_app.problems import Problem
from serve_app.routes.contents import content_disposition
from tests.serve_app.samples import BOUNDARY, PDF, form, part

FORBIDDEN = re.compile(r"[/\\\x00-\x1f\x7f-\x9f\u202a-\u202e]")
KNOWN = frozenset({"email", "job_post_id"})


def read(body: bytes, cuts: list[int]) -> tuple[Form, bytes]:
    reader = FormReader(BOUNDARY.encode(), max_file_bytes=100_000, known_fields=KNOWN)
    edges = [0, *sorted({min(cut, len(body)) for cut in cuts}), len(body)]
    content = b"".join(reader.feed(body[start:end]) for start, end in pairwise(edges))
    return reader.finish(), content


@given(
    content=st.one_of(
        st.binary(max_size=3000),
        st.lists(st.sampled_from([b"\r\n", b"--", BOUNDARY[:5].encode(), b"-", b"x"])).map(b"".join),
    ),
    value=st.text(st.characters(blacklist_characters="\x00", blacklist_categories=["Cs"]), max_size=50),
    cuts=st.lists(st.integers(0, 4000), max_size=12),
)
@settings(max_examples=150, deadline=None)
def test_the_pieces_of_a_body_do_not_matter(content: bytes, value: str, cuts: list[int]) -> None:
    """Any bytes, also those that look like a boundary, arrive as they were sent, whatever the network cuts."""
    body = form(part("email", value.encode()), part("file", content, filename="a.pdf"))
    read_form, read_content = read(body, cuts)
    assert read_content == content
    assert read_form == Form({"email": value}, "a.pdf")


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=5))
@settings(max_examples=150, deadline=None)
def test_no_body_breaks_the_reader(body: bytes, cuts: list[int]) -> None:
    """Whatever arrives is a form or a problem, never another error."""
    prefix = f"--{BOUNDARY}\r\n".encode()
    for candidate in (body, prefix + body, form(body)):
        assert outcome(read, candidate, cuts) in (None, "bad-request", "too-large", "invalid")


@pytest.mark.parametrize("cuts", [[], [1], [4], [10]])
def test_what_stands_before_the_form_is_refused_however_it_is_cut(cuts: list[int]) -> None:
    """But for line ends, which some clients send."""
    body = form(part("file", b"%PDF-1.7", filename="a.pdf"))
    assert read(b"\r\n\r\n" + body, cuts) == (Form({}, "a.pdf"), b"%PDF-1.7")
    assert outcome(read, b"\r\n]garbage\r\n" + body, cuts) == "bad-request"


@given(st.text(max_size=300))
def test_a_shown_name_has_no_folder_and_no_control(name: str) -> None:
    """Whatever is sent as a file name, what is kept is short, plain and no path."""
    kept = clean_filename(name)
    if kept is not None:
        assert 0 < len(kept) <= 255
        assert not FORBIDDEN.search(kept)
        header = content_disposition(kept)
        assert header.isascii()
        assert "\r" not in header
        assert "\n" not in header


def sniffed(sniffer: Sniffer, content: bytes, size: int = 700) -> str | None:
    """The media type of a file that arrives in pieces, or None where it is not taken."""
    try:
        for start in range(0, len(content), size):
            sniffer.feed(content[start : start + size])
        return sniffer.end()
    except UnsupportedDocument:
        return None


@pytest.mark.parametrize("position", [0, 1, 1019, 1023])
def test_a_header_counts_within_the_first_kilobyte(position: int) -> None:
    """The header may begin at any of the first 1,024 bytes."""
    assert sniffed(Sniffer(), b"\x00" * position + PDF) == "application/pdf"


@given(st.binary(max_size=2000), st.integers(1, 2000))
def test_any_bytes_are_taken_or_unsupported(content: bytes, size: int) -> None:
    """Sniffing never fails in a third way, however the bytes arrive."""
    for sniffer in (Sniffer, ArchiveSniffer):
        assert sniffed(sniffer(), content, size) == sniffed(sniffer(), content, 10_000)


def outcome(call: Callable[..., Any], *arguments: Any) -> str | None:
    """The slug of the problem that the call ends with, or None."""
    try:
        call(*arguments)
    except Problem as problem:
        return problem.kind.slug
    return None
