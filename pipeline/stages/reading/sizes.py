"""Font sizes of OCR's lines, from the ink of their words.

An OCR engine tells boxes drawn tightly around ink, and no sizes. Which part of the em a word's ink covers follows
from its letters: "nurse" reaches from the base line to the x-height, "Nursing" from below it to the capitals' top.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import replace

from pipeline.domain.text import Line, Word

#: In ems, of ordinary text faces.
_X_HEIGHT, _CAPITALS, _DESCENT, _IDEOGRAPH = 0.5, 0.71, 0.21, 0.88
_TALL = frozenset("bdfhijklt!?()[]{}/\\|#$%&@§'\"")
_DEEP = frozenset("gjpqy()[]{}/\\|,;@§Q")
#: A word of marks alone ("•", "–") says nothing about the size.
_SHORT = frozenset("-–—•·.,;:'\"’‘“”~*_=+<>^°")
#: Sizes that differ by less than what boxes err by are one size.
_SAME = 0.09


def with_sizes(lines: Sequence[Line], page_width: float, page_height: float) -> tuple[Line, ...]:
    """The lines with their sizes in points, estimated; of a page of so many points.

    Lines about as large as most of the page's text get that very size: what is left is what was set apart.
    """
    if not lines:
        return ()
    sizes = [_size(line, page_height) for line in lines]
    letters = [size for line, size in zip(lines, sizes, strict=True) if size for _ in line.text]
    body = statistics.median(letters) if letters else 10.0
    return tuple(
        replace(line, size=round(_snapped(size or body, body), 2))
        for line, size in zip(lines, sizes, strict=True)
    )


def _size(line: Line, page_height: float) -> float | None:
    """The median of what the line's words say, each counted by its letters; None where none says anything."""
    said = [
        (word.box.height * page_height / cover, len(word.text))
        for word in line.words
        if (cover := _cover(word)) is not None
    ]
    if not said:
        return None
    return statistics.median([size for size, letters in said for _ in range(letters)])


def _cover(word: Word) -> float | None:
    """The share of the em that the word's ink covers from top to bottom."""
    text = word.text
    if all(char in _SHORT for char in text):
        return None
    if any(char > "\u2e7f" for char in text):
        return _IDEOGRAPH
    if any("\u0590" <= char <= "\u08ff" for char in text):
        return _CAPITALS + _DESCENT
    tall = any(char in _TALL or char.isupper() or char.isdigit() or not char.isascii() for char in text)
    deep = any(char in _DEEP for char in text)
    return (_CAPITALS if tall else _X_HEIGHT) + (_DESCENT if deep else 0.0)


def _snapped(size: float, body: float) -> float:
    return body if abs(size - body) <= _SAME * body else size
