"""What a file is, by its bytes. Its name and its declared type are never asked."""

from __future__ import annotations

from pipeline.domain.errors import UnsupportedDocument

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PNG, JPEG, TIFF = "image/png", "image/jpeg", "image/tiff"
IMAGES = (PNG, JPEG, TIFF)
#: Every type that is read, with the suffixes that its files have.
SUFFIXES: dict[str, tuple[str, ...]] = {
    PDF: (".pdf",),
    DOCX: (".docx",),
    PNG: (".png",),
    JPEG: (".jpg", ".jpeg"),
    TIFF: (".tif", ".tiff"),
}
ACCEPTED = "PDF, Word (.docx), PNG, JPEG and TIFF are accepted"

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
)
_OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a program"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"{\\rtf", "an RTF document"),
    (b"\x1f\x8b", "gzip-compressed data"),
    (b"BZh", "bzip2-compressed data"),
    (b"\xfd7zXZ\x00", "xz-compressed data"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"GIF8", "a GIF image"),
    (b"#!", "a script"),
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
#: Members that tell what a ZIP is. Word's own come first: a document may embed a spreadsheet.
_WORD, _PACKAGE = b"word/", b"[Content_Types].xml"
_PACKAGES: tuple[tuple[bytes, str], ...] = (
    (b"xl/", "a spreadsheet (.xlsx)"),
    (b"ppt/", "a presentation (.pptx)"),
    (b"mimetype", "an OpenDocument or EPUB file"),
)
#: The stream of an OLE container that holds an encrypted Office document, as its directory spells it.
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


class Sniffer:
    """Tells what a file is while its bytes arrive."""

    def __init__(self) -> None:
        self._head = self._tail = b""
        self._encrypted = False

    def feed(self, data: bytes) -> None:
        """The next bytes. Raises UnsupportedDocument as soon as they show that the file is not read."""
        before = len(self._head)
        if before < _HEAD:
            self._head += data[: _HEAD - before]
            if len(self._head) == _HEAD:
                _by_head(self._head)
        if self._head.startswith(_OLE) and not self._encrypted:
            self._encrypted = _ENCRYPTED in self._tail[-len(_ENCRYPTED) :] + data
        if self._head.startswith((_ZIP, _OLE)):
            self._tail = (self._tail + data)[-_TAIL:]

    def end(self) -> str:
        """The media type of the whole file. Raises UnsupportedDocument with what the file looks like."""
        found = _by_head(self._head)
        if found is not None:
            return found
        if self._head.startswith(_OLE):
            # An encrypted document is a Word file to its sender, who is told what is wrong with it later.
            return DOCX if self._encrypted else _refuse("an old Office document (.doc)")
        return _package(_members(self._head, _ZIP, 26, 30) | _members(self._tail, _ZIP_MEMBER, 28, 46))


def media_type(content: bytes) -> str:
    """The media type of a whole file. Raises UnsupportedDocument with what the file looks like."""
    sniffer = Sniffer()
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


def _by_head(head: bytes) -> str | None:
    """The type, where the first bytes tell; None of ZIP and OLE containers, whose contents do."""
    if head.startswith((_ZIP, _OLE)):
        return None
    for signature, found in _TYPES:
        if head.startswith(signature):
            return found
    for signature, name in _OTHERS:
        if head.startswith(signature):
            _refuse(name)
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for start, name in _MARKUP:
        if text.startswith(start):
            _refuse(name)
    return PDF if _PDF_HEADER in head else _refuse("of a type that is not read")


def _members(data: bytes, signature: bytes, length_at: int, name_at: int) -> set[bytes]:
    """The names in the member headers found in a part of a ZIP."""
    names = set()
    at = data.find(signature)
    while at >= 0:
        length = int.from_bytes(data[at + length_at : at + length_at + 2], "little")
        names.add(data[at + name_at : at + name_at + length])
        at = data.find(signature, at + 4)
    return names


def _package(names: set[bytes]) -> str:
    if any(name.startswith(_WORD) for name in names):
        return DOCX
    for start, described in _PACKAGES:
        if any(name.startswith(start) for name in names):
            _refuse(described)
    return DOCX if _PACKAGE in names else _refuse("a ZIP archive")


def _refuse(name: str) -> str:
    raise UnsupportedDocument(f"The file is {name}; {ACCEPTED}: export the resume as a PDF.")
