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
_EDGE = " :：–—-()[]（）,;|•·./"


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
            language = Language(name=piece.fact_at(begin, end, piece.text[begin:end], 0.95), iso639=code)
            until = hits[i + 1][0] if i + 1 < len(hits) else len(piece.text)
            _set_level(language, piece, end, until)
            if language.level_raw is None and i == 0 and begin > 2:
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
    part = piece.cut(begin, end)
    part = part.trim()
    if not part.text or len(part.text) > 80:
        return
    level = cefr_of(part.text)
    if level or any(c.isalnum() for c in part.text):
        known = level or languages().tests.find(part.text)
        if known or (len(part.text.split()) <= 4 and len(part.text) < 40):
            language.level_raw = part.fact(0.9 if level else 0.6)
            language.cefr = level  # type: ignore[assignment]


def cefr_of(text: str) -> str | None:
    """The level that a text tells: as printed ("B2"), else by its words; the highest of several."""
    printed = _CEFR.findall(text)
    if printed:
        return str(max(printed))
    order = ("native", "C2", "C1", "B2", "B1", "A2", "A1")
    levels = {label for _, _, label in languages().levels.find(text)}
    if has_cjk(text):
        levels |= {languages().cjk_levels[m.group()] for m in languages().cjk_level.finditer(fold(text))}
    return next((level for level in order if level in levels), None)


def _unique(found: list[Language]) -> list[Language]:
    kept: dict[str, Language] = {}
    for language in found:
        key = language.iso639 or language.name.value.lower()
        if key not in kept or (kept[key].level_raw is None and language.level_raw is not None):
            kept[key] = language
    return list(kept.values())
