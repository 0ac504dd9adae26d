"""Folding text to compare it: case, accents, width and digits go, and every character keeps its place.

`fold(text)` has the length of `text`, so that a span found in the folded text is a span of the original.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_KANA_AND_HANGUL = ((0x3040, 0x30FF), (0xAC00, 0xD7A3), (0x1100, 0x11FF))
_SPECIAL = {
    "ı": "i",
    "ł": "l",
    "ø": "o",
    "đ": "d",
    "ß": "s",
    "æ": "a",
    "œ": "o",
    "’": "'",
    "‘": "'",
    "`": "'",
    "´": "'",
    "“": '"',
    "”": '"',
    "״": '"',
    "׳": "'",
    "\xa0": " ",
    "\u2007": " ",
    "\u202f": " ",
    "أ": "ا",
    "إ": "ا",
    "آ": "ا",
    "ى": "ي",
    "ة": "ه",
}


def _fold_char(char: str) -> str:
    if char in _SPECIAL:
        return _SPECIAL[char]
    code = ord(char)
    if any(low <= code <= high for low, high in _KANA_AND_HANGUL):
        return char
    digit = unicodedata.digit(char, None)
    if digit is not None and char.isdecimal():
        return str(digit)
    base = [c for c in unicodedata.normalize("NFKD", char) if not unicodedata.combining(c)]
    folded = "".join(base).lower()
    folded = _SPECIAL.get(folded, folded)
    return folded if len(folded) == 1 else char.lower() if len(char.lower()) == 1 else char


class _FoldTable(dict[int, str]):
    """Fills itself with the characters it meets."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = _fold_char(chr(code))
        return folded


_TABLE = _FoldTable()
_WORD = re.compile(r"[^\W_]+|[&+#@]")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7a3]")


def fold(text: str) -> str:
    """Lower case without accents, digits as ASCII; the same length as `text`."""
    return text.translate(_TABLE)


def has_cjk(text: str) -> bool:
    return _CJK.search(text) is not None


@dataclass(frozen=True, slots=True)
class Words:
    """A folded text with its words and their spans. "B.V." is two words: "b", "v"."""

    folded: str
    words: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]


@lru_cache(maxsize=8192)
def words_of(text: str) -> Words:
    folded = fold(text)
    found = list(_WORD.finditer(folded))
    return Words(folded, tuple(m.group() for m in found), tuple(m.span() for m in found))


class Phrases:
    """Finds known phrases (a word or more) in a text, longest first, on word borders.

    Each phrase carries a label; of two phrases that fold alike the first given wins.
    """

    def __init__(self, labelled: dict[str, str]) -> None:
        self._by_first: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        self._labels: dict[tuple[str, ...], str] = {}
        for phrase, label in labelled.items():
            key = words_of(phrase).words
            if key and key not in self._labels:
                self._labels[key] = label
                self._by_first.setdefault(key[0], []).append((key, label))
        for entries in self._by_first.values():
            entries.sort(key=lambda entry: -len(entry[0]))

    def label(self, text: str) -> str | None:
        """The label of the phrase that is all of `text`."""
        return self._labels.get(words_of(text).words)

    def __contains__(self, text: str) -> bool:
        return words_of(text).words in self._labels

    def find(self, text: str) -> list[tuple[int, int, str]]:
        """(first word, past the last word, label) of every phrase, not overlapping."""
        words = words_of(text).words
        found: list[tuple[int, int, str]] = []
        i = 0
        while i < len(words):
            for key, label in self._by_first.get(words[i], ()):
                if words[i : i + len(key)] == key:
                    found.append((i, i + len(key), label))
                    i += len(key) - 1
                    break
            i += 1
        return found

    def starts(self, text: str) -> tuple[int, str] | None:
        """How many words the phrase has that `text` begins with, and its label."""
        words = words_of(text).words
        for key, label in self._by_first.get(words[0], ()) if words else ():
            if words[: len(key)] == key:
                return len(key), label
        return None


def phrases(*groups: list[str]) -> Phrases:
    return Phrases({phrase: phrase for group in groups for phrase in group})
