"""How wide letters are whose font does not say. Pure functions, standard library only.

A font without widths has every letter as wide as it is high: boxes lie over one another, and the letters of a line
cannot be put in order by them. Where each letter begins is printed on the page, and is right.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import Protocol, TypeVar

_LEAST_PAIRS = 8  # of neighbours of one size: fewer prove nothing
_LYING_OVER = 0.6  # of them, where no width is right; in a slanted font with true widths it is none
_OVERLAP = 0.15  # of the size, more than any kerning
_SAME_BASE = 0.1  # of the size

# Widths of letters in shares of the size, as in most fonts of print; for the last of a word they tell the space.
_WIDTHS = (
    dict.fromkeys("iljI.,:;'|!", 0.3) | dict.fromkeys("ftrsz()[]/-", 0.38) | dict.fromkeys("mwMW@%", 0.86)
)
_CAPITAL, _OTHER = 0.7, 0.55


class _Glyph(Protocol):
    @property
    def text(self) -> str: ...
    @property
    def left(self) -> float: ...
    @property
    def right(self) -> float: ...
    @property
    def base(self) -> float: ...
    @property
    def style(self) -> int: ...
    def _replace(self, *, right: float) -> _Glyph: ...


class _Style(Protocol):
    size: float


G = TypeVar("G", bound=_Glyph)


def mend_advances(glyphs: list[G], styles: Sequence[_Style]) -> None:
    """Narrow the glyphs, given in the order in which they were printed, of every size without true widths.

    By size, not by style: whoever leaves the widths out prints each letter by itself.
    """
    lying = _lying_over(glyphs, styles)
    if not lying:
        return
    pairs: dict[float, list[int]] = defaultdict(list)
    for index, (glyph, after) in enumerate(pairwise(glyphs)):
        size = styles[glyph.style].size
        if size in lying and size == styles[after.style].size and _follows(glyph, after, size):
            pairs[size].append(index)
    for size, indices in pairs.items():
        over = sum(glyphs[i].right - glyphs[i + 1].left > _OVERLAP * size for i in indices)
        alike = len({round(glyphs[i].right - glyphs[i].left, 1) for i in indices}) == 1
        if alike and len(indices) >= _LEAST_PAIRS and over >= _LYING_OVER * len(indices):
            _narrow(glyphs, styles, size, frozenset(indices))


def _lying_over(glyphs: Sequence[_Glyph], styles: Sequence[_Style]) -> set[float]:
    """The sizes of which some letter reaches far over the next one: on most pages none, and all widths are true."""
    return {
        styles[glyph.style].size
        for glyph, after in pairwise(glyphs)
        if glyph.left < after.left < glyph.right
        and glyph.right - after.left > _OVERLAP * styles[glyph.style].size
    }


def _follows(glyph: _Glyph, after: _Glyph, size: float) -> bool:
    return abs(glyph.base - after.base) <= _SAME_BASE * size and after.left > glyph.left


def _narrow(glyphs: list[G], styles: Sequence[_Style], size: float, followed: frozenset[int]) -> None:
    for index, glyph in enumerate(glyphs):
        if styles[glyph.style].size == size:
            right = glyph.left + _width(glyph.text) * size
            if index in followed:
                right = min(right, glyphs[index + 1].left)
            glyphs[index] = glyph._replace(right=right)  # type: ignore[assignment] # a named tuple's own


def _width(text: str) -> float:
    return sum(_WIDTHS.get(char, _CAPITAL if char.isupper() else _OTHER) for char in text)
