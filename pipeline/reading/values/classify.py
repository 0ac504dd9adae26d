"""What a short text is likely to be: a job title, an employer, a school, a degree. Scores compare by size."""

from __future__ import annotations

import re
from functools import lru_cache

from pipeline.reading.lexicon.fold import fold, has_cjk
from pipeline.reading.lexicon.load import Titles, degrees, organisations, titles
from pipeline.reading.lexicon.phrases import words_of
from pipeline.reading.values.places import part_kind

_ACRONYM = re.compile(r"^[A-Z]{2,6}$")
_CAPITALS = re.compile(r"[^\W\d_]+")
_SHORT_DEGREE = re.compile(r"(?<![\w.])[A-Z][A-Za-z]{0,4}(?:\.\s?[A-Z][A-Za-z]{0,4}){0,3}\.?(?![\w])")
_SMALL = {
    "of",
    "and",
    "the",
    "for",
    "in",
    "de",
    "des",
    "du",
    "la",
    "le",
    "les",
    "und",
    "der",
    "die",
    "di",
    "del",
    "della",
    "dei",
    "do",
    "da",
    "dos",
    "das",
    "e",
    "y",
    "et",
    "en",
    "i",
    "van",
    "von",
    "den",
    "och",
    "&",
    "för",
    "für",
    "al",
    "el",
    "ve",
    "to",
    "a",
    "at",
    "on",
    "with",
    "im",
    "z",
    "w",
    "و",
    "и",
    "d'",
    "l'",
}


@lru_cache(maxsize=8192)
def title_score(text: str) -> float:
    """Above 1: says a job title; about 0: could be one; below 0: is none."""
    lexicon = titles()
    found = words_of(text)
    words = found.words
    if not words:
        return -1.0
    heads = [i for i, word in enumerate(words) if _is_head(word, lexicon) and not _is_firm(words, i)]
    score = 0.0
    if heads:
        score = 1.0 + (0.2 if heads[-1] == len(words) - 1 or heads[0] == 0 else 0.0)
    elif lexicon.compounds.find(text):
        score = 1.1
    elif has_cjk(text) and (lexicon.cjk_tail.search(found.folded) or lexicon.cjk.search(found.folded)):
        score = 1.2 if lexicon.cjk_tail.search(found.folded) else 0.8
    elif any(word in lexicon.weak for word in words):
        score = 0.5
    elif any(word in lexicon.modifiers for word in words):
        score = 0.2
    if organisations().legal.find(text):
        score -= 0.8 if ends_legal(text) else 0.3
    if len(words) > 9:
        score -= 0.15 * (len(words) - 9)
    if text[:1].islower() and not heads:
        score -= 0.4
    return score


def _is_firm(words: tuple[str, ...], i: int) -> bool:
    """Whether a head is part of a firm's name: "Dahlström & Partner"."""
    return (
        i > 0
        and words[i].startswith("partner")
        and words[i - 1] in ("&", "and", "und", "och", "et", "y", "e")
    )


def _is_head(word: str, lexicon: Titles) -> bool:
    return word in lexicon.heads or (len(word) > 6 and word.endswith(lexicon.suffixes))


_UNITS = {
    "department",
    "dept",
    "division",
    "team",
    "unit",
    "group",
    "practice",
    "desk",
    "emea",
    "apac",
    "americas",
    "bereich",
    "abteilung",
    "service",
    "área",
    "area",
    "reparto",
    "dział",
    "отдел",
    "отдела",
    "research",
    "level",
    "grade",
    "r",
    "d",
}


def is_titleish(text: str) -> bool:
    """Whether a text says something of a role or a part of an organisation: "Banking Operations"."""
    lexicon = titles()
    words = words_of(text).words
    return title_score(text) >= 0.5 or any(w in lexicon.modifiers or w in _UNITS for w in words)


def has_title_head(text: str) -> bool:
    return title_score(text) >= 0.8


def ends_legal(text: str) -> bool:
    words = words_of(text).words
    return any(end == len(words) and begin > 0 for begin, end, _ in organisations().legal.find(text))


