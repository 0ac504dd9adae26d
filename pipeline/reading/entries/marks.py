"""Telling the lines that head an entry (title, employer, dates) from its body (bullets, paragraphs)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import zip_longest

from pipeline.reading.entries.broken import mended
from pipeline.reading.entries.bullets import Bullets
from pipeline.reading.entries.dated import is_date_only, is_ranged
from pipeline.reading.entries.scores import LIKELY, POSSIBLE, SURE
from pipeline.reading.lexicon.fold import fold, has_cjk
from pipeline.reading.lexicon.load import organisations, titles, word_set
from pipeline.reading.lexicon.phrases import words_of
from pipeline.reading.page.rows import Piece, Row, join
from pipeline.reading.values.classify import (
    employer_score,
    ends_legal,
    institution_score,
    shape_score,
    title_score,
)
from pipeline.reading.values.dates import DateRange, find_dates, mentions_birth
from pipeline.reading.values.degrees import degree_level, degree_score

# How long a heading may be.
_LONG = 13  # words: longer is prose
_LONG_CJK = 34  # characters
_LONG_DATED = 22  # words: so long a text is prose though it has dates
_LONG_PIPED = 30  # words: shorter texts with "|" are headings, fields beside each other
_LONG_BODY_HEAD = 20  # words: no heading with dates in the midst of a body is longer
_LONG_LABEL = 45  # characters: what stands before a colon and is longer labels nothing
_LABEL_WORDS = 5  # the same in words, of labels that the lexicon does not know

# How short prose may be, where its end or its small letters tell it.
_SENTENCE_WORDS = 3  # that end with a sentence's stop
_STOPPED_WORDS = 6  # that end with a stop, and are not set like a name
_SMALL_WORDS = 7  # in small letters
_CLAUSE_WORDS, _INDENTED_CLAUSE_WORDS = (
    6,
    4,
)  # of a duty without a bullet; one set in from the heading is surer
_NAME_SHAPE = 0.2  # shape_score of what is set like a long name; less is prose
_CLAUSE_EMPLOYER = 0.3  # employer_score from which small letters may be a firm's

# A word before a stop that is so long is no abbreviation: "Co.", "Corp."
_SMALL_ABBREVIATION, _ABBREVIATION = 4, 5
_STOP_WORDS, _STOP_LETTERS = 4, 2  # in a text of so many words in small letters already a shorter one

# Distances: across in widths of the page, down in heights of a line, sizes in points.
_SAME_COLUMN = 0.05  # bodies nearer than this are one column's
_CLAUSE_INDENT = (
    0.008,
    0.08,
)  # a duty is set in from its heading by more than chance, and by less than a column
_SAME_EDGE = 0.006  # a line that goes on under a bullet stands at its edge,
_HANGING = 0.09  # or is set in by less than this
_PARAGRAPH_EDGE = 0.02  # lines of one paragraph begin nearer than this
_OVERLAP, _LINE_GAP = -0.5, 1.1  # the white between two lines of one text, overlapping boxes allowed
_HEAD_LINE_GAP = 1.2  # the same of a heading, whose lines are set wider
_SIZE_SLACK = 1.2  # points: sizes of one text differ by less
_FULL_BULLET = 0.06  # a bullet's line that ends nearer to the right edge is full, and goes on
_FULL_SHARE, _FULL_SLACK = (
    0.12,
    0.02,
)  # the same of a paragraph: a share of the section's width, and what is ragged
_HEAD_EDGE = 0.12  # the second line of a heading begins nearer to the first than this
_HEAD_OUTDENT = 0.03  # in a row of cells it stands under the last, not left of it
_LEAST_HEIGHT = 1e-4  # of the page: a line without height is a fault of its file

_LEAST_BOLD = 2  # rows in bold: one may be a remark
_MOSTLY_DATED = 0.7  # share of the bold rows that have a date beside or below them
_FIELD_BREAK = re.compile(r"\s*[|•·]\s+")
_FIELDS = re.compile(r"[,;|]\s")  # part the fields of a heading
_NAME_END = re.compile(r"[,–(—]")
_GOES_ON = ("|", ",", "–", "—", "&", "/", "·", "•", "،", " -")  # signs that end no heading
_HYPHENATED = re.compile(r"[^\W\d_]-$")
_SMALL_NAMES = ("e-", "i")  # names that begin so are printed small: "e-commerce", "iPhone"


class Mark(Enum):
    """What a piece of a row is to its entry."""

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
        """The pieces that head an entry."""
        return [piece for piece, mark in self.pieces if mark is Mark.HEAD]

    @property
    def is_head(self) -> bool:
        """Whether any piece heads an entry."""
        return any(mark is Mark.HEAD for _, mark in self.pieces)

    @property
    def has_body(self) -> bool:
        """Whether any piece belongs to an entry's body."""
        return any(mark is not Mark.HEAD for _, mark in self.pieces)

    @property
    def is_ranged(self) -> bool:
        """Whether any of its dates is a range."""
        return any(not found.single for _, found in self.dates)

    def signature(self) -> tuple[int, bool, int]:
        """What the headings of like entries share: the left edge (in fiftieths of the page), the weight, the size."""
        lead = next((p for p in self.heads if not is_date_only(p)), self.row.first)
        return round(lead.left * 50), lead.bold, round(lead.size)


