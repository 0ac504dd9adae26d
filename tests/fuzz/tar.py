"""TAR archives, plain and compressed."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
from collections.abc import Iterator
from contextlib import suppress

import zstandard

from pipeline.domain.errors import ResumesError
from tests.fuzz import samples
from tests.fuzz.archives import unpack


def run(data: bytes) -> None:
    """As it is, and compressed, which reads it from a stream."""
    with suppress(ResumesError):
        unpack(data, near=True)
    unpack(gzip.compress(data, 1), near=False)


def seeds() -> Iterator[bytes]:
    """Archives of the samples' lines in three formats and five packings, with links, devices and long names."""
    for layout in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        made = _packed(layout)
        yield made
    for pack in (gzip.compress, bz2.compress, lzma.compress, zstandard.ZstdCompressor().compress):
        yield pack(made)


def _packed(layout: int) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=layout) as archive:
        for number, lines in enumerate(samples.lines()[:3]):
            content = "\n".join(lines).encode()[:700]
            info = tarfile.TarInfo(("n" * 60 + "/") * number + f"{number}.pdf")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE):
            info = tarfile.TarInfo("../odd")
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    return made.getvalue()
