"""Cutting a section into entries: one job, one degree, one project each."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from pipeline.reading.entries.marks import Mark, Marked, Marker, is_date_only
from pipeline.reading.lexicon.load import degrees, titles
from pipeline.reading.page.rows import Piece, Row, join
from pipeline.reading.values.classify import degree_score, institution_score
from pipeline.reading.values.dates import DateRange

_ADDRESS_TAIL = re.compile(r"(?<=\S)[\s,，|(–-]+(?:https?://|www\.)\S+$")


@dataclass(slots=True)
class EntryRows:
    """`header`: what heads the entry, its dates still in it; `body`: its bullets and paragraphs, made whole."""

    header: list[Piece] = field(default_factory=list)
    dates: list[tuple[Piece, DateRange]] = field(default_factory=list)
    body: list[Piece] = field(default_factory=list)
    bullets: list[Piece] = field(default_factory=list)
    signature: tuple[int, bool, int] = (0, False, 0)

    @property
    def text(self) -> str:
        return " ".join(piece.text for piece in (*self.header, *self.bullets, *self.body))

    @property
    def best_date(self) -> tuple[Piece, DateRange] | None:
        """A range before a single date; the first of several."""
        return next((d for d in self.dates if not d[1].single), self.dates[0] if self.dates else None)


def split_entries(
    rows: Sequence[Row], *, month_first: bool = False, each_dated: bool = False
) -> list[EntryRows]:
    """`each_dated`: a single date counts beside ranges where its row is set and filled as theirs are."""
    rows = [row for row in rows if not _is_table_head(row)]
    marked = Marker(rows, month_first=month_first).marked()
    if not marked:
        return []
    starts = _starts(marked, each_dated)
    bounds = [*starts, len(marked)]
    entries = [_entry(marked[a:b]) for a, b in itertools.pairwise(bounds)]
    return [entry for entry in entries if entry.header or entry.bullets or entry.body]


def _is_table_head(row: Row) -> bool:
    """Whether a row names the columns of a table: "Institution | Degree | Year"."""
    known = (titles().labels, degrees().labels, degrees().grade_labels)
    return len(row.pieces) >= 2 and all(
        any(labels.label(piece.text) is not None for labels in known) for piece in row.pieces
    )


def _starts(rows: list[Marked], each_dated: bool = False) -> list[int]:
    """Indexes of the rows at which entries begin; the first row is always one."""
    dated = _date_rows(rows, each_dated)
    if not dated:
        return _undated_starts(rows)
    first = _first_start(rows, dated[0])
    signature = rows[first].signature()
    before = sum(1 for i in range(first, dated[0]) if rows[i].is_head)
    starts = [first]
    for previous, current in itertools.pairwise(dated):
        starts += _inner_starts(rows, previous, current, signature)
        starts.append(_start_of(rows, previous, current, signature, before))
    starts += _inner_starts(rows, dated[-1], len(rows), signature)
    return (
        [0, *sorted({s for s in starts if s > 0})] if first == 0 or rows[0].is_head else sorted({0, *starts})
    )


def _date_rows(rows: list[Marked], each_dated: bool = False) -> list[int]:
    """Rows whose heading shows the dates of an entry: ranges where there are any, else single dates."""
    with_dates = [i for i, row in enumerate(rows) if row.dates]
    ranges = [i for i in with_dates if any(not found.single for _, found in rows[i].dates)]
    if ranges and len(ranges) < len(with_dates):
        span = {i for r in ranges for i in (r - 1, r, r + 1)}
        like = {i for i in with_dates if each_dated and _is_whole_entry(rows[i])}
        if not all(_is_whole_entry(rows[i]) for i in ranges):
            like = set()
        return [i for i in with_dates if i in ranges or i in like or i not in span]
    return with_dates


def _is_whole_entry(row: Marked) -> bool:
    """Whether one row tells a degree or a school, and its date: "MBA, Hill University, 2016"."""
    text = " ".join(piece.text for piece in strip_dates(row.heads))
    return max(degree_score(text), institution_score(text)) >= 1.0 and len(text.split()) >= 2


def _first_start(rows: list[Marked], first_date: int) -> int:
    start = first_date
    while start > 0 and rows[start - 1].is_head and first_date - start < 3:
        start -= 1
    return start


def _start_of(
    rows: list[Marked], previous: int, current: int, signature: tuple[int, bool, int], before: int
) -> int:
    """Where the entry begins whose dates are in row `current`, the entry before having its own in `previous`."""
    run = current
    while run - 1 > previous and rows[run - 1].is_head:
        run -= 1
    after_body = run - 1 > previous
    if after_body:
        limit = max(run, current - max(before, 2))
        like = [i for i in range(run, current + 1) if rows[i].signature() == signature]
        return like[0] if like else limit
    if run == current:
        return current
    return max(range(run, current + 1), key=lambda i: _start_score(rows, i, current, signature, before))


def _start_score(
    rows: list[Marked], i: int, current: int, signature: tuple[int, bool, int], before: int
) -> float:
    score = 0.0
    if rows[i].signature() == signature:
        score += 3
    if current - i == before:
        score += 1.5
    if rows[i].row.page == rows[i - 1].row.page:
        gap = rows[i].row.top - rows[i - 1].row.bottom
        height = max(rows[i].row.bottom - rows[i].row.top, 1e-4)
        score += min(2.0, max(0.0, 2.0 * gap / height - 0.6))
    else:
        score += 1
    if current - i > 3:
        score -= 1
    return score


def _inner_starts(
    rows: list[Marked], previous: int, current: int, signature: tuple[int, bool, int]
) -> list[int]:
    """Entries without dates between two with dates: headings after a body, set as the first heading is."""
    found = []
    for i in range(previous + 1, min(current, len(rows))):
        if not (rows[i].is_head and not rows[i - 1].is_head):
            continue
        run_end = i
        while run_end < len(rows) and rows[run_end].is_head:
            run_end += 1
        if current < run_end or rows[i].signature() != signature:
            continue
        if rows[i].heads and sum(p.words for p in rows[i].heads) <= 12:
            found.append(i)
    return found


def _undated_starts(rows: list[Marked]) -> list[int]:
    heads = [i for i, row in enumerate(rows) if row.is_head]
    if not heads:
        return [0]
    signature = rows[heads[0]].signature()
    like = [i for i in heads if rows[i].signature() == signature]
    varied = len(like) < len(heads)
    starts = [
        i
        for i in heads
        if i == heads[0]
        or not rows[i - 1].is_head
        or (varied and rows[i].signature() == signature and rows[i - 1].signature() != signature)
    ]
    if varied:
        starts = [i for i in starts if rows[i].signature() == signature]
    return sorted({0, *starts})


def _entry(rows: list[Marked]) -> EntryRows:
    entry = EntryRows(signature=rows[0].signature())
    in_body = False
    column: Piece | None = None
    paragraphs: list[list[Piece]] = []
    bulleted: list[bool] = []
    for row in rows:
        has_body = any(mark is not Mark.HEAD for _, mark in row.pieces)
        for piece, mark in row.pieces:
            if mark is Mark.HEAD and not (in_body and not has_body):
                entry.header.append(piece)
            elif (mark is Mark.MORE and paragraphs) or (
                mark is Mark.PROSE
                and paragraphs
                and not bulleted[-1]
                and _same_paragraph(paragraphs[-1][-1], piece)
            ):
                paragraphs[-1].append(piece)
            else:
                paragraphs.append([piece])
                bulleted.append(mark is Mark.BULLET)
                column = piece
        if not in_body:
            entry.dates += row.dates
        in_body = in_body or (column is not None and not row.is_head)
    for pieces, is_bullet in zip(paragraphs, bulleted, strict=True):
        (entry.bullets if is_bullet else entry.body).append(join(pieces))
    return entry


def _same_paragraph(above: Piece, below: Piece) -> bool:
    return (
        above.page == below.page
        and abs(above.left - below.left) < 0.02
        and below.top - above.bottom < 0.9 * (above.bottom - above.top)
        and not above.text.endswith(":")
    )


def strip_dates(header: list[Piece], month_first: bool = False) -> list[Piece]:
    """The heading's texts without their dates, in order; what is left of nothing but dates is left out."""
    from pipeline.reading.values.dates import find_dates

    rest: list[Piece] = []
    for piece in header:
        if address := _ADDRESS_TAIL.search(piece.text):
            piece = piece.cut(0, address.start()).trim()
        if is_date_only(piece, month_first=month_first):
            continue
        position = 0
        for found in find_dates(piece.text, month_first=month_first):
            rest.append(piece.cut(position, found.begin).trim())
            position = found.end
        rest.append(piece.cut(position, len(piece.text)).trim())
    return [piece for piece in rest if piece.text and any(c.isalnum() for c in piece.text)]
