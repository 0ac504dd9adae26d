"""Telling the lines that head an entry (title, employer, dates) from its body (bullets, paragraphs)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum

from pipeline.reading.lexicon.fold import has_cjk
from pipeline.reading.lexicon.load import organisations, titles
from pipeline.reading.lexicon.phrases import words_of
from pipeline.reading.page.rows import Piece, Row, join, repeated_glyph
from pipeline.reading.values.classify import (
    degree_score,
    employer_score,
    ends_legal,
    institution_score,
    shape_score,
    title_score,
)
from pipeline.reading.values.dates import (
    DateRange,
    find_dates,
    is_open_end,
    mentions_birth,
    words_beside_dates,
    wraps_date,
)

_LONG = 13  # words: longer is prose
_LONG_CJK = 34  # characters
_FIELD_BREAK = re.compile(r"\s*[|•·]\s+")


class Mark(Enum):
    HEAD = "head"
    BULLET = "bullet"
    MORE = "more"  #: goes on where the body piece above it stopped
    PROSE = "prose"


@dataclass(slots=True)
class Marked:
    """A row with a mark and the dates of each of its pieces."""

    row: Row
    pieces: list[tuple[Piece, Mark]]
    dates: list[tuple[Piece, DateRange]] = field(default_factory=list)

    @property
    def heads(self) -> list[Piece]:
        return [piece for piece, mark in self.pieces if mark is Mark.HEAD]

    @property
    def is_head(self) -> bool:
        return any(mark is Mark.HEAD for _, mark in self.pieces)

    @property
    def only_body(self) -> bool:
        return not self.is_head

    def signature(self) -> tuple[int, bool, int]:
        """What the headings of like entries share: the left edge, the weight, the size."""
        lead = next((p for p in self.heads if not is_date_only(p)), self.row.first)
        return round(lead.left * 50), lead.bold, round(lead.size)


def is_date_only(piece: Piece, *, month_first: bool = False) -> bool:
    """Whether nothing but dates (and a duration) is printed: "(Mar 2019 – Present, 2 yrs)"."""
    ranges = find_dates(piece.text, month_first=month_first)
    if not ranges:
        return is_open_end(piece.text)
    rest = piece.text
    for found in reversed(ranges):
        rest = rest[: found.begin] + " " + rest[found.end :]
    letters = (word.strip("0123456789") for word in words_of(rest).words)
    return all(not word or word in words_beside_dates() for word in letters)


def _is_long(piece: Piece) -> bool:
    if has_cjk(piece.text):
        return len(piece.text) > _LONG_CJK or "。" in piece.text
    return piece.words > _LONG


def _is_prose(piece: Piece) -> bool:
    text = piece.text
    if "|" in text and piece.words <= 30:
        return False
    if _is_long(piece):
        return not find_dates(text) or piece.words > 22
    if text.endswith(".") and piece.words >= 3 and _ends_sentence(text):
        return not find_dates(text)
    if text.endswith((".", ";", "。")) and piece.words >= 6 and shape_score(text) < 0.2:
        return not find_dates(text)
    return piece.words >= 7 and shape_score(text) < 0 and title_score(text) < 0.8 and not find_dates(text)


def _ends_sentence(text: str) -> bool:
    """Whether a full stop ends a sentence and no abbreviation ("Acme Trading Co.")."""
    last = text.rstrip(".").split()[-1]
    if "." in last or ends_legal(text):
        return False
    if len(text.split()) >= 4 and len(last) > 2 and last.islower() and shape_score(text) < 0:
        return True
    return (len(last) > 4 and last[:1].islower()) or (
        len(last) > 5 and organisations().legal.label(last) is None
    )


def _is_body_label(piece: Piece) -> bool:
    text = piece.text.lstrip("•*- ")
    head, colon, rest = text.partition(":" if ":" in text else "：")
    if not colon or len(head) > 45:
        return False
    label = titles().labels.label(head.strip())
    return label == "body" or (not rest.strip() and label is None and len(head.split()) <= 5)


def mended(rows: list[Row]) -> list[Row]:
    """Rows in which dates that run over a line's end are whole, wherever in the row they stand."""
    rows = list(rows)
    for i in range(len(rows) - 1):
        above, below = rows[i], rows[i + 1]
        if (
            not above.pieces
            or not below.pieces
            or above.page != below.page
            or below.top - above.bottom > 1.3 * (above.bottom - above.top)
        ):
            continue
        for a in range(len(above.pieces)):
            above, below = _mended_at(above, a, below)
        above, below = _with_legal_form(above, below)
        third = rows[i + 2] if len(rows) > i + 2 else None
        if third and third.pieces and above is not rows[i] and third.page == above.page:
            above, rows[i + 2] = _mended_at(above, 0, third)  # "June / 2022-January / 2023"
        rows[i], rows[i + 1] = above, below
    return [_ranged(row) for row in rows if row.pieces]


