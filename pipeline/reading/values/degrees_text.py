"""Degrees told in a text: the degree as printed, the subject that it names, and how far the course has come."""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

from pipeline.domain.profile import Degree, Text
from pipeline.reading.lexicon.fold import fold, has_cjk
from pipeline.reading.lexicon.load import degrees, word_set
from pipeline.reading.lexicon.patterns import one_of
from pipeline.reading.lexicon.phrases import words_of
from pipeline.reading.page.rows import Piece
from pipeline.reading.values.classify import degree_level
from pipeline.reading.values.dates import mentions_expected

CourseStatus = Literal["completed", "ongoing", "discontinued"]

_SHORT_FORM = re.compile(r"(?:[A-Z][A-Za-z]{0,4}\.?\s?(?![a-z])){1,3}?(?:\([A-Za-z. ]+\))?(?=[\s,:–-]|$)")
_MOST_FIELD_WORDS = 8  # a longer text is no subject but what was learnt
_LEAST_FIELD = 2  # characters: shorter is what is left of signs and small words
_KNOWN, _UNKNOWN = 0.9, 0.6  # confidence of a degree whose level a word tells, and of another
_FIELD = 0.8


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
