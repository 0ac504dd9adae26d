"""What a short text is likely to be: a job title, an employer, a school. Scores compare by size.

The weights add up on one scale: about 1 is a word that hardly stands for anything else, about .4 is the shape of a
name alone, and a text below 0 speaks against. They were set by hand on the samples, against one another.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pipeline.reading.lexicon.fold import fold, has_cjk
from pipeline.reading.lexicon.load import Titles, organisations, titles, word_set
from pipeline.reading.lexicon.phrases import words_of
from pipeline.reading.values.places import part_kind
from pipeline.reading.values.skills import lists_known_skills
from pipeline.reading.why import Sum

# Words and characters of each kind of name; what is longer is likelier a sentence.
_WORDS_OF_TITLE, _WORDS_OF_NAME, _WORDS_OF_EMPLOYER, _WORDS_OF_INSTITUTION = 9, 6, 10, 14
_LONGEST_EMPLOYER, _LONGEST_INSTITUTION = 110, 130
_MOST_CAPITALS = 0.7  # share of the words of a name that begin with one
_NONE = -1.0  # no words, or far too many

# A title: its head at an end or inside, a compound, CJK heads, and weaker words.
_HEAD_AT_END, _HEAD_INSIDE, _COMPOUND, _CJK_HEAD, _CJK_INSIDE = 1.2, 1.0, 1.1, 1.2, 0.8
_WEAK_TITLE, _MODIFIER = 0.5, 0.2
# What speaks against one: a legal form, at the end or inside; each word too many; a small first letter.
_LEGAL_AT_END, _LEGAL_INSIDE, _TITLE_TOO_LONG, _SMALL_FIRST = 0.8, 0.3, 0.15, 0.4

# The shape of a name: all words with capitals (few words, many), a script without case, most words, and any other.
_SHAPED, _SHAPED_LONG, _CASELESS, _MOSTLY_SHAPED, _UNSHAPED, _WORDLESS = 0.4, 0.2, 0.3, 0.1, -0.4, -0.5

# An employer, beside its shape: a legal form, an organisation's word, quotes or a domain, "&" between names.
_LEGAL, _ORGANISATION, _CJK_SCHOOL, _IN_CLAUSE, _QUOTED, _JOINED = 1.0, 0.5, 0.6, 0.3, 0.2, 0.15
_LEAST_SHAPE = 0.2  # of a text with an organisation's word, however it is set
_WORDS_OF_CLAUSE = 5  # from so many, a text that is not set as a name is a clause
# Against one: a title's word, a word of rank, a place, the end of a sentence, each word too many.
_SAYS_TITLE, _SAYS_RANK, _IS_PLACE, _ENDS_SENTENCE, _NAME_TOO_LONG = 0.5, 0.4, 0.6, 0.3, 0.1
_LISTS_SKILLS = 1.2  # lost by a row of known skills
_SURE_TITLE, _SURE_EMPLOYER, _LIKELY_EMPLOYER = 0.8, 1.2, 0.6
_WORDS_BEFORE_STOP = 4  # a name as short may end with a full stop

# A school: its own word, another organisation's, a city at the end of two to four words ("mbo Breda").
_SCHOOL, _OTHER_ORGANISATION, _SCHOOL_IN_CITY = 1.0, 0.3, 0.35
_WORDS_OF_SCHOOL_IN_CITY = range(2, 5)
_LONG_COMPOUND, _LONG_SCHOOL = 6, 7  # letters: a longer word may be told by its end alone
_QUOTED_OR_DOMAIN = re.compile(r"[«»\"“”„]|\.(?:com|io|org|net|ai|co|de|fr)\b")
_CAPITALS = re.compile(r"[^\W\d_]+")
_SHAPE = "the shape of a name"  # or of none, below 0


@lru_cache(maxsize=8192)
def title_score(text: str) -> float:
    """Above 1: says a job title; about 0: could be one; below 0: is none."""
    return weigh_title(text).total


def weigh_title(text: str) -> Sum:
    """`title_score` with its parts."""
    lexicon = titles()
    words = words_of(text).words
    if not words:
        return Sum().add("no words", _NONE)
    heads = [i for i, word in enumerate(words) if _is_head(word, lexicon) and not _is_firm(words, i)]
    score = Sum().add(*_known_title(text, heads))
    if _has_legal(text):
        score.add("a legal form", -(_LEGAL_AT_END if ends_legal(text) else _LEGAL_INSIDE))
    score.add("long for a title", -_TITLE_TOO_LONG * max(0, len(words) - _WORDS_OF_TITLE))
    if text[:1].islower() and not heads:
        score.add("a small first letter", -_SMALL_FIRST)
    return score


def _known_title(text: str, heads: list[int]) -> tuple[str, float]:
    """What the words of a text say of a title: a head ("manager") most, best at an end; then weaker words."""
    lexicon = titles()
    found = words_of(text)
    if heads:
        at_end = heads[-1] == len(found.words) - 1 or heads[0] == 0
        return "a title's word", _HEAD_AT_END if at_end else _HEAD_INSIDE
    if lexicon.compounds.find(text):
        return "a known title", _COMPOUND
    if has_cjk(text) and lexicon.cjk_tail.search(found.folded):
        return "a title's word", _CJK_HEAD
    if has_cjk(text) and lexicon.cjk.search(found.folded):
        return "a title's word inside", _CJK_INSIDE
    if any(word in lexicon.weak for word in found.words):
        return "a weak title's word", _WEAK_TITLE
    return "a word beside titles", _MODIFIER if any(
        word in lexicon.modifiers for word in found.words
    ) else 0.0


def _is_firm(words: tuple[str, ...], i: int) -> bool:
    """Whether a head is part of a firm's name: "Dahlström & Partner"."""
    return i > 0 and words[i].startswith("partner") and words[i - 1] in word_set("classes", "joins_partner")


