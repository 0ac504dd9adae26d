"""What crosses the pipe between a parser's child process and its parent: tuples, numbers, strings and bytes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from pipeline.domain.errors import (
    CorruptDocument,
    DocumentError,
    EncryptedDocument,
    ResourceLimit,
    UnsupportedDocument,
)
from pipeline.domain.text import Box, Ink, Line, Link, Page, Text, Word

T = TypeVar("T")
Box4 = tuple[float, float, float, float]

MOST_LINKS = 500
_MOST_PIXELS = 8_000_000
_SCHEMES = ("mailto:", "http://", "https://", "tel:")
_BARE_HOST = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}(?::\d+)?(?:[/?#]\S*)?", re.I)
_BARE_MAIL = re.compile(r"[^\s@/:]+@(?:[a-z0-9-]+\.)+[a-z]{2,}", re.I)
_ERRORS: dict[str, type[DocumentError]] = {
    kind.code: kind for kind in (CorruptDocument, EncryptedDocument, ResourceLimit, UnsupportedDocument)
}


class ReadPage(NamedTuple):
    """A page as it crosses the pipe: size in points; lines and links with boxes as fractions of it.

    A line is `(words, box, size, bold, hidden)`. `pictured` is the share of the page under pictures and `drawn` the
    number of paths, both told only of pages with little text. `more_frames`: it is one picture of several. `flags` are
    security flags.
    """

    width: float
    height: float
    lines: list[tuple[list[tuple[str, Box4]], Box4, float, bool, bool]]
    links: list[tuple[str, Box4]]
    pictured: float = 0.0
    drawn: int = 0
    more_frames: bool = False
    flags: tuple[str, ...] = ()


class Pixels(NamedTuple):
    """Grey pixels, a byte each, row by row from the top left; `scale` is pixels a point."""

    width: int
    height: int
    grey: bytes
    scale: float


class Refusal(NamedTuple):
    """Why the document cannot be read: the code of a DocumentError, and a sentence."""

    code: str
    message: str


class DocumentRefused(Exception):
    """Raised in a child to end its work with a Refusal."""

    def __init__(self, code: str, message: str) -> None:
        self.refusal = Refusal(code, message)


def guarded(work: Callable[..., T], *arguments: Any) -> T | Refusal:
    """The work's answer, or the Refusal that it ended with; running out of memory is one too."""
    try:
        return work(*arguments)
    except DocumentRefused as refused:
        return refused.refusal
    except MemoryError:
        return Refusal("resource-limit", "The document needs more memory than one resume is given.")


def accepted(answer: T | Refusal) -> T:
    """The answer of a child. Raises the DocumentError that it refused with."""
    if isinstance(answer, Refusal):
        raise _ERRORS[answer.code](answer.message)
    return answer


def fitting_scale(wide: float, high: float, most: float) -> float:
    """Pixels a point, at most `most`, with which a page of this size is no larger than is ever drawn."""
    return float(min(most, (_MOST_PIXELS / max(1.0, wide * high)) ** 0.5))


def with_scheme(uri: str) -> str:
    """The address, when it is one that a resume may point to; the scheme that its writer left out is added."""
    if uri.lower().startswith(_SCHEMES):
        return uri
    if _BARE_MAIL.fullmatch(uri):
        return f"mailto:{uri}"
    return f"https://{uri}" if _BARE_HOST.fullmatch(uri) else ""


def text_of(read: list[ReadPage], engine: str) -> Text:
    """The pages as a Text, with lines numbered through."""
    pages: list[Page] = []
    next_id = 0
    for number, page in enumerate(read, 1):
        lines = []
        for words, box, size, bold, hidden in page.lines:
            printed = tuple(Word(text, Box._make(word_box)) for text, word_box in words)
            lines.append(Line(next_id, number, printed, Box._make(box), size, bold, hidden))
            next_id += 1
        links = tuple(Link(number, uri, Box._make(box)) for uri, box in page.links)
        pages.append(
            Page(number, page.width, page.height, tuple(lines), links, "native", page.pictured, page.drawn)
        )
    flags = sorted({flag for page in read for flag in page.flags})
    more_frames = any(page.more_frames for page in read)
    return Text(tuple(pages), engine, more_frames=more_frames, flags=tuple(flags))


def boxes_of(lines: Mapping[int, Sequence[Line]]) -> dict[int, list[list[Box4]]]:
    """The boxes of each line's words, by page number, as plain tuples."""
    return {
        number: [[(*word.box,) for word in line.words] for line in page] for number, page in lines.items()
    }


def inks_of(found: Mapping[int, Sequence[tuple[float, Sequence[float]]]]) -> dict[int, list[Ink]]:
    """The ink of lines, as a child told it, by page number."""
    return {
        number: [Ink(stroke, tuple(heights)) for stroke, heights in page] for number, page in found.items()
    }
