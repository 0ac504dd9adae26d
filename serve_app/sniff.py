"""The type of an upload, decided by its first bytes."""

from __future__ import annotations

from pipeline.domain.errors import UnsupportedDocument
from pipeline.domain.media_type import HEAD_BYTES, media_type

_ENOUGH = HEAD_BYTES + 8


class ResumeSniffer:
    """Tells what a file is while its bytes arrive."""

    def __init__(self) -> None:
        self._head = b""

    def feed(self, data: bytes) -> None:
        """The next bytes. Raises UnsupportedDocument as soon as they show that the file is not read."""
        if len(self._head) < _ENOUGH:
            self._head += data[: _ENOUGH - len(self._head)]
            if len(self._head) == _ENOUGH:
                self.end()

    def end(self) -> str:
        """The media type of the whole file. Raises UnsupportedDocument with what the file looks like."""
        kind = media_type(self._head)
        if kind.mime is None:
            raise UnsupportedDocument(
                f"The file is {kind.name}; only PDF is accepted: export the resume as a PDF."
            )
        return kind.mime
