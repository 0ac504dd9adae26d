"""Degrees and jobs in labelled lines: "Organisation: Acme Ltd", "Rank: Fitter", "Date: May 2014 – June 2016".

A label stands before a colon, or in a cell of its own beside its value. The labels are those that head the columns of
tables (`lexicon/table_heads.toml`); a record ends where one of its labels comes again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from pipeline.domain.profile import Education, Work
from pipeline.reading.entries.dated import is_ranged, strip_dates
from pipeline.reading.entries.scores import POSSIBLE
from pipeline.reading.entries.starts import body_of
from pipeline.reading.entries.tables import degree_in, job_in
from pipeline.reading.entries.work import read_work, write_body
from pipeline.reading.lexicon.load import degrees, titles
from pipeline.reading.page.rows import Piece, Row, join
from pipeline.reading.page.table_heads import role_of
from pipeline.reading.values.classify import shape_score, title_score
from pipeline.reading.values.dates import find_dates
from pipeline.reading.values.degrees import degree_level

_INLINE = re.compile(r"^\s*([^:：]{2,30}?)\s*(?:[:：]\s*[-–]?|\s[-–]\s)\s*(?=\S)")
_LABEL = re.compile(r"^[^:：]{2,30}[:：]")
_MOST_HEAD_WORDS = 9  # of what stands above a record; more are a sentence
# What the labels of entries (`titles.toml`, `degrees.toml`) are among the columns of tables.
_ROLE_OF_LABEL = {
    "title": "title", "employer": "firm", "dates": "year", "place": "place", "body": "duties",
    "institution": "school", "degree": "degree",
}  # fmt: skip
_MOST_HEADS = 2  # rows above a record
_SAME_EDGE = 0.012  # of the page's width: a value's second line stands under its first
_LINE_GAP = 0.8  # of a line's height: more white, and a line goes on with nothing
_LEAST_HEIGHT = 1e-4  # of the page: a line without height is a fault of its file
_GOES_ON = (",", "-", "&")  # what ends no value
_WRAPPED = frozenset({"degree", "title", "school", "firm", "board"})  # values that run over several lines
_OF_DEGREES = frozenset({"school", "board", "year", "grade", "subject", "degree"})
_LEAST_ROLES = 2
_LIKE_A_NAME = 0.2  # shape_score of a text that is set as names are


@dataclass(slots=True)
class _Record:
    """The values of one record by role, what stands above it, and what it tells besides."""

    head_rows: list[Row] = field(default_factory=list)
    values: dict[str, list[Piece]] = field(default_factory=dict)
    body: list[Row] = field(default_factory=list)

    @property
    def heads(self) -> list[Piece]:
        """What stands above it."""
        return [piece for row in self.head_rows for piece in row.pieces]

    def told(self) -> dict[str, Piece]:
        """Its values, each made whole."""
        values = {role: join(pieces) for role, pieces in self.values.items() if pieces}
        if "level" in values:
            values.setdefault("degree", values["level"])
        return values


def read_job_records(rows: Sequence[Row], *, month_first: bool = False) -> list[Work]:
    """The jobs of a section that labels what it tells, or nothing where most of its dates stand without a label.

    Entries without labels among them are read as everywhere.
    """
    before, records = _records(rows)
    _give_back_heads(before, records)
    if not _label_most(rows, records):
        return []
    dated_before = any(is_ranged(piece) for row in before for piece in row.pieces)
    jobs = read_work(before, month_first=month_first) if dated_before else []
    for record in records:
        own, others = _own_body(record.body)
        values = _job_values(record)
        if {"title", "firm"} <= values.keys():
            job = job_in(values, month_first=month_first)
            write_body(job, body_of(own, month_first=month_first))
            jobs.append(job)
        jobs += read_work(others, month_first=month_first)
    return jobs


def _label_most(rows: Sequence[Row], records: Sequence[_Record]) -> bool:
    """Whether most records tell a job, and most of the dates of a section stand in those that do."""
    told = [record for record in records if {"title", "firm"} <= _job_values(record).keys()]
    if not told or 2 * len(told) <= len(records):
        return False
    dated = sum(not one.single for row in rows for piece in row.pieces for one in find_dates(piece.text))
    return (len(records) > 1 or "year" in records[0].values) and 2 * len(told) >= dated


def _give_back_heads(before: list[Row], records: Sequence[_Record]) -> None:
    """What stands above a record that labels all it has to tell is no head of it, but the end of what is above.

    So is what stands above as many rows as head the first record, which nothing stands above.
    """
    most = len(records[0].head_rows) if records and not before else _MOST_HEADS
    for above, record in zip([None, *records], records, strict=False):
        own = 0 if record.values.keys() >= {"title", "firm", "year"} else most
        over = len(record.head_rows) - own
        if over > 0:
            (above.body if above else before).extend(record.head_rows[:over])
            record.head_rows = record.head_rows[over:]


def _own_body(rows: Sequence[Row]) -> tuple[Sequence[Row], Sequence[Row]]:
    """What a record tells below its labels, and the entries without labels behind that, each headed by its dates."""
    for i, row in enumerate(rows):
        if _is_head(row) and any(is_ranged(piece) for piece in row.pieces):
            start = i
            while start > 0 and i - start < _MOST_HEADS and _is_head(rows[start - 1]):
                start -= 1
            return rows[:start], rows[start:]
    return rows, []


def _job_values(record: _Record) -> dict[str, Piece]:
    """What a record tells of a job with its labels, and with what stands above them."""
    values = record.told()
    place = values.get("school") or values.get("board") or values.get("client")
    if "firm" not in values and place is not None:
        values["firm"] = place  # a teacher's employer is a school
    _fill_from_heads(values, record.heads)
    return values


def read_degree_records(rows: Sequence[Row], *, month_first: bool = False) -> list[Education]:
    """The degrees of a section that labels what it tells of them; a degree without a label stands above its record."""
    found = []
    _, records = _records(rows)
    headed = any(degree_level(piece.text) is not None for record in records for piece in record.heads)
    for record in records:
        values = record.told()
        if "degree" not in values and record.heads and headed:
            values["degree"] = join(record.heads).trim()
        if "degree" in values and len(_OF_DEGREES & values.keys()) > _LEAST_ROLES - 1:
            found.append(degree_in(values, month_first=month_first))
    found = [one for one in found if one.institution is not None]
    return found if 2 * len(found) > len(records) else []


def _records(rows: Sequence[Row]) -> tuple[list[Row], list[_Record]]:
    """The records of some rows, and the rows before the first of them."""
    reader = _Reader()
    for row in _unwrapped(rows):
        pairs, more = _pairs(row)
        reader.mixed += more
        for role, value, apart in pairs:
            reader.value(role, value, apart=apart)
        if not pairs:
            reader.other(row)
    reader.close()
    return ([], []) if 2 * reader.mixed > len(reader.records) else (reader.before, reader.records)


class _Reader:
    """Walks labelled rows, and those between them, from the top."""

    def __init__(self) -> None:
        self.records: list[_Record] = []
        self.before: list[Row] = []
        self.mixed = 0  # rows with a labelled value beside other texts: headings, rather
        self._loose: list[Row] = []  # rows without a label since the last labelled one
        self._last: tuple[str, Piece] | None = None

    def value(self, role: str, value: Piece, *, apart: bool) -> None:
        """Take a labelled value; a role that the open record has begins the next one.

        `apart`: it stands in a cell of its own, so that its next line stands under it.
        """
        if not self.records or role in self.records[-1].values:
            heads = _heads_above(self._loose)
            self._loose = self._loose[: len(self._loose) - len(heads)]
            self.close()
            self.records.append(_Record(heads))
        self.close()
        self.records[-1].values[role] = [value]
        self._last = (role, value) if apart or value.text.endswith(_GOES_ON) else None

    def other(self, row: Row) -> None:
        """Take a row without a label: the next line of the last value, or text of the record."""
        if (
            self._last is not None
            and not self._loose
            and _goes_on(self._last[1], row)
            and self._last[0] in _WRAPPED
        ):
            self.records[-1].values[self._last[0]].append(row.first)
        else:
            self._loose.append(row)

    def close(self) -> None:
        """Give the rows without a label to the open record, or to what stands before all."""
        (self.records[-1].body if self.records else self.before).extend(self._loose)
        self._loose = []


def _role(text: str) -> str | None:
    """What a label says of its value: as the head of a column would, or as the label of an entry's field."""
    text = text.strip(" .:：-–•")
    known = role_of(text)
    if known is not None:
        return known
    label = titles().labels.label(text) or degrees().labels.label(text)
    return _ROLE_OF_LABEL.get(label or "")


