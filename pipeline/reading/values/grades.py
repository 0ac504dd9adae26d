"""Grades told in a text: "GPA: 3.8/4.0", "3.4 CGPA", "First class honours"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from pipeline.domain.profile import Text
from pipeline.reading.lexicon.fold import fold
from pipeline.reading.lexicon.load import degrees
from pipeline.reading.lexicon.patterns import one_of
from pipeline.reading.lexicon.phrases import words_of
from pipeline.reading.page.rows import Piece

_LETTER = re.compile(r"(?<![\w])[A-F][+-]?(?![\w])")
_BEFORE = re.compile(r"(\d[.,]\d{1,3}(?:\s*/\s*\d+(?:[.,]\d+)?)?)\s*$")
_AFTER_LABEL = " :=-–(."  # what may stand between "GPA" and its number
_LONG = 220  # characters: a longer text is prose, in which "note" and "result" are no labels
_GRADE_WORDS = 5  # behind its label; a longer text tells more than a grade
_LEAST_REST = 3  # characters before a grade: less is no text of its own
_PHRASE, _NUMBER = 0.8, 0.85  # confidence of a grade told in words, and of a number beside its label


@cache
def _number() -> re.Pattern[str]:
    return re.compile(
        rf"\d{{1,3}}(?:[.,]\d{{1,3}})?\s*(?:/|{one_of('degrees', 'grade', 'out_of')})\s*\d{{1,3}}(?:[.,]\d+)?|"
        r"\d{1,2}[.,]\d{1,3}|\d{2,3}(?:[.,]\d+)?\s?%|\d{1,3}"
    )


@cache
def _after_number() -> re.Pattern[str]:
    scale = one_of("degrees", "grade", "after_number")
    return re.compile(rf"\d[.,]\d{{1,3}}(?:\s*/\s*\d{{1,2}}(?:[.,]\d+)?)?\s+{scale}\b")


@cache
def _part() -> re.Pattern[str]:
    of_all, label = one_of("degrees", "grade", "of_all"), one_of("degrees", "grade", "after_text")
    return re.compile(rf"[,;(|]\s*(?:{of_all}\.?\s*)?{label}\b\s*[:=]?\s*\d[^,]{{0,20}}$")


def is_grade(text: str) -> bool:
    """Whether a text says nothing but a grade."""
    if degrees().grade_phrases.label(text) is not None or _after_number().search(fold(text)):
        return True
    start = degrees().grade_labels.starts(text)
    if start is None:
        return False
    words = words_of(text).words
    rest = words[start[0] :]
    return len(rest) <= _GRADE_WORDS and any(word[0].isdigit() or len(word) <= 2 for word in rest)


def without_grade(piece: Piece) -> Piece:
    """A text without the grade that ends it: "BSc Physics, GPA 3.8"."""
    match = _part().search(fold(piece.text))
    return piece.cut(0, match.start()).trim() if match and match.start() > _LEAST_REST else piece


def grade_in(pieces: Sequence[Piece]) -> Text | None:
    """The first grade that any of some texts tells, as printed."""
    found = (_labelled(piece) or _told(piece) for piece in pieces if len(piece.text) <= _LONG)
    return next((grade for grade in found if grade), None)


def _labelled(piece: Piece) -> Text | None:
    """The number behind the first label of a text, or before it."""
    span = _span(piece.text, degrees().grade_labels.find(piece.text))
    if span is None:
        return None
    begin, end = span
    while end < len(piece.text) and piece.text[end] in _AFTER_LABEL:
        end += 1
    number = _number().match(fold(piece.text), end) or _LETTER.match(piece.text, end)
    if number:
        return piece.fact_at(*number.span(), piece.text[slice(*number.span())].strip(), _NUMBER)
    before = _BEFORE.search(piece.text[:begin])
    return piece.fact_at(*before.span(1), before[1], _NUMBER) if before else None


def _told(piece: Piece) -> Text | None:
    """The first grade in words."""
    span = _span(piece.text, degrees().grade_phrases.find(piece.text))
    return piece.fact_at(*span, piece.text[slice(*span)], _PHRASE) if span else None


def _span(text: str, hits: list[tuple[int, int, str]]) -> tuple[int, int] | None:
    """Where in a text the first of some phrases stands."""
    if not hits:
        return None
    spans = words_of(text).spans
    begin, end, _ = hits[0]
    return spans[begin][0], spans[end - 1][1]
