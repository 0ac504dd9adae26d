"""What a file is, by its first bytes. Its name and its declared type are never asked."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.domain.upload import PDF

#: Bytes within which a PDF's header must begin (ISO 32000-1, Annex H: junk may stand before it).
HEAD_BYTES = 1024
_PDF_HEADER = b"%PDF-"


@dataclass(frozen=True, slots=True)
class Kind:
    """`mime` is None for what the service does not read; `name` says to people what it is."""

    mime: str | None
    name: str
    archive: bool = False


#: Signatures at the very start. One of these wins over a PDF header further on: an archive that stores a PDF
#: uncompressed has the header within its first kilobyte too.
_SIGNATURES: tuple[tuple[bytes, Kind], ...] = (
    (b"MZ", Kind(None, "a Windows program")),
    (b"\x7fELF", Kind(None, "a program")),
    (b"PK\x03\x04", Kind(None, "a ZIP archive or an Office document", archive=True)),
    (b"PK\x05\x06", Kind(None, "an empty ZIP archive", archive=True)),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind(None, "an old Office document (.doc)")),
    (b"{\\rtf", Kind(None, "an RTF document")),
    (b"\x1f\x8b", Kind(None, "gzip-compressed data", archive=True)),
    (b"BZh", Kind(None, "bzip2-compressed data", archive=True)),
    (b"\xfd7zXZ\x00", Kind(None, "xz-compressed data", archive=True)),
    (b"\x28\xb5\x2f\xfd", Kind(None, "zstd-compressed data", archive=True)),
    (b"7z\xbc\xaf\x27\x1c", Kind(None, "a 7-Zip archive", archive=True)),
    (b"Rar!\x1a\x07", Kind(None, "a RAR archive", archive=True)),
    (b"\x89PNG\r\n\x1a\n", Kind(None, "a PNG image")),
    (b"\xff\xd8\xff", Kind(None, "a JPEG image")),
    (b"II*\x00", Kind(None, "a TIFF image")),
    (b"MM\x00*", Kind(None, "a TIFF image")),
    (b"GIF8", Kind(None, "a GIF image")),
    (b"#!", Kind(None, "a script")),
)
_MARKUP: tuple[tuple[bytes, Kind], ...] = (
    *(
        (start, Kind(None, "an HTML page"))
        for start in (b"<!doctype", b"<html", b"<head", b"<body", b"<script", b"<!--")
    ),
    (b"<svg", Kind(None, "an SVG image")),
    (b"<?xml", Kind(None, "an XML or SVG document")),
)


def media_type(head: bytes) -> Kind:
    """The kind of a file that begins with `head` (its first 1,024 bytes and the header's length, or all)."""
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    text = head[: HEAD_BYTES * 2].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for start, kind in _MARKUP:
        if text.startswith(start):
            return kind
    if _PDF_HEADER in head[: HEAD_BYTES + len(_PDF_HEADER) - 1]:
        return Kind(PDF, "a PDF")
    return Kind(None, "no PDF")
