"""What a file is, by its first bytes. Its name and its declared type are never asked."""

from __future__ import annotations

from pipeline.domain.upload import PDF
from serve_app.problems import Problem

#: Bytes within which a PDF's header must begin (ISO 32000-1, Annex H: junk may stand before it).
HEAD_BYTES = 1024
_PDF_HEADER = b"%PDF-"

#: Signatures at the very start. One of these wins over a PDF header further on: an archive that stores a PDF
#: uncompressed has the header within its first kilobyte too.
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a program"),
    (b"PK\x03\x04", "a ZIP archive or an Office document"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document (.doc)"),
    (b"{\\rtf", "an RTF document"),
    (b"\x1f\x8b", "gzip-compressed data"),
    (b"BZh", "bzip2-compressed data"),
    (b"\xfd7zXZ\x00", "xz-compressed data"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"GIF8", "a GIF image"),
    (b"#!", "a script"),
)
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


def sniff(head: bytes) -> str:
    """The media type of a file that begins with `head` (its first 1,024 bytes and the header's length, or all).

    Raises Problem `unsupported-type` with what the file looks like.
    """
    for signature, name in _SIGNATURES:
        if head.startswith(signature):
            raise _unsupported(name)
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for start, name in _MARKUP:
        if text.startswith(start):
            raise _unsupported(name)
    if _PDF_HEADER in head[: HEAD_BYTES + len(_PDF_HEADER) - 1]:
        return PDF
    raise _unsupported("no PDF")


def _unsupported(name: str) -> Problem:
    return Problem(
        "unsupported-type", f"The file is {name}; only PDF is accepted: export the resume as a PDF."
    )
