"""What a file is, by its bytes. Its name and its declared type are never asked."""

from __future__ import annotations

import codecs
import re
from typing import NoReturn

from pipeline.domain.errors import UnsupportedDocument

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
#: Of before 2007: read only where LibreOffice is installed.
DOC = "application/msword"
ODT = "application/vnd.oasis.opendocument.text"
RTF = "application/rtf"
TXT = "text/plain"
PNG, JPEG, TIFF, WEBP, HEIC = "image/png", "image/jpeg", "image/tiff", "image/webp", "image/heic"
IMAGES = (PNG, JPEG, TIFF, WEBP, HEIC)
#: Every type that is read, with the suffixes that its files have.
SUFFIXES: dict[str, tuple[str, ...]] = {
    PDF: (".pdf",),
    DOCX: (".docx",),
    DOC: (".doc",),
    ODT: (".odt",),
    RTF: (".rtf",),
    TXT: (".txt",),
    PNG: (".png",),
    JPEG: (".jpg", ".jpeg"),
    TIFF: (".tif", ".tiff"),
    WEBP: (".webp",),
    HEIC: (".heic", ".heif"),
}
ACCEPTED = "PDF, Word (.docx), OpenDocument text (.odt), RTF, plain text, PNG, JPEG, TIFF, WebP and HEIC are accepted"

#: Bytes within which a PDF's header must begin (ISO 32000-1, Annex H: junk may stand before it).
HEAD_BYTES = 1024
_PDF_HEADER = b"%PDF-"
_HEAD = HEAD_BYTES + len(_PDF_HEADER) - 1
#: A ZIP's list of its members is at its end.
_TAIL = 64 * 1024

