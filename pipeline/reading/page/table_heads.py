"""Heads of tables: rows of words that say what stands below them, and how far down the table goes.

A head may have two or three printed rows ("Year of" above "passing"), and "/" and "&" join two heads of one column.
Places are fractions of the page.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from pipeline.reading.lexicon.load import load
from pipeline.reading.lexicon.phrases import Phrases
from pipeline.reading.page.rows import Piece, Row
from pipeline.reading.values.dates import find_dates

_ROLES = (
    "degree", "level", "school", "board", "year", "from", "to", "grade", "subject", "title", "firm", "client",
    "duties", "number",
)  # fmt: skip
_OF_DEGREES = frozenset({"school", "board", "year", "grade", "subject"})  # one of them beside a degree
_OF_JOBS = frozenset({"firm", "client", "school", "year", "from", "to"})  # one of them beside a title
_WORDS_OF_JOINED_HEAD = 3
_BESIDE_OTHERS = frozenset({"subject", "duties", "number"})  # what a head names beside what its column is
# Three that need no more: whatever else such a table has, its rows are jobs or degrees.
_WHOLE = ({"title", "firm", "year"}, {"title", "firm", "from"}, {"degree", "school", "year"})
_MOST_TEXT_ROWS = 6  # between two rows of a table
_MOSTLY_FILLED = 0.6  # share of the columns
_MOST_SPANNED = 2  # columns that one cell may lie under: heads are shorter than cells
_LEAST_COLUMNS = 3  # of a table: two columns are labels and values
_MOST_HEAD_ROWS = 3
_LONGEST_HEAD = 28  # characters of one head: more are a sentence
_MOST_HEAD_WORDS = 5
_BETWEEN = 0.2  # of a line's height: a cell that lies so deep between two lines is centred beside them
_JOINT = re.compile(r"\s*[/&]\s*|\s+(?:and|or)\s+", re.I)


@dataclass(slots=True)
class TableColumn:
    """What a column is, and where it lies."""

    role: str | None
    left: float
    right: float


@dataclass(frozen=True, slots=True)
class PrintedTable:
    """A table among some rows: its head from `begin` to `past`, its body from there to `end`."""

    columns: tuple[TableColumn, ...]
    begin: int
    past: int
    end: int

    @property
    def roles(self) -> frozenset[str]:
        """What its known columns are."""
        return frozenset(column.role for column in self.columns if column.role is not None)


def printed_tables(rows: Sequence[Row]) -> list[PrintedTable]:
    """The tables of some rows, in order; each goes on to the next one's head, or to a row that is none of its own."""
    heads = [found for i in range(len(rows)) if (found := _head_at(rows, i)) is not None]
    tables: list[PrintedTable] = []
    for begin, past, columns in heads:
        if tables and begin < tables[-1].begin + _MOST_HEAD_ROWS:
            continue
        end = next((other for other, *_ in heads if other >= past), len(rows))
        tables.append(PrintedTable(tuple(columns), begin, past, past + len(_body(rows[past:end], columns))))
    return tables


@cache
def _heads() -> Phrases:
    return Phrases({word: role for role in _ROLES for word in load("table_heads")[role]})


def role_of(text: str) -> str | None:
    """What a head says its column is: the whole of it, or the first of its parts that is known.

    "Faculty / University" names the school.
    """
    whole = _heads().label(text.strip(" .:()*"))
    if whole is not None:
        return whole
    named = [part.strip(" .:()*") for part in _JOINT.split(text.partition(",")[0])]  # "Type, age range, roll"
    parts = [role for part in named if len(part) > 1 and (role := _heads().label(part))]  # "A/C" is none
    return min(parts, key=lambda role: role in _BESIDE_OTHERS, default=None)


def _head_at(rows: Sequence[Row], begin: int) -> tuple[int, int, list[TableColumn]] | None:
    """The head that begins in this row: where it begins, the row behind it, and its columns."""
    best: tuple[int, int, list[TableColumn]] | None = None
    most = 0
    for count in range(1, _MOST_HEAD_ROWS + 1):
        head = rows[begin : begin + count]
        if len(head) < count or not _are_one(head) or not all(_could_be_head(row) for row in head):
            break
        columns = _columns(head)
        known = len({column.role for column in columns} - {None, "number"})
        if known > most and _is_table(columns):
            best, most = (begin, begin + count, columns), known
    return best


def _are_one(head: Sequence[Row]) -> bool:
    """Whether rows are printed as one head: a lone text on top is the title above it, or set between lines."""
    if len(head) == 1:
        return len(head[0].pieces) > 1
    first, second = head[:2]
    between = second.top < first.bottom - _BETWEEN * (first.bottom - first.top)
    return first.page == second.page and (len(first.pieces) > 1 or between)


