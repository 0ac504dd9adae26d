"""Words and known phrases in a folded text, found on word borders."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from pipeline.reading.lexicon.fold import fold

_WORD = re.compile(r"[^\W_]+|[&+#@]")


@dataclass(frozen=True, slots=True)
class Words:
    """A folded text with its words and their spans. "B.V." is two words: "b", "v"."""

    folded: str
    words: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]


@lru_cache(maxsize=8192)
def words_of(text: str) -> Words:
    """The words of a text, folded, with where they stand."""
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
        if self._by_first.keys().isdisjoint(words):  # as most texts: told faster than word by word
            return found
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
    """Phrases that need no label: each is its own."""
    return Phrases({phrase: phrase for group in groups for phrase in group})