_ZIP, _ZIP_MEMBER, _ZIP_END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: Signatures at the very start. One of these wins over a PDF header further on: an archive that stores a PDF
#: uncompressed has the header within its first kilobyte too.
_TYPES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"II*\x00", TIFF),
    (b"MM\x00*", TIFF),
    (b"{\\rtf", RTF),
)
_RIFF, _WEBP = b"RIFF", b"WEBP"
#: What a file of the ISO base media format (HEIF, AVIF, MP4) says it is compatible with.
_BRANDS_AT, _FTYP = 8, b"ftyp"
_HEIC_BRANDS = frozenset((b"heic", b"heix", b"heim", b"heis"))
_OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a program"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\x1f\x8b", "gzip-compressed data"),
    (b"BZh", "bzip2-compressed data"),
    (b"\xfd7zXZ\x00", "xz-compressed data"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"GIF8", "a GIF image"),
    (b"#!", "a script"),
    (b"%!PS", "a PostScript file"),
    (b"-----BEGIN ", "a key or certificate"),
    (b"BEGIN:V", "a calendar or an address card"),
)
#: What an archive begins with that can be ingested, and its media type.
ARCHIVES: tuple[tuple[bytes, str], ...] = (
    (_ZIP, "application/zip"),
    (b"PK\x05\x06", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
    (b"\x28\xb5\x2f\xfd", "application/zstd"),
    (b"BZh", "application/x-bzip2"),
    (b"\xfd7zXZ\x00", "application/x-xz"),
)
_ARCHIVES = (*(signature for signature, _ in ARCHIVES), b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07")
_TAR, _TAR_AT = b"ustar", 257
_MARKUP: tuple[tuple[bytes, str], ...] = (
    (b"<!doctype", "an HTML page"),
    (b"<html", "an HTML page"),
    (b"<head", "an HTML page"),
    (b"<body", "an HTML page"),
    (b"<script", "an HTML page"),
    (b"<!--", "an HTML page"),
    (b"<svg", "an SVG image"),
    (b"<?xml", "an XML or SVG document"),
)
#: Text for programs: such files lie beside resumes in archives, and nobody wants a profile of them.
_DATA: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (re.compile(rb'\{\s*"|\[\s*[{"]'), "JSON data"),
    (re.compile(rb"\[[.\w -]+\]\s*\n\s*[\w.-]+\s*="), "a settings file"),
    (re.compile(rb"(?:return-path|received|delivered-to|mime-version|message-id):", re.I), "an e-mail"),
    (re.compile(rb"(?:[^,;\n]+(?:[,;](?! )[^,;\n]*){2,}\n){3}"), "a table (CSV)"),
)
#: Control characters that no text has; a few are left that old word processors write.
_CONTROLS = bytes({*range(32), 127} - {*b"\t\n\v\f\r\x1a\x1e\x1f"})
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_LETTERS = re.compile(rb"[A-Za-z\x80-\xff]{2}")
#: An OpenDocument file begins with a member that is stored as it is and names its type.
_MIMETYPE = b"mimetype"
_ODT_TYPES = (ODT.encode(), ODT.encode() + b"-template")
#: Members that tell what a ZIP is. Word's own come first: a document may embed a spreadsheet.
_WORD, _PACKAGE = b"word/", b"[Content_Types].xml"
_PACKAGES: tuple[tuple[bytes, str], ...] = (
    (b"xl/", "a spreadsheet (.xlsx)"),
    (b"ppt/", "a presentation (.pptx)"),
    (_MIMETYPE, "an OpenDocument file other than text, or an EPUB book"),
)
#: The stream of an OLE container that holds an encrypted Office document, as its directory spells it.
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
#: That of a Word document of before 2007.
_OLD_WORD = "WordDocument".encode("utf-16-le")
_LONGEST_STREAM = max(len(_ENCRYPTED), len(_OLD_WORD))


class Sniffer:
    """Tells what a file is while its bytes arrive."""

    def __init__(self, *, legacy_word: bool = False) -> None:
        """`legacy_word`: whether Word files of before 2007 are read here."""
        self._legacy_word = legacy_word
        self._head = self._tail = b""
        self._found: str | None = None  # by the whole head
        self._streams: set[bytes] = set()
        self._is_text = True  # so far

    def feed(self, data: bytes) -> None:
        """The next bytes. Raises UnsupportedDocument as soon as they show that the file is not read."""
        self._is_text = self._is_text and not _has_controls(data)
        before = len(self._head)
        if before < _HEAD:
            self._head += data[: _HEAD - before]
            if len(self._head) == _HEAD:
                self._found = _by_signature(self._head)
        self._require_text()
        if self._head.startswith(_OLE):
            seen = self._tail[-_LONGEST_STREAM:] + data
            self._streams |= {name for name in (_ENCRYPTED, _OLD_WORD) if name in seen}
        if self._head.startswith((_ZIP, _OLE)):
            self._tail = (self._tail + data)[-_TAIL:]

    def end(self) -> str:
        """The media type of the whole file. Raises UnsupportedDocument with what the file looks like."""
        self._found = _by_signature(self._head)
        self._require_text()
        if self._found is not None:
            return self._found
        if self._head.startswith(_OLE):
            return self._old_office()
        members = _members(self._head, _ZIP, 26, 30) | _members(self._tail, _ZIP_MEMBER, 28, 46)
        return _package(self._head, members)

    def _require_text(self) -> None:
        if self._found == TXT and not self._is_text and not self._head.startswith(_UTF16):
            raise UnsupportedDocument(
                f"The file holds bytes that no text has, and is of no type that is read; {ACCEPTED}: export the resume "
                "as a PDF, or save its text as UTF-8."
            )

    def _old_office(self) -> str:
        if _ENCRYPTED in self._streams:
            # An encrypted document is a Word file to its sender, who is told what is wrong with it later.
            return DOCX
        if _OLD_WORD not in self._streams:
            _refuse("an old Office document")
        if not self._legacy_word:
            raise UnsupportedDocument(
                "The file is a Word document of before 2007 (.doc), which is read only where LibreOffice is "
                f"installed beside this service; {ACCEPTED}: save the resume as .docx or as a PDF."
            )
        return DOC


def media_type(content: bytes, *, legacy_word: bool = False) -> str:
    """The media type of a whole file. Raises UnsupportedDocument with what the file looks like.

    `legacy_word`: as `Sniffer`.
    """
    sniffer = Sniffer(legacy_word=legacy_word)
    sniffer.feed(content)
    return sniffer.end()


def is_polyglot(content: bytes, mime: str) -> bool:
    """Whether bytes of this type are another file too: an archive behind a PDF or a picture, a PDF in a ZIP.

    What a PDF has attached lies within one of its streams, and is no part of another file.
    """
    if content.startswith(_ZIP):
        return _PDF_HEADER in content[:HEAD_BYTES]
    end = content.rfind(_ZIP_END, max(0, len(content) - _TAIL))
    if end < 0 or (mime == PDF and b"endstream" in content[end:]):
        return False
    directory = end - int.from_bytes(content[end + 12 : end + 16], "little")
    return directory >= 0 and content[directory:end].startswith(_ZIP_MEMBER)


def is_archive(content: bytes) -> bool:
    """Whether bytes that are no resume are an archive: it is told apart because resumes may lie in it."""
    return content.startswith(_ARCHIVES) or content[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR


def _by_signature(head: bytes) -> str | None:
    """The type that the first bytes name; None of ZIP and OLE containers; TXT of what may be text, or is nothing."""
    if head.startswith((_ZIP, _OLE)):
        return None
    for signature, found in _TYPES:
        if head.startswith(signature):
            return found
    for signature, name in _OTHERS:
        if head.startswith(signature):
            _refuse(name)
    if head.startswith(_RIFF):
        return WEBP if head[8:12] == _WEBP else _refuse("a sound or video file")
    if head[4:8] == _FTYP:
        return _by_brands(head)
    return _as_text(head)


def _as_text(head: bytes) -> str:
    """PDF, which junk may stand before, or else text, unless it is meant for programs."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for start, name in _MARKUP:
        if text[:20].lower().startswith(start):
            _refuse(name)
    if _PDF_HEADER in head:
        return PDF
    for pattern, name in _DATA:
        if pattern.match(text.replace(b"\r", b"")):
            _refuse(name)
    found = _is_utf16(head) if head.startswith(_UTF16) else _LETTERS.search(head)
    return TXT if found else _refuse("of a type that is not read")


def _by_brands(head: bytes) -> str:
    end = min(int.from_bytes(head[:4], "big"), len(head))
    brands = {head[at : at + 4] for at in range(_BRANDS_AT, end - 3, 4)}
    if brands & _HEIC_BRANDS:
        return HEIC
    return _refuse("an AVIF image" if b"avif" in brands else "a video file")


def _is_utf16(head: bytes) -> bool:
    try:
        text = codecs.getincrementaldecoder("utf-16")().decode(head)
    except UnicodeDecodeError:
        return False
    return "\0" not in text


def _has_controls(data: bytes) -> bool:
    return len(data.translate(None, _CONTROLS)) != len(data)


def _members(data: bytes, signature: bytes, length_at: int, name_at: int) -> set[bytes]:
    """The names in the member headers found in a part of a ZIP."""
    names = set()
    at = data.find(signature)
    while at >= 0:
        length = int.from_bytes(data[at + length_at : at + length_at + 2], "little")
        names.add(data[at + name_at : at + name_at + length])
        at = data.find(signature, at + 4)
    return names


def _package(head: bytes, names: set[bytes]) -> str:
    if _stored_type(head) in _ODT_TYPES:
        return ODT
    if any(name.startswith(_WORD) for name in names):
        return DOCX
    for start, described in _PACKAGES:
        if any(name.startswith(start) for name in names):
            _refuse(described)
    return DOCX if _PACKAGE in names else _refuse("a ZIP archive")


def _stored_type(head: bytes) -> bytes:
    """What the first member of a ZIP says, if it is the uncompressed one that names the file's type."""
    method, size = int.from_bytes(head[8:10], "little"), int.from_bytes(head[18:22], "little")
    name, extra = int.from_bytes(head[26:28], "little"), int.from_bytes(head[28:30], "little")
    if method or head[30 : 30 + name] != _MIMETYPE:
        return b""
    return head[30 + name + extra : 30 + name + extra + size].strip()


def _refuse(name: str) -> NoReturn:
    raise UnsupportedDocument(f"The file is {name}; {ACCEPTED}: export the resume as a PDF.")
