"""The directory object store: one file an object, for a laptop and for tests."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

from pipeline.adapters.object_keys import checked
from pipeline.domain.errors import ObjectMissing, ObjectStoreUnavailable

_PIECE = 1024 * 1024
_ABANDONED_AFTER_S = 24 * 3600


class DirectoryStore:
    """Objects as files under `root`; an object appears whole, by rename, after it was fsynced.

    Keys are ours and are checked all the same: no key can name a file outside `root`.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._unfinished = root / ".unfinished"
        try:
            self._unfinished.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise _unavailable(root, error) from error

    def create(self, key: str) -> _FileWriter:
        """Begin an object. Raises ObjectStoreUnavailable."""
        final = self._path(key)
        try:
            return _FileWriter(self._unfinished / secrets.token_hex(16), final)
        except OSError as error:
            raise _unavailable(self._root, error) from error

    def read(self, key: str) -> bytes:
        """The whole object. Raises ObjectMissing, ObjectStoreUnavailable."""
        return b"".join(self.stream(key))

    def stream(self, key: str) -> Iterator[bytes]:
        """The object in pieces of at most 1 MiB. Raises ObjectMissing, ObjectStoreUnavailable."""
        try:
            with self._path(key).open("rb") as file:
                while piece := file.read(_PIECE):
                    yield piece
        except FileNotFoundError:
            raise ObjectMissing(key=key) from None
        except OSError as error:
            raise _unavailable(self._root, error) from error

    def delete(self, key: str) -> None:
        """Remove the object; one that is not there is no error. Raises ObjectStoreUnavailable."""
        path = self._path(key)
        try:
            path.unlink(missing_ok=True)
            if path.parent.is_dir():
                _sync_directory(path.parent)
        except OSError as error:
            raise _unavailable(self._root, error) from error

    def presigned_url(self, key: str, *, filename: str, seconds: int) -> str | None:
        """None: a directory has no URLs, the service sends the bytes itself."""
        return None

    def older_than(self, seconds: float) -> Iterator[str]:
        """The keys of the objects that were stored longer ago than this. Raises ObjectStoreUnavailable."""
        oldest = time.time() - seconds
        try:
            for path in self._root.glob("*/*"):
                if path.parent != self._unfinished and path.stat().st_mtime < oldest:
                    yield path.relative_to(self._root).as_posix()
        except OSError as error:
            raise _unavailable(self._root, error) from error

    def check(self) -> None:
        """Write and remove a file. Raises ObjectStoreUnavailable."""
        probe = self._unfinished / f"probe-{secrets.token_hex(8)}"
        try:
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise _unavailable(self._root, error) from error

    def sweep_unfinished(self) -> int:
        """Remove what writers that died left behind a day ago; the number removed."""
        oldest = time.time() - _ABANDONED_AFTER_S
        removed = 0
        for path in self._unfinished.iterdir():
            try:
                if path.stat().st_mtime < oldest:
                    path.unlink()
                    removed += 1
            except FileNotFoundError:
                continue  # another sweeper was faster
        return removed

    def _path(self, key: str) -> Path:
        return self._root / checked(key)


class _FileWriter:
    """An object being written beside its place."""

    def __init__(self, unfinished: Path, final: Path) -> None:
        self._unfinished, self._final = unfinished, final
        self._file = unfinished.open("wb")

    def write(self, data: bytes) -> None:
        try:
            self._file.write(data)
        except OSError as error:
            raise _unavailable(self._final.parent, error) from error

    def commit(self) -> None:
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._final.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._unfinished.replace(self._final)
            _sync_directory(self._final.parent)
        except OSError as error:
            raise _unavailable(self._final.parent, error) from error

    def abort(self) -> None:
        try:
            self._file.close()
        finally:
            self._unfinished.unlink(missing_ok=True)


def _sync_directory(directory: Path) -> None:
    """Make a rename or an unlink durable: on POSIX the directory is what has to reach the disk."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unavailable(root: Path, error: OSError) -> ObjectStoreUnavailable:
    return ObjectStoreUnavailable(
        f"The object store cannot be used ({error.strerror}): check DATA_DIR and the free space of its disk."
    )