def _unwrapped(rows: Sequence[Row]) -> list[Row]:
    """The rows, a label that runs over two lines of its cell made whole: "Name of the" above "employer"."""
    result: list[Row] = []
    skip = False
    for row, below in zip_longest(rows, rows[1:]):
        if skip:
            skip = False
            continue
        if below is None or len(row.pieces) != 2 or not _label_goes_on(row, below):
            result.append(row)
            continue
        value = join([row.pieces[1], *below.pieces[1:]])
        result.append(Row((join([row.first, below.first]), value)))
        skip = True
    return result


def _label_goes_on(row: Row, below: Row) -> bool:
    """Whether the first cell of a row ends a label that the row above it began."""
    near = below.page == row.page and below.top - row.bottom < _LINE_GAP * max(
        row.bottom - row.top, _LEAST_HEIGHT
    )
    under = row.pieces[1].left > below.first.right and len(below.pieces) <= len(row.pieces)
    whole = f"{row.first.text} {below.first.text}"
    return near and under and _role(row.first.text) is None and _role(whole) is not None


def _labels(piece: Piece, value: Piece) -> bool:
    """Whether a colon ends a cell, or begins the cell beside it."""
    return piece.text.endswith((":", "：")) or value.text.startswith((":", "："))


def _pairs(row: Row) -> tuple[list[tuple[str, Piece, bool]], bool]:
    """What a row labels: a cell beside its label, or a text behind it; and whether it prints other texts, too."""
    pairs: list[tuple[str, Piece, bool]] = []
    pieces = list(row.pieces)
    more = False
    while pieces:
        piece = pieces.pop(0)
        pair, beside = _pair(piece, pieces[0] if pieces else None)
        if pair is None:
            more = True
        else:
            pairs.append((*pair, beside))
            pieces = pieces[1:] if beside else pieces
    return pairs, more and bool(pairs)


