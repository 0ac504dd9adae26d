"""How much a text reads like a person's name, whatever it looks like on the page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from pipeline.reading.lexicon.fold import fold, has_cjk
from pipeline.reading.lexicon.load import languages, load, organisations, skills, titles, word_set
from pipeline.reading.lexicon.patterns import one_of
from pipeline.reading.lexicon.phrases import Phrases, phrases, words_of
from pipeline.reading.values.classify import employer_score, title_score
from pipeline.reading.values.dates import find_dates
from pipeline.reading.values.degrees import degree_score
from pipeline.reading.values.places import part_kind
from pipeline.reading.why import Sum

_GLUED_INITIAL = re.compile(r"(?<![^\W\d_])([^\W\d_])\.(?=[^\W\d_]{2})")  # "K.NAME"
# Likeness: about 1 is a name; what speaks against it is taken off, in the same unit.
_NEVER, _LOWER_CASE = -2.0, -1.5
_BY_WORDS = {1: -0.1, 2: 1.0, 3: 0.9, 4: 0.7}
_MANY_WORDS = 0.4
_MOST_WORDS = 7
_LONGEST = 48  # characters
_SAYS_TITLE = 0.8  # score of a text with a known title in it
_HINTED = 0.5  # by an address or an account: then an organisation's word in it says less
_NO_NAME_CHARS = "@:;!?/\\&+%=<>{}_*"
# What is taken off for a title's word (sure, possible), an organisation's (without and with a hint), a place,
# and a word of a degree, a language or a skill.
_TITLE_COSTS, _MAYBE_TITLE_COSTS, _FIRM_COSTS, _HINTED_FIRM_COSTS, _PLACE_COSTS, _TERM_COSTS = (
    1.6,
    0.3,
    1.2,
    0.4,
    1.4,
    0.6,
)
_SAYS_EMPLOYER, _MAY_BE_EMPLOYER, _SAYS_DEGREE = 1.0, 0.9, 1.0  # scores of `classify` and `degrees`
_MOST_WORDS_WITH_COUNTRY = 3
_LETTERS_OF_NAME, _LETTERS_WITH_SPACE, _LETTERS_WITH_DOT = range(2, 5), 6, 10
_CJK_NAME, CJK_SPACED, _CJK_DOTTED, _CJK_OTHER, _CJK_KNOWN_COSTS = 1.0, 0.8, 0.3, -1.0, 1.2
# What an address or an account gives: two words of the name in it, one and an initial, one.
_HINT_WORDS, _HINT_INITIAL, _HINT_WORD = 1.2, 0.7, 0.5
_NAME_WORD = re.compile(r"^[^\W\d_][\w'’.‑-]*$")
_HINTS = "addresses and accounts agree"


@cache
def _prefix() -> re.Pattern[str]:
    spaced, glued = one_of("names", "prefixes"), one_of("names", "prefixes_without_space")
    return re.compile(rf"(?:{spaced}\.?\s+|{glued}\s?)+")


@cache
def _suffix() -> re.Pattern[str]:
    return re.compile(rf"[,\s(]+{one_of('names', 'suffixes')}\.?\)?$")


def core_of(text: str) -> tuple[int, int]:
    """Where a name begins behind the titles before it ("Dr."), and ends before those behind it (", PhD")."""
    folded = fold(text)
    prefix = _prefix().match(folded)
    begin, end = prefix.end() if prefix else 0, len(text)
    if sum(char.isalpha() for char in text[:begin]) == 1 and len(text[begin:].split()) == 1:
        begin = 0  # "M. Thilagavathy": an initial, where nothing else is left
    while suffix := _suffix().search(folded, begin, end):
        end = suffix.start()
    return begin, end


@cache
def _not_names() -> Phrases:
    return phrases(load("names")["not_names"])


@cache
def name_labels() -> Phrases:
    """What forms label a name with: whole ("name"), or its parts ("given", "family")."""
    return Phrases({word: kind for kind in ("name", "given", "family") for word in load("form_labels")[kind]})


@cache
def _other_labels() -> Phrases:
    return phrases(load("form_labels")["never"], load("furniture")["documents"])


def likeness_of(text: str, hints: Sequence[str]) -> Sum:
    """How much a text reads like a person's name; below 0 it is none."""
    begin, end = core_of(text)
    bare = text[begin:end].strip(" ,.()")
    if _is_something_else(bare):
        return Sum().add("known for something else", _NEVER)
    if has_cjk(bare):
        return _likeness_without_spaces(bare).add(_HINTS, _hinted(bare, hints))
    words = _GLUED_INITIAL.sub(r"\1. ", bare.replace(",", " ")).split()
    inner = [stripped for word in words if (stripped := word.strip(".(\"')“”"))]
    if len(words) > _MOST_WORDS or not all(_NAME_WORD.match(word) for word in inner):
        return Sum().add("too many words, or other signs", _NEVER)
    if _is_mostly_lower(words):
        return Sum().add("small letters", _LOWER_CASE)
    hint = _hinted(bare, hints)
    likeness = Sum().add(f"words: {len(words)}", _BY_WORDS.get(len(words), _MANY_WORDS))
    return likeness.less(_against(bare, words, hinted=hint >= _HINTED)).add(_HINTS, hint)


