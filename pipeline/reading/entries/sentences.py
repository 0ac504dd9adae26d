"""Positions told in sentences: "Worked as a Fitter in Acme Ltd., Hull from May 2016 to June 2019."."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from pipeline.domain.profile import Work
from pipeline.reading.entries.lists import items_of
from pipeline.reading.entries.work import date_facts
from pipeline.reading.lexicon.fold import fold
from pipeline.reading.lexicon.load import titles
from pipeline.reading.page.rows import Piece, Row, join
from pipeline.reading.values.classify import title_score
from pipeline.reading.values.dates import DateRange, find_dates
from pipeline.reading.values.places import place_score

_PLACED = re.compile(r"\s(?:in|at|with|for)\s(?:the\s|m/s\.?\s)?(?=[A-Z\d])", re.I)


@cache
def _lead() -> re.Pattern[str]:
    words = "|".join(re.escape(fold(w)) for w in sorted(titles().told, key=len, reverse=True))
    return re.compile(rf"\s*(?:{words})\s+(?:an?\s+|the\s+)?")


def read_told(rows: Sequence[Row], *, month_first: bool = False) -> list[Work]:
    """The positions of a section that tells each in one sentence, or nothing."""
    items = [join(item) for item in items_of(rows)]
    works = [work for item in items if (work := _told(item, month_first))]
    dated = [item for item in items if any(not d.single for d in find_dates(item.text))]
    return works if works and 2 * len(works) > len(dated) else []


def _told(piece: Piece, month_first: bool) -> Work | None:
    lead = _lead().match(fold(piece.text))
    found = next((d for d in find_dates(piece.text, month_first=month_first) if not d.single), None)
    if lead is None or found is None or found.begin <= lead.end():
        return None
    head = piece.cut(lead.end(), found.begin).trim()
    for match in _PLACED.finditer(head.text):
        title = head.cut(0, match.start()).trim()
        if title_score(title.text) >= 0.5 and title.words <= 8:
            return _work(title, head.cut(match.end(), len(head.text)), piece, found)
    return None


def _work(title: Piece, firm: Piece, piece: Piece, dates: DateRange) -> Work | None:
    firm = _without_lead(firm)
    if not firm.text or firm.words > 10:
        return None
    work = Work(title=title.fact(0.85))
    comma = firm.text.rfind(",")
    if comma > 0 and place_score(firm.text[comma + 1 :].strip()) > 0:
        work.location = firm.cut(comma + 1, len(firm.text)).trim().fact(0.7)
        firm = firm.cut(0, comma)
    work.employer = firm.fact(0.8)
    work.start, work.end, work.is_current = date_facts(piece, dates)
    return work


def _without_lead(piece: Piece) -> Piece:
    """Without the "from" or "since" that leads to the dates."""
    tail = re.search(r"[\s,(]+(?:from|since|during)?[\s(:]*$", piece.text, re.I)
    return piece.cut(0, tail.start()) if tail else piece
