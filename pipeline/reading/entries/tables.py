"""Degrees and jobs in tables: the head says what each column is, and a row of the table is an entry.

A head may have two or three printed rows, and so may each cell. What belongs together is told by where it stands: a
cell to the column that it lies under, a line to the entry whose date stands beside it or above it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from pipeline.domain.profile import Education, Work
from pipeline.reading.entries.dated import date_facts
from pipeline.reading.lexicon.fold import fold
from pipeline.reading.lexicon.load import load, word_set
from pipeline.reading.lexicon.phrases import Phrases
from pipeline.reading.page.rows import Piece, Row, join
from pipeline.reading.values.classify import institution_score
from pipeline.reading.values.dates import DateRange, find_dates
from pipeline.reading.values.degrees import read_degree
from pipeline.reading.values.places import part_kind

_ROLES = (
    "degree", "school", "board", "year", "from", "to", "grade", "subject", "title", "firm", "duties", "number",
)  # fmt: skip
_OF_DEGREES = frozenset(
    {"school", "board", "year", "grade", "subject"}
)  # what tells a table of degrees beside them
_OF_JOBS = frozenset({"firm", "year", "from", "to"})
_WRAPPED = frozenset({"degree", "title", "school", "firm"})  # columns whose cells run over several lines
_MOSTLY = 0.6  # share of a column's cells that are dates
_LEAST_COLUMNS = 3  # of a table: two columns are labels and values
_MOST_HEAD_ROWS = 3
_LONGEST_HEAD = 28  # characters of one head: more are a sentence
_MOST_HEAD_WORDS = 5
_FILLED = 0.6  # share of the columns that have a cell in the row in which an entry begins
_SURE_SCHOOL = 0.9  # score of a name with a word for a school in it
_SAME_LINE = 0.4  # of a line's height: what stands higher by more stands in another row
_TOLD = 0.85  # confidence of what a head names
_JOINT = re.compile(r"\s*[/&,]\s*|\s+(?:and|or)\s+", re.I)


@dataclass(slots=True)
class _TableColumn:
    """What a column is, and where it lies: fractions of the page."""

    role: str | None
    left: float
    right: float


@dataclass(frozen=True, slots=True)
class EntryTable:
    """A table of degrees or of jobs: its columns' cells by entry, and how many rows it takes from its head on."""

    of_jobs: bool
    entries: tuple[dict[str, Piece], ...]
    begin: int
    end: int


def tables_in(rows: Sequence[Row]) -> list[EntryTable]:
    """The tables of some rows, in order; each goes on to the next one's head, or to the end."""
    heads = [found for i in range(len(rows)) if (found := _head_at(rows, i)) is not None]
    tables: list[EntryTable] = []
    for begin, past, columns in heads:
        if tables and begin < tables[-1].begin + _MOST_HEAD_ROWS:
            continue
        end = next((other for other, *_ in heads if other >= past), len(rows))
        body = _body(rows[past:end], columns)
        roles = {column.role for column in columns}
        entries = _entries(body, columns)
        if entries:
            of_jobs = "title" in roles and "degree" not in roles
            tables.append(EntryTable(of_jobs, tuple(entries), begin, past + len(body)))
    return tables


def degrees_of(table: EntryTable, *, month_first: bool = False) -> list[Education]:
    """The degrees of a table of degrees."""
    found = [_education(entry, month_first) for entry in table.entries if "degree" in entry]
    return [one for one in found if one.institution is not None or one.end is not None]


def jobs_of(table: EntryTable, *, month_first: bool = False) -> list[Work]:
    """The jobs of a table of jobs."""
    return [_work(entry, month_first) for entry in table.entries if "title" in entry and "firm" in entry]


@cache
def _heads() -> Phrases:
    return Phrases({word: role for role in _ROLES for word in load("table_heads")[role]})


def _role_of(text: str) -> str | None:
    """What a head says its column is: the whole of it, or the first of its parts that is known."""
    whole = _heads().label(text.strip(" .:()*"))
    if whole is not None:
        return whole
    parts = [role for part in _JOINT.split(text) if (role := _heads().label(part.strip(" .:()*")))]
    return parts[0] if parts else None