def shape_score(text: str) -> float:
    """How much a text is set like a proper name: every word but the small ones with a capital."""
    words = [word for word in text.split() if _CAPITALS.search(word)]
    if not words:
        return -0.5
    if has_cjk(text) or (not text[0].isascii() and not text[0].isupper() and not text[0].islower()):
        return 0.3
    capitals = sum(1 for w in words if any(c.isupper() for c in w) or fold(w) in _SMALL or w[:1].isdigit())
    share = capitals / len(words)
    if share == 1:
        return 0.4 if len(words) <= 6 else 0.2
    return 0.1 if share >= 0.7 and len(words) <= 6 else -0.4


@lru_cache(maxsize=8192)
def employer_score(text: str) -> float:
    """Above 1: says an organisation; about .4: set like a name; below 0: is none."""
    lexicon = organisations()
    found = words_of(text)
    if not found.words or len(text) > 110:
        return -1.0
    score = shape_score(text)
    if (
        ends_legal(text)
        or (lexicon.legal.find(text) and not text[:1].islower())
        or (has_cjk(text) and lexicon.cjk.search(found.folded))
    ):
        score += 1.0
    elif lexicon.nouns.find(text) or lexicon.institutions.find(text):
        clause = score < 0 and len(found.words) >= 5  # "Prepared bank reconciliations and reports"
        score = score + 0.3 if clause else max(score, 0.2) + 0.5
    elif has_cjk(text) and lexicon.institution_cjk.search(found.folded):
        score += 0.6
    if any(word in ("&", "and", "und", "et", "y", "e", "i", "och", "и") for word in found.words[1:-1]):
        score += 0.15
    if re.search(r"[«»\"“”„]|\.(?:com|io|org|net|ai|co|de|fr)\b", text):
        score += 0.2
    if title_score(text) >= 0.8 and score < 1.2:
        score -= 0.5
    if len(found.words) > 10:
        score -= 0.1 * (len(found.words) - 10)
    elif score <= 0.6 and titles().seniority.find(text):
        score -= 0.4
    if part_kind(text):
        score -= 0.6
    if text.endswith((".", ":", ";")) and not ends_legal(text) and (len(found.words) > 4 or text[-1] != "."):
        score -= 0.3
    return score


@lru_cache(maxsize=8192)
def institution_score(text: str) -> float:
    """Above 1: says a school or university."""
    lexicon = organisations()
    found = words_of(text)
    if not found.words or len(text) > 130:
        return -1.0
    score = shape_score(text)
    hits = lexicon.institutions.find(text)
    if (
        hits
        or any(len(w) > 7 and w.endswith(lexicon.institution_suffixes) for w in found.words)
        or (has_cjk(text) and lexicon.institution_cjk.search(found.folded))
    ):
        score += 1.0
    elif lexicon.nouns.find(text) or lexicon.legal.find(text):
        score += 0.3
    if part_kind(text):
        score -= 0.6
    if text.endswith((".", ":", ";")) and not hits:
        score -= 0.3
    if len(found.words) > 14:
        score -= 0.1 * (len(found.words) - 14)
    if 2 <= len(found.words) <= 4 and part_kind(text.split()[-1]) == "city":
        score += 0.35  # "mbo Breda"
    return score


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
    if level is None or (
        len(bare) <= 2 and bare in ("AS", "ME", "BE", "IT", "MA", "MD", "AA", "FP", "IB") and "." not in form
    ):
        return level if bare in ("MA", "BE", "ME") and form[:1].isupper() else None
    return level


@lru_cache(maxsize=8192)
def degree_score(text: str) -> float:
    """Above 1: says a degree or a course of study."""
    level = degree_level(text)
    words = words_of(text).words
    if not words:
        return -1.0
    if level:
        score = 1.2
        if level in ("secondary", "certificate", "vocational") and institution_score(text) >= 1.0:
            score = 0.6
    elif degrees().words.find(text):
        score = 0.7
    else:
        score = 0.15
    if len(words) > 14:
        score -= 0.1 * (len(words) - 14)
    if text.endswith(".") and len(words) > 6:
        score -= 0.5
    return score


def is_acronym(text: str) -> bool:
    return _ACRONYM.match(text) is not None
