"""The type of an upload, decided by its first bytes."""

from __future__ import annotations

from pipeline.domain.media_type import HEAD_BYTES, media_type
from serve_app.problems import Problem

__all__ = ["HEAD_BYTES", "sniff"]


def sniff(head: bytes) -> str:
    """The media type of a file that begins with `head` (its first 1,024 bytes and the header's length, or all).

    Raises Problem `unsupported-type` with what the file looks like.
    """
    kind = media_type(head)
    if kind.mime is None:
        raise Problem(
            "unsupported-type", f"The file is {kind.name}; only PDF is accepted: export the resume as a PDF."
        )
    return kind.mime
