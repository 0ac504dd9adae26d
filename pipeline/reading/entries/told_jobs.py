"""Jobs that are told in sentences: "I am employed as a Carer at Willow Home since June 2016".

What was done stands behind a word that leads to a title ("as a", "was a"), where behind one that leads to a firm
("worked with", "at"), in either order; dates stand anywhere. The words are data (`lexicon/told.toml`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from pipeline.domain.profile import Text, Work
from pipeline.reading.entries.cuts import belongs_to_former, without_stop
from pipeline.reading.entries.dated import date_facts, is_ranged
from pipeline.reading.entries.scores import LIKELY, POSSIBLE
from pipeline.reading.entries.sentences import paragraphs_of, sentences_of
from pipeline.reading.entries.told import dates_of, leading, name_from, without_article
from pipeline.reading.entries.work import read_heading
from pipeline.reading.lexicon.fold import fold
from pipeline.reading.lexicon.patterns import one_of
from pipeline.reading.page.rows import Piece, Row, join
from pipeline.reading.values.classify import employer_score, institution_score, shape_score, title_score
from pipeline.reading.values.dates import find_dates
from pipeline.reading.values.degrees import degree_level
from pipeline.reading.values.employment import employment_type, seniority_of
from pipeline.reading.values.places import place_score

_LONGEST_SENTENCE = 260  # characters; what is longer is a paragraph
_MOST_WORDS_OF_FIRM = 11  # more are a clause
_MOST_WORDS_OF_TITLE = 8
_UNKNOWN_TITLE_WORDS = 5  # of a title that no word tells, but its place in the sentence
_SURE_SCHOOL = 0.9  # score of a name with a word for a school in it
_LIKE_A_NAME = 0.2  # score of a text that is set as names are
_TOLD, _PLACE = 0.8, 0.7  # confidence: a sentence says what is what, the borders are less sure
_FIELDS = re.compile(r"[|•·\t]")
_REMARK = re.compile(r"\s*\([^()A-ZÀ-Þ]*\)\W*$")  # "(part time)"
_COMMA = re.compile(r"\s*[,،，]\s*|\s+[–—-]\s+")  # what stands behind is a place, a team, how long


@dataclass(frozen=True, slots=True)
class _Told:
    """What one sentence tells. `led`: words lead to the title or the firm, as in nothing but a sentence."""

    title: Piece
    firm: Piece
    led: bool

    @property
    def score(self) -> float:
        return title_score(self.title.text) + max(employer_score(self.firm.text), 0.0)


def read_jobs_told(rows: Sequence[Row], *, month_first: bool = False) -> list[Work]:
    """The jobs of a section that tells them in sentences, or nothing where most of its dates stand in none.

    An item between such sentences that is none itself is read as the heading of an entry, or tells of the job above it.
    """
    sentences = [one for one in sentences_of(rows) if len(one.text) <= _LONGEST_SENTENCE]
    told = [_told(sentence, month_first) for sentence in sentences]
    if not _tell_most(sentences, told, len(paragraphs_of(rows))):
        return []
    jobs: list[Work] = []
    duties: list[list[Piece]] = []
    for sentence, found in zip(sentences, told, strict=True):
        job = (
            _work(sentence, found, month_first) if found else read_heading(sentence, month_first=month_first)
        )
        if job is not None:
            jobs.append(job)
            duties.append([])
        elif duties:
            duties[-1].append(sentence)
    for job, below in zip(jobs, duties, strict=True):
        job.description = join(below).fact(_TOLD) if below else None
    return jobs


def _tell_most(sentences: Sequence[Piece], told: Sequence[_Told | None], paragraphs: int) -> bool:
    """Whether a section tells its jobs in sentences: most that have dates do, or half of all where none has."""
    ranged = [found for sentence, found in zip(sentences, told, strict=True) if is_ranged(sentence)]
    found = [one for one in told if one is not None]
    if any(one.led for one in found) and ranged:
        return 2 * sum(one is not None and one.led for one in ranged) >= len(ranged)
    return bool(found) and 2 * len(found) >= paragraphs


def _told(sentence: Piece, month_first: bool) -> _Told | None:
    """The best reading of a sentence as one that tells a job; fields beside each other are none."""
    if _FIELDS.search(sentence.text):
        return None
    dated = bool(find_dates(sentence.text, month_first=month_first))
    readings = [
        one
        for one in (*_firm_and_title(sentence), *_title_and_firm(sentence))
        if _is_title(one.title.text, unknown=one.led and dated)
    ]
    return max(readings, key=lambda one: one.score, default=None)


def _is_title(text: str, *, unknown: bool) -> bool:
    """Whether a text may be what somebody was; `unknown`: one that no word tells may be, set as a name."""
    if degree_level(text) is not None and title_score(text) < LIKELY:
        return False
    if title_score(text) >= POSSIBLE:
        return True
    words = text.split()
    return unknown and len(words) <= _UNKNOWN_TITLE_WORDS and shape_score(text) >= _LIKE_A_NAME


def _firm_and_title(sentence: Piece) -> Iterator[_Told]:
    """Every reading as "[worked with] FIRM as a TITLE"."""
    folded = fold(sentence.text)
    for lead in leading("title").finditer(folded):
        title = _title(sentence, lead.end())
        if title is None:
            continue
        verbs = [match.end() for match in leading("firm").finditer(folded, 0, lead.start())]
        between = sentence.cut(verbs[-1] if verbs else 0, lead.start()).trim()
        firm = _firm(_without_dates(between))
        if firm is not None and (verbs or firm.words > 1 or _says_firm(firm.text)):
            yield _Told(title, firm, led=True)


def _title_and_firm(sentence: Piece) -> Iterator[_Told]:
    """Every reading as "[worked as a] TITLE at FIRM"; without such a lead, a known title in a known firm."""
    folded = fold(sentence.text)
    for lead in leading("beside").finditer(folded):
        begins = [match.end() for match in leading("title").finditer(folded, 0, lead.start())]
        title = without_article(sentence.cut(begins[-1] if begins else 0, lead.start()).trim())
        name = name_from(sentence, lead.end())
        firm = _firm(name) if name is not None else None
        if firm is None or not 0 < title.words <= _MOST_WORDS_OF_TITLE or find_dates(title.text):
            continue
        if begins or (title_score(title.text) >= LIKELY and _says_firm(firm.text)):
            yield _Told(title, firm, led=bool(begins))


def _says_firm(text: str) -> bool:
    """Whether a word says an organisation: "Lecturer in Modern History" is no sentence about one."""
    return employer_score(text) >= LIKELY or institution_score(text) >= _SURE_SCHOOL


def _without_dates(piece: Piece) -> Piece:
    """A text up to its first date, and without the "from" that leads to it."""
    found = find_dates(piece.text)
    if not found:
        return piece
    if found[0].begin == 0:
        return piece.cut(found[0].end, len(piece.text)).trim()
    piece = piece.cut(0, found[0].begin).trim()
    tail = _before_dates().search(fold(piece.text))
    return piece.cut(0, tail.start()).trim() if tail else piece


@cache
def _before_dates() -> re.Pattern[str]:
    return re.compile(rf"[\s,(]+{one_of('told', 'before_dates')}\s*$")


def _firm(piece: Piece) -> Piece | None:
    """A firm's name without the address behind its first comma, where a text is set like one."""
    remark = _REMARK.search(piece.text)
    piece = without_article((piece.cut(0, remark.start()) if remark else piece).trim())
    commas = list(_COMMA.finditer(piece.text))
    bounds = pairwise([*(comma.end() for comma in commas), len(piece.text)])
    apart = (not belongs_to_former(piece.text[a:b]) for a, b in bounds)
    end = next((comma.start() for comma, new in zip(commas, apart, strict=True) if new), len(piece.text))
    firm = without_stop(piece.cut(0, end).trim())
    named = shape_score(firm.text) >= _LIKE_A_NAME or employer_score(firm.text) >= LIKELY
    named = named and not firm.text.islower()
    return firm if named and 0 < firm.words <= _MOST_WORDS_OF_FIRM else None


