"""Pieces of text that remember their lines, and the rows that they are printed in."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipeline.domain.profile import Fact, pointed
from pipeline.domain.sections import Section, SectionedText
from pipeline.domain.text import Line
from pipeline.reading.lexicon.fold import fold, has_cjk
from pipeline.reading.lexicon.load import word_set

_BULLET = re.compile(
    r"^\s*(?:[•●▪▫■□◦○‣⁃∙·►▶▸➢➤✓✔✦❖◆◇⬥★☆➔→»›⚫⚬*\ue000-\uf8ff]+\s*|[–—−-]\s+|o\s+(?=[A-ZÀ-Þ])|\(?(?:\d{1,2}|[a-z])[.)]\s+(?=\D)|\[\d{1,4}\]\s+)"
)
_NUMBERED = re.compile(r"^\s*\(?(?:\d{1,2}|[a-z])[.)]\s")
_EDGES = " \t,;:|•·●▪◦‖–—―−-/\\*→»›~\ue000"
_OPENING, _CLOSING = "([（【", ")]）】"
_OPENS, _CLOSES = re.compile(r"[(（\[【]"), re.compile(r"[)）\]】]")
_HYPHEN = re.compile(r"[^\W\d_]-$")
_PRINTED = 0.9  # confidence of a text that is taken as it is printed, where its rule knows no other
_USUAL_SIZE = 10.0  # points, of a line whose engine does not tell
_LONG = 8  # characters, from which on a line that opens with a lone letter is an item of a list
_LEAST_ITEMS = 3  # lines that a glyph opens before it is a bullet


@dataclass(frozen=True, slots=True)
class Piece:
    """A text from one line or more. `parts` says where in the text each line begins.

    Boxes are fractions of the page; `size` is in points.
    """

    text: str
    parts: tuple[tuple[int, int], ...]
    page: int
    left: float
    right: float
    top: float
    bottom: float
    size: float
    bold: bool

    @property
    def ids(self) -> tuple[int, ...]:
        """Its lines, each once."""
        return tuple(dict.fromkeys(line_id for _, line_id in self.parts))

    @property
    def words(self) -> int:
        """How many words it has, by white space."""
        return len(self.text.split())

    def cut(self, begin: int, end: int) -> Piece:
        """The text from `begin` to `end` without white space around it, and only the lines that show it."""
        inner = self.text[begin:end]
        begin += len(inner) - len(inner.lstrip())
        end = begin + len(inner.strip())
        if len(self.parts) == 1 and 0 < len(self.text) == end - begin:
            return self
        parts = []
        for i, (offset, line_id) in enumerate(self.parts):
            past = self.parts[i + 1][0] if i + 1 < len(self.parts) else len(self.text)
            if past > begin and offset < max(end, begin + 1):
                parts.append((max(0, offset - begin), line_id))
        text = self.text[begin:end]
        box = self.left, self.right, self.top, self.bottom
        return Piece(text, tuple(parts), self.page, *box, self.size, self.bold)

    def trim(self) -> Piece:
        """Without separators and unpaired brackets at its ends."""
        begin, end = 0, len(self.text)
        while True:
            size = end - begin
            begin, end = _without_edges(self.text, begin, end)
            begin, end = _without_bracket(self.text, begin, end)
            if end - begin == size or end <= begin:
                return self.cut(begin, end)

    def split(self, pattern: re.Pattern[str]) -> list[Piece]:
        """What stands between the matches of a pattern, empty parts left out."""
        found, position = [], 0
        for match in pattern.finditer(self.text):
            found.append(self.cut(position, match.start()))
            position = match.end()
        found.append(self.cut(position, len(self.text)))
        return [piece for piece in found if piece.text]

    def fact(self, confidence: float = _PRINTED, value: Any = None) -> Fact[Any]:
        """The text as a fact; `value` where it is not the text itself."""
        return pointed(self.text if value is None else value, self.text, self.ids, confidence)

    def fact_at(self, begin: int, end: int, value: Any, confidence: float = _PRINTED) -> Fact[Any]:
        """The text from `begin` to `end` as a fact of another value."""
        return self.cut(begin, end).fact(confidence, value)

    @property
    def bulleted(self) -> bool:
        """Whether it begins with a bullet, a dash or a number of a list."""
        return _BULLET.match(self.text) is not None

    @property
    def numbered(self) -> bool:
        """Whether it begins with a number or a letter of a list."""
        return _NUMBERED.match(self.text) is not None

    def unbulleted(self) -> Piece:
        """Without the bullet that it begins with."""
        match = _BULLET.match(self.text)
        return self.cut(match.end(), len(self.text)) if match else self


def _without_edges(text: str, begin: int, end: int) -> tuple[int, int]:
    """The span without separators at its ends."""
    while begin < end and text[begin] in _EDGES:
        begin += 1
    while end > begin and text[end - 1] in _EDGES:
        end -= 1
    return begin, end


def _without_bracket(text: str, begin: int, end: int) -> tuple[int, int]:
    """The span without the pair of brackets around it, or without one at an end that has no mate in it."""
    inner = text[begin:end]
    if not inner:
        return begin, end
    first, last = inner[0], inner[-1]
    if len(inner) > 1 and first in _OPENING and last in _CLOSING and inner.count(first) == 1:
        return begin + 1, end - 1
    if first in _CLOSING:
        return begin + 1, end
    if last in _OPENING:
        return begin, end - 1
    if first in _OPENING and not _CLOSES.search(inner):
        return begin + 1, end
    if last in _CLOSING and not _OPENS.search(inner):
        return begin, end - 1
    return begin, end


def piece_of(line: Line) -> Piece:
    """A whole line as a piece."""
    box = line.box
    return Piece(
        line.text,
        ((0, line.id),),
        line.page,
        box.left,
        box.right,
        box.top,
        box.bottom,
        line.size or _USUAL_SIZE,
        bool(line.bold),
    )


def _keeps_hyphen(text: str, below: str) -> bool:
    """Whether the hyphen at a text's end belongs to the word: "cloud-" / "native", and to every address."""
    last, first = text.rsplit(" ", 1)[-1], below.split(" ", 1)[0]
    if (
        "@" in last + first
        or "://" in last
        or re.search(r"\.\w{2,}/", last)
        or re.search(r"\.\w{2,}/", first)
    ):
        return True
    return fold(re.split(r"[\s/(]", text[:-1])[-1]) in word_set("hyphens", "keeps")


