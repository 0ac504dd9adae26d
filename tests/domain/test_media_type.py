"""What a file is, by its bytes, however they arrive."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.errors import UnsupportedDocument
from pipeline.domain.media_type import (
    DOC,
    DOCX,
    HEIC,
    JPEG,
    ODT,
    PDF,
    PNG,
    RTF,
    TIFF,
    TXT,
    WEBP,
    Sniffer,
    media_type,
)
from tests.adapters import docx_bytes, odt_bytes
from tests.adapters.docx_bytes import docx, paragraph, run
from tests.adapters.odt_bytes import odt, p
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
    "WebP": (b"RIFF\x24\x00\x00\x00WEBPVP8 ", WEBP),
    "a WAV": (b"RIFF\x24\x00\x00\x00WAVEfmt ", None),
    "HEIC": (b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic", HEIC),
    "AVIF": (b"\x00\x00\x00\x18ftypavif\x00\x00\x00\x00mif1avif", None),
    "an MP4": (b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41", None),
    "RTF": (rb"{\rtf1\ansi hello}", RTF),
    "ODT": (odt(p("Ada")), ODT),
    "ODT that is a template": (odt(p("Ada"), mimetype=f"{ODT}-template"), ODT),
    "ODT with a password": (odt_bytes.encrypted(), ODT),
    "an OpenDocument spreadsheet": (odt(mimetype="application/vnd.oasis.opendocument.spreadsheet"), None),
    "an EPUB": (odt(mimetype="application/epub+zip"), None),
    "text": (b"Curriculum vitae\n" * 200, TXT),
    "text with a byte order mark": (b"\xef\xbb\xbfCurriculum vitae\n", TXT),
    "text in UTF-16": ("Curriculum vitae, 简历\n".encode("utf-16") * 200, TXT),
    "text in Shift-JIS": ("履歴書 山田太郎\n".encode("shift_jis") * 200, TXT),
    "text with commas": (b"Ada Fiktiva, RN, BSN\n1 Some Street, Leeds, UK\nLeeds, LS1, UK\n", TXT),
    "text with NUL": (b"Curriculum vitae\x00\n", None),
    "text with NUL far in": (b"Curriculum vitae\n" * 500 + b"\x00", None),
    "UTF-16 without a mark": ("Curriculum vitae".encode("utf-16-le"), None),
    "text of digits alone": (b"1234 5678\n", None),
    "JSON": (b'{"name": "Ada"}', None),
    "a table": (b"name,email,phone\nAda,a@example.org,1\nBob,b@example.org,2\n", None),
    "an e-mail": (b"Received: from here\nSubject: my application\n\nDear all\n", None),
    "settings": (b"[.ShellClassInfo]\r\nIconResource=x.dll\r\n", None),
    "a key": (b"-----BEGIN PRIVATE KEY-----\nabc\n", None),
    "nothing": (b"", None),
}


#: As much of an old Word file as tells it: its container, and the name of its stream.
OLD_WORD = (
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 5000 + "WordDocument".encode("utf-16-le") + b"\x00" * 99
)


def test_an_old_word_file_is_read_only_where_something_reads_it() -> None:
    """Elsewhere the sentence says what is missing; what is no Word file is refused everywhere."""
    assert media_type(OLD_WORD, legacy_word=True) == DOC
    with pytest.raises(UnsupportedDocument, match=r"before 2007 .*LibreOffice.*save the resume as"):
        media_type(OLD_WORD)
    with pytest.raises(UnsupportedDocument, match="an old Office document"):
        media_type(OLD_WORD.replace(b"W", b"X"), legacy_word=True)
    pieces = Sniffer(legacy_word=True)
    for at in range(0, len(OLD_WORD), 7):
        pieces.feed(OLD_WORD[at : at + 7])
    assert pieces.end() == DOC


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
    with pytest.raises(UnsupportedDocument, match=r"^The file .*PDF.*\.$"):
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
