"""An inspected page as a picture: what was read drawn over the page, and the scores of its entries beside it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from PIL import Image, ImageDraw, ImageFont

from pipeline.cli.explain import Explained, ReadEntry, score_words
from pipeline.domain.ocr import Picture
from pipeline.domain.profile import Fact, lines_of
from pipeline.domain.text import Box, Line, Page
from pipeline.reading.lexicon.fold import fold
from pipeline.reading.why import Decision, Option

_SCALE = 200 / 72  # pixels a point, of a page that has no picture
_LONGEST_SIDE = 2400  # pixels: what is larger is drawn smaller
_PANEL, _PANEL_SIZE, _PANEL_SIGNS = 860, 17, 100  # beside the page: width, letters, and signs in a line
_MOST_PANEL_LINES = 240
_ID_SIZE, _TAG_SIZE = 15, 15
_STRIP = 40  # pixels
_MARGIN = 0.25  # of the page's width: a tag left of a box stands in the margin, never in another column
_FAINT = 60  # of 255: how much a fill hides
_WHITE, _INK, _GREY, _ID = "#ffffff", "#111111", "#8a8f98", "#be185d"

_LINE, _BLOCK, _CUT, _TABLE, _SECTION, _ENTRY = (
    "#8a8f98",
    "#0f766e",
    "#c026d3",
    "#d97706",
    "#475569",
    "#15803d",
)
_SLOTS = {
    "title, degree": "#dc2626",
    "employer, institution": "#2563eb",
    "place": "#7c3aed",
    "dates": "#ca8a04",
    "name, contacts": "#0891b2",
    "list items": "#65a30d",
}
_LEGEND = {
    "a line; left of it, its id": _LINE,
    "a block, in reading order": _BLOCK,
    "a gutter that parts columns": _CUT,
    "a table and its cells": _TABLE,
    "a section and its heading": _SECTION,
    "an entry": _ENTRY,
    **_SLOTS,
}
#: What a fact is, by the last parts of its path; and what a slot is, by its name.
_KIND_OF = {
    "title": "title, degree", "role": "title, degree", "degree": "title, degree", "degree.raw": "title, degree",
    "fields": "title, degree", "employer": "employer, institution", "institution": "employer, institution",
    "organization": "employer, institution", "place": "place", "location": "place", "location.raw": "place",
    "start": "dates", "end": "dates", "date": "dates", "is_current": "dates",
    "name.full": "name, contacts", "emails": "name, contacts", "phones": "name, contacts", "url": "name, contacts",
    "headline": "name, contacts",
    "skills.raw": "list items", "languages.name": "list items", "certifications.name": "list items",
}  # fmt: skip
_WITHOUT_TAG = "list items"
_PLAIN = str.maketrans(
    {**dict.fromkeys("–—−‐‑", "-"), **dict.fromkeys("“”„«»", '"'), **dict.fromkeys("‘’", "'"), "…": "..."}
)


class _Colour(NamedTuple):
    red: int
    green: int
    blue: int
    opacity: int = 255


def _colour(code: str, opacity: int = 255) -> _Colour:
    return _Colour(int(code[1:3], 16), int(code[3:5], 16), int(code[5:7], 16), opacity)


def drawn(found: Explained, page: Page, picture: Picture | None) -> Image.Image:
    """The page with what was read over it; its text in its boxes where the page has no picture of its own."""
    image = _ground(found, page, picture)
    canvas = _Canvas(image, [word.box for line in page.lines for word in line.words])
    if picture is None:
        for line in page.lines:
            canvas.words(line)
    for line in page.lines:
        canvas.box(line.box, _LINE, width=1)
    boxes = {line.id: line.box for line in page.lines}
    _draw_layout(found, page, canvas, boxes)
    _draw_sections(found, canvas, boxes)
    for entry in found.entries_on(page):
        canvas.box(
            _around(boxes, entry.ids),
            _ENTRY,
            tag=entry.path or "not kept",
            grow=7,
            width=3 if entry.path else 1,
        )
    _draw_facts(found, page, canvas)
    for line in page.lines:
        canvas.number(line)
    return _beside(canvas.done(), _panel(found, page))


def _draw_layout(found: Explained, page: Page, canvas: _Canvas, boxes: dict[int, Box]) -> None:
    for one in found.on(page, "block"):
        canvas.box(_around(boxes, one.ids), _BLOCK, tag=f"block {one.result}", grow=5, tag_right=True)
    for option in _chosen(found.on(page, "columns")):
        if option.at is not None:
            canvas.cut(_around(boxes, option.ids), option.at / page.width)
    for one in found.on(page, "table"):
        canvas.box(_around(boxes, one.ids), _TABLE, tag="table", grow=3)
        for row in one.options:
            for cell in row.ids:
                canvas.box(boxes.get(cell), _TABLE, width=2)


def _chosen(decisions: Iterable[Decision]) -> Iterator[Option]:
    """What won."""
    return (option for one in decisions for option in one.options if option.chosen)


def _ground(found: Explained, page: Page, picture: Picture | None) -> Image.Image:
    if picture is None:
        size = round(page.width * _SCALE), round(page.height * _SCALE)
        return Image.new(
            "RGB", (max(1, min(size[0], _LONGEST_SIDE)), max(1, min(size[1], _LONGEST_SIDE))), _WHITE
        )
    image = Image.frombytes("L", (picture.width, picture.height), picture.grey)
    if degrees := found.inspection.turned.get(page.number):
        image = image.rotate(-degrees, expand=True)
    image.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    return image.convert("RGB")


def _around(boxes: dict[int, Box], ids: Iterable[int]) -> Box | None:
    found: Box | None = None
    for number in ids:
        if number in boxes:
            found = boxes[number] if found is None else found.union(boxes[number])
    return found


def _draw_sections(found: Explained, canvas: _Canvas, boxes: dict[int, Box]) -> None:
    for section in found.sections.sections:
        heading = _around(boxes, section.heading_ids)
        if heading is not None:
            canvas.box(heading, _SECTION, tag=section.kind, fill=True, grow=2, width=3, tag_right=True)
        whole = _around(boxes, (*section.heading_ids, *section.line_ids))
        if whole is not None:
            canvas.bar(whole, _SECTION, section.kind if heading is None else "")


def _draw_facts(found: Explained, page: Page, canvas: _Canvas) -> None:
    lines = {line.id: line for line in page.lines}
    entries = (one for entry in found.entries if entry.path for one in entry.facts)
    for path, fact in (*found.other_facts(), *entries):
        kind = _kind(path)
        if kind is None or path in found.dropped:
            continue
        for box in _boxes_of(fact, lines):
            tag = "" if kind == _WITHOUT_TAG else f"{path.rsplit('.', 1)[-1]} {fact.confidence:.2f}"
            canvas.box(box, _SLOTS[kind], tag=tag, fill=True, width=2)


def _kind(path: str) -> str | None:
    names = "".join(char for char in path if not char.isdigit() and char not in "[]").split(".")
    return _KIND_OF.get(".".join(names[-2:])) or _KIND_OF.get(names[-1])


def _boxes_of(fact: Fact[Any], lines: dict[int, Line]) -> Iterator[Box]:
    """Where the words of a fact stand in the lines that it cites."""
    raw = _letters(fact.raw)
    for number in lines_of(fact):
        line = lines.get(number)
        if line is not None:
            yield _box_of_words(line, raw)


def _box_of_words(line: Line, raw: str) -> Box:
    """Around the longest run of a line's words that is a part of the text; the line's own box where none is."""
    words = [_letters(word.text) for word in line.words]
    best: tuple[int, int, int] = (0, 0, len(words))
    for begin in range(len(words)):
        run = ""
        for end in range(begin, len(words)):
            run += words[end]
            if run not in raw and raw not in run:
                break
            if len(run) > best[0]:
                best = (len(run), begin, end + 1)
            if raw and raw in run:
                break
    box: Box | None = None
    for word in line.words[best[1] : best[2]]:
        box = word.box if box is None else box.union(word.box)
    return box or line.box


def _letters(text: str) -> str:
    return "".join(char for char in fold(text) if char.isalnum())


class _Occupied:
    """Where something is printed, by strips of the page: a page may hold a hundred thousand words."""

    def __init__(self) -> None:
        self._strips: dict[int, list[Sequence[float]]] = {}

    def add(self, place: Sequence[float]) -> None:
        """Note a rectangle: left, top, right, bottom, in pixels."""
        for strip in self._of(place):
            self._strips.setdefault(strip, []).append(place)

    def is_free(self, place: Sequence[float]) -> bool:
        """Whether nothing is printed in a rectangle."""
        return not any(_meet(place, one) for strip in self._of(place) for one in self._strips.get(strip, ()))

    def _of(self, place: Sequence[float]) -> range:
        return range(int(place[1]) // _STRIP, int(place[3]) // _STRIP + 1)


class _Canvas:
    """Draws boxes, given in fractions of the page, over a picture of it."""

    def __init__(self, image: Image.Image, words: Iterable[Box]) -> None:
        self._image = image
        self._printed = _Occupied()
        for box in words:
            self._printed.add(self._pixels(box, -1))
        self._over = Image.new("RGBA", image.size, (255, 255, 255, 0))
        self._pen = ImageDraw.Draw(self._over)

    def done(self) -> Image.Image:
        """The picture with all that was drawn."""
        return Image.alpha_composite(self._image.convert("RGBA"), self._over).convert("RGB")

    def box(
        self,
        box: Box | None,
        code: str,
        *,
        tag: str = "",
        fill: bool = False,
        grow: int = 0,
        width: int = 2,
        tag_right: bool = False,
    ) -> None:
        """A rectangle, with a tag at its upper left corner, or the right one."""
        if box is None:
            return
        corners = left, top, right, bottom = self._pixels(box, grow)
        inside = _colour(code, _FAINT) if fill else None
        self._pen.rectangle(corners, outline=_colour(code), fill=inside, width=width)
        if tag:
            long, high = _font(_TAG_SIZE).getlength(tag) + 6, _TAG_SIZE + 4
            above = (right - long if tag_right else left, top - high)
            beside = [(right + 2, top), (right + 2, bottom - high)]
            if left < _MARGIN * self._image.width:
                beside.append((left - long - 30, top))
            self._tag(tag, code, [*beside, above] if fill else [above, *beside], needed=not fill or tag_right)

    def cut(self, around: Box | None, x: float) -> None:
        """A gutter: a line from the top to the bottom of what it parts."""
        if around is not None:
            wide, high = self._image.size
            at = x * wide - 6
            self._pen.line((at, around.top * high, at, around.bottom * high), fill=_colour(_CUT), width=4)

    def bar(self, around: Box, code: str, tag: str) -> None:
        """A bar at the left of a section."""
        left, top, _, bottom = self._pixels(around, 0)
        self._pen.line((left - 46, top, left - 46, bottom), fill=_colour(code), width=6)
        if tag:
            self._tag(tag, code, [(left - 46, top - _TAG_SIZE - 4)], needed=True)

    def number(self, line: Line) -> None:
        """A line's id, left of it."""
        left, top, _, bottom = self._pixels(line.box, 0)
        place, text = (left - 3, (top + bottom) / 2), str(line.id)
        self._pen.text(place, text, fill=_colour(_ID), font=_font(_ID_SIZE), anchor="rm")

    def words(self, line: Line) -> None:
        """A line's words in their boxes, under all that is drawn."""
        pen = ImageDraw.Draw(self._image)
        for word in line.words:
            left, top, right, bottom = self._pixels(word.box, 0)
            font = _font(max(8, min(60, round(0.8 * (bottom - top)))))
            pen.text(((left + right) / 2, (top + bottom) / 2), _known(word.text), _INK, font, anchor="mm")

    def _tag(self, text: str, code: str, corners: Sequence[tuple[float, float]], *, needed: bool) -> None:
        """White letters on a coloured ground at the first of these places where nothing is printed yet.

        Where there is none, what is `needed` stands at the first of them, and anything else is left to its colour.
        """
        font = _font(_TAG_SIZE)
        long, high = font.getlength(text) + 6, _TAG_SIZE + 4
        places = [(x, y, x + long, y + high) for left, y in corners for x in [self._on_page(left, long)]]
        free = (one for one in places if self._printed.is_free(one))
        place = next(free, places[0] if needed else None)
        if place is not None:
            self._printed.add(place)
            self._pen.rectangle(place, fill=_colour(code, 225))
            self._pen.text((place[0] + 3, place[1] + 1), text, fill=_colour(_WHITE), font=font)

    def _on_page(self, left: float, long: float) -> float:
        return max(0.0, min(left, self._image.width - long))

    def _pixels(self, box: Box, grow: int) -> tuple[float, float, float, float]:
        wide, high = self._image.size
        left, right = sorted((_within(box.left), _within(box.right)))
        top, bottom = sorted((_within(box.top), _within(box.bottom)))
        return left * wide - grow, top * high - grow, right * wide + grow, bottom * high + grow


