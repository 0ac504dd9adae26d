"""Degrees told in a text: the level, the degree as printed, its subject, and how far the course has come."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Literal

from pipeline.domain.profile import Degree, Text
from pipeline.reading.lexicon.fold import fold, has_cjk
from pipeline.reading.lexicon.load import degrees, word_set
from pipeline.reading.lexicon.patterns import one_of
from pipeline.reading.lexicon.phrases import words_of
from pipeline.reading.page.rows import Piece
from pipeline.reading.values.classify import institution_score
from pipeline.reading.values.dates import mentions_expected

CourseStatus = Literal["completed", "ongoing", "discontinued"]

_SHORT_DEGREE = re.compile(r"(?<![\w.])[A-Z][A-Za-z]{0,4}(?:\.\s?[A-Z][A-Za-z]{0,4}){0,3}\.?(?![\w])")
_SHORT_FORM = re.compile(r"(?:[A-Z][A-Za-z]{0,4}\.?\s?(?![a-z])){1,3}?(?:\([A-Za-z. ]+\))?(?=[\s,:–-]|$)")
_MOST_FIELD_WORDS = 8  # a longer text is no subject but what was learnt
_LETTERS_OF_SHORT_FORM = range(3, 8)
_LEAST_FIELD = 2  # characters: shorter is what is left of signs and small words
_KNOWN, _UNKNOWN = 0.9, 0.6  # confidence of a degree whose level a word tells, and of another
_FIELD = 0.8
_NONE = -1.0
# Scores beside those of `classify`: a degree's word, one that a school's name has too, a word of study, and none.
_SAYS_DEGREE, _MAY_BE_SCHOOL, _SAYS_STUDY, _SAYS_NOTHING = 1.2, 0.6, 0.7, 0.15
_SAYS_SCHOOL = 1.0  # `institution_score` of a text with a school's word
_TOO_LONG, _IS_SENTENCE = 0.1, 0.5  # against one: each word too many, a full stop behind a long text
_MOST_WORDS, _WORDS_BEFORE_STOP = 14, 6
# Levels that a school is named after ("Certificate College", "Vocational School").
_LEVELS_OF_SCHOOLS = ("secondary", "certificate", "vocational")
# Degrees of two letters that are words, too: without dots they tell nothing, but for those that are seldom a word.
_ALSO_WORDS = frozenset({"AS", "ME", "BE", "IT", "MA", "MD", "AA", "FP", "IB"})
_SELDOM_WORDS = frozenset({"MA", "BE", "ME"})


@lru_cache(maxsize=8192)
def degree_level(text: str) -> str | None:
    """The level of the degree that a text names, the highest of several, or None."""
    lexicon = degrees()
    levels = {label for _, _, label in lexicon.phrases.find(text)}
    levels |= {level for match in _SHORT_DEGREE.finditer(text) if (level := _short_level(match.group()))}
    if has_cjk(text):
        folded = fold(text)
        levels |= {level for pattern, level in lexicon.cjk if pattern.search(folded)}
    if "secondary" in levels and len(levels) > 1 and not {"master", "doctorate", "bachelor"} & levels:
        return "secondary"
    return next((level for level in lexicon.LEVELS if level in levels), None)


def _short_level(form: str) -> str | None:
    bare = re.sub(r"[.\s]", "", form)
    level = degrees().short.get(bare)
    if level is None and len(bare) >= 3 and bare.isupper():
        level = degrees().short_capitals.get(bare)  # a heading in capitals: "MENG IN ..."
    if bare in _ALSO_WORDS and "." not in form:
        return level if bare in _SELDOM_WORDS else None
    return level


@lru_cache(maxsize=8192)
def degree_score(text: str) -> float:
    """Above 1: says a degree or a course of study."""
    level = degree_level(text)
    words = words_of(text).words
    if not words:
        return _NONE
    if level:
        schools = level in _LEVELS_OF_SCHOOLS and institution_score(text) >= _SAYS_SCHOOL
        score = _MAY_BE_SCHOOL if schools else _SAYS_DEGREE
    elif degrees().words.find(text):
        score = _SAYS_STUDY
    else:
        score = _SAYS_NOTHING
    score -= _TOO_LONG * max(0, len(words) - _MOST_WORDS)
    if text.endswith(".") and len(words) > _WORDS_BEFORE_STOP:
        score -= _IS_SENTENCE
    return score


@cache
def _past_field() -> re.Pattern[str]:
    return re.compile(rf"\s[(–|]|;|[,\s]\s*{one_of('degrees', 'grade', 'after_field')}\b")


@cache
def _in_after_degree() -> re.Pattern[str]:
    return re.compile(rf"\s{one_of('degrees', 'field', 'in_after_degree')}\s+(?=[^\W\d])")


@cache
def _field_lead() -> re.Pattern[str]:
    nouns, small, articles = (one_of("degrees", "field", part) for part in ("nouns", "in", "articles"))
    return re.compile(rf"^\s*{nouns}?\s*(?:\b{small}\s+|[:\-–,(]\s*)(?:{articles}\s+)?")


def is_short_form(text: str) -> bool:
    """Whether a text is an abbreviation with stops, which may stand for a degree nobody listed: "K.C.S.E."."""
    letters = sum(c.isalpha() for c in text)
    return "." in text and " " not in text and text.upper() == text and letters in _LETTERS_OF_SHORT_FORM


def read_degree(piece: Piece) -> tuple[Degree, list[Text]]:
    """The degree as printed, its level, and the field of study that it names."""
    level = degree_level(piece.text)
    degree = Degree(raw=piece.fact(_KNOWN if level else _UNKNOWN), level=level or "other")  # type: ignore[arg-type]
    field = _field_after(piece)
    return degree, [field.fact(_FIELD)] if field else []


def status_of(text: str) -> CourseStatus | None:
    """Whether a text tells a course to be completed, ongoing or broken off."""
    labels = {label for _, _, label in degrees().status.find(text)}
    if has_cjk(text):
        folded = fold(text)
        labels |= {status for pattern, status in degrees().status_cjk if pattern.search(folded)}
    if mentions_expected(text):
        return "ongoing"
    order: tuple[CourseStatus, ...] = ("discontinued", "ongoing", "completed")
    return next((status for status in order if status in labels), None)


def _field_after(piece: Piece) -> Piece | None:
    """The subject: "Computer Science" of "Master of Science in Computer Science" and of "BSc, Computer Science"."""
    past = _past_field().search(fold(piece.text))
    text = piece.text[: past.start()] if past else piece.text
    begin = _after_in(text)
    if begin is not None:
        return _as_field(piece.cut(begin, len(text)))
    end = _degree_end(text)
    if end is None:
        return None
    rest = piece.cut(end, len(text))
    if lead := _field_lead().match(fold(rest.text)):
        rest = rest.cut(lead.end(), len(rest.text))
    subject = _without_faculty(rest)
    return _as_field(subject) if subject else None


def _after_in(text: str) -> int | None:
    """Where the subject begins behind a degree and an "in", which is printed small even among capitals."""
    return next(
        (
            match.end()
            for match in _in_after_degree().finditer(fold(text))
            if not any(c.isupper() for c in text[slice(*match.span())])
            and degree_level(text[: match.start()])
        ),
        None,
    )


def _without_faculty(rest: Piece) -> Piece | None:
    """What follows a degree, without what the degree is of: "Applied Science (Hons), Physics"."""
    faculties = word_set("degrees", "field", "faculties")
    first, comma, _ = rest.text.partition(",")
    words = words_of(rest.text).words
    if comma and (words_of(first).words[:1] or ("",))[0] in faculties:
        return rest.cut(len(first) + 1, len(rest.text))
    if words and all(word in faculties for word in words):
        return None
    return rest


def _degree_end(text: str) -> int | None:
    """Where the first degree of a text ends."""
    hits = degrees().phrases.find(text)
    if hits:
        return words_of(text).spans[hits[0][1] - 1][1]
    short = _SHORT_FORM.match(text)
    return short.end() if short and degree_level(short.group()) else None


def _as_field(piece: Piece) -> Piece | None:
    """A text trimmed, where it may be a subject."""
    piece = piece.trim()
    short = len(piece.text) > _LEAST_FIELD and len(piece.text.split()) <= _MOST_FIELD_WORDS
    return piece if short and not has_cjk(piece.text) else None
