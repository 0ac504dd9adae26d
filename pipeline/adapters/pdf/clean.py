"""What one glyph of a PDF stands for in plain text. Pure functions, standard library only.

PDFs name glyphs with code points that no reader would type: ligatures, Arabic presentation forms, private-use
bullets and icons, soft hyphens, noncharacters. Everything here maps one glyph to the text that it prints.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

#: What `clean` answers for a private-use glyph: a bullet where it opens a line, nothing elsewhere.
ORNAMENT = "\ue000"
BULLET = "•"
#: What `clean` answers for a glyph that the PDF gives no meaning: often a ligature, or a bullet.
UNKNOWN = "\ufffd"

_ICON_FONT = re.compile(r"awesome|icon|material|symbols?-?(outlined|rounded)|entypo|octicons", re.I)

# Spacing accents that TeX's old fonts print over the letter that follows.
ACCENTS = {
    "`": "\u0300", "´": "\u0301", "ˆ": "\u0302", "^": "\u0302", "˜": "\u0303", "¯": "\u0304", "˘": "\u0306",
    "˙": "\u0307", "¨": "\u0308", "˚": "\u030a", "˝": "\u030b", "ˇ": "\u030c", "¸": "\u0327", "˛": "\u0328",
}  # fmt: skip


def is_icon_font(name: str) -> bool:
    """Whether a font of this name draws pictures: none of its glyphs is text, nor a list's bullet."""
    return _ICON_FONT.search(name) is not None


@lru_cache(maxsize=16384)
def clean(code: int) -> str:
    """The text that a glyph with this code point prints: "" for nothing, " " for white space.

    PDFium answers U+0002 (U+FFFE in other builds) for a hyphen that it takes for a line-end hyphenation, and
    many producers write U+00AD for the hyphen that they print: all are "-" here, as printed. Whether two
    lines are joined at it is for whoever reads the lines. (A soft hyphen that prints nothing has no width:
    the caller drops it.)
    """
    if code in (0x02, 0xFFFE, 0xAD, 0x2010, 0x2011):
        return "-"
    if code in (0, 0xFFFD):
        return UNKNOWN
    if code == 0xFFFF or not 0 < code < 0x110000 or 0xD800 <= code <= 0xDFFF:
        return ""
    char = chr(code)
    if char.isspace() or code in (0x200B, 0x3164):
        return " "
    category = unicodedata.category(char)
    if category == "Co":
        return ORNAMENT
    if category == "Cf":
        return char if code in (0x200C, 0x200D) else ""
    if category in ("Cc", "Cn"):
        return ""
    if _is_form_of_another(code):
        return unicodedata.normalize("NFKC", char).strip()
    return char


def _is_form_of_another(code: int) -> bool:
    """Latin ligatures, Hebrew and Arabic presentation forms, Kangxi radicals, mathematical letters."""
    return (
        0xFB00 <= code <= 0xFDCF
        or 0xFDF0 <= code <= 0xFDFC
        or 0xFE70 <= code <= 0xFEFE
        or 0x2F00 <= code <= 0x2FD5
        or 0x1D400 <= code <= 0x1D7FF
    )


def is_rtl(char: str) -> bool:
    """Whether the first character is written from right to left."""
    return "\u0590" <= char[:1] <= "\u08ff" and unicodedata.bidirectional(char[0]) in ("R", "AL")


_MIRRORED = str.maketrans("()[]{}<>«»", ")(][}{><»«")


def is_ltr(char: str) -> bool:
    """Whether the first character runs from left to right even inside right-to-left text."""
    return bool(char) and unicodedata.bidirectional(char[0]) in ("L", "EN", "AN")


_BRACKETS = frozenset("()[]")
_TELEPHONE = 40  # glyphs: more than any number has


def _is_number_part(texts: list[str], left: int, right: int) -> bool:
    """Whether a bracket between these two glyphs parts two numbers, as in a telephone's "(665)253-3799".

    Right-to-left text turns the order of the two around, where no Latin words stand beside them.
    """
    if not (texts[left].isdigit() and texts[right].isdigit()) or " " in texts[left:right]:
        return False
    start = left
    while start > max(0, left - _TELEPHONE) and not is_rtl(texts[start - 1]):
        start -= 1
    letters = [text.isalpha() for text in texts[start:left]]
    return not any(one and two for one, two in pairwise(letters))


def logical_order(texts: list[str]) -> list[int]:
    """Positions of `texts` (one per glyph, left to right as printed, " " for a space) in reading order.

    For a line that reads from right to left: the whole is reversed, and runs of Latin letters and digits,
    with the punctuation and spaces between two of them, keep their direction.
    """
    order: list[int] = []
    position = len(texts) - 1
    while position >= 0:
        if not is_ltr(texts[position]):
            order.append(position)
            position -= 1
            continue
        start = end = position
        probe = position
        while probe >= 0 and not is_rtl(texts[probe]):
            if is_ltr(texts[probe]):
                if any(
                    texts[between] in _BRACKETS for between in range(probe + 1, start)
                ) and _is_number_part(texts, probe, start):
                    break
                start = probe
            probe -= 1
        order.extend(range(start, end + 1))
        position = start - 1
    return order


_YEARS = range(1950, 2050)


def private_digits(private: Sequence[tuple[int, int]]) -> dict[int, str]:
    """What private-use codes stand for, where a font keeps its figures there in one run of ten; else {}.

    `private` are the page's (position, code) in reading order. Four in a row are mostly years in a resume:
    the run begins where at least two of them, and nearly all, become years.
    """
    groups: list[list[int]] = []
    last = -2
    for position, code in private:
        if position == last + 1:
            groups[-1].append(code)
        else:
            groups.append([code])
        last = position
    fours = [group for group in groups if len(group) == 4]
    if len(fours) < 2:
        return {}
    years = {base: sum(_is_year(group, base) for group in fours) for base in _bases(fours)}
    base = max(years, key=lambda base: years[base], default=0)
    sure = years.get(base, 0)
    if sure < max(2, 0.6 * len(fours)) or list(years.values()).count(sure) > 1:
        return {}
    return {base + figure: str(figure) for figure in range(10)}


def _bases(groups: list[list[int]]) -> set[int]:
    return {code - figure for group in groups for code in group[:1] for figure in (1, 2)}


def _is_year(group: list[int], base: int) -> bool:
    figures = [code - base for code in group]
    if not all(0 <= figure <= 9 for figure in figures):
        return False
    return int("".join(map(str, figures))) in _YEARS
