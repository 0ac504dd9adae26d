"""Cutting a section into entries: one job, one degree, one project each."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from pipeline.reading.entries.cuts import fragments_of
from pipeline.reading.entries.dated import is_date_only, strip_dates
from pipeline.reading.entries.marks import Mark, Marked, Marker
from pipeline.reading.entries.scores import POSSIBLE, SURE
from pipeline.reading.lexicon.load import degrees, titles
from pipeline.reading.page.rows import Piece, Row, join
from pipeline.reading.values.classify import institution_score, title_score
from pipeline.reading.values.dates import DateRange
from pipeline.reading.values.degrees import degree_score
from pipeline.reading.why import Decision, Option, Sum, listener

_SEVERAL = 2  # entries that are set alike: one proves nothing
_HEAD_ROWS = 3  # above the first dates: a heading is seldom longer
_LEAST_HEAD_ROWS = 2  # behind a body, where the first heading was shorter
_UNDATED_WORDS = 12  # a heading without dates is short

# How well a row begins an entry, beside the other rows of a run of headings.
_LIKE_FIRST = 3.0  # it is set as the heading of the first entry
_AS_FAR = 1.5  # it stands as far above its dates as the first one does
_MOST_GAP, _GAIN_OF_GAP, _USUAL_GAP = (
    2.0,
    2.0,
    0.6,
)  # white above it, in heights of a line; a usual gap gains nothing
_NEW_PAGE = 1.0  # a new page hides the white above it
_FAR = 1.0  # lost where its dates stand more than `_HEAD_ROWS` below
_LEAST_HEIGHT = 1e-4  # of the page: a line without height is a fault of its file

_PARAGRAPH_EDGE = 0.02  # of the page's width: lines of one paragraph begin nearer than this
_PARAGRAPH_GAP = 0.9  # of a line's height: more white parts two paragraphs

_STOPS = (".", "。", "!")
_FIRM_LABEL = re.compile(r"\W*([^:：]{2,30}?)\s*[:：]")
_FIELDS = re.compile(r"[,;|]\s")  # part the fields of a heading

Signature = tuple[int, bool, int]


@dataclass(slots=True)
class EntryRows:
    """`header`: what heads the entry, its dates still in it; `body`: its bullets and paragraphs, made whole."""

    header: list[Piece] = field(default_factory=list)
    dates: list[tuple[Piece, DateRange]] = field(default_factory=list)
    body: list[Piece] = field(default_factory=list)
    bullets: list[Piece] = field(default_factory=list)

    @property
    def ids(self) -> tuple[int, ...]:
        """Its lines, each once."""
        pieces = (*self.header, *(piece for piece, _ in self.dates), *self.body, *self.bullets)
        return tuple(dict.fromkeys(i for piece in pieces for i in piece.ids))

    @property
    def best_date(self) -> tuple[Piece, DateRange] | None:
        """A range before a single date; the first of several."""
        return next((d for d in self.dates if not d[1].single), self.dates[0] if self.dates else None)


def split_entries(
    rows: Sequence[Row], *, month_first: bool = False, each_dated: bool = False
) -> list[EntryRows]:
    """The entries of a section, from the top.

    `each_dated`: a single date counts beside ranges where its row is set and filled as theirs are.
    """
    rows = [row for row in rows if not (_is_table_head(row) or _tells_of_firm(row))]
    marked = Marker(rows, month_first=month_first).marked()
    if not marked:
        return []
    starts = _starts(marked, each_dated)
    bounds = [*starts, len(marked)]
    entries = [_entry(marked[a:b]) for a, b in itertools.pairwise(bounds)]
    return [entry for entry in entries if entry.header or entry.bullets or entry.body]


def body_of(rows: Sequence[Row], *, month_first: bool = False) -> EntryRows:
    """What stands below a heading that something else has read: paragraphs and bullets, each made whole."""
    entry = _entry(Marker(rows, month_first=month_first).marked())
    return EntryRows(body=[*entry.header, *entry.body], bullets=entry.bullets)


def _is_table_head(row: Row) -> bool:
    """Whether a row names the columns of a table: "Institution | Degree | Year"."""
    known = (titles().labels, degrees().labels, degrees().grade_labels)
    return len(row.pieces) >= 2 and all(
        any(labels.label(piece.text) is not None for labels in known) for piece in row.pieces
    )


def _tells_of_firm(row: Row) -> bool:
    """Whether a row describes the employer by a label, and names nobody: "所属行业： | 机械", "Industry: logistics"."""
    match = _FIRM_LABEL.match(row.first.text)
    return match is not None and titles().labels.label(match[1]) == "firm"


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
    """Rows whose heading shows the dates of an entry: ranges where there are any, else single dates.

    A single date in the row of a range or beside it is the range's own: when it was printed, or a graduation.
    """
    with_dates = [i for i, row in enumerate(rows) if row.dates]
    ranges = {i for i in with_dates if rows[i].is_ranged}
    if not ranges or len(ranges) == len(with_dates):
        return with_dates
    own = set(ranges)
    if each_dated:
        own |= _like_ranges(rows, with_dates, ranges) | _in_gutter(rows, with_dates, ranges)
    others = {i + step for i in ranges for step in (-1, 0, 1)} | _remarks(rows, with_dates, ranges)
    return [i for i in with_dates if i in own or i not in others]


def _remarks(rows: list[Marked], with_dates: list[int], ranges: set[int]) -> set[int]:
    """The rows with a single date that head nothing, where all ranges stand below headings in bold."""
    if len(ranges) < _SEVERAL or not all(_is_headed_in_bold(rows, i) for i in ranges):
        return set()
    return {i for i in with_dates if not (_is_headed_in_bold(rows, i) or _tells_job(rows[i]))}


def _tells_job(row: Marked) -> bool:
    """Whether a row has fields of which one is a title, and is no remark with a year: "Spoke at the Summit 2016"."""
    text = " ".join(piece.text for piece in strip_dates(row.heads))
    return bool(_FIELDS.search(text)) and title_score(text) >= SURE


def _is_headed_in_bold(rows: list[Marked], i: int) -> bool:
    """Whether a heading in bold stands in a row or close above it."""
    return any(
        piece.bold and not is_date_only(piece) for row in rows[max(0, i - 2) : i + 1] for piece in row.heads
    )


def _like_ranges(rows: list[Marked], with_dates: list[int], ranges: set[int]) -> set[int]:
    """The rows that are an entry each, where the rows with ranges all are."""
    whole = {i for i in with_dates if _is_whole_entry(rows[i])}
    return whole if ranges <= whole else set()


def _in_gutter(rows: list[Marked], with_dates: list[int], ranges: set[int]) -> set[int]:
    """The rows whose date stands alone before a text, right under where all ranges stand so."""

    def edge(i: int) -> float | None:
        first = rows[i].row.first
        return first.left if len(rows[i].row.pieces) > 1 and is_date_only(first) else None

    edges = [edge(i) for i in ranges]
    if any(one is None for one in edges):
        return set()
    return {
        i
        for i in with_dates
        if (own := edge(i)) is not None and any(abs(own - (one or 0.0)) < _PARAGRAPH_EDGE for one in edges)
    }


def _is_whole_entry(row: Marked) -> bool:
    """Whether one row tells a degree or a school, and its date: "MBA, Hill University, 2016"."""
    text = " ".join(piece.text for piece in strip_dates(row.heads))
    return max(degree_score(text), institution_score(text)) >= SURE and len(text.split()) >= 2


def _first_start(rows: list[Marked], first_date: int) -> int:
    """Where the first entry begins, whose dates are in row `first_date`."""
    start = first_date
    while start > 0 and rows[start - 1].is_head and first_date - start < _HEAD_ROWS:
        start -= 1
    return start


def _start_of(rows: list[Marked], previous: int, current: int, signature: Signature, before: int) -> int:
    """Where the entry begins whose dates are in row `current`, the entry before having its own in `previous`."""
    run = current
    while run - 1 > previous and rows[run - 1].is_head:
        run -= 1
    after_body = run - 1 > previous
    if after_body:
        limit = max(run, current - max(before, _LEAST_HEAD_ROWS))
        like = [i for i in range(run, current + 1) if rows[i].signature() == signature]
        return _above_it(rows, like[0], run) if like else limit
    if run == current:
        return current
    weighed = {i: _start_score(rows, i, current, signature, before) for i in range(run, current + 1)}
    best = max(weighed, key=lambda i: weighed[i].total)
    _tell_start(rows, weighed, best)
    return best


def _tell_start(rows: list[Marked], weighed: dict[int, Sum], best: int) -> None:
    """Tell a listener which rows of a run of headings could begin the entry."""
    if (told := listener()) is None:
        return
    options = tuple(
        Option(rows[i].row.text, rows[i].row.ids, score.total, score.parts, chosen=i == best)
        for i, score in weighed.items()
    )
    told.append(Decision("entry start", rows[best].row.text, rows[best].row.ids, options))


def _above_it(rows: list[Marked], start: int, run: int) -> int:
    """Where an entry begins whose heading is set like the first one: bold rows above a plain one are its own."""
    if rows[start].signature()[1]:
        return start
    while start > run and rows[start - 1].signature()[1]:
        start -= 1
    return start


def _start_score(rows: list[Marked], i: int, current: int, signature: Signature, before: int) -> Sum:
    """How well row `i` begins the entry whose dates are in row `current`."""
    score = Sum()
    if rows[i].signature() == signature:
        score.add("set as the first entry's", _LIKE_FIRST)
    if current - i == before:
        score.add("as far above its dates", _AS_FAR)
    if rows[i].row.page == rows[i - 1].row.page:
        gap = rows[i].row.top - rows[i - 1].row.bottom
        height = max(rows[i].row.bottom - rows[i].row.top, _LEAST_HEIGHT)
        score.add("white above it", min(_MOST_GAP, max(0.0, _GAIN_OF_GAP * gap / height - _USUAL_GAP)))
    else:
        score.add("a new page", _NEW_PAGE)
    if current - i > _HEAD_ROWS:
        score.add("far above its dates", -_FAR)
    return score


def _inner_starts(rows: list[Marked], previous: int, current: int, signature: Signature) -> list[int]:
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
        if rows[i].heads and sum(p.words for p in rows[i].heads) <= _UNDATED_WORDS:
            found.append(i)
    return found


def _undated_starts(rows: list[Marked]) -> list[int]:
    """Where entries begin in a section without dates: at headings behind a body, or set as the first one is."""
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
    """One entry of its rows; once its body has begun, only a row with a body of its own adds to the heading."""
    entry = EntryRows()
    body = _Body()
    for row in rows:
        heading = not body.closed_heading or row.has_body or _comes_late(row, entry, body)
        for piece, mark in row.pieces:
            if mark is Mark.HEAD and heading:
                entry.header.append(piece)
            else:
                body.add(piece, mark)
        if not body.closed_heading:
            entry.dates += row.dates
        body.closed_heading = body.closed_heading or (bool(body.paragraphs) and not row.is_head)
    for pieces, bulleted in body.paragraphs:
        (entry.bullets if bulleted else entry.body).append(join(pieces))
    return entry


def _comes_late(row: Marked, entry: EntryRows, body: _Body) -> bool:
    """Whether a row tells the title or degree that its heading lacks, below one sentence about the firm or school."""
    if row.has_body or row.dates or len(row.heads) != 1 or not entry.header:
        return False
    (pieces, bulleted), *more = body.paragraphs
    above = fragments_of(strip_dates(entry.header))
    lone = len(above) == 1 and _named(above[0].text) < POSSIBLE
    lone = lone and not more and not bulleted and len(pieces) == 1 and pieces[0].text.endswith(_STOPS)
    return lone and _named(row.heads[0].text) >= SURE


def _named(text: str) -> float:
    """How surely a text is a title or a degree."""
    return max(title_score(text), degree_score(text))


@dataclass(slots=True)
class _Body:
    """The body of an entry as it grows; a paragraph is its pieces, and whether a bullet opens it."""

    paragraphs: list[tuple[list[Piece], bool]] = field(default_factory=list)
    closed_heading: bool = False  #: a row with nothing but body stood under the heading

    def add(self, piece: Piece, mark: Mark) -> None:
        """Put a piece behind the last paragraph, or begin one with it."""
        if self._goes_on(piece, mark):
            self.paragraphs[-1][0].append(piece)
        else:
            self.paragraphs.append(([piece], mark is Mark.BULLET))

    def _goes_on(self, piece: Piece, mark: Mark) -> bool:
        if not self.paragraphs:
            return False
        pieces, bulleted = self.paragraphs[-1]
        return mark is Mark.MORE or (
            mark is Mark.PROSE and not bulleted and _same_paragraph(pieces[-1], piece)
        )


def _same_paragraph(above: Piece, below: Piece) -> bool:
    return (
        above.page == below.page
        and abs(above.left - below.left) < _PARAGRAPH_EDGE
        and below.top - above.bottom < _PARAGRAPH_GAP * (above.bottom - above.top)
        and not above.text.endswith(":")
    )
