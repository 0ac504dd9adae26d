"""Receipts: the small answers of a stage to the dispatcher. Big values stay in Ray's object store.

A stage is given a packet of jobs: one of the online lane, several of the bulk lane, so that what a call costs is
paid once for all of them. Each job has its own receipt: whatever happens to one, its neighbours go on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Done:
    """The stage is through. `seconds` is by stage."""

    versions: dict[str, str]
    seconds: dict[str, float]

    def followed_by(self, later: Done) -> Done:
        """What both stages took, together."""
        return Done(self.versions | later.versions, self.seconds | later.seconds)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing to do before a notification with this reason, or `seconds` from now."""

    reason: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Failed:
    """The document cannot be processed (`retryable` false), or not just now (true)."""

    code: str
    detail: str
    retryable: bool


@dataclass(frozen=True, slots=True)
class Lost:
    """Another worker owns the job now: there is nothing left to do for this one."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The stage raised what the error tree does not name, which is a bug of ours: `error` is its type."""

    error: str


Receipt = Done | Waiting | Failed | Lost | Broken


@dataclass(frozen=True, slots=True)
class Answers:
    """What a stage answers: a receipt for each job of a packet, in order, and, packed, the values of those that are
    done, by application id. The next stage takes it as it is."""

    receipts: tuple[Receipt, ...]
    values: Any