@cache
def _title_end() -> re.Pattern[str]:
    return re.compile(rf"\s{one_of('told', 'title_ends')}\s|[(.;,]")


def _title(sentence: Piece, begin: int) -> Piece | None:
    rest = sentence.cut(begin, len(sentence.text))
    stops = [match.start() for match in _title_end().finditer(fold(rest.text))]
    stops += [found.begin for found in find_dates(rest.text)]
    title = without_article(rest.cut(0, min(stops, default=len(rest.text))).trim())
    return title if 0 < title.words <= _MOST_WORDS_OF_TITLE else None


def _work(sentence: Piece, told: _Told, month_first: bool) -> Work:
    work = Work(title=told.title.fact(_TOLD), employer=told.firm.fact(_TOLD))
    work.seniority, work.type = seniority_of(told.title), employment_type(None, [told.title])
    work.location = _place_behind(sentence, told.firm)
    dated = dates_of(sentence, month_first)
    if dated is not None:
        work.start, work.end, work.is_current = date_facts(sentence, dated)
    now = leading("now").search(fold(sentence.text))
    if now is not None and work.end is None and work.is_current is None:
        work.is_current = sentence.fact_at(*now.span(), True, _TOLD)
    return work


def _place_behind(sentence: Piece, firm: Piece) -> Text | None:
    """The place behind the comma that ends a firm's name: "Acme Ltd., Hull"."""
    begin = sentence.text.find(firm.text)
    behind = _COMMA.match(sentence.text, begin + len(firm.text)) if begin >= 0 else None
    if behind is None:
        return None
    name = name_from(sentence, behind.end())
    place = next(iter(name.split(_COMMA)), None) if name is not None else None
    return place.fact(_PLACE) if place is not None and place_score(place.text) > 0 else None
