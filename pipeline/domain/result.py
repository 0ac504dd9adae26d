"""The end of the journey: everything that is saved of one resume, and what became of the save."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pipeline.domain.chunk import EmbeddedChunks
from pipeline.domain.journey import Lease
from pipeline.domain.profile import Profile
from pipeline.domain.sections import SectionedText
from pipeline.domain.upload import StoredUpload


@dataclass(frozen=True, slots=True)
class ResumeResult:
    """One resume, ready to be saved under its lease. `versions` and `seconds` are by stage."""

    lease: Lease
    upload: StoredUpload
    sections: SectionedText
    profile: Profile
    embedded: EmbeddedChunks
    versions: dict[str, str]
    seconds: dict[str, float]


class Verdict(StrEnum):
    """What became of one result in a batched save."""

    SAVED = "saved"
    LEASE_LOST = "lease_lost"
    REFUSED = "refused"
