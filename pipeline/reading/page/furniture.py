"""Lines that belong to the paper, not to the resume: running headers, page numbers, repeated side bars.

Places and distances are fractions of the page's height, sizes are in points.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

from pipeline.domain.text import Line, Page, Text
from pipeline.reading.lexicon.fold import fold
from pipeline.reading.lexicon.load import any_of, load

_MARGIN = 0.09  # of the page, at its top and at its bottom: where page numbers stand
_RUNNING_MARGIN = 0.13  # running lines with an address may take more room than a page number
_SHORT = 24  # characters of a page number, or of a date beside it
_SAME_PLACE = 0.012  # by which left and bottom may differ where a line repeats: renderers shift a little
_SAME_SIZE = 0.5  # points by which they may differ in size
_REPEATED_BLOCK = 5  # lines of a side bar that repeats: fewer may be a job's place and name by chance
_APART = 1.8  # line heights of white between the text and a running line: less is the text's own line spacing
_RUNNING_ROWS = 5  # rows of a running header or footer
_CONTACT_ROWS = 8  # the same where several of its lines are ways to reach somebody
_SMALL = 0.97  # of the body's size: what is smaller, and in the margin, is a remark
_ROW_OF_TITLE = 0.5  # line heights by which lines beside a running title may be off its base line
_ROW_OF_REPEAT = 0.3  # the same for lines beside one that repeats: it must not take in the row above
_DIGITS = re.compile(r"\d+")
_DATE_OF_DIGITS = re.compile(
    r"(?<!\d)(?:19|20)\d\d[-./]\d{1,2}(?:[-./]\d{1,2})?(?!\d)"
)  # "2013-06-01": no number to call


class _Patterns(NamedTuple):
    """What folded lines of furniture look like."""

    page_number: re.Pattern[str]
    running_title: re.Pattern[str]
    reachable: re.Pattern[str]


@cache
def _patterns() -> _Patterns:
    words = load("furniture")
    page, of, behind, document, sites = (
        f"(?:{any_of(words[name]).pattern})"
        for name in ("page", "page_of", "page_behind", "documents", "sites")
    )
    return _Patterns(
        re.compile(rf"^\W*(?:{page}\W*)?\d{{1,3}}\s*(?:{of}\s*\d{{1,3}})?\s*{behind}?\W*$"),
        re.compile(rf"^(?:\S.{{1,50}}\s*[·•|–—-]\s*{document}|{document}\s*[·•|–—:-]\s*\S.{{1,50}})$"),
        re.compile(rf"\w@\w|https?:|www\.|(?:\d[\s().-]{{0,2}}){{7}}|{sites}"),
    )


def _is_page_number(line: Line) -> bool:
    return _patterns().page_number.match(fold(line.text)) is not None


def _is_reachable(line: Line) -> bool:
    """Whether a line tells a way to reach somebody: an address, a number, a site."""
    return _patterns().reachable.search(_DATE_OF_DIGITS.sub("", fold(line.text))) is not None


def _in_margin(line: Line) -> bool:
    return line.box.bottom <= _MARGIN or line.box.top >= 1 - _MARGIN


def furniture_of(text: Text) -> tuple[int, ...]:
    """Ids of the lines that are furniture, hidden ones among them.

    The first printing of what repeats is kept: a name or an address may stand in a running header only.
    """
    found = {line.id for line in text.lines if line.hidden or not line.text}
    found |= _running_titles(text, found)
    if len(text.pages) > 1:
        found |= _page_numbers(text, found)
        found |= _repeated(text, found)
    return tuple(sorted(found))


def running_lines(text: Text, skip: frozenset[int]) -> frozenset[int]:
    """Ids of running lines that are no furniture: an address or a small remark set apart in a page's margin.

    They belong to whoever the resume is about, not to the section that happens to end beside them. The top
    of the first page is the resume's own header.
    """
    body = _body_size(text)
    found: set[int] = set()
    for page in text.pages:
        lines = sorted((line for line in page.lines if line.id not in skip), key=lambda line: line.box.top)
        found.update(_running(lines[::-1], body, upwards=True))
        if page.number > 1:
            found.update(_running(lines, body, upwards=False))
    return frozenset(found)


def _body_size(text: Text) -> float:
    sizes = sorted(line.size for line in text.lines if line.size)
    return sizes[len(sizes) // 2] if sizes else 0.0


def _running(lines: list[Line], body: float, *, upwards: bool) -> list[int]:
    """The lines from the edge inwards that lie in the margin, when white space follows them."""
    taken = _set_apart(lines, upwards=upwards)
    if len(taken) == len(lines):
        return []
    reachable = sum(_is_reachable(line) for line in taken)
    rows = len({round(line.box.bottom, 2) for line in taken})
    if rows > (_CONTACT_ROWS if reachable >= 2 else _RUNNING_ROWS):
        return []
    small = all(_in_margin(line) and _is_smaller(line, body) for line in taken)
    if small or reachable or any(_in_margin(line) and _is_page_number(line) for line in taken):
        return [line.id for line in taken]
    return []


def _set_apart(lines: list[Line], *, upwards: bool) -> list[Line]:
    """The lines from the edge inwards to the first white; none where some of them lie beyond the margin."""
    taken: list[Line] = []
    for line in lines:
        if taken and _gap(taken, line, upwards=upwards) >= _APART * line.box.height:
            break
        if not (line.box.top >= 1 - _RUNNING_MARGIN if upwards else line.box.bottom <= _RUNNING_MARGIN):
            return []
        taken.append(line)
    return taken


def _gap(taken: list[Line], line: Line, *, upwards: bool) -> float:
    if upwards:
        return min(other.box.top for other in taken) - line.box.bottom
    return line.box.top - max(other.box.bottom for other in taken)


def _is_smaller(line: Line, body: float) -> bool:
    return line.size is not None and line.size < _SMALL * body


def _page_numbers(text: Text, hidden: set[int]) -> set[int]:
    """Numbers alone in a margin that count the pages."""
    return {
        line.id
        for page in text.pages
        for line in page.lines
        if line.id not in hidden and _in_margin(line) and _counts(line, page.number)
    }


def _counts(line: Line, number: int) -> bool:
    """Whether a line tells the number of its page and nothing else."""
    text = line.text
    return len(text) <= _SHORT and _is_page_number(line) and str(number) in _DIGITS.findall(fold(text))


def _running_titles(text: Text, skip: set[int]) -> set[int]:
    """Footers that say whose document this is, as "Ada Lovelace · Résumé", with the date and number beside."""
    found: set[int] = set()
    for page in text.pages:
        low = [line for line in page.lines if line.id not in skip and line.box.top >= 1 - _MARGIN]
        for title in low:
            if not _patterns().running_title.match(fold(title.text)):
                continue
            row = _beside(title, low, _ROW_OF_TITLE)
            if all(line is title or len(line.text) <= _SHORT for line in row):
                found.update(line.id for line in row if not _is_reachable(line))
    return found


def _beside(line: Line, lines: Iterable[Line], slack: float) -> list[Line]:
    """The lines in one row with a line, itself among them; `slack` in its heights."""
    near = slack * line.box.height
    return [other for other in lines if abs(other.box.bottom - line.box.bottom) <= near]


def _repeated(text: Text, skip: set[int]) -> set[int]:
    """Later printings of lines that stand at the same place of several pages."""
    seen: dict[str, list[Line]] = {}
    found: set[int] = set()
    for page in text.pages:
        repeats: list[Line] = []
        for line in page.lines:
            if line.id in skip:
                continue
            earlier = seen.setdefault(_pattern(line), [])
            if any(other.page < page.number and _same_place(line, other) for other in earlier):
                repeats.append(line)
            earlier.append(line)
        found.update(line.id for line in repeats if _is_printed_again(line, repeats, page))
    return found


def _pattern(line: Line) -> str:
    # In a margin the number of the page may be part of the line; elsewhere a number is what the line says.
    return _DIGITS.sub("#", line.text) if _in_margin(line) else line.text


def _same_place(line: Line, other: Line) -> bool:
    return (
        abs(line.box.left - other.box.left) < _SAME_PLACE
        and abs(line.box.bottom - other.box.bottom) < _SAME_PLACE
        and abs((line.size or 0) - (other.size or 0)) < _SAME_SIZE
    )


def _is_printed_again(line: Line, repeats: Sequence[Line], page: Page) -> bool:
    """Whether a line that repeats is furniture: an entry's place may repeat by chance."""
    return _repeats_with_its_row(line, repeats, page) or _is_block(line, repeats, page)


def _repeats_with_its_row(line: Line, repeats: Sequence[Line], page: Page) -> bool:
    """Whether the line is in a margin, and nothing beside it is new."""
    if not _in_margin(line):
        return False
    row = _beside(line, (other for other in page.lines if not other.hidden), _ROW_OF_REPEAT)
    known = {other.id for other in repeats}
    return all(other.id in known or _is_page_number(other) for other in row)


def _is_block(line: Line, repeats: Sequence[Line], page: Page) -> bool:
    """Whether the line is one of several that repeat together: a side bar printed on every page."""
    letters = [other for other in repeats if any(char.isalpha() for char in other.text)]
    return line in letters and len(letters) >= _REPEATED_BLOCK and len(page.lines) >= len(letters)
