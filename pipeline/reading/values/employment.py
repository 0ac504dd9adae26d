"""What a text tells of a position beside its title: the kind of employment, the level, a mere duration."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from pipeline.domain.profile import Text
from pipeline.reading.lexicon.fold import fold, has_cjk
from pipeline.reading.lexicon.load import titles
from pipeline.reading.lexicon.patterns import one_of
from pipeline.reading.page.rows import Piece

_LEVELS = (
    "intern",
    "executive",
    "director",
    "lead",
    "manager",
    "senior",
    "junior",
)  # of several the first counts
_LEVEL = 0.7  # confidence of a level: a title is only raw words about it
_ALONE, _AMONG = (
    0.9,
    0.8,
)  # confidence of a kind of employment told by a text of its own, or by words in another


def seniority_of(title: Piece) -> Text | None:
    """The level that a title names; its `raw` is the title."""
    levels = {label for _, _, label in titles().seniority.find(title.text)}
    level = next((name for name in _LEVELS if name in levels), None)
    return title.fact(_LEVEL, level) if level else None


def only_type(text: str) -> str | None:
    """The kind of employment, where a text says nothing else: "Full-time"."""
    return titles().types.label(text) or titles().types_cjk.get(fold(text))


def employment_type(told: Piece | None, others: Sequence[Piece]) -> Text | None:
    """The kind of employment, from a text that says nothing else or from words in the other texts."""
    if told:
        return told.fact(_ALONE, only_type(told.text))
    for piece in others:
        found = titles().types.find(piece.text)
        kind = found[-1][2] if found else _type_cjk(piece.text)
        if kind:
            return piece.fact(_AMONG, kind)
    return None


def _type_cjk(text: str) -> str | None:
    """The kind of employment that a text without spaces names; a single character names none."""
    if not has_cjk(text):
        return None
    folded = fold(text)
    return next((kind for word, kind in titles().types_cjk.items() if len(word) > 1 and word in folded), None)


@cache
def _duration() -> re.Pattern[str]:
    units, joins = one_of("entries", "duration", "units"), one_of("entries", "duration", "and")
    return re.compile(rf"^[\s(]*(?:\d+\+?\s*{units}\W*{joins}?\s*){{1,3}}[)\s]*$")


def is_duration(text: str) -> bool:
    """Whether a text says but how long something was: "(2 yrs 3 mos)"."""
    return _duration().match(fold(text)) is not None