def _shares_word(below: str) -> bool:
    """Whether a hyphen stands for a word that follows: "Bildungs- / oder Ausbildungseinrichtung"."""
    return fold(below.split(" ", 1)[0]) in word_set("hyphens", "between_halves")


def join(pieces: Sequence[Piece], separator: str = " ") -> Piece:
    """One piece of several, a word cut by a hyphen at a line's end made whole."""
    text, parts = pieces[0].text, list(pieces[0].parts)
    for piece in pieces[1:]:
        if _HYPHEN.search(text) and piece.text[:1].islower() and not _shares_word(piece.text):
            if not _keeps_hyphen(text, piece.text):
                text = text[:-1]
        elif text:
            text += separator
        parts += [(offset + len(text), line_id) for offset, line_id in piece.parts]
        text += piece.text
    first = pieces[0]
    same_page = [piece for piece in pieces if piece.page == first.page]
    return replace(
        first,
        text=text,
        parts=tuple(parts),
        left=min(piece.left for piece in same_page),
        right=max(piece.right for piece in same_page),
        bottom=max(piece.bottom for piece in same_page),
    )


@dataclass(frozen=True, slots=True)
class Row:
    """What is printed on one base line of one column, left to right."""

    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        """The texts of its pieces, with a space between."""
        return " ".join(piece.text for piece in self.pieces)

    @property
    def first(self) -> Piece:
        """The piece that is read first."""
        return self.pieces[0]

    @property
    def left(self) -> float:
        """Its left edge, as a fraction of the page."""
        return min(piece.left for piece in self.pieces)

    @property
    def right(self) -> float:
        """Its right edge, as a fraction of the page."""
        return max(piece.right for piece in self.pieces)

    @property
    def top(self) -> float:
        """The top of its highest piece, as a fraction of the page."""
        return min(piece.top for piece in self.pieces)

    @property
    def bottom(self) -> float:
        """The bottom of its lowest piece, as a fraction of the page."""
        return max(piece.bottom for piece in self.pieces)

    @property
    def page(self) -> int:
        """The page that it is printed on, from 1."""
        return self.pieces[0].page

    @property
    def ids(self) -> tuple[int, ...]:
        """Its lines, in order."""
        return tuple(i for piece in self.pieces for i in piece.ids)


class Rows:
    """Answers the rows of a section. Lines that print a lone bullet are left out of them."""

    def __init__(self, sections: SectionedText) -> None:
        self._lines = sections.line_by_id
        self._pieces: dict[int, Piece] = {}  # several readers ask for the same lines
        self._row_of = {line_id: n for n, row in enumerate(sections.rows) for line_id in row}

    def of(self, section: Section) -> list[Row]:
        """The rows of a section, without those of its heading."""
        return self.of_ids(section.line_ids)

    def of_ids(self, line_ids: Iterable[int]) -> list[Row]:
        """The rows of some lines, in the order in which each row's first line is given."""
        grouped: dict[int, list[Piece]] = {}
        for line_id in line_ids:
            piece = self.line(line_id)
            if _BULLET.fullmatch(piece.text + " "):
                continue
            grouped.setdefault(self._row_of.get(line_id, -1 - line_id), []).append(piece)
        return [Row(tuple(pieces)) for pieces in grouped.values() if any(piece.text for piece in pieces)]

    def line(self, line_id: int) -> Piece:
        """One line whole."""
        if line_id not in self._pieces:
            self._pieces[line_id] = piece_of(self._lines[line_id])
        return self._pieces[line_id]


def repeated_glyph(rows: list[Row]) -> str | None:
    """A lone letter that opens many lines is a bullet of a font without names: "f Built a …"."""
    opens = Counter(
        row.first.text[0]
        for row in rows
        if len(row.first.text) > _LONG
        and row.first.text[1:2] == " "
        and row.first.text[0].isalnum()
        and not has_cjk(row.first.text[0])
        and fold(row.first.text[0]) not in word_set("writing", "one_letter_words")
    )
    glyph, times = opens.most_common(1)[0] if opens else ("", 0)
    return glyph if times >= _LEAST_ITEMS else None
