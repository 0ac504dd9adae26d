"""Where lines print a text: white space, case, accents and hyphens at a line's end aside, whole words only."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.reading.lexicon.fold import fold, has_cjk
from pipeline.reading.page.rows import Piece, join


def located(pieces: Sequence[Piece], text: str) -> Piece | None:
    """The part of the pieces, joined, that prints `text`; None where they do not."""
    wanted = text.strip()
    if not pieces or not wanted:
        return None
    for part in [*pieces, join(pieces)] if len(pieces) > 1 else pieces:
        if span := _span(part.text, wanted):
            return part.cut(*span)
    return None


def _span(text: str, wanted: str) -> tuple[int, int] | None:
    at = text.find(wanted)
    while at >= 0:
        if _on_borders(text, at, at + len(wanted)):
            return at, at + len(wanted)
        at = text.find(wanted, at + 1)
    return _folded_span(text, wanted)


def _folded_span(text: str, wanted: str) -> tuple[int, int] | None:
    """By letters and digits alone; marks that the wanted text ends with are taken along where they are printed."""
    places = [i for i, c in enumerate(text) if c.isalnum()]
    letters = fold("".join(text[i] for i in places))
    key = fold("".join(c for c in wanted if c.isalnum()))
    at = letters.find(key) if key else -1
    while at >= 0:
        begin, end = places[at], places[at + len(key) - 1] + 1
        if _on_borders(text, begin, end):
            return begin, _with_tail(text, end, wanted)
        at = letters.find(key, at + 1)
    return None


def _with_tail(text: str, end: int, wanted: str) -> int:
    last = max(i for i, c in enumerate(wanted) if c.isalnum())
    for mark in wanted[last + 1 :]:
        if text[end : end + 1] != mark:
            break
        end += 1
    return end


def _on_borders(text: str, begin: int, end: int) -> bool:
    return _border(text[begin - 1 : begin], text[begin]) and _border(text[end - 1], text[end : end + 1])


def _border(before: str, after: str) -> bool:
    """Whether a word may end between two characters."""
    if not before or not after or not (before.isalnum() and after.isalnum()):
        return True
    return before.isdigit() != after.isdigit() or has_cjk(before) or has_cjk(after)
