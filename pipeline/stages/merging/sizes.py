"""Font sizes of OCR's lines, from the ink of their words.

An OCR engine tells no sizes. Which part of the em a word's ink covers follows
from its letters: "nurse" reaches from the base line to the x-height, "Nursing" from below it to the capitals' top.
"""

from __future__ import annotations

import math
import statistics
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from pipeline.domain.text import Ink, Line, Word

#: In ems, of ordinary text faces.
_X_HEIGHT, _CAPITALS, _DESCENT, _ACCENT, _IDEOGRAPH = 0.5, 0.71, 0.21, 0.19, 0.88
_TALL = frozenset("bdfhijklt!?()[]{}/\\|#$%&@§'\"ßбфії")
_DEEP = frozenset("gjpqy()[]{}/\\|,;@§Qрудцщф")
#: Unicode's classes of marks below a letter (cedilla, ogonek, dot) and above it.
_BELOW, _ABOVE = (202, 220), (230, 234)
#: A word of marks alone ("•", "–") says nothing about the size.
_SHORT = frozenset("-–—•·.,;:'\"’‘“”~*_=+<>^°")
#: Sizes that differ by less than what boxes err by are one size.
_SAME = 0.07
_SPREAD = 1.14  #: of the sizes that one size is measured as, from the smallest to the largest
_UNKNOWN = 10.0


def with_sizes(lines: Sequence[Line], ink: Sequence[Ink]) -> tuple[Line, ...]:
    """The lines of a document with their sizes in points, estimated from the ink of each.

    Lines about as large as most of the text get that very size: what is left is what was set apart.
    """
    sizes = [_size(line, drawn) for line, drawn in zip(lines, ink, strict=True)]
    letters = [size for line, size in zip(lines, sizes, strict=True) if size for _ in line.text]
    body = statistics.median(letters) if letters else _UNKNOWN
    near = [body if size is None or abs(size - body) <= _SAME * body else size for size in sizes]
    told = _levelled(sorted(size for size in near if size != body))
    return tuple(
        replace(line, size=round(told.get(size, size), 2)) for line, size in zip(lines, near, strict=True)
    )


def _levelled(sizes: Sequence[float]) -> dict[float, float]:
    """Each of these ascending sizes as the median of those that it errs from: titles are set in a few sizes."""
    told: dict[float, float] = {}
    level: list[float] = []
    for size in [*sizes, math.inf]:
        if level and size > _SPREAD * level[0]:
            told |= dict.fromkeys(level, statistics.median(level))
            level = []
        level.append(size)
    return told


def _size(line: Line, ink: Ink) -> float | None:
    """The median of what the line's words say; None where none says anything."""
    said = [
        height / cover
        for word, height in zip(line.words, ink.heights, strict=True)
        if height and (cover := _cover(word)) is not None
    ]
    return statistics.median(said) if said else None


def _cover(word: Word) -> float | None:
    """The share of the em that the word's ink covers from top to bottom."""
    text = word.text
    if all(char in _SHORT for char in text):
        return None
    if any(char > "\u2e7f" for char in text):
        return _IDEOGRAPH
    if any("\u0590" <= char <= "\u08ff" for char in text):
        return _CAPITALS + _DESCENT
    parts = unicodedata.normalize("NFD", text)
    deep = any(unicodedata.combining(char) in _BELOW or char in _DEEP for char in parts)
    return _above_base(parts) + (_DESCENT if deep else 0.0)


def _above_base(parts: str) -> float:
    """How far a word, its marks apart (NFD), reaches above the base line, in ems."""
    above = _X_HEIGHT
    base = ""
    for char in parts:
        mark = unicodedata.combining(char)
        if mark in _ABOVE:
            above = max(above, _CAPITALS + _ACCENT if base.isupper() else _CAPITALS)
        elif not mark:
            base = char
            if char in _TALL or char.isupper() or char.isdigit():
                above = max(above, _CAPITALS)
    return above