def _is_head(word: str, lexicon: Titles) -> bool:
    return word in lexicon.heads or (len(word) > _LONG_COMPOUND and word.endswith(lexicon.suffixes))


def is_titleish(text: str) -> bool:
    """Whether a text says something of a role or a part of an organisation: "Banking Operations"."""
    lexicon = titles()
    words = words_of(text).words
    return title_score(text) >= _WEAK_TITLE or any(
        w in lexicon.modifiers or w in word_set("classes", "units") for w in words
    )


def ends_legal(text: str) -> bool:
    """Whether a text ends with a legal form ("Acme Ltd"), which nothing but a firm does."""
    words = words_of(text).words
    return any(end == len(words) and begin > 0 for begin, end, _ in organisations().legal.find(text))


def _has_legal(text: str) -> bool:
    """Whether a legal form stands anywhere in a text; the "Co-" of a co-founder is none."""
    words = words_of(text)
    return any(
        words.folded[words.spans[end - 1][1] :][:1] != "-" for _, end, _ in organisations().legal.find(text)
    )


def shape_score(text: str) -> float:
    """How much a text is set like a proper name: every word but the small ones with a capital."""
    words = [word for word in text.split() if _CAPITALS.search(word)]
    if not words:
        return _WORDLESS
    if has_cjk(text) or _has_no_case(text[0]):
        return _CASELESS
    share = sum(_is_set_as_name(word) for word in words) / len(words)
    short = len(words) <= _WORDS_OF_NAME
    if share == 1:
        return _SHAPED if short else _SHAPED_LONG
    return _MOSTLY_SHAPED if share >= _MOST_CAPITALS and short else _UNSHAPED


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
    return weigh_employer(text).total


