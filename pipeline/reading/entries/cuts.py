"""The ways to cut an entry's heading into fields: at signs, at an "at", at commas."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from functools import cache

from pipeline.reading.entries.scores import LIKELY, POSSIBLE, SURE
from pipeline.reading.lexicon.fold import fold, has_cjk
from pipeline.reading.lexicon.load import organisations, titles, word_set
from pipeline.reading.lexicon.patterns import one_of
from pipeline.reading.lexicon.phrases import words_of
from pipeline.reading.page.rows import Piece
from pipeline.reading.values.classify import employer_score, institution_score, title_score
from pipeline.reading.values.places import part_kind, place_score

_SIGN = re.compile(
    r"\s*[|•·‖∙●│┃¦／]\s*|\s*(?:\.{4,}|…{2,}|_{3,})\s*|\s+[–—―−-]+\s+|\s{3,}|\s*[–—]\s(?=\S)|;\s|\s//?\s(?=[A-ZÀ-Þ])|(?<=[^\W\d_]{3})[–—-]\s+(?=[A-ZÀ-Þ])|・(?=.{4})"
)
_LISTED_SIGN = re.compile("、")  # parts fields, too, where no space does
# A full stop parts fields, too, behind a word that is no abbreviation: "Técnico Superior. I.E.S. Alcornocal, Sevilla."
_COMMA = re.compile(r"\s*[,，،]\s+|，|(?:(?<=[^\W\d_A-Z]{4})|(?<=[A-ZÀ-Þ]{3}))\.\s+(?=[^\W\d_a-z])")
_SPACE = re.compile(r"\s+")
_PARENTHESES = re.compile(r"\s*[(（\[]([^()（）\[\]]{2,60})[)）\]]\s*$")
_LETTERS_OF_ABBREVIATION = 3  # "Mgr.", "Co."
_MOST_PARTS = 6  # a text with more commas is a list or a sentence
_MOST_READINGS = 7  # of one text: the likeliest come first, and readings of several texts multiply
_MOST_SPACES = 4  # of a heading without spaces between words: more spaces part no fields


def fragments_of(header: Sequence[Piece]) -> list[Piece]:
    """The heading cut at every separator that is no comma."""
    found = []
    for piece in header:
        for part in piece.split(_SIGN):
            part = part.trim()
            listed = _listed(part)
            for one in listed:
                if one.text and any(c.isalnum() for c in one.text):
                    found += _cut_parentheses(one)
    return found


def _listed(piece: Piece) -> list[Piece]:
    """What "、" parts: fields, unless spaces part them, or all are titles: "店员、值班店长"."""
    parts = piece.split(_LISTED_SIGN)
    titled = len(parts) > 1 and all(title_score(part.text) >= LIKELY for part in parts)
    return [piece] if " " in piece.text or titled else parts


def _cut_parentheses(piece: Piece) -> list[Piece]:
    """Cut "(Berlin)" or "(part-time)" off the end of a text."""
    match = _PARENTHESES.search(piece.text)
    if not match or match.start() < 2:
        return [piece]
    inner = match[1]
    if "," in inner and any(c.isdigit() for c in inner):
        return [piece.cut(0, match.start())]  # a remark: "(150-bed, Level 2)"
    if place_score(inner) >= LIKELY or titles().types.find(inner) or fold(inner) in titles().types_cjk:
        return [piece.cut(0, match.start()), piece.cut(match.start(1), match.end(1))]
    return [piece]


def split_at(fragments: Sequence[Piece]) -> tuple[list[Piece], tuple[int, int] | None]:
    """Cut the first "Title at Employer"; the indexes of the two where there is one."""
    result: list[Piece] = []
    pair: tuple[int, int] | None = None
    for piece in fragments:
        match = _at_in(piece.text) if pair is None else None
        if match and _parts_at(piece.text, match):
            result += [piece.cut(0, match.start()).trim(), piece.cut(match.end(), len(piece.text)).trim()]
            pair = len(result) - 2, len(result) - 1
        else:
            result.append(piece)
    return [piece for piece in result if piece.text], pair


def _parts_at(text: str, match: re.Match[str]) -> bool:
    """Whether a title stands before an "at", or behind it what a word tells to be a firm."""
    return title_score(text[: match.start()]) >= POSSIBLE or employer_score(text[match.end() :]) >= LIKELY


def _at_in(text: str) -> re.Match[str] | None:
    """Where a text says "at", or another small word between what is surely a title and surely a firm."""
    folded = fold(text)
    return _at().search(folded) or next(
        (match for match in _in_firm().finditer(folded) if _firm_follows(text, match)), None
    )


@cache
def _at() -> re.Pattern[str]:
    return re.compile(rf"\s{one_of('titles', 'at')}\s")


@cache
def _in_firm() -> re.Pattern[str]:
    return re.compile(rf"\s{one_of('entries', 'in_firm')}\s(?=[^\W\d_])")


def _firm_follows(text: str, match: re.Match[str]) -> bool:
    """ "Nurse in Leeds Hospital": a sure title, a small word, a sure organisation."""
    small, tail = text[match.start() : match.end()], text[match.end() :].partition(",")[0]
    return (
        not any(c.isupper() for c in small)
        and tail[:1].isupper()
        and title_score(text[: match.start()]) >= SURE
        and employer_score(tail) >= LIKELY
    )


def comma_readings(piece: Piece) -> list[list[Piece]]:
    """The ways to read a text with commas: whole, or cut where two parts are of different kinds."""
    if not _COMMA.search(piece.text):
        return _space_readings(piece)
    parts = [part for part in piece.split(_COMMA) if part.text]
    readings: list[list[Piece]] = [[piece]]
    if not 2 <= len(parts) <= _MOST_PARTS:
        return readings
    for cuts in _comma_cuts(parts):
        bounds = [0, *cuts, len(parts)]
        reading = [_between(piece, parts[a:b]) for a, b in itertools.pairwise(bounds)]
        if reading not in readings:
            readings.append(reading)
    return readings[:_MOST_READINGS]


def _comma_cuts(parts: list[Piece]) -> list[tuple[int, ...]]:
    """The parts before which to cut, the likeliest first: before a place, and before what stands before it."""
    count, place = len(parts), _place_start(parts)
    options: list[tuple[int, ...]] = []
    named = next((i for i in range(2, place) if _names_organisation(parts[i].text)), None)
    if named is not None:  # "B.A., Cognitive Science, University of Norland, Easton"
        options += [(named,), *([(named, place)] if place < count else []), (named, count - 1)]
    if place < count:
        options += [(place,), (place - 1,)] if place > 1 else [(place,)]
        options += [(i, place) for i in range(1, place)] + [(i, place - 1) for i in range(1, place - 1)]
    options += [(1,), (count - 1,), (1, 2) if count == 3 else (1, count - 1)]
    allowed = {i for i in range(1, count) if not belongs_to_former(parts[i].text)}
    return [cuts for cuts in dict.fromkeys(options) if allowed.issuperset(cuts) and _rise(cuts)]


def _names_organisation(text: str) -> bool:
    return max(employer_score(text), institution_score(text)) >= SURE


def _rise(cuts: tuple[int, ...]) -> bool:
    return all(a < b for a, b in itertools.pairwise(cuts))


def _place_start(parts: list[Piece]) -> int:
    """The index of the first of the last parts that all are places; past the last where none is."""
    start = len(parts)
    while start > 1 and (part_kind(parts[start - 1].text) or place_score(parts[start - 1].text) >= SURE):
        start -= 1
    return start


def _between(piece: Piece, parts: list[Piece]) -> Piece:
    """What a text prints from the first of some of its parts to the last."""
    begin = piece.text.find(parts[0].text)
    last = piece.text.find(parts[-1].text, begin)
    return piece.cut(begin, last + len(parts[-1].text)) if begin >= 0 and last >= 0 else parts[0]


def _space_readings(piece: Piece) -> list[list[Piece]]:
    """Chinese, Japanese and Korean headings part their fields with a space."""
    if not has_cjk(piece.text) or " " not in piece.text.strip():
        return [[piece]]
    parts = piece.split(_SPACE)
    readings = [[piece]]
    for cut in range(1, min(len(parts), _MOST_SPACES)):
        readings.append([_between(piece, parts[:cut]), _between(piece, parts[cut:])])
    if len(parts) == 3:
        readings.append(parts)
    return readings


def without_stop(piece: Piece) -> Piece:
    """A name without the full stop that ends its line, which is no abbreviation's: "Driver.", no "Store Mgr."."""
    last = piece.text.rstrip(".").rsplit(" ", 1)[-1]
    short = len(last) <= _LETTERS_OF_ABBREVIATION or "." in last
    abbreviated = short or (last.istitle() and organisations().legal.label(last) is not None)
    return piece.cut(0, len(piece.text) - 1) if piece.text.endswith(".") and not abbreviated else piece


def belongs_to_former(part: str) -> bool:
    """Whether a part after a comma cannot stand alone: "Inc.", "Read and Wells"."""
    words = words_of(part).words
    if not words or organisations().legal.label(part) is not None:
        return True
    return words[0] in word_set("entries", "part_goes_on")