def _within(edge: float) -> float:
    """An edge on the page or near it: what a file puts a mile away is drawn at its margin."""
    return min(1.02, max(-0.02, edge))


def _meet(one: Sequence[float], other: Sequence[float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _font(size: int) -> Any:
    return ImageFont.load_default(size)


def _known(text: str) -> str:
    """A text as the font of the pictures can show it: a dot for each sign that it has not."""
    plain = text.translate(_PLAIN)
    return "".join(char if char < "\u0180" else "·" for char in plain if char.isprintable())


def _panel(found: Explained, page: Page) -> list[tuple[str, str]]:
    """What stands beside the page: colour and text of each line."""
    lines = [(code, f"■ {name}") for name, code in _LEGEND.items()]
    lines.append((_INK, ""))
    lines.append((_INK, f"{found.file}, page {page.number}"))
    for option in _chosen(found.on(page, "columns")):
        lines += _wrapped(_CUT, f"gutter {option.text}: {score_words(option)}")
    for option in _chosen(found.on(page, "name")):
        lines += _wrapped(_SLOTS["name, contacts"], f"name: {score_words(option)}")
    for section in found.sections.sections:
        if section.heading_ids and any(line.id == section.heading_ids[0] for line in page.lines):
            lines += _wrapped(
                _SECTION, f"#{section.heading_ids[0]} {section.kind}: {found.why_section(section)}"
            )
    for entry in found.entries_on(page):
        lines += _entry_lines(entry)
    if len(lines) > _MOST_PANEL_LINES:
        lines = [*lines[:_MOST_PANEL_LINES], (_INK, "… the rest is in the text")]
    return lines


def _entry_lines(entry: ReadEntry) -> Iterator[tuple[str, str]]:
    first = f" from #{entry.ids[0]}" if entry.ids else ""
    yield from _wrapped(_ENTRY, f"{entry.path or 'not kept'}: {entry.read_as}{first}")
    for slot in entry.slots:
        kind = slot.result.split(":")[0].split(" ")[0]
        for option in _chosen([slot]):
            words = (
                f"  {kind} #{option.ids[0] if option.ids else '?'} {option.text[:40]}: {score_words(option)}"
            )
            yield from _wrapped(_SLOTS.get(_KIND_OF.get(kind, ""), _INK), words)
    for option in _chosen([entry.heading] if entry.heading is not None else []):
        yield from _wrapped(_GREY, f"  whole: {score_words(option)}")


def _wrapped(code: str, text: str) -> list[tuple[str, str]]:
    lines = textwrap.wrap(_known(text), _PANEL_SIGNS, subsequent_indent="      ", drop_whitespace=True)
    lead = " " * (len(text) - len(text.lstrip()))
    return [(code, line if i else lead + line.lstrip()) for i, line in enumerate(lines)]


def _beside(page: Image.Image, lines: Sequence[tuple[str, str]]) -> Image.Image:
    step = _PANEL_SIZE + 6
    whole = Image.new("RGB", (page.width + _PANEL, max(page.height, step * len(lines) + 40)), _WHITE)
    whole.paste(page, (0, 0))
    pen, font = ImageDraw.Draw(whole), _font(_PANEL_SIZE)
    pen.line((page.width, 0, page.width, whole.height), fill=_GREY, width=2)
    for number, (code, text) in enumerate(lines):
        top = 20 + number * step
        if text.startswith("■ "):
            pen.rectangle((page.width + 20, top + 2, page.width + 36, top + 16), fill=code)
            text = text[2:]
            pen.text((page.width + 46, top), text, fill=_INK, font=font)
        else:
            indent = 14 * (len(text) - len(text.lstrip())) // 2
            pen.text((page.width + 20 + indent, top), text.lstrip(), fill=code, font=font)
    return whole
