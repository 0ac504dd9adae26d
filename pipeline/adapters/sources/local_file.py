"""A local file, read at any offset."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from pathlib import Path

from pipeline.domain.errors import ObjectStoreUnavailable, SourceMissing
from pipeline.domain.member_faults import storable

#: Bytes of each end that the fingerprint covers: a copy of other content rarely has the same time of change too.
_FINGERPRINTED = 64 * 1024
_NO_FILE = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ENXIO)


class LocalFile:
    """A regular file, opened once; it stays the same file when its name is given to another."""

    near = True

    def __init__(self, path: Path, *, follow: bool = True) -> None:
        """Raises SourceMissing, ObjectStoreUnavailable. Without `follow` a symbolic link is missing."""
        self._path = path
        self.name = storable(path.name)
        # A pipe that nobody writes to would keep its reader waiting for ever.
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
        try:
            descriptor = os.open(path, flags)
        except OSError as error:
            raise unavailable(path, error) from None
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            os.close(descriptor)
            raise SourceMissing(f"{path} is no file: name a file, or a folder to read what is in it.")
        self._file = os.fdopen(
            descriptor, "rb", buffering=0
        )  # closes it, at the latest when nobody holds this
        self.size, self._changed = found.st_size, found.st_mtime_ns

    def fingerprint(self) -> str:
        """Over its path, size, time of change, and the bytes of its two ends."""
        digest = hashlib.sha256(os.fsencode(self._path.resolve()) + b"\x00")
        digest.update(f"{self.size} {self._changed}".encode())
        digest.update(self.read_at(0, _FINGERPRINTED))
        digest.update(self.read_at(max(0, self.size - _FINGERPRINTED), _FINGERPRINTED))
        return digest.hexdigest()

    def close(self) -> None:
        """Read no more. Idempotent."""
        self._file.close()

    def read_at(self, offset: int, length: int) -> bytes:
        """At most `length` bytes from `offset`. Raises SourceMissing where it changed, ObjectStoreUnavailable."""
        try:
            data = os.pread(self._file.fileno(), length, offset)
            now = os.fstat(self._file.fileno())
        except OSError as error:
            raise unavailable(self._path, error) from None
        if now.st_mtime_ns != self._changed or now.st_size != self.size:
            raise SourceMissing(f"{self._path} changed while it was read: begin again when it is complete.")
        return data


def unavailable(path: Path, error: OSError) -> SourceMissing | ObjectStoreUnavailable:
    """What a failed system call means; `key` of SourceMissing is the code of the fault that a member has then."""
    if error.errno in (errno.EACCES, errno.EPERM):
        return SourceMissing(f"{path} may not be read: let the service's user read it.", key="unreadable")
    if error.errno == errno.ELOOP:
        return SourceMissing(f"{path} is a symbolic link: name the file that it points to.", key="symlink")
    if error.errno in _NO_FILE:
        return SourceMissing(f"There is no {path}: check the path.")
    return ObjectStoreUnavailable(f"{path} cannot be read ({error.strerror}): check the disk it lies on.")
