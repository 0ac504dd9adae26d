"""Archives made for tests, and how tests read one."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

from pipeline.adapters.sources.local_file import LocalFile
from pipeline.domain.ingestion import Fault, Member
from pipeline.ports import RandomAccess, Source
from pipeline.stages.unpack_archive import UnpackArchive

MAX_BYTES = 1024 * 1024


class Far:
    """A local file that says it is far, as an object on S3 is: local headers are then checked at reading."""

    near = False

    def __init__(self, file: LocalFile) -> None:
        self._file, self.name, self.size = file, file.name, file.size
        self.fingerprint, self.read_at = file.fingerprint, file.read_at


def opened(
    path: Path, *, max_members: int = 1000, max_unpacked_bytes: int = 1 << 30, far: bool = False
) -> Source:
    """The archive at `path` as a source."""
    file: RandomAccess = Far(LocalFile(path)) if far else LocalFile(path)
    return UnpackArchive(max_members=max_members, max_unpacked_bytes=max_unpacked_bytes).run(file)


def listed(path: Path, **limits: int) -> list[Member]:
    return list(opened(path, **limits).members())


def read(source: Source, members: list[Member], *, max_bytes: int = MAX_BYTES) -> list[bytes | Fault]:
    """What each member without a fault reads as, and the fault of each other."""
    readable = [member for member in members if member.fault is None]
    content = {member.ordinal: content for member, content in source.read(readable, max_bytes=max_bytes)}
    return [member.fault or content[member.ordinal] for member in members]


def everything(
    path: Path, *, max_bytes: int = MAX_BYTES, far: bool = False
) -> list[tuple[str, bytes | Fault]]:
    """Every member's name, and its bytes or fault."""
    source = opened(path, far=far)
    members = list(source.members())
    names = [member.name for member in members]
    return list(zip(names, read(source, members, max_bytes=max_bytes), strict=True))


def codes(path: Path, *, max_bytes: int = MAX_BYTES) -> dict[str, str]:
    """The fault's code of each member that has one, by name."""
    return codes_of(dict(everything(path, max_bytes=max_bytes)))


def codes_of(found: dict[str, bytes | Fault]) -> dict[str, str]:
    return {name: content.code for name, content in found.items() if isinstance(content, Fault)}


def zipped(path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def tarred(path: Path, files: dict[str, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path
