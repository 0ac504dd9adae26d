"""The Content-Disposition of a download."""

from __future__ import annotations

from urllib.parse import quote


def content_disposition(filename: str) -> str:
    """RFC 6266: an ASCII name for old clients, and the real one as UTF-8."""
    plain = "".join(
        char if char.isascii() and char.isprintable() and char not in '"\\%' else "_" for char in filename
    )
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"
