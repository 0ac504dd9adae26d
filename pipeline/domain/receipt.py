"""Receipts: the small answers of a stage to the dispatcher. Big values stay in Ray's object store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Done:
    """The stage is through; `value` is a reference for the next stage. `seconds` is by stage."""

    value: Any
    versions: dict[str, str]
    seconds: dict[str, float]


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


Receipt = Done | Waiting | Failed | Lost
