"""OCR: what is sent to a text recogniser, and what it reads."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from pipeline.domain.text import Ink, Line


@dataclass(frozen=True, slots=True)
class Picture:
    """A page as a reader sees it: grey pixels, a byte each, row by row from the top left.

    `scale` is pixels a point.
    """

    width: int
    height: int
    grey: bytes
    scale: float


@dataclass(frozen=True, slots=True)
class OcrDocument:
    """Pages to be read, as an object in the object store or one by one as pictures.

    `pages` are their numbers in the original, in order. `place` puts the object there, if it is not, and
    answers its key: it is called only when the pages are really sent. `picture` draws one page by its number.
    """

    content_sha256: str
    resume_id: UUID
    pages: tuple[int, ...]
    place: Callable[[], Awaitable[str]]
    picture: Callable[[int], Awaitable[Picture]]


@dataclass(frozen=True, slots=True)
class OcrPage:
    """One page as read: `number` is that of the original, line ids count from 0 on each page.

    `turned` is by how many degrees, clockwise, the page has to be turned (0, 90, 180, 270) to stand as the boxes say.
    `ink` is what the lines look like, from an engine that has seen them.
    """

    number: int
    lines: tuple[Line, ...]
    turned: int = 0
    ink: tuple[Ink, ...] | None = None


@dataclass(frozen=True, slots=True)
class OcrText:
    """What was read. `unread` are pages (numbers of the original) that the engine gave up on, `foreign` those
    whose script it does not know: they have no lines."""

    pages: tuple[OcrPage, ...]
    unread: tuple[int, ...] = ()
    foreign: tuple[int, ...] = ()


def ocr_key(resume_id: UUID) -> str:
    """Where the pages of an original that need OCR lie while they are read: an object of that application."""
    return f"ocr/{resume_id}"
