"""A local folder as a source."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote_from_bytes, unquote_to_bytes

from pipeline.adapters.sources.local_file import LocalFile, unavailable
from pipeline.domain import member_faults
from pipeline.domain.errors import SourceMissing
from pipeline.domain.ingestion import Fault, Member, SourceKind
from pipeline.domain.member_faults import LONGEST_NAME, name_fault, storable


class Folder:
    """Every file below `root`, by name; symbolic links are not followed. Memory grows with one folder at a time."""

    kind = SourceKind.FOLDER
    sequential = False

    def __init__(self, root: Path) -> None:
        """Raises SourceMissing where there is no such folder."""
        if not root.is_dir():
            raise SourceMissing(f"There is no folder {root}: check the path.")
        self._root = os.fsencode(root.resolve())

    def fingerprint(self) -> str:
        """Over the folder's path, and each file's name, size and time of change."""
        digest = hashlib.sha256(self._root)
        for entry, _ in self._walk():
            digest.update(b"\x00" + self._relative(entry) + b"\x00" + repr(_found(entry)).encode())
        return digest.hexdigest()

    def members(self) -> Iterator[Member]:
        """Every file, and every link, device and unreadable folder with its fault. Raises SourceMissing."""
        for ordinal, (entry, fault) in enumerate(self._walk()):
            relative = self._relative(entry)
            name = storable(os.fsdecode(relative))
            # Percent-encoded: a file's name may be bytes that are no text, and a locator can be stored as it is.
            locator = (quote_from_bytes(relative),)
            found = _found(entry)
            size = found[0] if found and fault is None else None
            if fault is None:
                fault = name_fault(name) or (member_faults.EMPTY if size == 0 else None)
            yield Member(ordinal, name[:LONGEST_NAME], locator, size, fault=fault)

    def read(self, members: Iterable[Member], *, max_bytes: int) -> Iterator[tuple[Member, bytes | Fault]]:
        """The bytes of each file. Raises ObjectStoreUnavailable."""
        for member in members:
            path = self._root + b"/" + unquote_to_bytes(str(member.locator[0]))
            yield member, content(Path(os.fsdecode(path)), max_bytes)

    def _walk(self) -> Iterator[tuple[os.DirEntry[bytes], Fault | None]]:
        """What is below, by name: files, and what is ruled out without a look at its name."""
        levels = [_inside(self._root)]
        while levels:
            if (entry := next(levels[-1], None)) is None:
                levels.pop()
            elif entry.is_symlink():
                yield entry, member_faults.SYMLINK
            elif entry.is_dir():
                try:
                    levels.append(_inside(entry.path))
                except SourceMissing as error:
                    yield entry, member_faults.gone(error.key)
            else:
                yield entry, None if entry.is_file() else member_faults.DEVICE

    def _relative(self, entry: os.DirEntry[bytes]) -> bytes:
        return entry.path[len(self._root) :].lstrip(b"/")


def _inside(folder: bytes) -> Iterator[os.DirEntry[bytes]]:
    """What is in one folder, by name. Raises SourceMissing, ObjectStoreUnavailable."""
    try:
        with os.scandir(folder) as found:
            return iter(sorted(found, key=lambda entry: entry.name))
    except OSError as error:
        raise unavailable(Path(os.fsdecode(folder)), error) from None


def _found(entry: os.DirEntry[bytes]) -> tuple[int, int] | None:
    """Size in bytes and time of change; None where the file is gone already."""
    try:
        found = entry.stat(follow_symlinks=False)
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def content(path: Path, max_bytes: int) -> bytes | Fault:
    """The whole file at a path, or why there is none. Raises ObjectStoreUnavailable."""
    try:
        with closing(LocalFile(path, follow=False)) as file:
            if file.size > max_bytes:
                return member_faults.too_large(file.size, max_bytes)
            return file.read_at(0, file.size) or member_faults.EMPTY
    except SourceMissing as error:
        return member_faults.gone(error.key)