def _pair(piece: Piece, after: Piece | None) -> tuple[tuple[str, Piece] | None, bool]:
    """The role and the value that a cell tells, alone or with the one behind it, and whether that was needed."""
    alone, beside = _role(piece.text), after.trim() if after else None
    if alone is not None and beside is not None and beside.text and _role(beside.text) is None:
        return (alone, beside), True
    inline = _INLINE.match(piece.text)
    role = _role(inline[1]) if inline is not None else None
    if inline is not None and role is not None:
        return (role, piece.cut(inline.end(), len(piece.text)).trim()), False
    if after is not None and beside is not None and is_ranged(beside) and _labels(piece, after):
        return ("year", beside), True  # whatever its label is, it tells when
    label = _LABEL.match(piece.text)
    dated = label is not None and is_ranged(piece.cut(label.end(), len(piece.text)))
    return (("year", piece) if dated else None), False


def _heads_above(loose: Sequence[Row]) -> list[Row]:
    """The rows right above a record that head it: a few."""
    heads: list[Row] = []
    for row in reversed(loose):
        dated = any(is_ranged(piece) for one in heads for piece in one.pieces)
        plain = not row.first.bold and shape_score(row.text) < _LIKE_A_NAME
        if len(heads) == _MOST_HEADS or not _is_head(row) or (dated and plain):
            break
        heads.insert(0, row)
    return heads


def _is_head(row: Row) -> bool:
    """Whether a row may stand above what it heads: short, of one text or beside dates, no sentence and no item."""
    if len(row.pieces) > 1 and not any(find_dates(piece.text) for piece in row.pieces):
        return False
    sentence = row.text.endswith(".") and shape_score(row.text) < _LIKE_A_NAME
    return not row.first.bulleted and len(row.text.split()) <= _MOST_HEAD_WORDS and not sentence


def _fill_from_heads(values: dict[str, Piece], heads: Sequence[Piece]) -> None:
    """What no label tells of a job, from what stands above its record: the dates, and the firm or the title."""
    dated = [piece for piece in heads if is_ranged(piece)]
    if dated:
        values.setdefault("year", dated[0])
    texts = strip_dates(heads)
    title = next((text for text in texts if title_score(text.text) >= POSSIBLE), None)
    if title is not None and "title" not in values:
        values["title"] = title
        texts.remove(title)
    if texts:
        values.setdefault("firm", texts[0])


def _goes_on(value: Piece, row: Row) -> bool:
    """Whether a row is the next line of a value: it stands alone under it."""
    gap = row.top - value.bottom
    height = max(value.bottom - value.top, _LEAST_HEIGHT)
    return (
        len(row.pieces) == 1
        and not row.first.bulleted
        and not _LABEL.match(row.first.text)
        and row.page == value.page
        and abs(row.left - value.left) < _SAME_EDGE
        and gap < _LINE_GAP * height
    )
