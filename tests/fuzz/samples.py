"""Seeds from the samples: their bytes, their lines, and their pages as small pictures."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from PIL import Image

from pipeline.adapters.parsing.parsed import accepted, text_of
from pipeline.adapters.pdf.child import picture_of_document, read_document
from pipeline.cli.demo import samples_dir
from pipeline.domain.text import Text


def pdfs() -> list[Path]:
    """The samples that carry their text."""
    return sorted(samples_dir().glob("*.pdf"))


@cache
def texts() -> tuple[Text, ...]:
    """What each of them reads as."""
    return tuple(text_of(accepted(read_document(path.read_bytes(), 10)), "fuzz") for path in pdfs())


@cache
def lines() -> tuple[tuple[str, ...], ...]:
    """Their lines, in the order of the files."""
    return tuple(tuple(line.text for line in text.lines) for text in texts())


def pictures() -> list[Image.Image]:
    """The first page of three of them, a few hundred pixels wide."""
    made = []
    for path in pdfs()[:3]:
        width, height, grey, _ = accepted(picture_of_document(path.read_bytes(), 1))
        made.append(Image.frombytes("L", (width, height), grey).resize((200, 280)))
    return made
