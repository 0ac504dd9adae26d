"""Positions told in sentences: "Worked as a Fitter in Acme Ltd., Hull from May 2016 to June 2019."."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from pipeline.domain.profile import Work
from pipeline.reading.entries.dated import date_facts, is_ranged
from pipeline.reading.entries.items import items_of
from pipeline.reading.entries.scores import POSSIBLE
from pipeline.reading.lexicon.fold import fold
from pipeline.reading.lexicon.patterns import one_of
from pipeline.reading.page.rows import Piece, Row, join
from pipeline.reading.values.classify import title_score
from pipeline.reading.values.dates import DateRange, find_dates
from pipeline.reading.values.places import place_score

_TITLE_WORDS = 8  # a longer text before "at" is what was done there
_FIRM_WORDS = 10  # a longer text behind it is a sentence
_TITLE, _FIRM, _PLACE = 0.85, 0.8, 0.7  # confidence: a sentence says what is what, the borders are less sure


@cache
def _lead() -> re.Pattern[str]:
    return re.compile(rf"\s*{one_of('titles', 'told')}\s+(?:{one_of('told', 'articles')}\s+)?")


@cache
def _placed() -> re.Pattern[str]:
    placed, leads = one_of("told", "placed"), one_of("told", "firm_leads")
    return re.compile(rf"\s{placed}\s(?:{leads}\s)?(?=[a-z\d])")


@cache
def _before_dates() -> re.Pattern[str]:
    return re.compile(rf"[\s,(]+{one_of('told', 'before_dates')}?[\s(:]*$")


def read_told(rows: Sequence[Row], *, month_first: bool = False) -> list[Work]:
    """The positions of a section that tells each in one sentence, or nothing."""
    items = [join(item) for item in items_of(rows)]
    works = [work for item in items if (work := _told(item, month_first))]
    dated = [item for item in items if is_ranged(item)]
    return works if works and 2 * len(works) > len(dated) else []


def _told(piece: Piece, month_first: bool) -> Work | None:
    """The position of one sentence: its lead, a title, an "at", a firm, and a range behind them."""
    lead = _lead().match(fold(piece.text))
    found = next((d for d in find_dates(piece.text, month_first=month_first) if not d.single), None)
    if lead is None or found is None or found.begin <= lead.end():
        return None
    head = piece.cut(lead.end(), found.begin).trim()
    for match in _placed().finditer(fold(head.text)):
        title = head.cut(0, match.start()).trim()
        if title_score(title.text) >= POSSIBLE and title.words <= _TITLE_WORDS:
            return _work(title, head.cut(match.end(), len(head.text)), piece, found)
    return None


def _work(title: Piece, firm: Piece, piece: Piece, dates: DateRange) -> Work | None:
    """A position; the firm's place follows its last comma."""
    firm = _without_lead(firm)
    if not firm.text or firm.words > _FIRM_WORDS:
        return None
    work = Work(title=title.fact(_TITLE))
    comma = firm.text.rfind(",")
    if comma > 0 and place_score(firm.text[comma + 1 :].strip()) > 0:
        work.location = firm.cut(comma + 1, len(firm.text)).trim().fact(_PLACE)
        firm = firm.cut(0, comma)
    work.employer = firm.fact(_FIRM)
    work.start, work.end, work.is_current = date_facts(piece, dates)
    return work


def _without_lead(piece: Piece) -> Piece:
    """Without the "from" or "since" that leads to the dates."""
    tail = _before_dates().search(fold(piece.text))
    return piece.cut(0, tail.start()) if tail else piece
