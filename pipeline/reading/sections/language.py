"""The language of a text, from its script and its most frequent small words."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

from pipeline.reading.lexicon.load import load

_SCRIPTS = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af]")),
    ("zh", re.compile(r"[\u4e00-\u9fff]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
    ("el", re.compile(r"[\u0370-\u03ff]")),
    ("he", re.compile(r"[\u0590-\u05ff]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("th", re.compile(r"[\u0e00-\u0e7f]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
    ("la", re.compile(r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")),
)

_WORD = re.compile(r"[^\W\d_]+")
_ENOUGH_LETTERS = 40  # of any script: less is a name and an address
# Resumes in any script are full of Latin names: a fifth of another script decides.
_OTHER_SCRIPT = 0.2
_JAPANESE_SIGNS = 0.15  # of the letters; kanji and kana together
_KANA = 0.05  # of those: Chinese has none, and Japanese resumes are mostly kanji
_TELLING_LETTERS = 0.01  # of the text: a few Ukrainian names make no Ukrainian text
_MOST_OF_A_WORD, _MOST_OF_A_LETTER = 12, 5  # counted no more often: "de" alone decides nothing
_ENOUGH_FOUND = 3  # words and letters of a language


@cache
def _profiles() -> dict[str, frozenset[str]]:
    return {code: frozenset(words.split()) for code, words in load("small_words")["words"].items()}


@cache
def _letters() -> dict[str, str]:
    letters: dict[str, str] = load("small_words")["letters"]
    return letters


@cache
def _within() -> dict[str, dict[str, str]]:
    within: dict[str, dict[str, str]] = load("small_words")["within_script"]
    return within


def language_of(text: str) -> str | None:
    """ISO 639-1 code of the language that most of the text is in; None when there is too little to tell."""
    counts = {code: len(pattern.findall(text)) for code, pattern in _SCRIPTS}
    total = sum(counts.values())
    if total < _ENOUGH_LETTERS:
        return None
    kana, han = counts["ja"], counts["zh"]
    if kana > _KANA * (kana + han) and kana + han > _JAPANESE_SIGNS * total:
        return "ja"
    script, most = max(((code, n) for code, n in counts.items() if code != "la"), key=lambda item: item[1])
    if most > _OTHER_SCRIPT * total:
        return _within_script(script, text)
    return _latin(text)


def _within_script(script: str, text: str) -> str:
    """The language that its own letters tell from the script's most frequent one."""
    for code, letters in _within().get(script, {}).items():
        if len(re.findall(f"[{letters}]", text.lower())) > _TELLING_LETTERS * len(text):
            return code
    return script


def _latin(text: str) -> str | None:
    lower = text.lower()
    words = Counter(_WORD.findall(lower))
    scores: dict[str, float] = {}
    for code, profile in _profiles().items():
        score = float(sum(min(words[word], _MOST_OF_A_WORD) for word in profile if word in words))
        score += sum(min(lower.count(letter), _MOST_OF_A_LETTER) for letter in _letters().get(code, ""))
        scores[code] = score
    best = max(scores, key=lambda code: (scores[code], code == "en"))
    return best if scores[best] >= _ENOUGH_FOUND else None