class Marker:
    """Marks the rows of one section from the top."""

    def __init__(self, rows: Sequence[Row], *, month_first: bool = False) -> None:
        self._rows = rows = mended(rows)
        self._month_first = month_first
        self._bullets = Bullets.of(rows)
        self._right = max((row.right for row in rows), default=1.0)
        self._left = min((row.left for row in rows), default=0.0)
        dated = [
            row.left for row in rows if len(row.pieces) > 1 and any(find_dates(p.text) for p in row.pieces)
        ]
        self._heading_left = min(dated, default=None)
        self._bold_heads = _are_heads_bold(rows)
        self._bodies: list[Piece] = []  # the last body piece of each column

    def marked(self) -> list[Marked]:
        """The rows with their marks, headings that run over a line's end put together."""
        marked = [self._mark(row, below) for row, below in zip_longest(self._rows, self._rows[1:])]
        return _joined([row for row in marked if row.pieces], self._month_first)

    def _mark(self, row: Row, below: Row | None) -> Marked:
        dated = any(is_date_only(piece, month_first=self._month_first) for piece in row.pieces[1:])
        leads = is_date_only(row.first, month_first=self._month_first)  # dates in a gutter
        above_dates = below is not None and self._is_only_range(below)
        result = Marked(row, [])
        for i, piece in enumerate(row.pieces):
            mark = self._mark_piece(piece, dated and i == 0, opens=leads and i > 0, above_dates=above_dates)
            if mark is Mark.HEAD:
                piece = self._bullets.off(piece)
                result.dates += _dates_of(piece, self._month_first)
                if i == 0:
                    self._bodies = [b for b in self._bodies if b.left > piece.right]
            else:
                self._bodies = [b for b in self._bodies if abs(b.left - piece.left) > _SAME_COLUMN] + [piece]
                if mark is Mark.BULLET:
                    piece = self._bullets.off(piece)
            if piece.text:
                result.pieces.append((piece, mark))
        return result

    def _is_only_range(self, row: Row) -> bool:
        """Whether a row prints a range of dates, and nothing else."""
        dates = all(is_date_only(piece, month_first=self._month_first) for piece in row.pieces)
        return dates and any(is_ranged(piece) for piece in row.pieces)

    def _mark_piece(self, piece: Piece, dated: bool, *, opens: bool, above_dates: bool) -> Mark:
        """`dated`: dates stand beside the piece. `opens`: they open its row, so it goes on with nothing. `above_dates`:
        dates are all that stands below it."""
        if (told := self._by_style(piece, dated)) is not None:
            return told
        bodies = [body for body in self._bodies if self._under(body, piece)]
        if bodies and self._heads_below(bodies[-1], piece, above_dates):
            return Mark.HEAD
        if not dated and not opens:
            if bodies and not is_date_only(piece):
                return Mark.MORE
            if self._is_clause(piece):
                return Mark.PROSE
        if opens and _is_heading_behind_dates(piece):
            return Mark.HEAD
        return Mark.PROSE if not dated and _is_prose(piece) else Mark.HEAD

    def _heads_below(self, body: Piece, piece: Piece, above_dates: bool) -> bool:
        """Whether a text right below a body heads the next entry: by its own dates, or by those below it."""
        if above_dates and _begins_anew(body, piece):
            return True
        return self._heads_an_entry(piece, dated=False) and _signals(piece)

    def _by_style(self, piece: Piece, dated: bool) -> Mark | None:
        """What the weight, the bullet or the label of a piece says alone; None where they say nothing."""
        if self._bold_heads and piece.bold and not _is_long(piece) and (piece.numbered or not piece.bulleted):
            return Mark.HEAD
        if self._bullets.open(piece):
            heads = self._bullets.head and not _is_long(piece)
            heads = heads or self._heads_an_entry(self._bullets.off(piece), dated)
            return Mark.HEAD if heads else Mark.BULLET
        return Mark.PROSE if _is_body_label(piece) else None

    def _is_clause(self, piece: Piece) -> bool:
        """Whether a text without a bullet is a duty: a clause in small letters, indented if it is short."""
        least, most = _CLAUSE_INDENT
        indented = self._heading_left is not None and least < piece.left - self._heading_left < most
        words = _INDENTED_CLAUSE_WORDS if indented else _CLAUSE_WORDS
        if piece.words < words or has_cjk(piece.text) or piece.bold or find_dates(piece.text):
            return False
        known = max(title_score(piece.text), degree_score(piece.text), institution_score(piece.text))
        limit = LIKELY if indented else POSSIBLE
        return shape_score(piece.text) < 0 and known < limit and employer_score(piece.text) < _CLAUSE_EMPLOYER

    def _heads_an_entry(self, piece: Piece, dated: bool) -> bool:
        """Whether a text that stands where a body may is a heading: dates beside it, or at one of its ends."""
        if dated:
            return not _is_long(piece)
        ranges = find_dates(piece.text, month_first=self._month_first)
        if not ranges or piece.words > _LONG_BODY_HEAD:
            return False
        if _is_long(piece) and has_cjk(piece.text):
            return False
        at_end = not _says_more(piece.text[ranges[-1].end :])
        if piece.text.endswith(".") and not at_end:
            return False
        edge = at_end or ranges[0].begin <= 1
        school = degree_level(piece.text) is not None and institution_score(piece.text) >= SURE
        known = title_score(piece.text) >= LIKELY or degree_score(piece.text) >= SURE or school
        return edge and (known or not ranges[-1].single)

    def _under(self, body: Piece, piece: Piece) -> bool:
        """Whether a piece goes on with the body piece above it."""
        small = piece.text[:1].islower()
        if body.page != piece.page:
            return small
        height = max(body.bottom - body.top, _LEAST_HEIGHT)
        near = _OVERLAP * height <= piece.top - body.bottom <= _LINE_GAP * height
        if not near or abs(piece.size - body.size) > _SIZE_SLACK:
            return False
        if piece.bold and not body.bold and not small:
            return False
        indented = piece.left - body.left
        if self._bullets.open(body):
            if _SAME_EDGE < indented < _HANGING:
                return True
            return abs(indented) <= _SAME_EDGE and (small or body.right > self._right - _FULL_BULLET)
        full = body.right > self._right - _FULL_SHARE * (self._right - self._left) - _FULL_SLACK
        return abs(indented) < _PARAGRAPH_EDGE and ((full and piece.bold == body.bold) or small)


