"""Plain text, in the parser's child process: its characters on pages of fixed pitch, where their columns are places.

A row of the file is cut into lines at gaps, as Textract and PDFium cut them; a tab is one. A rule of hyphens, equals
signs and the like is drawn, not written: it is no line, and what stands right above one of equal or greater length is
set off by it, as bold letters are in print.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

import chardet

from pipeline.adapters.parsing.parsed import Box4, DocumentRefused, ReadPage, Refusal, guarded

_MOST_BYTES = 4_000_000
_MOST_CHARACTERS = 500_000
_JUDGED = 100_000  #: bytes that tell an encoding
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
_WIDTH, _HEIGHT = 595.3, 841.9
_MARGIN = 50.0
_ROWS = 60  #: of a page without form feeds
#: Columns of a page: as many as the longest row, within these. A longer row is a paragraph, and is broken.
_FEWEST_COLUMNS, _MOST_COLUMNS = 80, 132
_BROKEN_AT = 96
_TAB = 8
_PITCH = 0.6  #: ems
_ASCENT, _DESCENT = 0.75, 0.22
#: A gap between columns, or after a sentence's end, which typists make two spaces wide.
_GAP, _SENTENCE_END = 2, ".?!:;,"
_WIDE_GAP = 3
_RULE = re.compile(r"[-=_*~#+.·•─━═—–\u2500-\u257f\s]{3,}")
_MARK = re.compile(r"[-*•·‣▪◦●○■□➢✓o–—»>]|\(?(?:\d{1,2}|[a-zA-Z])[.)]")
_CHARACTER = re.compile(r"[^\W_]")


class _Char(NamedTuple):
    """A character and the columns that it takes: `at` is the first. `tabbed`: a tab stands before it."""

    text: str
    at: int
    wide: int
    tabbed: bool


def read_text(content: bytes, max_pages: int) -> list[ReadPage] | Refusal:
    """Every page of the text, or why not. Never raises for what a text may contain."""
    return guarded(_read, content, max_pages)


def decoded(content: bytes) -> str:
    """The text: by its byte order mark, as UTF-8, else in the encoding that fits best.

    Raises DocumentRefused where none fits, or where it is no text.
    """
    if len(content) > _MOST_BYTES:
        raise DocumentRefused("resource-limit", "The file holds more text than a resume can.")
    encoding = next((name for mark, name in _BOMS if content.startswith(mark)), None)
    try:
        text = content.decode(encoding or "utf-8")
    except UnicodeDecodeError:
        text = "" if encoding else _guessed(content)
    if "\0" in text or not _CHARACTER.search(text):
        raise DocumentRefused(
            "corrupt", "The file is no text in any encoding that is known: save it as UTF-8."
        )
    return text


def _guessed(content: bytes) -> str:
    told = chardet.detect(content[:_JUDGED], compat_names=False)["encoding"]
    try:
        return content.decode(told, errors="replace") if told else ""
    except LookupError:
        return ""


def _read(content: bytes, max_pages: int) -> list[ReadPage]:
    text = decoded(content)
    if len(text) > _MOST_CHARACTERS:
        raise DocumentRefused("resource-limit", "The file holds more text than a resume can.")
    sheets = [_rows(sheet) for sheet in text.rstrip("\f\x1a \r\n").split("\f")]
    columns = _columns(row for sheet in sheets for row in sheet)
    pages: list[ReadPage] = []
    for sheet in sheets:
        broken = [part for row in sheet for part in _broken(row, columns)]
        for start in range(0, max(1, len(broken)), _ROWS):
            if len(pages) >= max_pages:
                raise DocumentRefused(
                    "resource-limit", f"The document has more than the {max_pages} pages allowed."
                )
            pages.append(_page(broken[start : start + _ROWS], columns))
    return pages


def _rows(text: str) -> list[list[_Char]]:
    """The rows of characters, each in its place; white space has none."""
    return [list(_placed(row)) for row in re.split(r"\r\n|[\n\r\v\x85\u2028\u2029]", text)]


def _placed(row: str) -> Iterator[_Char]:
    at, tabbed = 0, False
    for char in row:
        if char == "\t":
            at += _TAB - at % _TAB
            tabbed = True
            continue
        wide = 2 if unicodedata.east_asian_width(char) in "WF" else 1
        if unicodedata.combining(char) or unicodedata.category(char) in ("Cc", "Cf"):
            wide = 0
        if not char.isspace() and unicodedata.category(char) != "Cc":
            yield _Char(char, at, wide, tabbed)
            tabbed = False
        at += wide


def _columns(rows: Iterator[list[_Char]]) -> int:
    lengths = (_end(row) for row in rows)
    return max(_FEWEST_COLUMNS, *(length for length in lengths if length <= _MOST_COLUMNS), 0)


def _end(row: list[_Char]) -> int:
    return row[-1].at + row[-1].wide if row else 0


def _broken(row: list[_Char], columns: int) -> Iterator[list[_Char]]:
    """The row, in parts that fit the page; a part begins where the row does, or its text behind a bullet."""
    if _end(row) <= columns:
        yield row
        return
    words = list(_words(row))
    begin = min(row[0].at, columns // 2)
    moved = row[0].at - begin
    marked = len(words) > 1 and _MARK.fullmatch(_text(words[0])) is not None
    indent = min(words[1][0].at - moved, columns // 2) if marked else begin
    part: list[_Char] = []
    for word in words:
        if part and _end(word) - moved > min(columns, indent + _BROKEN_AT):
            yield part
            part, moved = [], word[0].at - indent
        for cell in word:
            if cell.at - moved + cell.wide > columns:  # a word longer than the page, or text without spaces
                yield part
                part, moved = [], cell.at - indent
            part.append(cell._replace(at=cell.at - moved))
    yield part


def _words(row: list[_Char]) -> Iterator[list[_Char]]:
    word: list[_Char] = []
    for cell in row:
        if word and (cell.tabbed or cell.at > word[-1].at + word[-1].wide):
            yield word
            word = []
        word.append(cell)
    if word:
        yield word


def _page(rows: list[list[_Char]], columns: int) -> ReadPage:
    page = ReadPage(_WIDTH, _HEIGHT, [], [])
    pitch = (_WIDTH - 2 * _MARGIN) / columns
    high = (_HEIGHT - 2 * _MARGIN) / _ROWS
    size = min(pitch / _PITCH, high / (_ASCENT + _DESCENT))
    ruled = [_is_rule(row) for row in rows]
    for number, row in enumerate(rows):
        if ruled[number] or not row:
            continue
        below = rows[number + 1] if number + 1 < len(rows) and ruled[number + 1] else []
        bold = bool(below) and _end(below) - below[0].at >= 0.8 * (_end(row) - row[0].at)
        mirrored = _from_right(row)
        base = _MARGIN + high * number + _ASCENT * size
        for line in _lines(row):
            placed = [(_text(word), _box(word, base, size, pitch, mirrored=mirrored)) for word in line]
            lefts, tops, rights, bottoms = zip(*(box for _, box in placed), strict=True)
            around = (min(lefts), min(tops), max(rights), max(bottoms))
            page.lines.append((placed, around, round(size, 2), bold, False))
    return page


def _is_rule(row: list[_Char]) -> bool:
    return len(row) >= 3 and _RULE.fullmatch(_text(row)) is not None


def _lines(row: list[_Char]) -> Iterator[list[list[_Char]]]:
    """The words of a row, cut where a column ends."""
    line: list[list[_Char]] = []
    for word in _words(row):
        if line and _is_gap(line, word):
            yield line
            line = []
        line.append(word)
    if line:
        yield line


def _is_gap(line: list[list[_Char]], word: list[_Char]) -> bool:
    before = line[-1]
    gap = word[0].at - _end(before)
    if len(line) == 1 and _MARK.fullmatch(_text(before)):
        return False
    return word[0].tabbed or gap >= (_WIDE_GAP if _text(before)[-1] in _SENTENCE_END else _GAP)


def _text(cells: list[_Char]) -> str:
    return "".join(cell.text for cell in cells)


def _from_right(row: list[_Char]) -> bool:
    """Whether the row is written from right to left, as its first letter is."""
    kinds = (unicodedata.bidirectional(char) for cell in row for char in cell.text)
    return next((kind != "L" for kind in kinds if kind in ("L", "R", "AL")), False)


def _box(word: list[_Char], base: float, size: float, pitch: float, *, mirrored: bool) -> Box4:
    left, right = _MARGIN + pitch * word[0].at, _MARGIN + pitch * max(_end(word), word[0].at + 1)
    if mirrored:
        left, right = _WIDTH - right, _WIDTH - left
    edges = (
        left / _WIDTH,
        (base - _ASCENT * size) / _HEIGHT,
        right / _WIDTH,
        (base + _DESCENT * size) / _HEIGHT,
    )
    return tuple(round(min(1.0, max(0.0, edge)), 5) for edge in edges)  # type: ignore[return-value]
