"""Spoken languages and their levels."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.domain.profile import Language
from pipeline.reading.lexicon.fold import fold, has_cjk
from pipeline.reading.lexicon.load import languages
from pipeline.reading.lexicon.phrases import words_of
from pipeline.reading.page.rows import Piece, Row

_CEFR = re.compile(r"(?<![A-Za-z0-9])([ABC][12])(?![A-Za-z0-9])")
_NAMED = 0.95  # confidence of a language that the lexicon knows
_LEVEL_KNOWN, _LEVEL_UNKNOWN = 0.9, 0.6  # of a level that words or the CEFR tell, and of one as printed only
_LONGEST = 80  # characters: more is no level but a text
_UNKNOWN_WORDS, _UNKNOWN_LONGEST = 4, 40  # a level in words that the lexicon lacks is short
_BEFORE = 2  # characters before a language that are no more than its bullet
#: The highest first: of several levels told, it counts.
_ORDER = ("native", "C2", "C1", "B2", "B1", "A2", "A1")


def read_languages(rows: Sequence[Row]) -> list[Language]:
    """Languages of a section, each with the level printed beside or below it."""
    found: list[Language] = []
    for row in rows:
        found += _of_row(row, found)
    return _unique(found)


def _of_row(row: Row, before: list[Language]) -> list[Language]:
    result: list[Language] = []
    for piece in row.pieces:
        hits = language_hits(piece.text)
        if not hits:
            target = result[-1] if result else before[-1] if before and len(row.pieces) == 1 else None
            if target is not None and target.level_raw is None:
                _set_level(target, piece, 0, len(piece.text))
            continue
        for i, (begin, end, code) in enumerate(hits):
            language = Language(name=piece.fact_at(begin, end, piece.text[begin:end], _NAMED), iso639=code)
            until = hits[i + 1][0] if i + 1 < len(hits) else len(piece.text)
            _set_level(language, piece, end, until)
            if language.level_raw is None and i == 0 and begin > _BEFORE:
                _set_level(language, piece, 0, begin)
            result.append(language)
    return result


def language_hits(text: str) -> list[tuple[int, int, str]]:
    """(begin, end, code) of every language named in a text."""
    words = words_of(text)
    hits = [(words.spans[a][0], words.spans[b - 1][1], code) for a, b, code in languages().names.find(text)]
    if has_cjk(text):
        folded = fold(text)
        taken = {begin for begin, _, _ in hits}
        for match in languages().cjk.finditer(folded):
            if match.start() not in taken:
                hits.append((match.start(), match.end(), languages().cjk_names[match.group()]))
    return sorted(hits)


def _set_level(language: Language, piece: Piece, begin: int, end: int) -> None:
    """Give a language the level that a part of a piece tells, where it tells one."""
    part = piece.cut(begin, end).trim()
    if not part.text or len(part.text) > _LONGEST:
        return
    level = cefr_of(part.text)
    if level or _could_be_level(part.text):
        language.level_raw = part.fact(_LEVEL_KNOWN if level else _LEVEL_UNKNOWN)
        language.cefr = level  # type: ignore[assignment]


def _could_be_level(text: str) -> bool:
    """Whether a text that names no known level may still be one: a test of language, or a few words."""
    if not any(c.isalnum() for c in text):
        return False
    short = len(text.split()) <= _UNKNOWN_WORDS and len(text) < _UNKNOWN_LONGEST
    return short or bool(languages().tests.find(text))


def cefr_of(text: str) -> str | None:
    """The level that a text tells: as printed ("B2"), else by its words; the highest of several."""
    printed = _CEFR.findall(text)
    if printed:
        return str(max(printed))
    levels = {label for _, _, label in languages().levels.find(text)}
    if has_cjk(text):
        levels |= {languages().cjk_levels[m.group()] for m in languages().cjk_level.finditer(fold(text))}
    return next((level for level in _ORDER if level in levels), None)


def _unique(found: list[Language]) -> list[Language]:
    kept: dict[str, Language] = {}
    for language in found:
        key = language.iso639 or language.name.value.lower()
        if key not in kept or (kept[key].level_raw is None and language.level_raw is not None):
            kept[key] = language
    return list(kept.values())
