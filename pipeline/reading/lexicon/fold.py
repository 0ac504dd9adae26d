"""Folding text to compare it: case, accents, width and digits go, and every character keeps its place.

`fold(text)` has the length of `text`, so that a span found in the folded text is a span of the original.
"""

from __future__ import annotations

import re
import unicodedata

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
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7a3]")


def fold(text: str) -> str:
    """Lower case without accents, digits as ASCII; the same length as `text`."""
    return text.translate(_TABLE)


def has_cjk(text: str) -> bool:
    """Whether any character is Chinese, Japanese or Korean: such text has no spaces between words."""
    return _CJK.search(text) is not None
