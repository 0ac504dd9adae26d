"""Checkpoints: paid or slow work, remembered by what it depends on and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class CheckpointKey:
    """`content_sha256` of the original, the stage, and the `digest` of the stage's version and input.

    Nothing of the upload (its day, its job post) goes in: equal bytes read by equal code are equal work.
    """

    content_sha256: str
    stage: str
    digest: str

    def __str__(self) -> str:
        return f"{self.stage}:{self.content_sha256}:{self.digest}"


class Claim(Enum):
    """The answer to a miss."""

    OURS = "ours"
    PENDING = "pending"
