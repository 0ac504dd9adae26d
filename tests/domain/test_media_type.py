"""What a file is, by its bytes, however they arrive."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.errors import UnsupportedDocument
from pipeline.domain.media_type import DOCX, JPEG, PDF, PNG, TIFF, Sniffer, media_type
from tests.adapters import docx_bytes
from tests.adapters.docx_bytes import docx, paragraph, run
from tests.serve_app.samples import zipped

FILES = {
    "PDF": (b"%PDF-1.7\n" + b"x" * 3000, PDF),
    "junk before a PDF": (b"\x00junk\r\n" * 20 + b"%PDF-1.7\n", PDF),
    "a PDF that is a ZIP too": (b"%PDF-1.7\n" + zipped("word/document.xml"), PDF),
    "DOCX": (docx(paragraph(run("Ada"))), DOCX),
    "DOCX with its text first": (
        zipped("word/document.xml", "docProps/app.xml", "[Content_Types].xml"),
        DOCX,
    ),
    "DOCX with a spreadsheet in it": (zipped("[Content_Types].xml", "xl/a.xml", "word/document.xml"), DOCX),
    "DOCX of many parts": (docx_bytes.many_parts(20_000), DOCX),
    "DOCX cut off": (docx(paragraph(run("Ada")))[:-200], DOCX),
    "DOCX with a password": (docx_bytes.encrypted(), DOCX),
    "PNG": (b"\x89PNG\r\n\x1a\n", PNG),
    "JPEG": (b"\xff\xd8\xff\xe0", JPEG),
    "TIFF, Intel": (b"II*\x00", TIFF),
    "TIFF, Motorola": (b"MM\x00*", TIFF),
    "XLSX": (zipped("[Content_Types].xml", "xl/workbook.xml"), None),
    "a ZIP": (zipped("cv.pdf"), None),
    "an old Word file": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 5000, None),
    "text": (b"Curriculum vitae\n" * 200, None),
    "nothing": (b"", None),
}


def told(sniffer: Sniffer) -> str | None:
    try:
        return sniffer.end()
    except UnsupportedDocument:
        return None


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_what_its_bytes_say(name: str) -> None:
    """The type, or a sentence that names what it looks like and what would be read."""
    content, expected = FILES[name]
    if expected is not None:
        assert media_type(content) == expected
        return
    with pytest.raises(UnsupportedDocument, match=r"^The file is .*PDF.*\.$"):
        media_type(content)


@given(st.sampled_from(sorted(FILES)), st.lists(st.integers(1, 2000), max_size=8))
def test_the_pieces_in_which_it_arrives_do_not_matter(name: str, sizes: list[int]) -> None:
    """A network cuts where it likes."""
    content, expected = FILES[name]
    sniffer, at = Sniffer(), 0
    try:
        for size in [*sizes, len(content)]:
            sniffer.feed(content[at : at + size])
            at += size
    except UnsupportedDocument:
        assert expected is None
    else:
        assert told(sniffer) == expected
