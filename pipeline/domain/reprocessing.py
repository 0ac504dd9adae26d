"""Reprocessing: which stored results a re-run leaves out of account."""

from __future__ import annotations

from enum import StrEnum


class RedoFrom(StrEnum):
    """The first stage that is done anew even where its result is stored; what comes after it follows."""

    READ = "read"
    NORMALISE = "normalise"
    EMBED = "embed"


#: The names of the checkpoints that each stage writes, in the order of the stages.
_CHECKPOINTS = {RedoFrom.READ: "ocr", RedoFrom.NORMALISE: "normalise", RedoFrom.EMBED: "embed"}


def forgotten(first: RedoFrom | None) -> tuple[str, ...]:
    """The checkpoint stages that a re-run from `first` forgets; none where only new versions are wanted."""
    if first is None:
        return ()
    stages = list(RedoFrom)
    return tuple(_CHECKPOINTS[stage] for stage in stages[stages.index(first) :])