def _could_be_head(row: Row) -> bool:
    return all(
        len(piece.text) <= _LONGEST_HEAD
        and piece.words <= _MOST_HEAD_WORDS
        and not find_dates(piece.text)
        and not piece.bulleted
        and ":" not in piece.text
        for piece in row.pieces
    )


def _columns(head: Sequence[Row]) -> list[TableColumn]:
    """The columns of a head: what lies one under another is one."""
    groups: list[list[Piece]] = []
    for piece in sorted((piece for row in head for piece in row.pieces), key=lambda piece: piece.left):
        group = next((one for one in groups if any(overlap(piece, other) > 0 for other in one)), None)
        if group is None:
            groups.append([piece])
        else:
            group.append(piece)
    columns = [_column(group) for group in groups]
    whole = [_heads().label(_text_of(group)) is not None for group in groups]
    taken: set[str | None] = set()
    # "Employer | Client": the first is what is meant, but before it what says nothing else.
    for column, _ in sorted(zip(columns, whole, strict=True), key=lambda one: not one[1]):
        if column.role in taken:
            column.role = None
        taken.add(column.role)
    return columns


def _text_of(group: Sequence[Piece]) -> str:
    """What a head says, from its first row to its last."""
    return " ".join(piece.text for piece in sorted(group, key=lambda piece: piece.top))


def _column(group: Sequence[Piece]) -> TableColumn:
    text = _text_of(group)
    role = role_of(text)
    if role is None and len(group) > 1 and len(text.split()) <= _WORDS_OF_JOINED_HEAD:
        role = next((known for _, _, known in _heads().find(text)), None)  # "Exam" above "Title"
    return TableColumn(role, min(piece.left for piece in group), max(piece.right for piece in group))


def overlap(piece: Piece, other: Piece | TableColumn) -> float:
    """How wide two things stand one under another; below 0 they stand beside each other."""
    return min(piece.right, other.right) - max(piece.left, other.left)


def _is_table(columns: Sequence[TableColumn]) -> bool:
    """Whether these are the columns of a table of degrees or of jobs, most of them known."""
    roles = [column.role for column in columns if column.role is not None]
    whole = any(three <= set(roles) for three in _WHOLE)
    known = whole or 2 * len(roles) > len(columns)
    degrees = bool({"degree", "level"} & set(roles)) and bool(_OF_DEGREES & set(roles))
    degrees = degrees or {"school", "subject"} <= set(roles)
    jobs = "title" in roles and bool(_OF_JOBS & set(roles))
    return len(columns) >= _LEAST_COLUMNS and known and (degrees or jobs)


def _body(rows: Sequence[Row], columns: Sequence[TableColumn]) -> list[Row]:
    """The rows below a head that lie under it: up to one that runs over two columns, or is an item of a list.

    Text over the columns that a further row of the table follows is what was done there, and ends nothing.
    """
    body: list[Row] = []
    for i, row in enumerate(rows):
        if _is_title(row, body):
            break
        if _is_outside(row, columns):
            behind = rows[i + 1 : i + 1 + _MOST_TEXT_ROWS]
            goes_on = body and is_text(row, columns) and any(_is_row(one, columns) for one in behind)
            if not goes_on:
                break
        body.append(row)
    return body


def is_text(row: Row, columns: Sequence[TableColumn]) -> bool:
    """Whether a row is one text over several columns."""
    return len(row.pieces) == 1 and _spanned(row.first, columns) > 1 and not row.first.bulleted


def _is_row(row: Row, columns: Sequence[TableColumn]) -> bool:
    """Whether most columns have a cell of their own in a row, with a date in that of the dates."""
    if len(row.pieces) < _MOSTLY_FILLED * len(columns) or any(
        _spanned(piece, columns) > 1 for piece in row.pieces
    ):
        return False
    dates = [column for column in columns if column.role in ("year", "from")]
    return any(
        overlap(piece, column) > 0 and bool(find_dates(piece.text))
        for piece in row.pieces
        for column in dates
    )


def _spanned(piece: Piece, columns: Sequence[TableColumn]) -> int:
    """How many columns a piece lies under."""
    return sum(overlap(piece, column) > 0 for column in columns)


def _is_outside(row: Row, columns: Sequence[TableColumn]) -> bool:
    """Whether a row is none of the table's: text over its columns, beside them, of a form, or of a list."""
    wide = any(_spanned(piece, columns) > _MOST_SPANNED for piece in row.pieces)
    apart = row.right < columns[0].left or row.left > columns[-1].right
    alone = len(row.pieces) == 1 and _spanned(row.first, columns) > 1
    form = any(piece.text.startswith((":", "：")) for piece in row.pieces)
    return wide or apart or alone or form or row.first.bulleted


def _is_title(row: Row, body: Sequence[Row]) -> bool:
    """Whether a lone text is set bold below rows that are not: what follows is about something else."""
    return len(row.pieces) == 1 and row.first.bold and bool(body) and not any(one.first.bold for one in body)
