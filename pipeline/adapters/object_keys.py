"""What a key of an object store may be: ours are a folder and an id, and are checked all the same."""

from __future__ import annotations

import re

from pipeline.domain.errors import ObjectMissing

#: Originals, pages cut out for OCR, and uploaded archives that are being ingested.
FOLDERS = ("resumes/", "ocr/", "archives/")
_KEY = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*")


def checked(key: str) -> str:
    """The key. Raises ObjectMissing for one that no object of ours can have."""
    if not _KEY.fullmatch(key):
        raise ObjectMissing(f"{key!r} is not a key of this store", key=key)
    return key