def _is_something_else(bare: str) -> bool:
    """Whether a text has what no name has, or is known for something else: a label, a title of a document, a date."""
    return (
        not 2 <= len(bare) <= _LONGEST
        or any(char.isdigit() or char in _NO_NAME_CHARS for char in bare)
        or bool(find_dates(bare))
        or is_label(bare)
        or bool(_not_names().find(bare))
        or bool(titles().labels.label(bare) or organisations().legal.label(bare))
    )


def _likeness_without_spaces(bare: str) -> Sum:
    """Of Chinese, Japanese and Korean: by length, for a name has two to four letters, or six with its space."""
    compact = re.sub(r"[\s·・]", "", bare)
    likeness = _CJK_OTHER
    if len(compact) in _LETTERS_OF_NAME:
        likeness = _CJK_NAME
    elif " " in bare and len(compact) <= _LETTERS_WITH_SPACE:
        likeness = CJK_SPACED
    elif "・" in bare and len(compact) <= _LETTERS_WITH_DOT:
        likeness = _CJK_DOTTED
    known = (
        title_score(bare) >= _SAYS_TITLE
        or employer_score(bare) >= _SAYS_EMPLOYER
        or part_kind(bare) is not None
    )
    return Sum().add("length", likeness).add("known for something else", -_CJK_KNOWN_COSTS if known else 0.0)


def _is_mostly_lower(words: Sequence[str]) -> bool:
    """Whether fewer words begin with a capital than names have: all but a particle, of long ones three."""
    cased = [word for word in words if word[0].isupper() or word[0].islower()]
    capitals = sum(word[0].isupper() for word in cased)
    small = 3 if len(cased) > 3 else 1
    return bool(cased) and capitals < max(1, len(cased) - small)


def _against(bare: str, words: Sequence[str], *, hinted: bool) -> Sum:
    """What a text says that names do not: a job, an organisation, a place, a degree or a skill."""
    if len(words) > 1 and fold(words[0]).rstrip(".") in word_set("names", "given_like_degrees"):
        bare = " ".join(words[1:])  # "Md" is a given name before another name
    against = Sum()
    if title_score(bare) >= _SAYS_TITLE:
        against.add("says a title", _TITLE_COSTS)
    elif title_score(bare) > 0:
        against.add("may say a title", _MAYBE_TITLE_COSTS)
    if _says_organisation(bare):
        against.add("says an organisation", _HINTED_FIRM_COSTS if hinted else _FIRM_COSTS)
    in_country = len(words) <= _MOST_WORDS_WITH_COUNTRY and any(
        part_kind(part.strip()) == "country" for part in bare.split(",")
    )
    if part_kind(bare) or in_country:
        against.add("says a place", _PLACE_COSTS)
    if (
        degree_score(bare) >= _SAYS_DEGREE
        or languages().names.find(bare)
        or skills().canonical.get(fold(bare))
    ):
        against.add("a degree, a language or a skill", _TERM_COSTS)
    return against


def _says_organisation(bare: str) -> bool:
    known = organisations()
    return bool(
        known.legal.find(bare) or employer_score(bare) >= _MAY_BE_EMPLOYER or known.institutions.find(bare)
    )


def is_label(text: str) -> bool:
    """Whether a text is a form's label, or says what the document is: "履 歴 書" too."""
    bare = text.strip(" :：-–*.")
    compact = re.sub(r"\s", "", bare)
    known = _other_labels()
    return bool(known.label(bare) or name_labels().label(bare) or (has_cjk(bare) and known.label(compact)))


def _hinted(text: str, hints: Sequence[str]) -> float:
    """How much the addresses and accounts of a document speak for a text as the name."""
    words = words_of(text).words
    initials = {word[0] for word in words}
    best = 0.0
    for hint in hints:
        agreed = sum(len(word) > 2 and word in hint for word in words)
        if agreed >= 2:
            return _HINT_WORDS
        if agreed:
            best = max(best, _HINT_INITIAL if hint[:1] in initials else _HINT_WORD)
    return best
