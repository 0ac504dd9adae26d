"""OCR: what is sent to a text recogniser, and what it reads."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from pipeline.domain.text import Line


@dataclass(frozen=True, slots=True)
class OcrDocument:
    """Pages to be read, as an object in the object store.

    `pages` are their numbers in the original, in order. `place` puts the object there, if it is not, and
    answers its key: it is called only when the pages are really sent.
    """

    content_sha256: str
    application_id: UUID
    pages: tuple[int, ...]
    place: Callable[[], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class OcrPage:
    """One page as read: `number` is that of the original, line ids count from 0 on each page."""

    number: int
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class OcrText:
    """What was read. `unread` are pages (numbers of the original) that the engine gave up on."""

    pages: tuple[OcrPage, ...]
    unread: tuple[int, ...] = ()


def ocr_key(application_id: UUID) -> str:
    """Where the pages of an original that need OCR lie while they are read: an object of that application."""
    return f"ocr/{application_id}"
