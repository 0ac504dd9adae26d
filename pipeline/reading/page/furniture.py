"""Lines that belong to the paper, not to the resume: running headers, page numbers, repeated side bars."""

from __future__ import annotations

import re

from pipeline.domain.text import Line, Page, Text

_MARGIN = 0.09  # of the page's height, at its top and at its bottom
_PAGE_NUMBER = re.compile(
    r"^\W*(?:(?:page|seite|página|pagina|pág\.?|pag\.?|p\.|sida|side|strona|str\.|стр\.?|страница|sayfa|oldal|strana"
    r"|第|עמוד|صفحة|الصفحة|sivu|trang)\W*)?\d{1,3}\s*(?:(?:/|\||of|von|sur|de|di|van|av|z|из|من|מתוך|-|–)\s*\d{1,3})?"
    r"\s*(?:页|頁|ページ|페이지)?\W*$",
    re.IGNORECASE,
)
_DOCUMENT = (
    r"(?:résumé|resume|curriculum(?: vitae)?|cv|c\.v\.|lebenslauf|currículum|currículo|életrajz"
    r"|履歴書|简历|簡歷|이력서)"
)
_RUNNING_TITLE = re.compile(
    rf"^(?:\S.{{1,50}}\s*[·•|–—-]\s*{_DOCUMENT}|{_DOCUMENT}\s*[·•|–—:-]\s*\S.{{1,50}})$", re.IGNORECASE
)
_SHORT = 24  # characters of a date or a page number beside it
_DIGITS = re.compile(r"\d+")
_SAME_PLACE = 0.012
_REPEATED_BLOCK = 5


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


_REACHABLE = re.compile(r"\w@\w|https?:|www\.|(?:\d[\s().-]{0,2}){7}|linkedin|github", re.IGNORECASE)
_APART = 1.8  # line heights between the text and a running line
_RUNNING_ROWS, _CONTACT_ROWS = 5, 8  # the latter where at least two of them are ways to reach somebody
_RUNNING_MARGIN = 0.13  # running lines with an address may take more room than a page number


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
    taken: list[Line] = []
    for line in lines:
        gap = _gap(taken, line, upwards=upwards) if taken else 0.0
        if taken and gap >= _APART * line.box.height:
            break
        if not (line.box.top >= 1 - _RUNNING_MARGIN if upwards else line.box.bottom <= _RUNNING_MARGIN):
            return []
        taken.append(line)
    rows = len({round(line.box.bottom, 2) for line in taken})
    reachable = sum(_REACHABLE.search(line.text) is not None for line in taken)
    if len(taken) == len(lines) or rows > (_CONTACT_ROWS if reachable >= 2 else _RUNNING_ROWS):
        return []
    small = all(line.size is not None and line.size < 0.97 * body and _in_margin(line) for line in taken)
    numbered = any(_in_margin(line) and _PAGE_NUMBER.search(line.text) for line in taken)
    if small or numbered or reachable:
        return [line.id for line in taken]
    return []


def _gap(taken: list[Line], line: Line, *, upwards: bool) -> float:
    if upwards:
        return min(other.box.top for other in taken) - line.box.bottom
    return line.box.top - max(other.box.bottom for other in taken)


def _page_numbers(text: Text, hidden: set[int]) -> set[int]:
    """Numbers alone in a margin that count the pages."""
    found: set[int] = set()
    for page in text.pages:
        for line in page.lines:
            if line.id in hidden or not _in_margin(line) or len(line.text) > 24:
                continue
            if _PAGE_NUMBER.match(line.text) and str(page.number) in _DIGITS.findall(line.text):
                found.add(line.id)
    return found


def _running_titles(text: Text, skip: set[int]) -> set[int]:
    """Footers that say whose document this is, as "Ada Lovelace · Résumé", with the date and number beside."""
    found: set[int] = set()
    for page in text.pages:
        low = [line for line in page.lines if line.id not in skip and line.box.top >= 1 - _MARGIN]
        for title in low:
            if not _RUNNING_TITLE.match(title.text):
                continue
            near = 0.5 * title.box.height
            row = [line for line in low if abs(line.box.bottom - title.box.bottom) <= near]
            if all(line is title or len(line.text) <= _SHORT for line in row):
                found.update(line.id for line in row if not _REACHABLE.search(line.text))
    return found


def _in_margin(line: Line) -> bool:
    return line.box.bottom <= _MARGIN or line.box.top >= 1 - _MARGIN


def _repeated(text: Text, skip: set[int]) -> set[int]:
    """Later printings of lines that stand at the same place of several pages."""
    seen: dict[str, list[Line]] = {}
    repeats: dict[int, list[Line]] = {}
    for page in text.pages:
        for line in page.lines:
            if line.id in skip:
                continue
            pattern = _pattern(line)
            earlier = [other for other in seen.get(pattern, ()) if other.page < page.number]
            if any(_same_place(line, other) for other in earlier):
                repeats.setdefault(page.number, []).append(line)
            seen.setdefault(pattern, []).append(line)
    return {
        line.id
        for page in text.pages
        for line in repeats.get(page.number, ())
        if _repeats_with_its_row(line, repeats[page.number], page)
        or _is_block(line, repeats[page.number], page)
    }


def _pattern(line: Line) -> str:
    # In a margin the number of the page may be part of the line; elsewhere a number is what the line says.
    return _DIGITS.sub("#", line.text) if _in_margin(line) else line.text


def _same_place(line: Line, other: Line) -> bool:
    return (
        abs(line.box.left - other.box.left) < _SAME_PLACE
        and abs(line.box.bottom - other.box.bottom) < _SAME_PLACE
        and abs((line.size or 0) - (other.size or 0)) < 0.5
    )


def _repeats_with_its_row(line: Line, repeats: list[Line], page: Page) -> bool:
    """Whether the line is in a margin, and nothing beside it is new: an entry's place may repeat by chance."""
    if not _in_margin(line):
        return False
    near = 0.3 * line.box.height
    row = [
        other for other in page.lines if abs(other.box.bottom - line.box.bottom) <= near and not other.hidden
    ]
    known = {other.id for other in repeats}
    return all(other.id in known or _PAGE_NUMBER.match(other.text) for other in row)


def _is_block(line: Line, repeats: list[Line], page: Page) -> bool:
    """Whether the line is one of several that repeat together: a side bar printed on every page."""
    letters = [other for other in repeats if any(char.isalpha() for char in other.text)]
    return line in letters and len(letters) >= _REPEATED_BLOCK and len(page.lines) >= len(letters)