def _ranged(row: Row) -> Row:
    """The row with a start and an end that stand in cells of their own as one range: "09/2017 | 04/2020"."""
    dated = [i for i, piece in enumerate(row.pieces) if find_dates(piece.text) and is_date_only(piece)]
    if len(dated) != 2 or dated[1] != dated[0] + 1:
        return row
    first, last = row.pieces[dated[0]], row.pieces[dated[1]]
    begins, ends = find_dates(first.text), find_dates(last.text)
    if not all(len(found) == 1 and found[0].single for found in (begins, ends)):
        return row
    if (begins[0].last or "") >= (ends[0].last or ""):
        return row
    return Row((*row.pieces[: dated[0]], join([first, last], " – "), *row.pieces[dated[1] + 1 :]))


def _with_legal_form(above: Row, below: Row) -> tuple[Row, Row]:
    """The two rows with a firm's name whole that a narrow column broke before its legal form: "Hartwig / GmbH"."""
    if not below.pieces:
        return above, below
    name, form = above.first, below.first
    legal = organisations().legal.label(form.text.split(",")[0].strip()) is not None
    if not legal or abs(name.left - form.left) > 0.01 or is_date_only(name) or ends_legal(name.text):
        return above, below
    return Row((join([name, form]), *above.pieces[1:])), Row(below.pieces[1:])


def _mended_at(above: Row, a: int, below: Row) -> tuple[Row, Row]:
    """The two rows with the date whole that piece `a` of the upper breaks off."""
    piece = above.pieces[a]
    under = [n for n, q in enumerate(below.pieces) if q.left < piece.right and piece.left < q.right]
    b = under[0] if under else 0
    if not below.pieces or not (under or a == len(above.pieces) - 1):
        return above, below
    source = below.pieces[b]
    used = wraps_date(piece.text, source.text)
    if not used:
        return above, below
    whole = join([piece, source.cut(0, used)])
    rest = source.cut(used, len(source.text)).trim()
    left = (*below.pieces[:b], *([rest] if rest.text else []), *below.pieces[b + 1 :])
    return Row((*above.pieces[:a], whole, *above.pieces[a + 1 :])), Row(left)


class Marker:
    """Marks the rows of one section from the top."""

    def __init__(self, rows: list[Row], *, month_first: bool = False) -> None:
        self._rows = rows = mended(rows)
        self._month_first = month_first
        self._glyph = repeated_glyph(rows)
        self._right = max((row.right for row in rows), default=1.0)
        self._left = min((row.left for row in rows), default=0.0)
        dated = [
            row.left for row in rows if len(row.pieces) > 1 and any(find_dates(p.text) for p in row.pieces)
        ]
        self._heading_left = min(dated, default=None)
        self._bodies: list[Piece] = []  # the last body piece of each column

    def marked(self) -> list[Marked]:
        marked = [self._mark(row) for row in self._rows]
        marked = [row for row in marked if row.pieces]
        return _joined(marked, self._month_first)

    def _mark(self, row: Row) -> Marked:
        dated = any(is_date_only(piece, month_first=self._month_first) for piece in row.pieces[1:])
        leads = is_date_only(row.first, month_first=self._month_first)  # dates in a gutter
        result = Marked(row, [])
        for i, piece in enumerate(row.pieces):
            mark = self._mark_piece(piece, dated and i == 0, opens=leads and i > 0)
            if mark is Mark.HEAD:
                piece = self._unbulleted(piece)
                if not mentions_birth(piece.text):
                    ranges = find_dates(piece.text, month_first=self._month_first)
                    result.dates += [(piece, found) for found in ranges]
                if i == 0:
                    self._bodies = [b for b in self._bodies if b.left > piece.right]
            else:
                self._bodies = [b for b in self._bodies if abs(b.left - piece.left) > 0.05] + [piece]
                if mark is Mark.BULLET:
                    piece = self._unbulleted(piece)
            if piece.text:
                result.pieces.append((piece, mark))
        return result

    def _unbulleted(self, piece: Piece) -> Piece:
        if self._glyph and piece.text.startswith(self._glyph + " "):
            return piece.cut(2, len(piece.text))
        return piece.unbulleted()

    def _bulleted(self, piece: Piece) -> bool:
        return piece.bulleted or bool(self._glyph and piece.text.startswith(self._glyph + " "))

    def _mark_piece(self, piece: Piece, dated: bool, *, opens: bool) -> Mark:
        """`dated`: dates stand beside the piece. `opens`: they open its row, so it goes on with nothing."""
        if self._bulleted(piece):
            return Mark.HEAD if self._heads_an_entry(self._unbulleted(piece), dated) else Mark.BULLET
        if _is_body_label(piece):
            return Mark.PROSE
        above = next((b for b in self._bodies if self._under(b, piece)), None)
        if above is not None and self._heads_an_entry(piece, dated=False) and self._signals(piece):
            return Mark.HEAD
        if above is not None and not dated and not opens and not is_date_only(piece):
            return Mark.MORE
        if not dated and not opens and self._is_clause(piece):
            return Mark.PROSE
        return Mark.PROSE if _is_prose(piece) and not dated else Mark.HEAD

    def _is_clause(self, piece: Piece) -> bool:
        """Whether a text without a bullet is a duty: a clause in small letters, indented if it is short."""
        indented = self._heading_left is not None and 0.008 < piece.left - self._heading_left < 0.08
        if (
            piece.words < (4 if indented else 6)
            or has_cjk(piece.text)
            or piece.bold
            or find_dates(piece.text)
        ):
            return False
        known = max(title_score(piece.text), degree_score(piece.text), institution_score(piece.text))
        limit = 0.8 if indented else 0.5
        return shape_score(piece.text) < 0 and known < limit and employer_score(piece.text) < 0.3

    @staticmethod
    def _signals(piece: Piece) -> bool:
        """Whether a text with dates has what only a heading has: capitals and the name of a role or a firm."""
        fields = _FIELD_BREAK.split(piece.text)
        heads = fields if len(fields) > 1 else re.split(r"[,–(—]", piece.text, maxsplit=1)[:1]
        known = any(
            title_score(head) >= 0.8 or employer_score(head) >= 0.8 or degree_score(head) >= 1.0
            for head in heads
        )
        return known and not piece.text[:1].islower() and any(not d.single for d in find_dates(piece.text))

    def _heads_an_entry(self, piece: Piece, dated: bool) -> bool:
        if dated:
            return not _is_long(piece)
        ranges = find_dates(piece.text, month_first=self._month_first)
        if (
            not ranges
            or piece.words > 20
            or (_is_long(piece) and has_cjk(piece.text))
            or piece.text.endswith(".")
        ):
            return False
        edge = ranges[-1].end >= len(piece.text.rstrip(" ).")) or ranges[0].begin <= 1
        known = title_score(piece.text) >= 0.8 or degree_score(piece.text) >= 1.0
        return edge and (known or not ranges[-1].single)

    def _under(self, body: Piece, piece: Piece) -> bool:
        """Whether a piece goes on with the body piece above it."""
        height = max(body.bottom - body.top, 1e-4)
        gap = piece.top - body.bottom
        if body.page != piece.page:
            return piece.text[:1].islower()
        if not -0.5 * height <= gap <= 1.1 * height or abs(piece.size - body.size) > 1.2:
            return False
        indented = piece.left - body.left
        if piece.bold and not body.bold and not piece.text[:1].islower():
            return False
        if self._bulleted(body):
            if 0.006 < indented < 0.09:
                return True
            return abs(indented) <= 0.006 and (piece.text[:1].islower() or body.right > self._right - 0.06)
        full = body.right > self._right - 0.12 * (self._right - self._left) - 0.02
        same = abs(indented) < 0.02
        return same and ((full and (piece.bold == body.bold)) or piece.text[:1].islower())


