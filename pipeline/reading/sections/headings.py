"""Which rows are headings: by their title, and by how the document sets its titles."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import NamedTuple

from pipeline.domain.sections import SectionKind
from pipeline.reading.page.cells import Cell, body_size
from pipeline.reading.page.rows import Row, piece_of
from pipeline.reading.page.table_heads import printed_tables
from pipeline.reading.sections.titles import RULE, is_all_title, loose_title_kind, plain_title, title_kind
from pipeline.reading.values.classify import employer_score, institution_score
from pipeline.reading.values.labels import is_form_label
from pipeline.reading.why import Decision, listener

_LONGEST_HEADING = 48  # characters
_MOST_WORDS = 7  # of a heading: more are a sentence
_SIZES = 20  # sizes are compared in twentieths of the body's
_SIZE_SLACK = 1  # twentieths by which titles of one style may differ in size
_MEASURED_SLACK = 4  # the same where sizes are measured in a picture
_LARGER = 2  # twentieths by which the titles of a document are larger than the labels of its tables, at least
_CLEARLY_LARGER = 4  # twentieths by which a title in another style stands out from all others
_LEAST_KINDS = 2  # different titles in one style: one alone may be a part of an entry
_PLAIN_KINDS = 3  # the same where nothing but their words tells titles from the text
_LARGE = 22  # twentieths, from which on a line may be a title by its size alone

# Ems.
_TITLE_GAP = 0.4  # white above an unknown title: less, and it is the second line of what is above
_KNOWN_GAP = 0.5  # white above a known title that is set as the text is
_SECOND_LINE = 0.8  # white between the two lines of one title, at most
_BY_FAR = 1.4  # times what is set second largest
_ALIGNED = 0.3  # by which edges of one column differ
_SAME_COLUMN = 3  # by which titles of one column begin apart, at most
_SIBLINGS = 4  # between the tops of two rows of one table, at most

_CELLS_OF_LABELS = 3  # of a form's row: a label, its value and the next label

_INLINE = re.compile(r"^([^:：]{2,40})[:：]\s+\S")
# What one line can hold. "Blog: …" or "Address: …" is a part of the contacts, not a section.
_INLINE_KINDS = frozenset(
    {
        SectionKind.SUMMARY,
        SectionKind.SKILLS,
        SectionKind.LANGUAGES,
        SectionKind.EDUCATION,
        SectionKind.CERTIFICATIONS,
        SectionKind.AWARDS,
        SectionKind.INTERESTS,
    }
)
# A section of these may be told in two places, or go on below its title on the next page.
_OFTEN_TWICE = frozenset({SectionKind.WORK, SectionKind.EDUCATION})
_NUMBER = re.compile(r"^[(]?(?:\d{1,2}|[IVX]{1,4}|[A-Z])[.):]+$")  # of a section, in a cell of its own
_SAYS_FIRM, _SAYS_SCHOOL = 0.8, 0.9  # scores of a name with a word for one in it
_SENTENCE_END = re.compile(r"[.,;!?。、，]$")


class Style(NamedTuple):
    """How a line is set: its size against the body's in twentieths, bold, capitals, a colon at its end."""

    size: int
    bold: bool
    capitals: bool
    colon: bool


@dataclass(frozen=True, slots=True)
class Heading:
    """A row's heading, and what it says. It takes `cells` of the row: 0 where its first line of content goes on."""

    kind: SectionKind
    title: str
    cells: int
    why: str = "the title before a colon"