def _says_more(text: str) -> bool:
    """Whether what stands behind dates says more than how it ended: "2010 passed out"."""
    return any(word not in word_set("entries", "after_dates") for word in words_of(text).words)


def _begins_anew(body: Piece, piece: Piece) -> bool:
    """Whether a short text is none of the sentence above it, which has ended."""
    return body.text.endswith((".", "。", "!")) and piece.text[:1].isupper() and not _is_prose(piece)


def _are_heads_bold(rows: Sequence[Row]) -> bool:
    """Whether what is set bold heads entries: dates stand beside or right below most of it, and most is not bold."""
    bold = [i for i, row in enumerate(rows) if row.first.bold and not is_date_only(row.first)]
    dated = sum(any(find_dates(piece.text) for row in rows[i : i + 2] for piece in row.pieces) for i in bold)
    return len(bold) >= _LEAST_BOLD and 2 * len(bold) <= len(rows) and dated >= _MOSTLY_DATED * len(bold)


def _is_heading_behind_dates(piece: Piece) -> bool:
    """Whether a text that dates lead to has a heading's weight, fields or names, whatever it ends with."""
    known = max(title_score(piece.text), institution_score(piece.text))
    return not _is_long(piece) and (bool(piece.bold) or bool(_FIELDS.search(piece.text)) or known >= LIKELY)


def _dates_of(piece: Piece, month_first: bool) -> list[tuple[Piece, DateRange]]:
    """The dates that a heading tells of its entry; a date of birth is none."""
    if mentions_birth(piece.text):
        return []
    return [(piece, found) for found in find_dates(piece.text, month_first=month_first)]


def _is_long(piece: Piece) -> bool:
    if has_cjk(piece.text):
        return len(piece.text) > _LONG_CJK or "。" in piece.text
    return piece.words > _LONG


def _is_prose(piece: Piece) -> bool:
    """Whether a text is a sentence or part of one: by its length, its stop, or its small letters."""
    text = piece.text
    if "|" in text and piece.words <= _LONG_PIPED:
        return False
    if _is_long(piece):
        return piece.words > _LONG_DATED or not find_dates(text)
    stopped = text.endswith(".") and piece.words >= _SENTENCE_WORDS and _ends_sentence(text)
    return (stopped or _reads_on(piece)) and not find_dates(text)


