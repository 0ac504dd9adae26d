"""Checkpoints: paid or slow work, remembered by what it depends on and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class CheckpointKey:
    """`content_sha256` of the original, the stage, and the `digest` of what was asked.

    Nothing of the upload (its day, its job post) goes in: equal bytes read by equal code are equal work.
    """

    content_sha256: str
    stage: str
    digest: str

    def __str__(self) -> str:
        return f"{self.stage}:{self.content_sha256}:{self.digest}"


@dataclass(frozen=True, slots=True)
class Claimed:
    """The answer to a miss: the work is ours to do.

    `note` is what earlier runs of this work remembered (a vendor's job, a reserved slot), whichever job they
    belonged to; `age_s` is the seconds since the work was first claimed.
    """

    note: dict[str, Any] = field(default_factory=dict)
    age_s: float = 0.0