def weigh_employer(text: str) -> Sum:
    """`employer_score` with its parts."""
    found = words_of(text)
    if not found.words or len(text) > _LONGEST_EMPLOYER:
        return Sum().add("no words, or too many", _NONE)
    score = _known_employer(text, shape_score(text))
    if any(word in word_set("classes", "joins_names") for word in found.words[1:-1]):
        score.add("names joined", _JOINED)
    if _QUOTED_OR_DOMAIN.search(text):
        score.add("in quotes, or a domain", _QUOTED)
    if title_score(text) >= _SURE_TITLE and score.total < _SURE_EMPLOYER:
        score.add("says a title", -_SAYS_TITLE)
    if len(found.words) > _WORDS_OF_EMPLOYER:
        score.add("long for a firm", -_NAME_TOO_LONG * (len(found.words) - _WORDS_OF_EMPLOYER))
    elif score.total <= _LIKELY_EMPLOYER and titles().seniority.find(text):
        score.add("says a rank", -_SAYS_RANK)
    if part_kind(text):
        score.add("is a place", -_IS_PLACE)
    if lists_known_skills(text):
        score.add("lists skills", -_LISTS_SKILLS)
    return score.add("ends a sentence", -_ENDS_SENTENCE * _ends_as_sentence(text, len(found.words)))


def _known_employer(text: str, shape: float) -> Sum:
    """The shape of a text, raised by words for organisations in it."""
    lexicon = organisations()
    found = words_of(text)
    legal = ends_legal(text) or (_has_legal(text) and not text[:1].islower())
    if legal or (has_cjk(text) and lexicon.cjk.search(found.folded)):
        return Sum().add(_SHAPE, shape).add("a legal form", _LEGAL)
    if lexicon.nouns.find(text) or lexicon.institutions.find(text):
        if shape < 0 and len(found.words) >= _WORDS_OF_CLAUSE:  # "Prepared bank reconciliations and reports"
            return Sum().add(_SHAPE, shape).add("an organisation's word in a clause", _IN_CLAUSE)
        return Sum().add(_SHAPE, max(shape, _LEAST_SHAPE)).add("an organisation's word", _ORGANISATION)
    score = Sum().add(_SHAPE, shape)
    if has_cjk(text) and lexicon.institution_cjk.search(found.folded):
        score.add("a school's word", _CJK_SCHOOL)
    return score


def _ends_as_sentence(text: str, words: int) -> bool:
    """Whether a text ends as no name does; a short one may end with a full stop."""
    return (
        text.endswith((".", ":", ";"))
        and not ends_legal(text)
        and (words > _WORDS_BEFORE_STOP or text[-1] != ".")
    )


@lru_cache(maxsize=8192)
def institution_score(text: str) -> float:
    """Above 1: says a school or university."""
    return weigh_institution(text).total


def weigh_institution(text: str) -> Sum:
    """`institution_score` with its parts."""
    lexicon = organisations()
    found = words_of(text)
    if not found.words or len(text) > _LONGEST_INSTITUTION:
        return Sum().add("no words, or too many", _NONE)
    score = Sum().add(_SHAPE, shape_score(text))
    if _says_school(text):
        score.add("a school's word", _SCHOOL)
    elif lexicon.nouns.find(text) or lexicon.legal.find(text):
        score.add("another organisation's word", _OTHER_ORGANISATION)
    if part_kind(text):
        score.add("is a place", -_IS_PLACE)
    if text.endswith((".", ":", ";")) and not lexicon.institutions.find(text):
        score.add("ends a sentence", -_ENDS_SENTENCE)
    score.add("long for a school", -_NAME_TOO_LONG * max(0, len(found.words) - _WORDS_OF_INSTITUTION))
    if len(found.words) in _WORDS_OF_SCHOOL_IN_CITY and part_kind(text.split()[-1]) == "city":
        score.add("ends in a city", _SCHOOL_IN_CITY)  # "mbo Breda"
    return score


def _says_school(text: str) -> bool:
    lexicon = organisations()
    found = words_of(text)
    suffixed = any(len(w) > _LONG_SCHOOL and w.endswith(lexicon.institution_suffixes) for w in found.words)
    by_cjk = has_cjk(text) and lexicon.institution_cjk.search(found.folded) is not None
    return bool(lexicon.institutions.find(text)) or suffixed or by_cjk
