"""Group a document's lines: reading order, rows, sections."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pipeline.domain.sections import Section, SectionedText, SectionKind
from pipeline.domain.text import Text
from pipeline.reading.lexicon.fold import fold
from pipeline.reading.lexicon.load import word_set
from pipeline.reading.lexicon.writing import runs_from_right
from pipeline.reading.page.cells import Cell, cells_of, mark_styled, median_size, rows_of
from pipeline.reading.page.furniture import furniture_of, running_lines
from pipeline.reading.page.layout import Block, cells_in, layout, printed_rows
from pipeline.reading.page.margins import joined
from pipeline.reading.page.screening import screened
from pipeline.reading.sections.headings import Heading, HeadingFinder, inline_heading
from pipeline.reading.sections.language import language_of
from pipeline.reading.sections.titles import loose_title_kind
from pipeline.reading.values.dates import find_dates
from pipeline.reading.values.name_likeness import likeness_of
from pipeline.reading.why import Decision, listener

# Sections in which a line such as "Languages: English, Dutch" begins a section of its own.
_LOOSE = frozenset({SectionKind.HEADER, SectionKind.OTHER, SectionKind.SUMMARY, SectionKind.CONTACT})
_LEAST_ENTRIES = 2  # dated entries that make a section work: one date may be when it was written
_WORD = re.compile(r"[^\W\d_]{2,}")
_WORDS_OF_DATES = 4  # "Since January 2019 (5 years"
_SAME_COLUMN = 20  # points by which a column's left edge may be off that of its column on the page before
_LARGER = 1.2  # times the median size: a larger line at a column's top is a name, and begins something
_LIKE_A_NAME = 0.7  # likeness of two words and more that nothing speaks against
_FIRST_GAP = 10.0  # ems of white that count as standing above the first row of a block


def group(text: Text) -> SectionedText:
    """The text in sections. Pure: the same text always gives the same sections.

    The text is screened first: what is meant for machines is furniture, as what nobody sees is. Every line goes to
    exactly one place: a heading, a section's lines, or the furniture.
    """
    text = screened(text)
    furniture = furniture_of(text)
    skip = frozenset(furniture)
    language = language_of("\n".join(line.text for line in text.lines if line.id not in skip))
    from_right = runs_from_right(language)
    running = running_lines(text, skip)
    cells = [cells_of(page, skip) for page in text.pages]
    pages = [[cell for cell in page if cell.line.id not in running] for page in cells]
    mark_styled([cell for page in pages for cell in page])
    laid_out = _laid_out(pages, from_right=from_right)
    rows = [row for page in laid_out for row in printed_rows(page, from_right=from_right)]
    writer = _Writer(HeadingFinder(rows), language)
    for blocks in laid_out:
        writer.page(blocks)
    for page in cells:
        writer.header_rows(rows_of([cell for cell in page if cell.line.id in running]))
    sections = _by_content(writer.sections(), _dates_among(pages))
    return SectionedText(text, sections, tuple(writer.rows), furniture, language)


def _laid_out(pages: list[list[Cell]], *, from_right: bool) -> list[list[Block]]:
    """The blocks of each page. A gutter of one page is one on those that follow."""
    blocks: list[list[Block]] = []
    gutters: set[float] = set()
    for cells in pages:
        blocks.append(layout(cells, from_right=from_right, gutters=sorted(gutters)))
        _tell_blocks(blocks[-1], "")
        gutters.update(block.gutter for block in blocks[-1] if block.gutter is not None)
    return blocks


def _tell_blocks(blocks: list[Block], within: str) -> None:
    """Tell a listener of the blocks in reading order: "2.1.3" is the third in the first column of the second."""
    if (told := listener()) is None:
        return
    for number, block in enumerate(blocks, 1):
        name = f"{within}{number}"
        if block.columns:
            for column, inner in enumerate(block.columns, 1):
                _tell_blocks(inner, f"{name}.{column}.")
        else:
            cells = block.title or block.cells
            told.append(Decision("block", name, tuple(cell.line.id for cell in cells)))


@dataclass(slots=True)
class _Open:
    """A section while it is being written."""

    kind: SectionKind
    title: str | None = None
    heading_ids: list[int] = field(default_factory=list)
    line_ids: list[int] = field(default_factory=list)


@dataclass(slots=True)
class _Column:
    """Where a column of the last page stood, and the section that was open at its end."""

    left: float
    open: _Open


class _Writer:
    """Walks the blocks in reading order and writes sections and rows."""

    def __init__(self, finder: HeadingFinder, language: str | None) -> None:
        self.rows: list[tuple[int, ...]] = []
        self._finder = finder
        self._language = language
        self._from_right = runs_from_right(language)
        self._sections: list[_Open] = [_Open(SectionKind.HEADER)]
        self._current = self._sections[0]
        self._last_columns: list[_Column] = []

    def sections(self) -> tuple[Section, ...]:
        """What was written, empty sections without a heading left out."""
        return tuple(
            Section(s.kind, s.title, tuple(s.heading_ids), tuple(s.line_ids))
            for s in self._sections
            if s.heading_ids or s.line_ids
        )

    def header_rows(self, rows: list[list[Cell]]) -> None:
        """Add running lines to the header: they are about the person, wherever they stand."""
        for row in rows:
            ids = tuple(cell.line.id for cell in (row[::-1] if self._from_right else row))
            self.rows.append(ids)
            self._sections[0].line_ids.extend(ids)

    def page(self, blocks: list[Block]) -> None:
        """Write one page. A column goes on with what its own column on the page before ended with."""
        columns: list[_Column] = []
        for number, block in enumerate(blocks):
            self._write(block, columns, at_top=number == 0)
        self._last_columns = columns

    def _write(self, block: Block, columns: list[_Column], *, at_top: bool) -> None:
        if block.title:
            self.rows.extend((cell.line.id,) for cell in block.title)
            title = joined(block.title)
            kind = loose_title_kind(title) or SectionKind.OTHER
            self._begin(Heading(kind, title, len(block.title), "it stands in the margin"), block.title)
        elif block.columns:
            self._columns(block, columns, at_top=at_top)
        else:
            self._block(block.cells)

    def _columns(self, block: Block, seen: list[_Column], *, at_top: bool) -> None:
        entry = self._current
        main: _Open | None = None
        most = -1
        for number, column in enumerate(block.columns):
            left = min(cell.left for cell in cells_in(column))
            if not (block.flows and (at_top or number) and self._runs_on(column, entry, number)):
                self._current = self._before(left, entry) if at_top else entry
            for part in column:
                self._write(part, seen, at_top=False)
            seen.append(_Column(left, self._current))
            size = sum(len(cell.text) for cell in cells_in(column))
            if size > most or block.flows:
                most, main = size, self._current
        if main is not None:
            self._current = main

    def _runs_on(self, column: list[Block], entry: _Open, number: int) -> bool:
        """Whether a newspaper's column goes on with what was read before it, on this page or the last.

        Not where a larger line stands at its top: a name beside the section that the first column ends with.
        """
        cells = list(cells_in(column))
        first = min(cells, key=lambda cell: cell.top)
        return (number > 0 or entry is not self._sections[0]) and first.size <= _LARGER * median_size(cells)

    def _before(self, left: float, entry: _Open) -> _Open:
        near = [column for column in self._last_columns if abs(column.left - left) < _SAME_COLUMN]
        return near[-1].open if near else entry

    def _block(self, cells: list[Cell]) -> None:
        bottom: float | None = None
        rows = list(printed_rows([Block(cells=cells)], from_right=self._from_right))
        belows: list[list[Cell] | None] = [*rows[1:], None]
        second: list[Cell] | None = None
        for row, below in zip(rows, belows, strict=False):
            gap = _FIRST_GAP if bottom is None else (min(cell.top for cell in row) - bottom) / row[0].size
            bottom = max(cell.bottom for cell in row)
            if row is second:
                continue
            if below is not None and self._finder.is_first_half(row, below):
                second = below
                self._two_lines(row[0], below[0])
            else:
                self._row(row, below, gap)

    def _row(self, row: list[Cell], below: list[Cell] | None, gap: float) -> None:
        self.rows.append(tuple(cell.line.id for cell in row))
        heading = self._finder.heading(row, below, gap, current=self._current.kind)
        if heading is not None and self._names_document(heading):
            _tell_no_heading(row[0], "says what the document is, or whose")
            heading = None
        if heading is None and self._current.kind in _LOOSE:
            heading = inline_heading(row[0])
        if heading is not None:
            self._begin(heading, row)
        elif self._is_name_set_large(row):
            self._current = self._sections[0]  # the person, told below a side bar that is read first
        self._current.line_ids.extend(cell.line.id for cell in row[heading.cells if heading else 0 :])

    def _is_name_set_large(self, row: list[Cell]) -> bool:
        """Whether a row is a name alone, larger than all else that the document prints."""
        return (
            len(row) == 1
            and self._finder.is_by_far_largest(row[0])
            and (likeness_of(row[0].text, ()).total >= _LIKE_A_NAME)
        )

    def _names_document(self, heading: Heading) -> bool:
        """Whether a line above the first section says what the document is ("Curriculum vitae", "Resume"), or whose.

        In French "résumé" is the title of a summary.
        """
        if len(self._sections) > 1:
            return False
        named = fold(heading.title).strip(" :") in word_set("furniture", "documents")
        return heading.kind is SectionKind.OTHER or (
            named and self._opens_document() and self._language != "fr"
        )

    def _opens_document(self) -> bool:
        header = self._sections[0]
        return self._current is header and not header.line_ids

    def _two_lines(self, first: Cell, second: Cell) -> None:
        """A title that a narrow column broke in two."""
        self.rows.extend(((first.line.id,), (second.line.id,)))
        title = joined([first, second])
        kind = loose_title_kind(title) or SectionKind.OTHER
        self._begin(Heading(kind, title, 2, "a known title in two lines"), [first, second])

    def _begin(self, heading: Heading, row: list[Cell]) -> None:
        ids = [cell.line.id for cell in row[: heading.cells]]
        if (told := listener()) is not None:
            style = self._finder.described(row[0])
            printed = tuple(ids) or (row[0].line.id,)
            told.append(Decision("heading", f"opens {heading.kind}: {heading.why} ({style})", printed))
        self._current = _Open(heading.kind, heading.title, ids)
        self._sections.append(self._current)


def _tell_no_heading(first: Cell, why: str) -> None:
    if (told := listener()) is not None:
        told.append(Decision("heading", f"no title: {why}", (first.line.id,)))


def _by_content(sections: tuple[Section, ...], dated: Mapping[int, bool]) -> tuple[Section, ...]:
    """The "career summary" with most dated entries is work; where no title says work, so is the unknown section.

    Ranges count before single dates: a passport's section has these. No summary stands below the work: "Presentation".
    """
    first = next((i for i, section in enumerate(sections) if section.kind is SectionKind.WORK), None)
    kinds = (SectionKind.SUMMARY, SectionKind.OTHER) if first is None else (SectionKind.SUMMARY,)

    def entries(section: Section) -> tuple[int, int]:
        told = [dated[number] for number in section.line_ids if number in dated]
        return (sum(told), len(told)) if section.kind in kinds else (0, 0)

    work = max(sections[:first], key=entries, default=None)
    if work is None or entries(work)[1] < _LEAST_ENTRIES:
        return sections
    if (told := listener()) is not None:
        why = f"work, not {work.kind}: {entries(work)[1]} lines of it tell dates"
        told.append(Decision("heading", why, work.heading_ids or work.line_ids[:1]))
    return tuple(replace(each, kind=SectionKind.WORK) if each is work else each for each in sections)


def _dates_among(pages: list[list[Cell]]) -> dict[int, bool]:
    """The lines that tell a date and little else, as beside an entry, by id; whether it is a range."""
    return {
        cell.line.id: any(not found.single for found in find_dates(cell.text))
        for cells in pages
        for cell in cells
        if cell.dated and len(_WORD.findall(cell.text)) <= _WORDS_OF_DATES
    }