class HeadingFinder:
    """Knows how one document sets its section titles."""

    def __init__(self, rows: list[list[Cell]]) -> None:
        cells = [cell for row in rows for cell in row]
        self._body = body_size(cells)
        self._two_largest = sorted((cell.size for cell in cells), reverse=True)[:2]
        self._measured = 2 * sum(cell.measured for cell in cells) > len(cells)
        self._slack = _MEASURED_SLACK if self._measured else _SIZE_SLACK
        self._labels = self._table_labels(rows)
        self._styles = self._title_styles(rows)
        self._plain_titles = self._are_titles_plain(rows)
        self._inside = self._inside_sections(rows)
        self._unknown = Counter(
            self.style(row[0]) for row in rows if len(row) == 1 and self._could_be_unknown_title(row[0])
        )

    def is_by_far_largest(self, cell: Cell) -> bool:
        """Whether nothing else in the document is set nearly as large."""
        others = self._two_largest[1:] if cell.size >= self._two_largest[0] else self._two_largest
        return all(cell.size > _BY_FAR * size for size in others)

    def style(self, cell: Cell) -> Style:
        """The cell's style, comparable within the document."""
        text = cell.text
        size = round(_SIZES * cell.size / self._body)
        return Style(size, bool(cell.line.bold), cell.capitals, text.endswith((":", "：")))

    def _table_labels(self, rows: list[list[Cell]]) -> frozenset[int]:
        """Lines that label the rows of a table: "Programming | Python, Bash" below "DevOps | AWS, Linux".

        Such a label may be a known title. It heads no second section of the kind that it stands in where one
        beside it in the same style is no title, and larger lines are the titles of the document.
        """
        largest = max((self.style(row[0]).size for row in rows if len(row) == 1 and row[0].heads), default=0)
        found: set[int] = set()
        table: list[Cell] = []
        for row in [*rows, []]:
            if row and len(row) > 1 and (not table or self._are_siblings(table[-1], row[0])):
                table.append(row[0])
                continue
            if len(table) > 1 and any(loose_title_kind(cell.text) is None for cell in table):
                found.update(cell.line.id for cell in table if self.style(cell).size + _LARGER <= largest)
            table = [row[0]] if len(row) > 1 else []
        return frozenset(found)

    def _are_siblings(self, above: Cell, cell: Cell) -> bool:
        """Whether two cells stand one under another in one column, in one style."""
        aligned = min(abs(above.left - cell.left), abs(above.right - cell.right)) < _ALIGNED * cell.size
        return (
            aligned
            and 0 <= cell.top - above.top < _SIBLINGS * cell.size
            and self.style(above)[:2] == self.style(cell)[:2]
        )

    def _title_styles(self, rows: list[list[Cell]]) -> Counter[Style]:
        """How the known titles are set: in the most frequent style, in larger ones, and in what heads several kinds.

        A known word in a smaller style heads a part of a section ("Journal Articles"), or is an entry's.
        """
        kinds: dict[Style, set[SectionKind]] = {}
        found: Counter[Style] = Counter()
        for row in rows:
            title = row[0].title
            if title is not None and row[0].heads and _may_head(row[0]) and not _labels_value(row):
                style = self.style(row[0])
                found[style] += 1
                kinds.setdefault(style, set()).add(title)
        if not found:
            return found
        main = max(kinds, key=lambda style: (len(kinds[style]), style))
        if len(kinds[main]) < _LEAST_KINDS:
            return found  # one larger title is not how this document sets its titles
        return Counter(
            {
                style: count
                for style, count in found.items()
                if style.size >= main.size + _SIZE_SLACK - self._slack or len(kinds[style]) >= _LEAST_KINDS
            }
        )

    def _are_titles_plain(self, rows: list[list[Cell]]) -> bool:
        """Whether the document sets its titles as its text: exact ones of several kinds, each in a row of its own."""
        plain = {row[0].title for row in rows if len(row) == 1 and row[0].title and not row[0].styled}
        styled = {row[0].title for row in rows if row[0].heads and _may_head(row[0])}
        return len(plain) >= _PLAIN_KINDS and len(styled) < _LEAST_KINDS

    def _inside_sections(self, rows: list[list[Cell]]) -> dict[int, str]:
        """Lines that look like titles and head a part of a section: an entry, or what is told of each entry.

        A title word that is set less than the titles above it in its column ("Course" below an institute's name), one
        that comes again and again ("Highlights" of each job), what is followed by dates where most such lines are,
        and the head of a table ("Course | School | Year"). Each with the reason.
        """
        reasons = {
            "set less than the titles above it": self._lesser_titles(rows),
            "comes again and again": self._repeated_titles(rows),
            "dates follow it, as they follow others set like it": self._entry_heads(rows),
            "in the head of a table": _heads_of_tables(rows),
        }
        return {number: reason for reason, numbers in reasons.items() for number in numbers}

    def _lesser_titles(self, rows: list[list[Cell]]) -> set[int]:
        kinds: dict[Style, set[SectionKind]] = {}
        for row in rows:
            if row[0].title is not None and row[0].heads and _may_head(row[0]) and not _labels_value(row):
                kinds.setdefault(self.style(row[0]), set()).add(row[0].title)
        main = max((style for style, told in kinds.items() if len(told) >= _LEAST_KINDS), default=None)
        found: set[int] = set()
        above: list[Cell] = []
        for row in rows:
            first = row[0]
            if main is None or not first.heads or not _may_head(first):
                continue
            style = self.style(first)
            if not self._is_lesser(style, main):
                above.append(first)
            elif any(abs(one.left - first.left) < _SAME_COLUMN * first.size for one in above[-1:]):
                found.add(first.line.id)
        return found

    def _is_lesser(self, style: Style, than: Style) -> bool:
        """Whether a style stands out less: smaller, or of one size and without the weight or the capitals.

        Sizes and weights that were read from a picture are estimates: there only capitals tell.
        """
        if self._measured:
            return than.capitals and not style.capitals and style.size < than.size + self._slack
        if abs(style.size - than.size) > self._slack:
            return style.size < than.size
        return (style.bold, style.capitals) < (than.bold, than.capitals)

    def _repeated_titles(self, rows: list[list[Cell]]) -> set[int]:
        told: dict[str, list[Cell]] = {}
        for row in rows:
            if row[0].title is not None and _may_head(row[0]) and row[0].title not in _OFTEN_TWICE:
                told.setdefault(plain_title(row[0].text), []).append(row[0])
        return {cell.line.id for cells in told.values() if len(cells) > 1 for cell in cells}

    def _entry_heads(self, rows: list[list[Cell]]) -> set[int]:
        """Lines in no title's words, above a date, in a style in which there are several such."""
        found: dict[Style, list[int]] = {}
        for row, *below in zip(rows, rows[1:], [*rows[2:], []], strict=False):
            first = row[0]
            is_candidate = first.styled and not first.dated and _may_head(first)
            if is_candidate and not is_all_title(first.text) and any(cell.dated for r in below for cell in r):
                found.setdefault(self.style(first), []).append(first.line.id)
        return {number for numbers in found.values() if len(numbers) >= _LEAST_KINDS for number in numbers}

    def heading(
        self, row: list[Cell], below: list[Cell] | None, gap: float, *, current: SectionKind
    ) -> Heading | None:
        """The heading that a row begins with, if any.

        `below` is the next row of its column, `gap` the white space above it in ems, `current` what the
        section that is open here is about.
        """
        if len(row) > 1 and _NUMBER.match(row[0].text):
            numbered = self.heading(row[1:], below, gap, current=current)
            return numbered and replace(numbered, cells=numbered.cells + bool(numbered.cells))
        found = self._judged(row, below, gap, current)
        if isinstance(found, str):
            self._tell_refused(row[0], found)
            return None
        return found

    def _judged(
        self, row: list[Cell], below: list[Cell] | None, gap: float, current: SectionKind
    ) -> Heading | str:
        """The heading that a row begins with, or why it begins with none."""
        first = row[0]
        if not _may_head(first):
            return "too long for a title, or a sentence"
        if first.line.id in self._inside:
            return self._inside[first.line.id]
        kind, why = self._known(row, gap, current)
        if self._is_label(row, kind, current):
            return "labels a part of the section"
        if kind is not None:
            return Heading(kind, first.text, 1, why)
        if (
            len(row) == 1
            and below is not None
            and below[0].title is None
            and gap >= _TITLE_GAP
            and self._looks_like_the_others(first)
            and not (current in _OFTEN_TWICE and _names_organisation(first.text))
        ):
            return Heading(SectionKind.OTHER, first.text, 1, "unknown words, set as the known titles are")
        return why

    def _tell_refused(self, first: Cell, why: str) -> None:
        """Tell a listener of a line that stands out, or reads like a title, and is none."""
        told = listener()
        if told is not None and (first.styled or first.title is not None):
            told.append(Decision("heading", f"no title: {why} ({self.described(first)})", (first.line.id,)))

    def described(self, cell: Cell) -> str:
        """A line's style in words: "1.2 times the body's size, bold"."""
        style = self.style(cell)
        looks = [f"{style.size / _SIZES:g} times the body's size"]
        looks += [word for word in ("bold", "capitals") if getattr(style, word)]
        return ", ".join(looks)

    def _is_label(self, row: list[Cell], kind: SectionKind | None, current: SectionKind) -> bool:
        """Whether a row that reads like a title labels a part of the section that is open here."""
        if current in _OFTEN_TWICE and _labels_value(row):
            return True  # "Course | : N3 Boilermaking": of a record
        among_contacts = current in (SectionKind.HEADER, SectionKind.CONTACT)
        if kind is SectionKind.CONTACT and len(row) > 1 and among_contacts:
            return True  # "Address | 1 High Street"
        return kind is current and row[0].line.id in self._labels

    def is_first_half(self, row: list[Cell], below: list[Cell]) -> bool:
        """Whether two rows are one title in two lines: the second alone is none, both together are."""
        first, second = row[0], below[0]
        return (
            len(row) == len(below) == 1
            and first.styled
            and second.styled
            and second.title is None
            and self.style(first)[:3] == self.style(second)[:3]
            and second.top - first.bottom < _SECOND_LINE * first.size
            and self._is_title_style(self.style(second))
            and title_kind(f"{first.text} {second.text}") is not None
        )

    def _known(self, row: list[Cell], gap: float, current: SectionKind) -> tuple[SectionKind | None, str]:
        """The kind that the words of a row's first line name as a title, and why; or None, and why not."""
        first = row[0]
        style = self.style(first)
        if first.title is not None:
            if self._styles.total() >= 2 and not self._is_title_style(style):
                return None, "a known title, not set as this document sets them"
            if first.styled:
                return first.title, "a known title, set apart"
            if len(row) == 1 and gap > _KNOWN_GAP and current is not first.title:
                return first.title, "a known title with white above it"
            if self._plain_titles and len(row) == 1:
                return first.title, "a known title, set as the text is"
            return None, "a known title within a text"
        if first.styled and (self._is_title_style(style) or self._is_larger(style, current)):
            kind = loose_title_kind(first.text)
            return (
                kind,
                "words of a title, set as titles are" if kind else "set as titles are, no title's words",
            )
        return None, "no title's words in a title's style"

    def _is_larger(self, style: Style, current: SectionKind) -> bool:
        """Whether a line is set larger than every known title, below the person's name."""
        return (
            current is not SectionKind.HEADER
            and bool(self._styles)
            and style.size >= max(known.size for known in self._styles) + _CLEARLY_LARGER
        )

    def _is_title_style(self, style: Style) -> bool:
        """Whether known titles are set like this: the same capitals and weight, and about as large.

        The weight of what was read from a picture is an estimate too: capitals tell enough.
        """
        if not self._styles:
            return True
        return any(
            abs(style.size - known.size) <= self._slack
            and (style.bold == known.bold or (self._measured and style.capitals))
            and style.capitals == known.capitals
            for known in self._styles
        )

    def _looks_like_the_others(self, cell: Cell) -> bool:
        """Whether an unknown line is set as the known titles are, in a style that is mostly theirs.

        Where many unknown lines share it, it is the style of the entries' first lines too.
        """
        style = self.style(cell)
        known = self._styles[style]
        return known >= 2 and self._could_be_unknown_title(cell) and 2 * self._unknown[style] <= known + 1

    def _could_be_unknown_title(self, cell: Cell) -> bool:
        style = self.style(cell)
        return (
            style in self._styles
            and _may_head(cell)
            and loose_title_kind(cell.text) is None
            and (style.size >= _LARGE or style.capitals or style.bold)
            and not cell.dated
            and not any(char.isdigit() for char in cell.text)
            and "@" not in cell.text
        )


