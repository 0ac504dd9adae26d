"""What a section's title says that the section is about, in many languages."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import Any, NamedTuple

from pipeline.domain.sections import SectionKind
from pipeline.reading.lexicon.fold import fold
from pipeline.reading.lexicon.load import any_of, load

_LONGEST_TITLE = 60  # characters; what is longer is a sentence
_LONG_KEY = 9  # letters, from which on one wrong letter still tells the title
_MOST_WORDS = 7  # of a title in other words than the lexicon's: more are a sentence too
_HEADED_WORDS = range(2, 6)  # words of a title that its last or its first word decides
_UNSPACED_KEY = range(3, 11)  # letters of a title without spaces whose end decides
_KANA_OR_HAN = re.compile(r"[\u3000-\uabff]")  # scripts that set no spaces between words; Hangul does
_NUMBERING = re.compile(
    r"^(?:(?:[ivx]{1,4}[.)]|[0-9]{1,2}(?:\.[0-9]{1,2})*[.)]?|[a-z][.)]|[0-9]{1,2}\s*[-–:|])\s+"
    r"|[(（]?[一二三四五六七八九十]{1,2}[)）、,.．:：]\s*)",
    re.I,
)
RULE = " _"  # drawn under a title with letters
_ASIDE = re.compile(r"\([^()]{0,30}\)\s*$")


class _Lexicon(NamedTuple):
    """`section_titles.toml`, every word as its key. `misspelt` has each long title with one letter left out."""

    kinds: dict[str, SectionKind]
    misspelt: dict[str, SectionKind]
    qualifiers: frozenset[str]
    joiners: frozenset[str]
    separator: re.Pattern[str]
    last_words: dict[str, SectionKind]
    first_words: dict[str, SectionKind]


def plain_title(text: str) -> str:
    """A title folded, with ligatures and "ß" in their letters and white space single: it may be longer than `text`."""
    return " ".join(fold(unicodedata.normalize("NFKC", text.casefold())).split())


def _key(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def _keys(words: list[str]) -> frozenset[str]:
    return frozenset(_key(plain_title(word)) for word in words)


def _with_one_left_out(key: str) -> list[str]:
    return [key[:i] + key[i + 1 :] for i in range(len(key))]


def _by_kind(table: dict[str, Any]) -> dict[str, SectionKind]:
    """The kind of each listed title by its key; a title that two kinds list is the first's."""
    kinds: dict[str, SectionKind] = {}
    for kind in SectionKind:
        for key in _keys(table.get(kind.value, [])):
            kinds.setdefault(key, kind)
    return kinds


@cache
def _lexicon() -> _Lexicon:
    table = load("section_titles")
    unspaced = any_of(table["joiners_unspaced"]).pattern
    kinds = _by_kind(table)
    return _Lexicon(
        kinds=kinds,
        misspelt={
            shorter: kind
            for key, kind in kinds.items()
            if len(key) >= _LONG_KEY
            for shorter in (key, *_with_one_left_out(key))
        },
        qualifiers=_keys(table["qualifiers"]),
        joiners=_keys(table["joiners"]),
        separator=re.compile(rf"\s*(?:[&/,+|·•、・]|{unspaced}|\s[-–—]\s)\s*"),
        last_words=_by_kind(table["last_words"]),
        first_words=_by_kind(table["first_words"]),
    )


@lru_cache(maxsize=8192)
def title_kind(text: str) -> SectionKind | None:
    """The kind that a whole line names as a title ("Work Experience", "2. SKILLS:"), None when none.

    Exact titles only, apart from case, accents, spaces, numbering, and a remark in parentheses.
    """
    text = text.strip(RULE)
    if not 2 <= len(text) <= _LONGEST_TITLE:
        return None
    plain = plain_title(text).strip(" :：-–—_|•·*#.…<>«»[]{}▪■●◆▶►/\\~=+")
    kinds = _lexicon().kinds
    return kinds.get(_key(plain)) or kinds.get(_key(_ASIDE.sub("", _NUMBERING.sub("", plain))))


@lru_cache(maxsize=8192)
def loose_title_kind(text: str) -> SectionKind | None:
    """As `title_kind`, also with qualifying words around ("Relevant Work Experience") and for two titles in
    one ("Skills & Interests": the first known decides). For lines that already look like headings.
    """
    text = text.strip(RULE)
    exact = title_kind(text)
    if exact is not None or not 2 <= len(text) <= _LONGEST_TITLE or len(text.split()) > _MOST_WORDS:
        return exact
    plain = _ASIDE.sub("", _NUMBERING.sub("", plain_title(text))).strip(" :-–—_|•·*#.")
    parts = _parts(plain)
    for part in parts:
        kind = _qualified_kind(part) or _suffix_kind(part)
        if kind is not None:
            return kind
    misspelt = _misspelt_kind(plain)
    if misspelt is not None:
        return misspelt
    return next((kind for part in parts[-1:0:-1] or parts if (kind := _headword_kind(part))), None)


@lru_cache(maxsize=8192)
def is_all_title(text: str) -> bool:
    """Whether every part of a line is a title, qualifying words aside: "Education & Training", no "Acme – Projects"."""
    plain = _ASIDE.sub("", _NUMBERING.sub("", plain_title(text))).strip(" :-–—_|•·*#.")
    whole, *parts = _parts(plain) or [""]
    return _qualified_kind(whole) is not None or (
        bool(parts) and all(_qualified_kind(part) is not None for part in parts)
    )


def _parts(plain: str) -> list[str]:
    """The text whole, then the titles that it joins."""
    lexicon = _lexicon()
    parts: list[list[str]] = [[]]
    for word in lexicon.separator.sub(" , ", plain).split():
        if word == "," or _key(word) in lexicon.joiners:
            parts.append([])
        else:
            parts[-1].append(word)
    joined = [" ".join(part) for part in parts if part]
    return joined if len(joined) == 1 else [plain, *joined]


def _qualified_kind(part: str) -> SectionKind | None:
    """Of a known title, after the qualifying words around it are gone."""
    lexicon = _lexicon()
    words = [_key(word) for word in part.split()]
    while words:
        kind = lexicon.kinds.get("".join(words))
        if kind is not None:
            return kind
        if len(words) > 1 and words[0] in lexicon.qualifiers:
            words = words[1:]
        elif len(words) > 1 and words[-1] in lexicon.qualifiers:
            words = words[:-1]
        else:
            break
    return None


def _suffix_kind(part: str) -> SectionKind | None:
    """Of a title in a script without spaces: what its end says ("个人技术栈")."""
    key = _key(part)
    if len(key) not in _UNSPACED_KEY or not _KANA_OR_HAN.match(key):
        return None
    return next((kind for n in range(1, len(key) - 1) if (kind := _lexicon().kinds.get(key[n:]))), None)


def _misspelt_kind(plain: str) -> SectionKind | None:
    """Of a long title with one letter wrong, missing or too many: "WORK EXPERIANCE"."""
    key = _key(plain)
    if len(key) < _LONG_KEY:
        return None
    misspelt = _lexicon().misspelt
    return next((kind for one in (key, *_with_one_left_out(key)) if (kind := misspelt.get(one))), None)


def _headword_kind(part: str) -> SectionKind | None:
    """Of a title of several words: what its last word says, or its first."""
    words = [_key(word) for word in part.split()]
    if len(words) not in _HEADED_WORDS:
        return None
    lexicon = _lexicon()
    return lexicon.last_words.get(words[-1]) or lexicon.first_words.get(words[0])
