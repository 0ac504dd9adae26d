"""The sentences of a section: its lines put together into paragraphs, and cut where a sentence ends."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from itertools import pairwise

from pipeline.reading.entries.bullets import Bullets
from pipeline.reading.entries.dated import is_date_only
from pipeline.reading.lexicon.fold import fold
from pipeline.reading.lexicon.load import organisations, word_set
from pipeline.reading.lexicon.patterns import one_of
from pipeline.reading.page.rows import Piece, Row, join
from pipeline.reading.values.dates import find_dates

_STOP = re.compile(r"[.!?]\s+(?=[^\W\d_a-zß-ÿ])")
_LEAST_LAST_WORD = 4  # letters of a word with a capital that a sentence ends with; fewer are an abbreviation
_DATES_ALONE = 8  # words: a shorter sentence that begins "From …" says when the one before was
_PARAGRAPH_GAP = 0.75  # of a line's height: more white parts two paragraphs
_INDENT_SLACK = 0.005  # of the page's width: left of its bullet by less, a line still goes on with it
_RAGGED = 0.01  # of the page's width, by which a full line may end before the edge
_LEAST_HEIGHT = 1e-4  # of the page: a line without height is a fault of its file


@cache
def _when() -> re.Pattern[str]:
    return re.compile(rf"\W*{one_of('told', 'before_dates')}(?!\w)")


def sentences_of(rows: Sequence[Row]) -> list[Piece]:
    """The sentences of some rows, in order; one that says nothing but when goes with the one that it tells of.

    That is the one before it, or the one behind it where the first paragraph begins with its dates.
    """
    paragraphs = [_cut(paragraph) for paragraph in paragraphs_of(rows)]
    dates_lead = bool(paragraphs) and is_date_only(paragraphs[0][0])
    return [one for sentences in paragraphs for one in _with_dates(sentences, dates_lead=dates_lead)]


def _with_dates(sentences: Sequence[Piece], *, dates_lead: bool) -> list[Piece]:
    """The sentences of a paragraph, those that are dates put together with the ones beside them."""
    result: list[Piece] = []
    for sentence in sentences:
        beside = is_date_only(result[-1]) if result and dates_lead else _tells_when(sentence)
        if result and beside:
            result[-1] = join([result[-1], sentence])
        else:
            result.append(sentence)
    return result


def paragraphs_of(rows: Sequence[Row]) -> list[Piece]:
    """The lines put together: an item with its bullet off, or lines of which each was too full for the next word."""
    bullets = Bullets.of(rows)
    right = max((row.right for row in rows), default=0.0)
    found: list[list[Piece]] = []
    above: Row | None = None
    bulleted = False
    for row in rows:
        opens = bullets.open(row.first)
        pieces = [bullets.off(row.first), *row.pieces[1:]]
        if above is not None and not opens and _goes_on(above, row, right, bulleted=bulleted):
            found[-1] += pieces
        else:
            found.append(pieces)
            bulleted = opens
        above = row
    return [join(kept) for pieces in found if (kept := [piece for piece in pieces if piece.text])]


def _goes_on(above: Row, row: Row, right: float, *, bulleted: bool) -> bool:
    """Whether a row that no bullet opens goes on with the paragraph above it."""
    small = row.text[:1].islower()
    if above.page != row.page:
        return small
    height = max(row.bottom - row.top, _LEAST_HEIGHT)
    if row.top - above.bottom > _PARAGRAPH_GAP * height:
        return False
    if bulleted:
        return small or row.left > above.left - _INDENT_SLACK
    return small or _had_no_room(above, row, right)


def _had_no_room(above: Row, row: Row, right: float) -> bool:
    """Whether the first word of a row would not have fitted into the line above it: then the line was broken there."""
    word, *_ = row.text.split() or [""]
    letter = (row.right - row.left) / max(len(row.text), 1)
    return above.right + letter * (len(word) + 1) > right - _RAGGED


def _cut(paragraph: Piece) -> list[Piece]:
    dates = find_dates(paragraph.text)
    ends = [
        stop.end()
        for stop in _STOP.finditer(paragraph.text)
        if _ends_sentence(paragraph.text[: stop.start()])
        and not any(found.begin < stop.end() < found.end for found in dates)
    ]
    bounds = [0, *ends, len(paragraph.text)]
    parts = [paragraph.cut(a, b) for a, b in pairwise(bounds)]
    return [part for part in parts if part.text]


def _ends_sentence(text: str) -> bool:
    """Whether a stop behind this text ends a sentence, and no abbreviation ("Ltd.", "M/s.", "Dec.")."""
    last = (text.split() or [""])[-1]
    letters = last.strip("()\"'“”’")
    if "." in letters or organisations().legal.label(letters) is not None:
        return False
    if fold(letters) in word_set("told", "abbreviations"):
        return False
    if len(letters) >= _LEAST_LAST_WORD or last.endswith(")") or letters.isdigit() or letters.isupper():
        return True
    return letters.islower() and len(letters) > 1  # "day.", no "St." or "Mr."


def _tells_when(sentence: Piece) -> bool:
    if sentence.words > _DATES_ALONE or not find_dates(sentence.text):
        return False
    return is_date_only(sentence) or _when().match(fold(sentence.text)) is not None