def _head_at(rows: Sequence[Row], begin: int) -> tuple[int, int, list[_TableColumn]] | None:
    """The head that begins in this row: where it begins, the row behind it, and its columns."""
    best: tuple[int, int, list[_TableColumn]] | None = None
    most = 0
    for count in range(1, _MOST_HEAD_ROWS + 1):
        head = rows[begin : begin + count]
        if len(head) < count or not all(_could_be_head(row) for row in head):
            break
        columns = _columns(head)
        known = len({column.role for column in columns} - {None, "number"})
        if known > most and _is_table(columns):
            best, most = (begin, begin + count, columns), known
    return best


def _could_be_head(row: Row) -> bool:
    return all(
        len(piece.text) <= _LONGEST_HEAD
        and piece.words <= _MOST_HEAD_WORDS
        and not find_dates(piece.text)
        and not piece.bulleted
        and ":" not in piece.text
        for piece in row.pieces
    )


def _columns(head: Sequence[Row]) -> list[_TableColumn]:
    """The columns of a head: what lies one under another is one."""
    groups: list[list[Piece]] = []
    for piece in sorted((piece for row in head for piece in row.pieces), key=lambda piece: piece.left):
        group = next((one for one in groups if any(_overlap(piece, other) > 0 for other in one)), None)
        if group is None:
            groups.append([piece])
        else:
            group.append(piece)
    columns = []
    for group in groups:
        text = " ".join(piece.text for piece in sorted(group, key=lambda piece: piece.top))
        left, right = min(piece.left for piece in group), max(piece.right for piece in group)
        columns.append(_TableColumn(_role_of(text), left, right))
    return columns


def _overlap(piece: Piece, other: Piece | _TableColumn) -> float:
    return min(piece.right, other.right) - max(piece.left, other.left)


def _is_table(columns: Sequence[_TableColumn]) -> bool:
    """Whether these are the columns of a table of degrees or of jobs, most of them known."""
    roles = [column.role for column in columns if column.role is not None]
    known = len(set(roles)) == len(roles) and 2 * len(roles) > len(columns)
    degrees = "degree" in roles and bool(_OF_DEGREES & set(roles))
    jobs = "title" in roles and bool(_OF_JOBS & set(roles))
    return len(columns) >= _LEAST_COLUMNS and known and (degrees or jobs)


def _body(rows: Sequence[Row], columns: Sequence[_TableColumn]) -> list[Row]:
    """The rows below a head that lie under it: up to one that runs over two columns, or is an item of a list."""
    body: list[Row] = []
    for row in rows:
        wide = any(sum(_overlap(piece, column) > 0 for column in columns) > 2 for piece in row.pieces)
        apart = row.right < columns[0].left or row.left > columns[-1].right
        alone = len(row.pieces) == 1 and sum(_overlap(row.first, column) > 0 for column in columns) > 1
        form = any(piece.text.startswith((":", "：")) for piece in row.pieces)
        if wide or apart or alone or form or row.first.bulleted:
            break
        body.append(row)
    return body


def _entries(body: Sequence[Row], columns: Sequence[_TableColumn]) -> list[dict[str, Piece]]:
    cells = [(_column_of(piece, columns), piece) for row in body for piece in row.pieces]
    anchors = _anchors(cells) or _full_rows(body, columns)
    if not anchors:
        return []
    hangs = any(
        _middle(piece) < _middle(anchors[0]) - _height(piece) * _SAME_LINE
        for column, piece in cells
        if column is not None and column.role in _WRAPPED
    )
    entries: list[dict[str, list[Piece]]] = [{} for _ in anchors]
    for column, piece in cells:
        number = _nearest(piece, anchors) if hangs else _last_above(piece, anchors)
        if column is not None and column.role is not None:
            entries[number].setdefault(column.role, []).append(piece)
    return [{role: join(pieces) for role, pieces in entry.items()} for entry in entries]


def _column_of(piece: Piece, columns: Sequence[_TableColumn]) -> _TableColumn | None:
    """The column that a cell lies under most, or next to."""
    return max(columns, key=lambda column: _overlap(piece, column), default=None)