def _joined(rows: list[Marked], month_first: bool) -> list[Marked]:
    """Rows with the headings that run over a line's end put together again."""
    result: list[Marked] = []
    for row in rows:
        last = result[-1] if result else None
        if last and _runs_on(last, row):
            whole = join([last.pieces[-1][0], row.pieces[0][0]])
            pieces = [*last.pieces[:-1], (whole, Mark.HEAD), *row.pieces[1:]]
            merged = Marked(Row((*last.row.pieces, *row.row.pieces)), pieces)
            merged.dates = [
                (piece, found)
                for piece, mark in pieces
                if mark is Mark.HEAD and not mentions_birth(piece.text)
                for found in find_dates(piece.text, month_first=month_first)
            ]
            result[-1] = merged
        else:
            result.append(row)
    return result


def _runs_on(above: Marked, below: Marked) -> bool:
    if above.pieces[-1][1] is not Mark.HEAD or below.pieces[0][1] is not Mark.HEAD:
        return False
    first, second = above.pieces[-1][0], below.pieces[0][0]
    if len(above.pieces) > 1 and (second.left < first.left - 0.03 or is_date_only(first)):
        return False
    if (
        first.page != second.page
        or abs(first.size - second.size) > 1.2
        or abs(first.left - second.left) > 0.12
    ):
        return False
    if second.top - first.bottom > 1.2 * (first.bottom - first.top):
        return False
    text = first.text.rstrip()
    if text.endswith(("|", ",", "–", "—", "&", "/", "·", "•", "،", " -")):
        return not (text.endswith(",") and below.dates and len(below.heads) > 1)
    if text.count("(") > text.count(")") and ")" in second.text:
        return True
    last = words_of(text).words[-1:]
    if last and last[0] in (
        "and",
        "of",
        "und",
        "de",
        "et",
        "the",
        "for",
        "&",
        "für",
        "e",
        "di",
        "do",
        "da",
        "del",
        "y",
    ):
        return True
    return (
        second.text[:1].islower()
        and not is_date_only(second)
        and not second.text[:3].startswith(("e-", "i"))
        and not above.dates
    )
