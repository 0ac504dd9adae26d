"""What a short text is likely to be: a job title, an employer, a school, a degree. Scores compare by size."""

from __future__ import annotations

import re
from functools import lru_cache

from pipeline.reading.lexicon.fold import fold, has_cjk
from pipeline.reading.lexicon.load import Titles, degrees, organisations, titles, word_set
from pipeline.reading.lexicon.phrases import words_of
from pipeline.reading.values.places import part_kind

# Words and characters of each kind of name; what is longer is likelier a sentence.
_WORDS_OF_TITLE, _WORDS_OF_NAME, _WORDS_OF_EMPLOYER, _WORDS_OF_INSTITUTION = 9, 6, 10, 14
_LONGEST_EMPLOYER, _LONGEST_INSTITUTION = 110, 130
_MOST_CAPITALS = 0.7  # share of the words of a name that begin with one
_QUOTED_OR_DOMAIN = re.compile(r"[«»\"“”„]|\.(?:com|io|org|net|ai|co|de|fr)\b")
_CAPITALS = re.compile(r"[^\W\d_]+")
_SHORT_DEGREE = re.compile(r"(?<![\w.])[A-Z][A-Za-z]{0,4}(?:\.\s?[A-Z][A-Za-z]{0,4}){0,3}\.?(?![\w])")


@lru_cache(maxsize=8192)
def title_score(text: str) -> float:
    """Above 1: says a job title; about 0: could be one; below 0: is none."""
    lexicon = titles()
    words = words_of(text).words
    if not words:
        return -1.0
    heads = [i for i, word in enumerate(words) if _is_head(word, lexicon) and not _is_firm(words, i)]
    score = _known_title(text, heads)
    if organisations().legal.find(text):
        score -= 0.8 if ends_legal(text) else 0.3
    score -= 0.15 * max(0, len(words) - _WORDS_OF_TITLE)
    if text[:1].islower() and not heads:
        score -= 0.4
    return score


def _known_title(text: str, heads: list[int]) -> float:
    """What the words of a text say of a title: a head ("manager") most, best at an end; then weaker words."""
    lexicon = titles()
    found = words_of(text)
    if heads:
        return 1.2 if heads[-1] == len(found.words) - 1 or heads[0] == 0 else 1.0
    if lexicon.compounds.find(text):
        return 1.1
    if has_cjk(text) and lexicon.cjk_tail.search(found.folded):
        return 1.2
    if has_cjk(text) and lexicon.cjk.search(found.folded):
        return 0.8
    if any(word in lexicon.weak for word in found.words):
        return 0.5
    return 0.2 if any(word in lexicon.modifiers for word in found.words) else 0.0


def _is_firm(words: tuple[str, ...], i: int) -> bool:
    """Whether a head is part of a firm's name: "Dahlström & Partner"."""
    return i > 0 and words[i].startswith("partner") and words[i - 1] in word_set("classes", "joins_partner")


def _is_head(word: str, lexicon: Titles) -> bool:
    return word in lexicon.heads or (len(word) > 6 and word.endswith(lexicon.suffixes))


def is_titleish(text: str) -> bool:
    """Whether a text says something of a role or a part of an organisation: "Banking Operations"."""
    lexicon = titles()
    words = words_of(text).words
    return title_score(text) >= 0.5 or any(
        w in lexicon.modifiers or w in word_set("classes", "units") for w in words
    )


def ends_legal(text: str) -> bool:
    """Whether a text ends with a legal form ("Acme Ltd"), which nothing but a firm does."""
    words = words_of(text).words
    return any(end == len(words) and begin > 0 for begin, end, _ in organisations().legal.find(text))


def shape_score(text: str) -> float:
    """How much a text is set like a proper name: every word but the small ones with a capital."""
    words = [word for word in text.split() if _CAPITALS.search(word)]
    if not words:
        return -0.5
    if has_cjk(text) or _has_no_case(text[0]):
        return 0.3
    share = sum(_is_set_as_name(word) for word in words) / len(words)
    short = len(words) <= _WORDS_OF_NAME
    if share == 1:
        return 0.4 if short else 0.2
    return 0.1 if share >= _MOST_CAPITALS and short else -0.4


def _has_no_case(char: str) -> bool:
    return not char.isascii() and not char.isupper() and not char.islower()


def _is_set_as_name(word: str) -> bool:
    return (
        any(char.isupper() for char in word)
        or fold(word) in word_set("classes", "small")
        or word[:1].isdigit()
    )


@lru_cache(maxsize=8192)
def employer_score(text: str) -> float:
    """Above 1: says an organisation; about .4: set like a name; below 0: is none."""
    found = words_of(text)
    if not found.words or len(text) > _LONGEST_EMPLOYER:
        return -1.0
    score = _known_employer(text, shape_score(text))
    if any(word in word_set("classes", "joins_names") for word in found.words[1:-1]):
        score += 0.15
    if _QUOTED_OR_DOMAIN.search(text):
        score += 0.2
    if title_score(text) >= 0.8 and score < 1.2:
        score -= 0.5
    if len(found.words) > _WORDS_OF_EMPLOYER:
        score -= 0.1 * (len(found.words) - _WORDS_OF_EMPLOYER)
    elif score <= 0.6 and titles().seniority.find(text):
        score -= 0.4
    if part_kind(text):
        score -= 0.6
    return score - (0.3 if _ends_as_sentence(text, len(found.words)) else 0.0)


def _known_employer(text: str, shape: float) -> float:
    """The shape of a text, raised by words for organisations in it."""
    lexicon = organisations()
    found = words_of(text)
    legal = ends_legal(text) or (bool(lexicon.legal.find(text)) and not text[:1].islower())
    if legal or (has_cjk(text) and lexicon.cjk.search(found.folded)):
        return shape + 1.0
    if lexicon.nouns.find(text) or lexicon.institutions.find(text):
        clause = shape < 0 and len(found.words) >= 5  # "Prepared bank reconciliations and reports"
        return shape + 0.3 if clause else max(shape, 0.2) + 0.5
    if has_cjk(text) and lexicon.institution_cjk.search(found.folded):
        return shape + 0.6
    return shape


def _ends_as_sentence(text: str, words: int) -> bool:
    """Whether a text ends as no name does; a short one may end with a full stop."""
    return text.endswith((".", ":", ";")) and not ends_legal(text) and (words > 4 or text[-1] != ".")


@lru_cache(maxsize=8192)
def institution_score(text: str) -> float:
    """Above 1: says a school or university."""
    lexicon = organisations()
    found = words_of(text)
    if not found.words or len(text) > _LONGEST_INSTITUTION:
        return -1.0
    score = shape_score(text)
    if _says_school(text):
        score += 1.0
    elif lexicon.nouns.find(text) or lexicon.legal.find(text):
        score += 0.3
    if part_kind(text):
        score -= 0.6
    if text.endswith((".", ":", ";")) and not lexicon.institutions.find(text):
        score -= 0.3
    score -= 0.1 * max(0, len(found.words) - _WORDS_OF_INSTITUTION)
    if 2 <= len(found.words) <= 4 and part_kind(text.split()[-1]) == "city":
        score += 0.35  # "mbo Breda"
    return score


def _says_school(text: str) -> bool:
    lexicon = organisations()
    found = words_of(text)
    suffixed = any(len(w) > 7 and w.endswith(lexicon.institution_suffixes) for w in found.words)
    by_cjk = has_cjk(text) and lexicon.institution_cjk.search(found.folded) is not None
    return bool(lexicon.institutions.find(text)) or suffixed or by_cjk


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
