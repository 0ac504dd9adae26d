"""The rules engine and the verification after it: any lines of text, one below the other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from pipeline.domain.profile import Profile
from pipeline.domain.text import Box, Line, Page, Text, Word
from pipeline.domain.upload import StoredUpload
from pipeline.reading.profile import draft_of
from pipeline.stages.group_sections import GroupSections
from pipeline.stages.verify_profile import VerifyProfile
from tests.fuzz import samples

LONGEST = 4096
_LINES_OF_A_PAGE = 60
_LINES_OF_A_SEED = 15
_WIDTH = 0.0075  #: of a character
_UPLOAD = StoredUpload(UUID(int=1), "resumes/1", "0" * 64, 1, "application/pdf", date(2026, 3, 1))


def run(data: bytes) -> None:
    """A profile that says what its lines say; no part of the rules gives up."""
    sections = GroupSections().run(_text(data))
    draft = draft_of(sections)
    unread = [finding.detail for finding in draft.document.findings] if draft.document else []
    assert not unread, unread
    verified = VerifyProfile().run(draft, sections, _UPLOAD)
    assert "\\u0000" not in Profile.model_validate_json(verified.model_dump_json()).model_dump_json()


def seeds() -> Iterator[bytes]:
    """The samples' lines, a few at a time: a page costs a second."""
    for lines in samples.lines():
        for first in range(0, len(lines), _LINES_OF_A_SEED):
            yield "\n".join(lines[first : first + _LINES_OF_A_SEED]).encode()[:LONGEST]


def _text(data: bytes) -> Text:
    """Lines as a text engine answers them: a tab parts cells of a row, a `#` at the start is a bold title."""
    lines: list[Line] = []
    for row, printed in enumerate(data.decode(errors="replace").replace("\0", " ").split("\n")):
        bold, left = printed.startswith("#"), 0.1
        for cell in printed.removeprefix("#").split("\t"):
            words = cell.split()
            if words:
                lines.append(_line(len(lines), row, words, left, bold))
            left += 0.3
    pages = range(1, max((line.page for line in lines), default=1) + 1)
    return Text(
        tuple(Page(n, 595.0, 842.0, tuple(line for line in lines if line.page == n)) for n in pages), "fuzz"
    )


def _line(number: int, row: int, words: list[str], left: float, bold: bool) -> Line:
    top = 0.03 + 0.015 * (row % _LINES_OF_A_PAGE)
    boxed = []
    for word in words:
        boxed.append(Word(word, Box(left, top, left + _WIDTH * len(word), top + 0.012)))
        left += _WIDTH * (len(word) + 1)
    whole = boxed[0].box.union(boxed[-1].box)
    return Line(number, 1 + row // _LINES_OF_A_PAGE, tuple(boxed), whole, 14.0 if bold else 10.0, bold)
