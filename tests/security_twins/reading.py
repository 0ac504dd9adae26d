"""A document's profile, by the real stages, and what of it must be equal in two twins."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from pipeline.adapters.directory import DirectoryStore
from pipeline.adapters.rules_engine import RulesEngine
from pipeline.adapters.text_engines import DocumentTextEngine
from pipeline.domain.media_type import media_type
from pipeline.domain.profile import Profile
from pipeline.domain.upload import StoredUpload
from pipeline.ports import OcrEngine
from pipeline.stages.group_sections import GroupSections
from pipeline.stages.read_text import ReadText
from pipeline.stages.verify_profile import VerifyProfile
from tests.paid import MemoryPaidWork

#: The ids of lines differ where lines are added, and bytes where anything is.
_OF_THE_FILE = frozenset(("line_ids", "unclaimed_lines", "sha256", "security_flags", "meta"))
_PLACES = frozenset(("bbox", "page", "pages"))


class Reader:
    """Reads, groups, normalises and verifies; the parsing is done in one child process."""

    def __init__(self, folder: Path, ocr: OcrEngine | None = None) -> None:
        self._store = DirectoryStore(folder)
        engine = DocumentTextEngine(processes=1, timeout_s=60, memory_mib=2048, max_pages=20)
        self._read = ReadText(engine, self._store, ocr)
        self._known: dict[str, Profile] = {}  # by SHA-256: many a document is the clean twin of several

    def profile(self, content: bytes) -> Profile:
        """The verified profile of a document."""
        sha256 = hashlib.sha256(content).hexdigest()
        if sha256 not in self._known:
            self._known[sha256] = self._profile(content, sha256)
        return self._known[sha256]

    def _profile(self, content: bytes, sha256: str) -> Profile:
        key, mime = f"resumes/{sha256}", media_type(content)
        writer = self._store.create(key)
        writer.write(content)
        writer.commit()
        upload = StoredUpload(UUID(int=1), key, sha256, len(content), mime, date(2026, 1, 1))
        sections = GroupSections().run(asyncio.run(self._read.run(upload, MemoryPaidWork())))
        draft = asyncio.run(RulesEngine().draft(sections))
        return VerifyProfile().run(draft, sections, upload)

    def close(self) -> None:
        """End the child process."""
        self._read.close()


def flags_of(profile: Profile) -> list[str]:
    """What the document is suspected of."""
    assert profile.document is not None
    return profile.document.security_flags


def told_by(profile: Profile, *, places: bool = True) -> Any:
    """All that a profile tells but for what tells the files apart; without `places`, wherever it stands."""
    return _without(profile.model_dump(mode="json"), _OF_THE_FILE if places else _OF_THE_FILE | _PLACES)


def _without(value: Any, names: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {name: _without(inner, names) for name, inner in value.items() if name not in names}
    if isinstance(value, list):
        return [_without(inner, names) for inner in value]
    return value
