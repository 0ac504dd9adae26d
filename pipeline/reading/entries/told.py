"""Degrees that are told in a sentence each: "12th passed from M.P. Board in 2010 with 52 %".

What was taken, a word that leads to the school, the school, and dates and grades wherever they stand. Which words lead
where is data (`lexicon/told.toml`); `told_jobs` reads jobs by the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain

from pipeline.domain.profile import Education
from pipeline.reading.entries.dated import date_facts
from pipeline.reading.entries.sentences import sentences_of
from pipeline.reading.lexicon.fold import fold
from pipeline.reading.lexicon.load import word_set
from pipeline.reading.lexicon.patterns import one_of
from pipeline.reading.lexicon.phrases import Phrases
from pipeline.reading.page.rows import Piece, Row
from pipeline.reading.values.classify import institution_score, shape_score
from pipeline.reading.values.dates import DateRange, find_dates
from pipeline.reading.values.degrees import degree_level, degree_score, is_short_form, read_degree
from pipeline.reading.values.places import part_kind

_LONGEST_SENTENCE = 260  # characters; what is longer is a paragraph
_MOST_WORDS_OF_PLACE = 11  # of a school's or a firm's name: more are a clause
_MOST_WORDS_OF_DEGREE = 12
_SURE_SCHOOL = 0.9  # score of a name with a word for a school in it
_LIKE_A_NAME = 0.2  # score of a text that is set as names are
_SAYS_DEGREE = 0.7  # score of a text with a word for a degree in it
_BRACKET_WITH_DATE = re.compile(r"\s*\([^()]*\d{4}[^()]*\)?")
_TOLD = 0.8  # confidence: a sentence says what is what, the borders are less sure


@cache
def _grade() -> re.Pattern[str]:
    graded = one_of("told", "graded")
    return re.compile(rf"\d{{1,3}}(?:[.,]\d+)?\s?%|\b{graded}\W{{0,3}}\d[.,]\d+|\b\d[.,]\d{{1,2}}\s?/\s?\d+")


@cache
def _with_grade() -> re.Pattern[str]:
    leads, begins = one_of("told", "with_grade"), one_of("told", "grade_begins")
    return re.compile(rf"[\s,]+{leads}\s+(?:\d|{begins})")


@cache
def _courtesy() -> re.Pattern[str]:
    return re.compile(rf"^(?:{one_of('told', 'articles')}|{one_of('told', 'firm_leads')})\s+")


@cache
def leading(name: str) -> re.Pattern[str]:
    """Any of the listed words or phrases, on word borders, the longest first; for folded text."""
    return re.compile(rf"(?<!\w){one_of('told', name)}(?!\w)")


@cache
def _classes() -> Phrases:
    return Phrases(dict.fromkeys(word_set("told", "classes"), "secondary"))


def read_degrees_told(rows: Sequence[Row], *, month_first: bool = False) -> list[Education]:
    """The degrees of a section that tells each in a sentence, or nothing where most of its items are none."""
    items = [one for one in sentences_of(rows) if len(one.text) <= _LONGEST_SENTENCE]
    degrees = [found for item in items if (found := _degree_of(item, month_first)) is not None]
    about = [item for item in items if _says_degree(item.text)]
    return degrees if degrees and 2 * len(degrees) >= len(about) else []


def _degree_of(item: Piece, month_first: bool) -> Education | None:
    """What a sentence tells of a degree, which stands before its school or behind it."""
    for degree, school in chain(_degree_and_school(item), _school_and_degree(item)):
        education = Education(institution=school.fact(_TOLD))
        education.degree, education.fields = read_degree(degree)
        if (grade := _grade().search(fold(item.text))) is not None:
            education.grade = item.fact_at(*grade.span(), item.text[slice(*grade.span())], _TOLD)
        dated = dates_of(item, month_first)
        if dated is not None:
            start, end, current = date_facts(item, dated)
            education.start, education.end = (None if dated.single else start), end
            education.status = "ongoing" if current and dated.finish is None else None
        return education
    return None


def _degree_and_school(item: Piece) -> Iterator[tuple[Piece, Piece]]:
    """Every reading of a sentence as "[passed] DEGREE from SCHOOL"."""
    for lead, sure in _school_leads(item):
        degree = _taken(item, lead.start())
        school = _school(item, lead.end())
        if degree is None or school is None:
            continue
        if not sure and institution_score(school.text) < _SURE_SCHOOL:
            continue
        if sure and _ends_in_school(degree.text):
            continue  # within a name: "Abitur, Gymnasium am Silberkamp"
        yield degree, school


def _school_and_degree(item: Piece) -> Iterator[tuple[Piece, Piece]]:
    """Every reading of a sentence as "went to SCHOOL, where I obtained DEGREE"."""
    folded = fold(item.text)
    for lead in leading("attended").finditer(folded):
        school = _school(item, lead.end())
        gained = leading("gained").search(folded, lead.end())
        if school is None or gained is None:
            continue
        rest = item.cut(gained.end(), len(item.text))
        stops = [match.start() for match in leading("ends_degree").finditer(fold(rest.text))]
        stops += [found.begin for found in find_dates(rest.text)]
        stops += [rest.text.find("(")] if "(" in rest.text else []
        degree = without_article(rest.cut(0, min(stops, default=len(rest.text))).trim())
        fits = 0 < degree.words <= _MOST_WORDS_OF_DEGREE
        if fits and (_says_degree(degree.text) or is_short_form(degree.text)):
            yield degree, school


def _ends_in_school(text: str) -> bool:
    """Whether the last part of a text is a school and no degree."""
    last = text.rsplit(",", 1)[-1]
    is_degree = degree_level(last) is not None or _classes().starts(last.strip()) is not None
    return institution_score(last) >= _SURE_SCHOOL and not is_degree


def _school_leads(item: Piece) -> Iterator[tuple[re.Match[str], bool]]:
    """The words that lead to a school; behind a verb also those that names have within them, which are not sure."""
    folded = fold(item.text)
    yield from ((lead, True) for lead in leading("school").finditer(folded))
    if leading("taken").match(folded) is not None:
        behind = list(leading("school_behind_verb").finditer(folded))
        yield from ((lead, False) for lead in reversed(behind))  # the last: a subject may have such words


def _taken(item: Piece, end: int) -> Piece | None:
    """The degree before the word that leads to its school: "Passed B.Com" of "Passed B.Com with 62 % from …"."""
    degree = item.cut(0, end)
    graded = _with_grade().search(fold(degree.text))
    if graded is not None:
        degree = degree.cut(0, graded.start())
    begin = leading("taken").match(fold(degree.text))
    taken = begin is not None  # behind a verb an abbreviation nobody knows is one, too: "I did U.A.C.E at …"
    if begin is not None:
        degree = degree.cut(begin.end(), len(degree.text))
    degree = _without_end(degree.trim(), "passed")
    degree = without_article(degree)
    fits = 0 < degree.words <= _MOST_WORDS_OF_DEGREE
    says = _says_degree(degree.text) or (taken and is_short_form(degree.text))
    return degree if fits and says else None


def _says_degree(text: str) -> bool:
    return (
        degree_level(text) is not None
        or degree_score(text) >= _SAYS_DEGREE
        or _classes().starts(text) is not None
    )


def _without_end(piece: Piece, name: str) -> Piece:
    """Without the listed words that it ends with: "12th passed", "I.T.I. exam"."""
    while True:
        folded = fold(piece.text)
        last = next(reversed(list(leading(name).finditer(folded))), None)
        if last is None or last.start() == 0 or folded[last.end() :].strip(" .,:-"):
            return piece
        piece = piece.cut(0, last.start()).trim()


def without_article(piece: Piece) -> Piece:
    """A name without the article or the "M/s" before it."""
    lead = _courtesy().match(fold(piece.text))
    return piece.cut(lead.end(), len(piece.text)) if lead else piece


def _school(item: Piece, begin: int) -> Piece | None:
    school = name_from(item, begin)
    if school is None:
        return None
    parts = school.split(re.compile(r",\s*"))
    kept = parts[0]
    for part in parts[1:]:
        if part_kind(part.text) is not None or institution_score(part.text) < _SURE_SCHOOL:
            break
        kept = school.cut(0, school.text.index(part.text) + len(part.text))
    sure = institution_score(kept.text) >= _SURE_SCHOOL
    return kept if sure or shape_score(kept.text) >= _LIKE_A_NAME else None


def name_from(item: Piece, begin: int) -> Piece | None:
    """The name that begins there: up to a word that goes on with something else, a date, a grade or a bracket."""
    rest = item.cut(begin, len(item.text))
    stops = [match.start() for match in leading("ends").finditer(fold(rest.text))]
    stops += [match.start() for match in _BRACKET_WITH_DATE.finditer(rest.text)]
    stops += [found.begin for found in find_dates(rest.text)]
    stops += [match.start() for match in _grade().finditer(fold(rest.text))]
    stops += [match.start() for match in leading("school").finditer(fold(rest.text)) if match.start() > 0]
    name = without_article(rest.cut(0, min(stops, default=len(rest.text))).trim())
    return name if 0 < name.words <= _MOST_WORDS_OF_PLACE else None


def dates_of(item: Piece, month_first: bool) -> DateRange | None:
    """What the sentence says of when: a range before a single date, the last of several."""
    found = list(find_dates(item.text, month_first=month_first))
    ranges = [one for one in found if not one.single]
    return next(iter([*ranges, *found[::-1]]), None)
