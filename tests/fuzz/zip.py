"""ZIP archives, near and far."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import suppress

from pipeline.domain.errors import ResumesError
from tests.fuzz import samples
from tests.fuzz.archives import unpack


def run(data: bytes) -> None:
    """As a local file and as an object on S3, whose local headers are checked later."""
    with suppress(ResumesError):
        unpack(data, near=True)
    unpack(data, near=False)


def seeds() -> Iterator[bytes]:
    """Archives of the samples' lines, stored, packed, streamed, with zip64 and with odd names."""
    contents = ["\n".join(lines).encode()[:800] for lines in samples.lines()]
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        yield _packed(contents[:3], method)
        yield _packed(contents[:3], method, streamed=True)
        yield _packed(contents[:2], method, comment=b"a comment")
    yield _packed([b"x"] * 3, names=["../a.pdf", "folder/", "b\\c.pdf"])
    yield _packed([])
    yield b"MZ" * 40 + _packed(contents[:1])


class _Pipe(io.RawIOBase):
    """A file that cannot be sought in: zipfile then writes data descriptors."""

    def __init__(self) -> None:
        self.content = b""

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        self.content += bytes(data)  # type: ignore[call-overload]
        return len(bytes(data))  # type: ignore[call-overload]


def _packed(
    contents: list[bytes],
    method: int = zipfile.ZIP_DEFLATED,
    *,
    names: list[str] | None = None,
    streamed: bool = False,
    comment: bytes = b"",
) -> bytes:
    made, pipe = io.BytesIO(), _Pipe()
    with zipfile.ZipFile(pipe if streamed else made, "w", method) as archive:  # type: ignore[arg-type]
        archive.comment = comment
        for number, content in enumerate(contents):
            name = names[number] if names else f"{number}.pdf"
            with archive.open(name, "w", force_zip64=number == 1) as member:
                member.write(content)
    return pipe.content if streamed else made.getvalue()
