"""The dates of an entry's texts: what is nothing but dates, what is left without them, and the facts they tell."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.domain.profile import Date, Fact, Flag
from pipeline.reading.lexicon.phrases import words_of
from pipeline.reading.page.rows import Piece
from pipeline.reading.values.dates import DateRange, find_dates, is_open_end, words_beside_dates

_ADDRESS_TAIL = re.compile(r"(?<=\S)[\s,，|(–-]+(?:https?://|www\.)\S+$")
_PRINTED = 0.95  # confidence of a date printed as the start or the end of a range
_LONE_START = 0.7  # a single date is likely the start,
_LONE_END = 0.6  # and, less likely, the end too
_FIRST_FOUND = 0.9  # the first date of a text that has one or more


def is_date_only(piece: Piece, *, month_first: bool = False) -> bool:
    """Whether nothing but dates (and a duration) is printed: "(Mar 2019 – Present, 2 yrs)"."""
    ranges = find_dates(piece.text, month_first=month_first)
    if not ranges:
        return is_open_end(piece.text)
    rest = piece.text
    for found in reversed(ranges):
        rest = rest[: found.begin] + " " + rest[found.end :]
    letters = (word.strip("0123456789") for word in words_of(rest).words)
    return all(not word or word in words_beside_dates() for word in letters)


def is_ranged(piece: Piece) -> bool:
    """Whether a text prints a range, and not only single dates."""
    return any(not found.single for found in find_dates(piece.text))


def strip_dates(header: Sequence[Piece], month_first: bool = False) -> list[Piece]:
    """The heading's texts without their dates, in order; what is left of nothing but dates is left out."""
    rest: list[Piece] = []
    for piece in header:
        if address := _ADDRESS_TAIL.search(piece.text):
            piece = piece.cut(0, address.start()).trim()
        if is_date_only(piece, month_first=month_first):
            continue
        position = 0
        for found in find_dates(piece.text, month_first=month_first):
            rest.append(piece.cut(position, found.begin).trim())
            position = found.end
        rest.append(piece.cut(position, len(piece.text)).trim())
    return [piece for piece in rest if piece.text and any(c.isalnum() for c in piece.text)]


def date_facts(piece: Piece, found: DateRange) -> tuple[Date | None, Date | None, Flag | None]:
    """Start, end and "is current" of a range, each pointing at its own words. A single date is both ends."""
    start = (
        piece.fact_at(found.start.begin, found.start.end, found.start.value, _PRINTED)
        if found.start
        else None
    )
    end = (
        piece.fact_at(found.finish.begin, found.finish.end, found.finish.value, _PRINTED)
        if found.finish
        else None
    )
    if found.single and start is not None:
        end = Fact[str](value=start.value, raw=start.raw, confidence=_LONE_END, evidence=start.evidence)
        start.confidence = _LONE_START
    current = piece.fact_at(*found.current, True, _PRINTED) if found.current else None
    return start, end, current


def date_in(pieces: Sequence[Piece]) -> Date | None:
    """The first date printed in the pieces; of a range, its end."""
    for piece in pieces:
        for found in find_dates(piece.text):
            point = found.finish or found.start
            if point:
                return piece.fact_at(point.begin, point.end, point.value, _FIRST_FOUND)
    return None
