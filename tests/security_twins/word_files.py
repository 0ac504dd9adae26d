"""Made resumes as Word files, with paragraphs of any kind among their own."""

from __future__ import annotations

import io
from functools import cache
from xml.sax.saxutils import escape

from docx import Document
from docx.document import Document as WordDocument
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from benchmarks.resume_maker.word import word_file
from tests.security_twins.overlay import PEOPLE, made

_NAMESPACES = (
    f"{nsdecls('w', 'wp', 'a', 'r')} xmlns:w14='http://schemas.microsoft.com/office/word/2010/wordml' "
    "xmlns:wps='http://schemas.microsoft.com/office/word/2010/wordprocessingShape'"
)


@cache
def _file(number: int) -> bytes:
    return word_file(made(number).truth)


@cache
def untouched(number: int) -> bytes:
    """One of the resumes as it is."""
    return saved(document(number % PEOPLE))


def document(number: int) -> WordDocument:
    """One of the resumes, to be changed."""
    return Document(io.BytesIO(_file(number % PEOPLE)))


def saved(word: WordDocument) -> bytes:
    """The file."""
    out = io.BytesIO()
    word.save(out)
    return out.getvalue()


def insert(word: WordDocument, place: float, *elements: str) -> None:
    """Put XML after the paragraph or table at a place of the document (0 its top, 1 its end)."""
    blocks = [block for block in word.element.body if not block.tag.endswith("sectPr")]
    after = blocks[min(len(blocks) - 1, int(place * len(blocks)))]
    for xml in reversed(elements):
        after.addnext(parse_xml(declared(xml)))


def declared(xml: str) -> str:
    """The element with the namespaces that Word uses."""
    name = xml[1 : min(xml.index(end) for end in " >" if end in xml)]
    return xml.replace(f"<{name}", f"<{name} {_NAMESPACES}", 1)


def paragraph(text: str, run: str = "", properties: str = "") -> str:
    """A paragraph of one run, with their properties."""
    return f"<w:p><w:pPr>{properties}</w:pPr>{running(text, run)}</w:p>"


def running(text: str, properties: str = "") -> str:
    """A run."""
    return f"<w:r><w:rPr>{properties}</w:rPr><w:t xml:space='preserve'>{escape(text)}</w:t></w:r>"
