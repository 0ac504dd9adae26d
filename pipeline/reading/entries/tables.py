"""Degrees and jobs in tables: the head says what each column is, and a row of the table is an entry.

A head may have two or three printed rows, and so may each cell. What belongs together is told by where it stands: a
cell to the column that it lies under, a line to the entry whose date stands beside it or above it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.domain.profile import Education, Work
from pipeline.reading.entries.cuts import without_stop
from pipeline.reading.entries.dated import date_facts
from pipeline.reading.lexicon.fold import fold
from pipeline.reading.lexicon.load import word_set
from pipeline.reading.page.rows import Piece, Row, join
from pipeline.reading.page.table_heads import TableColumn, is_text, overlap, printed_tables
from pipeline.reading.values.classify import institution_score
from pipeline.reading.values.dates import DateRange, find_dates, is_open_end
from pipeline.reading.values.degrees import read_degree
from pipeline.reading.values.employment import employment_type, seniority_of
from pipeline.reading.values.places import part_kind

_YEAR = re.compile(r"\s*(?:19|20)\d\d\s*$")  # a row's own year, not half a range
_DATES = ("year", "from", "to")
_DEGREE = frozenset({"degree", "level"})
_WRAPPED = frozenset({"degree", "title", "school", "firm"})  # columns whose cells run over several lines
_NUMBER = re.compile(r"\(?\d{1,2}[.)]?")
_LEAST_NUMBERS = 2  # of rows: one may be anything
_MOSTLY = 0.6  # share of a column's cells that are dates
_FILLED = 0.6  # share of the columns that have a cell in the row in which an entry begins
_SURE_SCHOOL = 0.9  # score of a name with a word for a school in it
_SAME_LINE = 0.4  # of a line's height: what stands higher by more stands in another row
_TOLD = 0.85  # confidence of what a head names


@dataclass(frozen=True, slots=True)
class EntryTable:
    """A table of degrees or of jobs: its columns' cells by entry, and how many rows it takes from its head on."""

    of_jobs: bool
    entries: tuple[dict[str, Piece], ...]
    begin: int
    end: int


def tables_in(rows: Sequence[Row]) -> list[EntryTable]:
    """The tables of degrees and jobs among some rows, in order."""
    tables: list[EntryTable] = []
    for printed in printed_tables(rows):
        entries = _entries(rows[printed.past : printed.end], printed.columns)
        if entries:
            of_jobs = "title" in printed.roles and not _DEGREE & printed.roles
            tables.append(EntryTable(of_jobs, tuple(entries), printed.begin, printed.end))
    return tables


def degrees_of(table: EntryTable, *, month_first: bool = False) -> list[Education]:
    """The degrees of a table of degrees."""
    found = [degree_in(entry, month_first=month_first) for entry in table.entries if "degree" in entry]
    return [one for one in found if one.institution is not None or one.end is not None]


def jobs_of(table: EntryTable, *, month_first: bool = False) -> list[Work]:
    """The jobs of a table of jobs; a cell for several rows is told once, at the first."""
    jobs: list[Work] = []
    firm: Piece | None = None
    for entry in table.entries:
        firm = entry.get("firm", firm)
        if "title" in entry and firm is not None:
            jobs.append(job_in({**entry, "firm": firm}, month_first=month_first))
    return jobs


def _entries(body: Sequence[Row], columns: Sequence[TableColumn]) -> list[dict[str, Piece]]:
    columns = _with_years(body, columns)
    rows = [row for row in body if not is_text(row, columns)]
    cells = [cell for row in rows for cell in _cells(row, columns)]
    anchors = _numbers(cells) or _anchors(cells) or _full_rows(rows, columns)
    if not anchors:
        return []
    entries: list[dict[str, list[Piece]]] = [{} for _ in anchors]
    place = _nearest if _hang(cells, anchors) else _last_above
    for column, piece in cells:
        if column.role is not None:
            entries[place(piece, anchors)].setdefault(column.role, []).append(piece)
    for row in body:
        if is_text(row, columns):
            entries[_last_above(row.first, anchors)].setdefault("duties", []).append(row.first)
    return [_named(entry) for entry in entries]


def _cells(row: Row, columns: Sequence[TableColumn]) -> list[tuple[TableColumn, Piece]]:
    """The cells of a row with their columns: by what each lies under, or one by one where two lie under one.

    A head in the middle of its column may stand nearer to the cells beside it. What stands before the table's
    first column is none, but where that column's own cell does.
    """
    first = min(columns, key=lambda column: column.left)
    filled = any(overlap(piece, first) > 0 for piece in row.pieces)
    pieces = [piece for piece in row.pieces if piece.right > first.left or not (filled or "@" in piece.text)]
    found = [(_column_of(piece, columns), piece) for piece in pieces]
    lefts = [column.left for column, _ in found if column.role not in _DATES]
    if len(set(lefts)) == len(lefts) or len(pieces) != len(columns):
        return found
    ordered = sorted(pieces, key=lambda piece: piece.left)
    return list(zip(sorted(columns, key=lambda column: column.left), ordered, strict=True))


def _hang(cells: Sequence[tuple[TableColumn, Piece]], anchors: Sequence[Piece]) -> bool:
    """Whether cells of several lines stand around the line of their entry, and not below it."""
    return any(
        _middle(piece) < _middle(anchors[0]) - _height(piece) * _SAME_LINE
        for column, piece in cells
        if column.role in _WRAPPED
    )


