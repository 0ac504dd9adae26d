"""Word files, byte by byte: the container around the parts."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.adapters.parsing.parsed import accepted, text_of
from pipeline.adapters.word.child import read_docx
from tests.adapters import docx_bytes
from tests.adapters.docx_bytes import docx, paragraph
from tests.adapters.docx_bytes import run as word_run
from tests.fuzz import samples

_MOST_PAGES = 20


def run(data: bytes) -> None:
    """Read it."""
    text_of(accepted(read_docx(data, _MOST_PAGES)), "fuzz")


def seeds() -> Iterator[bytes]:
    """The samples' lines as Word files, and what the tests know to be odd."""
    for lines in samples.lines():
        yield docx("".join(paragraph(word_run(_escaped(line))) for line in lines))
    yield docx_bytes.encrypted()
    yield docx_bytes.billion_laughs()
    yield docx_bytes.pointing_outside("http://127.0.0.1:9")
    yield docx(parts={"word/document.xml": None})


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