def _reads_on(piece: Piece) -> bool:
    """Whether a text is set as prose is: in small letters, or with a stop and not like a name."""
    text, shape = piece.text, shape_score(piece.text)
    if text.endswith((".", ";", "。")) and piece.words >= _STOPPED_WORDS and shape < _NAME_SHAPE:
        return True
    firm = ends_legal(text.split(",")[0])  # "Budowlane Sp. z o.o., Olsztynek": the form is set small
    return piece.words >= _SMALL_WORDS and shape < 0 and title_score(text) < LIKELY and not firm


def _ends_sentence(text: str) -> bool:
    """Whether a full stop ends a sentence and no abbreviation ("Acme Trading Co.")."""
    last = text.rstrip(".").split()[-1]
    if "." in last or ends_legal(text):
        return False
    small = len(text.split()) >= _STOP_WORDS and last.islower() and shape_score(text) < 0
    if small and len(last) > _STOP_LETTERS:
        return True
    if last[:1].islower() and len(last) > _SMALL_ABBREVIATION:
        return True
    return len(last) > _ABBREVIATION and organisations().legal.label(last) is None


def _is_body_label(piece: Piece) -> bool:
    """Whether a text is or begins with the label of a body: "Responsibilities:"."""
    text = piece.text.lstrip("•*- ")
    head, colon, rest = text.partition(":" if ":" in text else "：")
    if not colon or len(head) > _LONG_LABEL or (not rest.strip() and find_dates(head)):
        return False
    label = titles().labels.label(head.strip())
    return label == "body" or (not rest.strip() and label is None and len(head.split()) <= _LABEL_WORDS)


def _signals(piece: Piece) -> bool:
    """Whether a text with dates has what only a heading has: capitals and the name of a role or a firm."""
    fields = _FIELD_BREAK.split(piece.text)
    heads = fields if len(fields) > 1 else _NAME_END.split(piece.text, maxsplit=1)[:1]
    known = any(
        title_score(head) >= LIKELY or employer_score(head) >= LIKELY or degree_score(head) >= SURE
        for head in heads
    )
    return known and not piece.text[:1].islower() and is_ranged(piece)


def _joined(rows: Sequence[Marked], month_first: bool) -> list[Marked]:
    """Rows with the headings that run over a line's end put together again."""
    result: list[Marked] = []
    for row in rows:
        last = result[-1] if result else None
        if last and _runs_on(last, row):
            whole = join([last.pieces[-1][0], row.pieces[0][0]])
            merged = Marked(
                Row((*last.row.pieces, *row.row.pieces)),
                [*last.pieces[:-1], (whole, Mark.HEAD), *row.pieces[1:]],
            )
            merged.dates = [dated for piece in merged.heads for dated in _dates_of(piece, month_first)]
            result[-1] = merged
        else:
            result.append(row)
    return result


def _runs_on(above: Marked, below: Marked) -> bool:
    """Whether the last heading of a row goes on as the first of the next."""
    (first, mark), (second, next_mark) = above.pieces[-1], below.pieces[0]
    if mark is not Mark.HEAD or next_mark is not Mark.HEAD or not _stands_under(first, second):
        return False
    if len(above.pieces) > 1 and (second.left < first.left - _HEAD_OUTDENT or is_date_only(first)):
        return False
    if first.text.rstrip().endswith(_GOES_ON):
        own = first.text.rstrip().endswith(",") and below.dates and len(below.heads) > 1
        return not own
    if _HYPHENATED.search(first.text):
        return True
    return _breaks_off(first.text, second.text) or (not above.dates and _goes_on_small(first, second))


def _goes_on_small(first: Piece, second: Piece) -> bool:
    """Whether a text goes on with the one above it in small letters, and in its weight."""
    small = second.text[:1].islower() and not second.text.startswith(_SMALL_NAMES)
    return small and not (first.bold and not second.bold) and not is_date_only(second)


def _stands_under(first: Piece, second: Piece) -> bool:
    """Whether two texts are set as two lines of one heading are."""
    return (
        first.page == second.page
        and abs(first.size - second.size) <= _SIZE_SLACK
        and abs(first.left - second.left) <= _HEAD_EDGE
        and second.top - first.bottom <= _HEAD_LINE_GAP * (first.bottom - first.top)
    )


def _breaks_off(text: str, following: str) -> bool:
    """Whether a text must go on: an open bracket that the next closes, or a word that ends nothing ("Head of")."""
    if text.count("(") > text.count(")") and ")" in following:
        return True
    last = (text.split() or [""])[-1]
    return not last.isupper() and fold(last) in word_set("entries", "line_goes_on")
