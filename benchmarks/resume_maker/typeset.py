"""Breaks words into lines and lines into rows."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from . import fonts
from .rows import BLACK, Colour, Item, Row, Text


class Face(NamedTuple):
    """A font name at a size in points and a colour; `spacing` points after every letter."""

    font: str
    size: float
    colour: Colour = BLACK
    spacing: float = 0.0
    ligatures: bool = False

    def width(self, text: str) -> float:
        """Advance of the text in points."""
        return fonts.width(text, self.font, self.size) + self.spacing * len(text)


Run = tuple[str, Face]
_VOWEL = "aeiouyäöüåáéíóúèêàąęаеиоуыюя"
_CONSONANT = "bcdfghjklmnpqrstvwxzßçñłńśżбвгджзклмнпрстфхцчшщ"
_SYLLABLE = re.compile(f"(?<=[{_VOWEL}])(?=[{_CONSONANT}][{_VOWEL}])", re.IGNORECASE)


def words_of(runs: list[Run]) -> list[Run]:
    """The runs split at spaces, with the ligatures of their face."""
    return [
        (_ligated(word) if face.ligatures else word, face) for text, face in runs for word in text.split()
    ]


def _ligated(word: str) -> str:
    """As TeX writes it; addresses stay as they are."""
    return word if set(word) & set("@/.") else word.replace("fi", "\ufb01").replace("fl", "\ufb02")


def _halves(word: str, room: float, face: Face, hyphen: str) -> tuple[str, str] | None:
    """The longest head that fits in `room` points with its hyphen, and the tail."""
    if not word.isalpha() or len(word) < 7:
        return None
    for found in reversed(list(_SYLLABLE.finditer(word, 3, len(word) - 2))):
        head = word[: found.start()] + hyphen
        if face.width(head) <= room:
            return head, word[found.start() :]
    return None


def lines(runs: list[Run], width: float, first: float | None = None, hyphen: str = "") -> Iterator[list[Run]]:
    """Fills lines of `width` points, the first of `first`; words wider than a line stay whole."""
    line: list[Run] = []
    used, room = 0.0, width if first is None else first
    for word, face in words_of(runs):
        space = line[-1][1].width(" ") if line else 0.0
        if line and used + space + face.width(word) > room:
            cut = _halves(word, room - used - space, face, hyphen) if hyphen else None
            yield [*line, (cut[0], face)] if cut else line
            word = cut[1] if cut else word
            line, used, space, room = [], 0.0, 0.0, width
        line.append((word, face))
        used += space + face.width(word)
    if line:
        yield line


def line_width(line: list[Run]) -> float:
    """Width of a line in points."""
    return sum(f.width(w) for w, f in line) + sum(f.width(" ") for _, f in line[:-1])


def place_line(line: list[Run], x: float, dy: float, kind: str = "") -> list[Item]:
    """The line's words as few texts as there are changes of face."""
    items: list[Item] = []
    start = 0
    for i in range(1, len(line) + 1):
        if i < len(line) and line[i][1] == line[start][1]:
            continue
        face = line[start][1]
        text = " ".join(w for w, _ in line[start:i]) + (" " if i < len(line) else "")
        items.append(Text(x, dy, text, face.font, face.size, face.colour, face.spacing, kind=kind))
        x += face.width(text)
        start = i
    return items


def paragraph(
    runs: list[Run],
    width: float,
    leading: float = 1.3,
    align: float = 0.0,
    first: float | None = None,
    hyphen: str = "",
    keep: bool = False,
    kind: str = "",
) -> list[Row]:
    """Rows of a paragraph; `align` 0 is left, 0.5 centred, 1 right; `leading` in ems."""
    rows = []
    for line in lines(runs, width, first, hyphen):
        size = max(f.size for _, f in line)
        left = (width - line_width(line)) * align
        rows.append(
            Row(size * leading, tuple(place_line(line, left, size * (0.5 * leading + 0.3), kind)), keep)
        )
    return rows


def indented(rows: list[Row], by: float, glyph: Text | None = None) -> list[Row]:
    """Rows moved right, the glyph before the first of them."""
    moved = [r._replace(items=tuple(i._replace(x=i.x + by) for i in r.items)) for r in rows]
    if glyph and moved:
        moved[0] = moved[0]._replace(items=(glyph, *moved[0].items))
    return moved