def _anchors(cells: Sequence[tuple[_TableColumn | None, Piece]]) -> list[Piece]:
    """The cells of dates, one an entry; none where most cells of their column are no dates."""
    printed = [piece for column, piece in cells if column is not None and column.role in ("year", "from")]
    anchors: list[Piece] = []
    last: Piece | None = None
    for piece in printed:
        if find_dates(piece.text) and not (last is not None and _goes_on(last, piece)):
            anchors.append(piece)
        last = piece
    dated = sum(bool(find_dates(piece.text)) for piece in printed)
    return anchors if dated >= _MOSTLY * len(printed) else []


def _goes_on(above: Piece, piece: Piece) -> bool:
    """Whether a cell's next line ends the range that it began: "Aug. 2012 to June" above "2015"."""
    apart = piece.top - above.bottom > _height(piece)
    begun = [one for one in find_dates(above.text) if not one.single]
    whole = [one for one in find_dates(join([above, piece]).text) if not one.single]
    return not apart and not begun and len(whole) == 1


def _full_rows(body: Sequence[Row], columns: Sequence[_TableColumn]) -> list[Piece]:
    """The first cells of the rows in which most columns have one: there an entry begins."""
    most = max((len(row.pieces) for row in body), default=0)
    least = max(2, round(_FILLED * min(most, len(columns))))
    return [row.first for row in body if len(row.pieces) >= least]


def _middle(piece: Piece) -> float:
    return piece.page + (piece.top + piece.bottom) / 2


def _height(piece: Piece) -> float:
    return piece.bottom - piece.top


def _nearest(piece: Piece, anchors: Sequence[Piece]) -> int:
    return min(range(len(anchors)), key=lambda i: abs(_middle(anchors[i]) - _middle(piece)))


def _last_above(piece: Piece, anchors: Sequence[Piece]) -> int:
    slack = _height(piece) * _SAME_LINE
    return max((i for i, one in enumerate(anchors) if _middle(one) <= _middle(piece) + slack), default=0)


def _education(entry: dict[str, Piece], month_first: bool) -> Education:
    education = Education()
    education.degree, education.fields = read_degree(entry["degree"])
    if "subject" in entry and any(char.isalpha() for char in entry["subject"].text):
        education.fields = education.fields or [entry["subject"].fact(_TOLD)]
    school = _school(entry)
    if school is not None:
        education.institution = school.fact(_TOLD)
    if (dated := _dated(entry, month_first)) is not None:
        start, end, current = date_facts(*dated)
        education.start, education.end = (None if dated[1].single else start), end
        education.status = "ongoing" if current and dated[1].finish is None else None
    if "grade" in entry and any(char.isdigit() for char in entry["grade"].text):
        education.grade = entry["grade"].fact(_TOLD)
    return education


def _school(entry: dict[str, Piece]) -> Piece | None:
    """The school; the board or university where no school is named ("Private", "-")."""
    school, board = entry.get("school"), entry.get("board")
    named = school is not None and fold(school.text).strip(" .-–()") not in word_set(
        "table_heads", "no_school"
    )
    return _without_place(school if named else board)


def _without_place(piece: Piece | None) -> Piece | None:
    """A name without the place behind its last comma."""
    if piece is None or not any(char.isalpha() for char in piece.text):
        return None
    comma = piece.text.rfind(",")
    if comma <= 0:
        return piece
    last = piece.text[comma + 1 :].strip()
    is_place = part_kind(last) is not None or institution_score(last) < _SURE_SCHOOL
    return piece.cut(0, comma) if is_place and len(last.split()) <= 3 else piece


def _dated(entry: dict[str, Piece], month_first: bool) -> tuple[Piece, DateRange] | None:
    """The dates of an entry, with the text that tells them: of one column, or from one to another."""
    if "from" in entry and "to" in entry:
        both = join([entry["from"], entry["to"]], " – ")
    elif (one := entry.get("year") or entry.get("from") or entry.get("to")) is not None:
        both = one
    else:
        return None
    found = list(find_dates(both.text, month_first=month_first))
    dates = next((one for one in found if not one.single), found[-1] if found else None)
    return (both, dates) if dates is not None else None


def _work(entry: dict[str, Piece], month_first: bool) -> Work:
    work = Work(title=entry["title"].fact(_TOLD), employer=entry["firm"].fact(_TOLD))
    if (dated := _dated(entry, month_first)) is not None:
        work.start, work.end, work.is_current = date_facts(*dated)
    if "duties" in entry:
        work.description = entry["duties"].fact(_TOLD)
    return work
