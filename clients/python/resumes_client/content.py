"""What an upload sends: a file that can be read from its beginning for each try."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from pathlib import Path
from typing import BinaryIO, TypeAlias

#: A path, bytes, or a file opened in binary mode.
Content: TypeAlias = "str | os.PathLike[str] | bytes | BinaryIO"

_IN_MEMORY = 1 << 20


class Opened:
    """A name and a seekable file. Close it; a file that the caller opened stays open."""

    def __init__(self, name: str, file: BinaryIO, *, ours: bool) -> None:
        self.name, self.file, self._ours = name, file, ours

    def close(self) -> None:
        """Let go of what was opened or written here."""
        if self._ours:
            self.file.close()


def opened(content: Content, filename: str | None) -> Opened:
    """The content, ready to be sent. Raises OSError where it cannot be read, ValueError where it has no name.

    A file that cannot be rewound is written to a temporary one first.
    """
    if isinstance(content, str | os.PathLike):
        path = Path(content)
        return Opened(filename or path.name, path.open("rb"), ours=True)
    if filename is None:
        filename = Path(str(getattr(content, "name", ""))).name
    if not filename:
        raise ValueError("The content has no name: give `filename`, as cv.pdf.")
    if isinstance(content, bytes):
        return Opened(filename, io.BytesIO(content), ours=True)
    if isinstance(content, io.TextIOBase):
        raise ValueError("The file was opened as text: open it in binary mode, as open(path, 'rb').")
    if content.seekable():
        return Opened(filename, content, ours=False)
    # It is closed by whoever asked for it.
    kept = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
    try:
        shutil.copyfileobj(content, kept)
    except BaseException:  # whatever ended the copy, an interrupt too: nothing stays open
        kept.close()
        raise
    return Opened(filename, kept, ours=True)  # type: ignore[arg-type]
