"""The grouping stage: any lines anywhere on a page."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator

from pipeline.domain.suspicion import visible
from pipeline.domain.text import Box, Line, Page, Text, Word
from pipeline.stages.group_sections import GroupSections
from tests.fuzz import samples

LONGEST = 16_384
_HEAD = struct.Struct("<hhhhBB")  #: the box in 1/2000 of the page; size and flags; then the text, then 0
_BOLD, _HIDDEN, _NEW_PAGE, _UNKNOWN = 1, 2, 4, 8


def run(data: bytes) -> None:
    """Every line is in exactly one place, and no printed word is lost, whatever the page looks like."""
    text = _text(data)
    grouped = GroupSections().run(text)
    places = [number for section in grouped.sections for number in section.heading_ids + section.line_ids]
    # Screening may part a line in two: the lines to count are those of the text that it answers.
    assert sorted([*places, *grouped.furniture]) == [line.id for line in grouped.text.lines], "lines"
    assert _printed_words(grouped.text) == _printed_words(text), "words"


def seeds() -> Iterator[bytes]:
    """The samples' pages, as they were read."""
    for text in samples.texts():
        packed = b""
        for line in text.lines:
            box = [max(-32768, min(32767, round(2000 * side))) for side in line.box]
            flags = _BOLD * bool(line.bold) + _HIDDEN * line.hidden
            packed += _HEAD.pack(*box, min(255, round(4 * (line.size or 0))), flags)
            packed += line.text.encode() + b"\0"
        yield packed[:LONGEST]


def _printed_words(text: Text) -> Counter[str]:
    """What a page shows, without characters that show nothing."""
    words = (visible(word.text) for line in text.lines for word in line.words)
    return Counter(word for word in words if word)


def _text(data: bytes) -> Text:
    pages: list[list[Line]] = [[]]
    at = number = 0
    while at + _HEAD.size < len(data):
        left, top, right, bottom, size, flags = _HEAD.unpack_from(data, at)
        end = data.find(b"\0", at + _HEAD.size)
        end = end if end >= 0 else len(data)
        words = data[at + _HEAD.size : end].decode(errors="replace").split()
        at = end + 1
        if flags & _NEW_PAGE and len(pages) < 10:
            pages.append([])
        if words:
            sides = (left / 2000, top / 2000, right / 2000, bottom / 2000)
            line = _line(number, len(pages), words, sides, size / 4, flags)
            pages[-1].append(line)
            number += 1
    return Text(tuple(Page(n, 595.0, 842.0, tuple(lines)) for n, lines in enumerate(pages, 1)), "fuzz")


def _line(
    number: int, page: int, words: list[str], sides: tuple[float, ...], size: float, flags: int
) -> Line:
    left, top, right, bottom = sides
    # As every engine answers them: the right of the left, the bottom below the top.
    left, right, top, bottom = min(left, right), max(left, right), min(top, bottom), max(top, bottom)
    step = (right - left) / len(words)
    printed = tuple(
        Word(word, Box(left + n * step, top, left + (n + 1) * step, bottom)) for n, word in enumerate(words)
    )
    known = not flags & _UNKNOWN
    return Line(
        number,
        page,
        printed,
        Box(left, top, right, bottom),
        size if known else None,
        bool(flags & _BOLD) if known else None,
        bool(flags & _HIDDEN),
    )