def _whole(role: str, pieces: Sequence[Piece]) -> Piece:
    """A cell of its lines; two dates beside each other under one head are from when to when."""
    if role != "year":
        return join(pieces)
    cells: list[list[Piece]] = []
    for piece in pieces:
        under = next((cell for cell in cells if overlap(piece, cell[0]) > 0), None)
        if under is None:
            cells.append([piece])
        else:
            under.append(piece)
    return join([_date_of(cell) for cell in cells], " – ")


def _date_of(lines: Sequence[Piece]) -> Piece:
    """A date of its lines: "05-Nov-" above "2022" has no space between."""
    whole = join(lines, "")
    return whole if lines[0].text.endswith("-") and len(find_dates(whole.text)) == 1 else join(lines)


def _named(cells: dict[str, list[Piece]]) -> dict[str, Piece]:
    """An entry of its cells: a level is its degree where no other names it, a school or a client may employ."""
    entry = {role: _whole(role, pieces) for role, pieces in cells.items()}
    if "degree" not in entry and "title" not in entry and "subject" in entry:
        entry["degree"] = entry["subject"]  # "School | Subject | Year"
    if "level" in entry:
        entry.setdefault("degree", entry["level"])
    if "title" in entry and (place := entry.get("school") or entry.get("client")) is not None:
        entry.setdefault("firm", place)
    return entry


def _with_years(body: Sequence[Row], columns: Sequence[TableColumn]) -> Sequence[TableColumn]:
    """The columns, one under a head nobody knows that has dates in it told as the years, where no other is."""
    if any(column.role in ("year", "from") for column in columns):
        return columns
    for column in columns:
        printed = [p for row in body for p in row.pieces if _column_of(p, columns) is column]
        dated = sum(bool(find_dates(piece.text)) for piece in printed)
        if column.role is None and printed and dated >= _MOSTLY * len(printed):
            year = replace(column, role="year")
            return [year if one is column else one for one in columns]
    return columns


def _column_of(piece: Piece, columns: Sequence[TableColumn]) -> TableColumn:
    """The column that a cell lies under most, or next to."""
    return max(columns, key=lambda column: overlap(piece, column))


def _numbers(cells: Sequence[tuple[TableColumn, Piece]]) -> list[Piece]:
    """The numbers of the rows, where a column has them: nothing tells an entry's first line as surely."""
    printed = [piece for column, piece in cells if column.role == "number"]
    numbers = [piece for piece in printed if _NUMBER.fullmatch(piece.text)]
    return numbers if len(numbers) == len(printed) >= _LEAST_NUMBERS else []


def _anchors(cells: Sequence[tuple[TableColumn, Piece]]) -> list[Piece]:
    """The cells of dates, one an entry; none where most cells of their column are no dates."""
    printed = [piece for column, piece in cells if column.role in ("year", "from")]
    anchors: list[Piece] = []
    last: Piece | None = None
    for piece in printed:
        ends = last is not None and _goes_on(last, piece)
        if find_dates(piece.text) and not ends:
            anchors.append(piece)
        last = None if ends else piece
    dated = sum(bool(find_dates(piece.text)) for piece in printed)
    return anchors if dated >= _MOSTLY * len(printed) else []


def _goes_on(above: Piece, piece: Piece) -> bool:
    """Whether a cell's next line ends the range that it began: "Aug. 2012 to June" above "2015"."""
    if is_open_end(above.text):
        return False  # "Jan 2022 –" above "Date": nothing goes on behind it
    apart = piece.top - above.bottom > _height(piece) or (_YEAR.match(above.text) and _YEAR.match(piece.text))
    begun = [one for one in find_dates(above.text) if not one.single]
    whole = [one for one in find_dates(join([above, piece]).text) if not one.single]
    return not apart and not begun and len(whole) == 1


def _full_rows(body: Sequence[Row], columns: Sequence[TableColumn]) -> list[Piece]:
    """The first cells of the rows in which most columns have one, not only those of dates: there an entry begins."""
    most = max((len(row.pieces) for row in body), default=0)
    least = max(2, round(_FILLED * min(most, len(columns))))
    full = [row for row in body if len(row.pieces) >= least]
    return [row.first for row in full if any(_names(piece, columns) for piece in row.pieces)]


def _names(piece: Piece, columns: Sequence[TableColumn]) -> bool:
    """Whether a cell stands in a column that names something."""
    return _column_of(piece, columns).role in _WRAPPED


def _middle(piece: Piece) -> float:
    return piece.page + (piece.top + piece.bottom) / 2


def _height(piece: Piece) -> float:
    return piece.bottom - piece.top


def _nearest(piece: Piece, anchors: Sequence[Piece]) -> int:
    return min(range(len(anchors)), key=lambda i: abs(_middle(anchors[i]) - _middle(piece)))


def _last_above(piece: Piece, anchors: Sequence[Piece]) -> int:
    slack = _height(piece) * _SAME_LINE
    return max((i for i, one in enumerate(anchors) if _middle(one) <= _middle(piece) + slack), default=0)


def degree_in(entry: dict[str, Piece], *, month_first: bool = False) -> Education:
    """The degree that labelled values tell; `entry` has one named `degree`."""
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


def job_in(entry: dict[str, Piece], *, month_first: bool = False) -> Work:
    """The job that labelled values tell; `entry` has a `title` and a `firm`."""
    title = without_stop(entry["title"].trim())
    work = Work(title=title.fact(_TOLD), employer=entry["firm"].fact(_TOLD))
    work.seniority, work.type = seniority_of(title), employment_type(None, [title])
    if (dated := _dated(entry, month_first)) is not None:
        work.start, work.end, work.is_current = date_facts(*dated)
    if "place" in entry:
        work.location = entry["place"].trim().fact(_TOLD)
    if "duties" in entry:
        work.description = entry["duties"].fact(_TOLD)
    return work