def _names_organisation(text: str) -> bool:
    """Whether a word says a firm or a school: within jobs and degrees it heads an entry, however it is set."""
    return employer_score(text) >= _SAYS_FIRM or institution_score(text) >= _SAYS_SCHOOL


def _labels_value(row: list[Cell]) -> bool:
    """Whether a row is a label and its value: "Address | : 1 High Street", "学历 | 本科 | 婚姻状况 | 已婚"."""
    if len(row) < _CELLS_OF_LABELS:
        return len(row) > 1 and row[1].text.startswith((":", "："))
    return row[1].text.startswith((":", "：")) or is_form_label(row[2].text)


def _heads_of_tables(rows: list[list[Cell]]) -> set[int]:
    printed = [Row(tuple(piece_of(cell.line) for cell in row)) for row in rows]
    return {
        cell.line.id
        for table in printed_tables(printed)
        for row in rows[table.begin : table.past]
        for cell in row
    }


def _may_head(cell: Cell) -> bool:
    text = cell.text.strip(RULE)
    return (
        2 <= len(text) <= _LONGEST_HEADING
        and len(text.split()) <= _MOST_WORDS
        and any(char.isalpha() for char in text)
        and not _SENTENCE_END.search(text)
    )


def inline_heading(cell: Cell) -> Heading | None:
    """The title before a colon, when the line goes on after it: "Languages: English, Dutch"."""
    match = _INLINE.match(cell.text)
    kind = title_kind(match.group(1)) if match is not None else None
    if match is None or kind not in _INLINE_KINDS:
        return None
    return Heading(kind, match.group(1), 0)
