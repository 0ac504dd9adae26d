"""Why members of a source are not accepted, and what their names alone say.

A member's name is only ever shown, never a path that anything is written to. Names that would be dangerous as a
path are ruled out all the same: whoever packed them did not mean to send resumes.
"""

from __future__ import annotations

import re

from pipeline.domain.ingestion import Fault, Outcome

#: Longest name that is shown, in characters; PATH_MAX of most systems is not much more.
LONGEST_NAME = 1024

UNSAFE_NAME = Fault(
    Outcome.SKIPPED,
    "unsafe-name",
    "The name is absolute, leads out of its folder, or has backslashes or control characters: rename the file.",
)
SYMLINK = Fault(
    Outcome.SKIPPED, "symlink", "A symbolic link is not followed: send the file that it points to."
)
HARDLINK = Fault(
    Outcome.SKIPPED, "hardlink", "A hard link holds no bytes of its own: send the file that it points to."
)
DEVICE = Fault(Outcome.SKIPPED, "device", "A device, pipe or socket is no file: leave it out.")
SYSTEM_FILE = Fault(Outcome.SKIPPED, "system-file", "The operating system put this file there: leave it out.")
NESTED_ARCHIVE = Fault(
    Outcome.SKIPPED,
    "nested-archive",
    "An archive within a source is not opened: unpack it, or send it by itself.",
)
ENCRYPTED = Fault(Outcome.SKIPPED, "encrypted", "The member needs a password: pack it again without one.")
SPARSE = Fault(Outcome.SKIPPED, "sparse", "A sparse member is not read: pack it again without --sparse.")
UNSUPPORTED_COMPRESSION = Fault(
    Outcome.SKIPPED,
    "unsupported-compression",
    "The member is compressed by another method than deflate: pack it again with an ordinary zip program.",
)
EMPTY = Fault(Outcome.FAILED, "empty", "The file is empty: send the one with content.")
MISSING = Fault(
    Outcome.FAILED,
    "missing",
    "The file is gone, or changed since it was listed: send it again in a new ingestion.",
)
UNREADABLE = Fault(
    Outcome.FAILED, "unreadable", "The file or folder may not be read: let the service's user read it."
)

_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\\]|\A(?:/|[A-Za-z]:|\Z)|(?:\A|/)\.\.(?:/|\Z)")
_SYSTEM = re.compile(r"(?:\A|/)(?:__MACOSX/|(?:\.DS_Store|Thumbs\.db|desktop\.ini|\._[^/]*)\Z)")
_ARCHIVE = re.compile(
    r"\.(?:zip|zipx|jar|tar|tgz|tbz2?|txz|tzst|gz|bz2|xz|zst|lzma|lz4|7z|rar|cab|arj|cpio|iso|dmg)\Z",
    re.IGNORECASE,
)
#: What PostgreSQL cannot store: NUL, and halves of surrogate pairs.
_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """The text with U+FFFD for each character that PostgreSQL cannot store."""
    return _NOT_STORABLE.sub("\ufffd", text)


def name_fault(name: str) -> Fault | None:
    """Why a member of this name is not accepted, as far as its name (separated by `/`) tells."""
    if len(name) > LONGEST_NAME or _UNSAFE.search(name):
        return UNSAFE_NAME
    if _SYSTEM.search(name):
        return SYSTEM_FILE
    if _ARCHIVE.search(name):
        return NESTED_ARCHIVE
    return None


def too_large(size: int, max_bytes: int) -> Fault:
    """A member of `size` bytes, above the limit."""
    return Fault(
        Outcome.FAILED,
        "too-large",
        f"The file has {size:,} bytes: send a smaller one, or raise MAX_UPLOAD_BYTES (now {max_bytes:,}).",
    )


def gone(code: str | None) -> Fault:
    """A member whose file cannot be opened: `symlink`, `unreadable`, or else missing."""
    return next((fault for fault in (SYMLINK, UNREADABLE) if fault.code == code), MISSING)


def corrupt(what: str) -> Fault:
    """A member whose bytes are not what the archive says they are."""
    return Fault(Outcome.FAILED, "corrupt-member", f"The member is damaged ({what}): pack the archive again.")
