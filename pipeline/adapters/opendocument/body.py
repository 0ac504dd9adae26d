"""The text of an ODT in order: paragraphs, tables, text boxes, with lists counted and links resolved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pipeline.adapters.opendocument.styles import OdtMarks, OdtStyles, is_dark, points
from pipeline.adapters.parsing.parsed import with_scheme
from pipeline.adapters.word.blocks import (
    BREAK,
    MOST_SPAN,
    NO_CONTROLS,
    PAGE,
    TAB,
    Block,
    Look,
    Paragraph,
    StyledText,
    Table,
    TableCell,
    TextBox,
)
from pipeline.adapters.word.container import Element, whole

#: What is no part of the text as it is shown: what was deleted, remarks, notes at the foot, forms, readings of signs.
_UNSHOWN = frozenset(
    (
        "tracked-changes", "annotation", "annotation-end", "note", "forms", "sequence-decls", "ruby-text",
        "variable-decls", "user-field-decls", "dde-connection-decls", "title", "desc", "event-listeners", "image",
        "object", "object-ole", "plugin", "soft-page-break",
    )
)  # fmt: skip
_SHAPES = frozenset(
    ("custom-shape", "rect", "ellipse", "circle", "polygon", "path", "line", "connector", "caption")
)
_DRAWINGS = _SHAPES | {"frame", "g", "a"}
_ROWS = frozenset(("table-header-rows", "table-rows", "table-row-group"))
_COLUMNS = frozenset(("table-header-columns", "table-columns", "table-column-group"))


@dataclass(frozen=True, slots=True)
class _InList:
    """Where a paragraph stands in a list: `first` is the one that begins an item, which its mark is for."""

    list_: str
    level: int
    first: bool


class OdtReader:
    """Reads what stands in a document's text, or in a header or footer."""

    def __init__(self, styles: OdtStyles, marks: OdtMarks) -> None:
        self._styles, self._marks = styles, marks
        self._hidden = 0  # sections around that are not shown
        self._new_page = False

    def blocks(self, parent: Element) -> list[Block]:
        """What the element holds, in order."""
        found: list[Block] = []
        for element in parent.children:
            found += self._block(element, None)
        return found

    def _block(self, element: Element, place: _InList | None) -> list[Block]:
        name = element.name
        if name in ("p", "h"):
            return self._paragraph(element, place)
        if name == "soft-page-break":
            self._new_page = True
        if name in _UNSHOWN or not name:
            return []
        if name == "list":
            return self._list(element, place)
        if name == "table":
            return [self._table(element)]
        if name in _DRAWINGS:
            return list(self._boxes(element))
        unseen = element.attributes.get("display") in ("none", "condition")
        self._hidden += unseen
        found = self.blocks(element)  # sections, indexes and whatever else only wraps
        self._hidden -= unseen
        return found

    def _list(self, element: Element, around: _InList | None) -> list[Block]:
        told = element.attributes
        level = around.level + 1 if around else 1
        list_ = told.get("style-name") or (around.list_ if around else "")
        if told.get("continue-numbering") != "true" and "continue-list" not in told:
            self._marks.begin(list_, level)
        found: list[Block] = []
        for item in element.children:
            first = item.name == "list-item"
            for child in item.children if item.name in ("list-item", "list-header") else ():
                if child.name:
                    found += self._block(child, _InList(list_, level, first))
                    first = first and child.name not in ("p", "h")
        return found

    def _table(self, element: Element) -> Table:
        widths = list(self._widths(element))
        table = Table(widths=tuple(widths) if all(widths) else ())
        for row in _inside(element, "table-row", _ROWS):
            cells, covered = [], 0
            for cell in row.children:
                if cell.name == "covered-table-cell" and covered:
                    covered -= 1
                elif cell.name in ("table-cell", "covered-table-cell"):
                    read = self._cell(cell)
                    covered = read.span - 1
                    cells.append(read)
            table.rows.append(cells)
        return table

    def _widths(self, table: Element) -> Iterator[float]:
        for column in _inside(table, "table-column", _COLUMNS):
            told = self._styles.properties("table-column", column.attributes.get("style-name"))
            width = next((width for one in told if (width := points(one.get("column-width")))), 0.0)
            yield from [width] * min(
                max(1, whole(column.attributes.get("number-columns-repeated"), 1)), MOST_SPAN
            )

    def _cell(self, element: Element) -> TableCell:
        told = self._styles.properties("table-cell", element.attributes.get("style-name"))
        shaded = any(is_dark(one.get("background-color", "")) for one in told)
        span = min(max(1, whole(element.attributes.get("number-columns-spanned"), 1)), MOST_SPAN)
        return TableCell(self.blocks(element), span, shaded)

    def _paragraph(self, element: Element, place: _InList | None) -> list[Block]:
        name = element.attributes.get("style-name")
        level = self._marks.level(place.list_, place.level) if place else None
        shape, look, list_ = self._styles.paragraph(name, level)
        if place is None and list_ and element.name == "p":  # a style that makes a list of its paragraphs
            place = _InList(list_, 1, first=True)
            shape, look, _ = self._styles.paragraph(name, self._marks.level(list_, 1))
        if self._new_page:
            shape, self._new_page = replace(shape, new_page=True), False
        paragraph = Paragraph([], shape, look)
        boxes: list[Block] = []
        self._inline(element, paragraph, boxes, look, "")
        if place and place.first and any(piece.text.strip() for piece in paragraph.pieces):
            paragraph.mark = self._marks.next(place.list_, place.level)
        return [*boxes, paragraph]

    def _inline(self, parent: Element, into: Paragraph, boxes: list[Block], look: Look, uri: str) -> None:
        for element in parent.children:
            name = element.name
            printed = _printed(element)
            if printed:
                into.pieces.append(self._piece(printed, look, uri))
            elif name == "span":
                self._inline(element, into, boxes, self._span(look, element), uri)
            elif name == "a":
                target = with_scheme(element.attributes.get("href", "").strip())
                self._inline(element, into, boxes, self._span(look, element), target or uri)
            elif name in _DRAWINGS:
                boxes += self._boxes(element)
            elif name in ("hidden-text", "hidden-paragraph"):
                self._inline(element, into, boxes, replace(look, hidden=True), uri)
            elif name not in _UNSHOWN:
                self._inline(element, into, boxes, look, uri)  # fields, marks and whatever else only wraps

    def _span(self, look: Look, element: Element) -> Look:
        return self._styles.span(look, element.attributes.get("style-name"))

    def _piece(self, text: str, look: Look, uri: str) -> StyledText:
        if self._hidden:
            look = replace(look, hidden=True)
        return StyledText(text.upper() if look.capitals else text, look, uri)

    def _boxes(self, drawing: Element) -> Iterator[Block]:
        if drawing.name in _SHAPES:
            yield TextBox(self.blocks(drawing))
            return
        for element in drawing.children:
            if element.name == "text-box":
                yield TextBox(self.blocks(element))
            elif element.name in _DRAWINGS:
                yield from self._boxes(element)


def _printed(element: Element) -> str:
    """What an element prints by itself."""
    name = element.name
    if not name:
        return element.text.translate(NO_CONTROLS)
    if name == "s":
        return " "
    return {"tab": TAB, "line-break": BREAK, "soft-page-break": PAGE}.get(name, "")


def _inside(parent: Element, name: str, wrappers: frozenset[str]) -> Iterator[Element]:
    """The rows or columns of a table, whatever wraps them."""
    for element in parent.children:
        if element.name == name:
            yield element
        elif element.name in wrappers:
            yield from _inside(element, name, wrappers)
