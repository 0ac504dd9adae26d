"""The text of a DOCX in order: paragraphs, tables, text boxes, with lists counted and links resolved."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from pipeline.adapters.parsing.parsed import with_scheme
from pipeline.adapters.word.blocks import (
    BREAK,
    MARGIN_TAB,
    MOST_SPAN,
    NO_CONTROLS,
    PAGE,
    TAB,
    Block,
    Look,
    Paragraph,
    Shape,
    StyledText,
    Table,
    TableCell,
    TextBox,
)
from pipeline.adapters.word.container import Element, whole
from pipeline.adapters.word.package import Package
from pipeline.adapters.word.styles import Marks, Styles, alike, is_dark, is_on, points

_HYPERLINK = re.compile(r'HYPERLINK\s+"([^"]{1,2000})"')
#: Elements that only wrap others; what is deleted or moved away is not among them.
_WRAPPERS = frozenset(
    ("sdt", "sdtContent", "ins", "moveTo", "smartTag", "customXml", "fldSimple", "Choice", "dir", "bdo")
)
_DRAWINGS = frozenset(("drawing", "pict", "object"))
_EMU = 12_700  #: of Word's drawings, in a point
_FLAT = 2.0  #: points, below which nobody sees what has no more height
_BESIDE, _FAR = 72.0, 2000.0  #: points left of a margin, and right of it, where no page is any more


class PartReader:
    """Reads one part: the document, a header, a footer."""

    def __init__(self, package: Package, part: str, styles: Styles, marks: Marks) -> None:
        self._relations = package.relations(part)
        self._styles, self._marks = styles, marks
        self._unseen = 0  # elements around, of which nobody sees anything
        self._ground = ""  # the colour of the cell around
        self._fields: list[list[str]] = []  # of each open field: its instruction so far, "shown" or ""

    def blocks(self, parent: Element) -> list[Block]:
        """What the element holds, in order."""
        found: list[Block] = []
        for element in parent.children:
            if element.name == "p":
                found += self._paragraph(element)
            elif element.name == "tbl":
                found.append(self._table(element))
            elif element.name in _WRAPPERS:
                found += self.blocks(element)
            elif element.name == "AlternateContent":
                found += self.blocks(_chosen(element))
        return found

    def _table(self, element: Element) -> Table:
        grid = element.child("tblGrid")
        widths = tuple(
            points(column.attributes.get("w")) or 0.0 for column in (grid.children if grid else ())
        )
        table = Table(widths=widths if all(widths) else ())
        for row in _rows(element, "tr"):
            unseen = _has_no_height(row)
            self._unseen += unseen
            cells = [self._cell(cell) for cell in _rows(row, "tc")]
            self._unseen -= unseen
            before = min(whole(row.value("trPr", "gridBefore")), MOST_SPAN)
            table.rows.append([TableCell([], before, shaded=False), *cells] if before else cells)
        return table

    def _cell(self, element: Element) -> TableCell:
        shading = element.child("tcPr", "shd")
        span = min(max(1, whole(element.value("tcPr", "gridSpan"))), MOST_SPAN)
        around = self._ground
        if shading is not None:
            self._ground = shading.attributes.get("fill", "")
        blocks = self.blocks(element)
        self._ground = around
        return TableCell(blocks, span, shading is not None and is_dark(shading))

    def _paragraph(self, element: Element) -> list[Block]:
        properties = element.child("pPr")
        shape, look = self._styles.paragraph(properties, self._marks)
        paragraph = Paragraph([], shape, look)
        boxes: list[Block] = []
        self._inline(element, paragraph, boxes, "")
        if shape.list_ is not None and any(piece.text.strip() for piece in paragraph.pieces):
            paragraph.mark = self._marks.next(shape.list_)
        return [*boxes, paragraph]

    def _inline(self, parent: Element, into: Paragraph, boxes: list[Block], uri: str) -> None:
        for element in parent.children:
            name = element.name
            if name == "r":
                self._run(element, into, boxes, uri)
            elif name == "hyperlink":
                relation = self._relations.get(element.attributes.get("id", ""))
                target = relation.target if relation is not None and relation.external else ""
                self._inline(element, into, boxes, with_scheme(target.strip()) or uri)
            elif name in _WRAPPERS:
                told = _HYPERLINK.search(element.attributes.get("instr", ""))
                self._inline(element, into, boxes, with_scheme(told[1]) if told else uri)
            elif name == "AlternateContent":
                self._inline(_chosen(element), into, boxes, uri)

    def _run(self, element: Element, into: Paragraph, boxes: list[Block], uri: str) -> None:
        look = self._seen(self._styles.run(into.look, element.child("rPr")), into.shape)
        for child in element.children:
            if child.name in _DRAWINGS or child.name == "AlternateContent":
                boxes += self._boxes(child)
            elif child.name == "fldChar":
                self._field(child.attributes.get("fldCharType", ""))
            elif child.name == "instrText" and self._fields:
                self._fields[-1][0] += child.text
            elif (text := _printed(child)) and all(shown for _, shown in self._fields):
                into.pieces.append(
                    StyledText(text.upper() if look.capitals else text, look, self._linked() or uri)
                )

    def _seen(self, look: Look, shape: Shape) -> Look:
        """The look, hidden where nobody sees it on its ground and in its place."""
        hidden = (
            look.clear
            or shape.unseen
            or self._unseen
            or alike(look.colour, look.fill or shape.fill or self._ground)
        )
        return replace(look, hidden=True) if hidden else look

    def _field(self, kind: str) -> None:
        if kind == "begin":
            self._fields.append(["", ""])
        elif self._fields and kind == "separate":
            self._fields[-1][1] = "shown"
        elif self._fields and kind == "end":
            self._fields.pop()

    def _linked(self) -> str:
        """Where the fields around the text link to."""
        told = (_HYPERLINK.search(instruction) for instruction, _ in self._fields)
        return next((with_scheme(one[1]) for one in told if one), "")

    def _boxes(self, drawing: Element) -> Iterator[Block]:
        for element in [_chosen(drawing)] if drawing.name == "AlternateContent" else drawing.children:
            unseen = element.name == "anchor" and _is_beside_the_page(element)
            self._unseen += unseen
            if element.name == "txbxContent":
                yield TextBox(self.blocks(element))
            else:
                yield from self._boxes(element)
            self._unseen -= unseen


def _has_no_height(row: Element) -> bool:
    """Whether a table's row is hidden, or so low that it shows nothing."""
    properties = row.child("trPr")
    if properties is None:
        return False
    height = properties.child("trHeight")
    told = height.attributes if height is not None else {}
    flat = told.get("hRule") == "exact" and (points(told.get("val")) or 0.0) < _FLAT
    return flat or is_on(properties.child("hidden"))


def _is_beside_the_page(anchor: Element) -> bool:
    """Whether what is anchored has no size, or lies left of the page or above it, or further than any paper reaches."""
    extent = anchor.child("extent")
    for axis, side in (("positionH", "cx"), ("positionV", "cy")):
        size = points(extent.attributes.get(side) if extent is not None else None, _EMU)
        offset = anchor.child(axis, "posOffset")
        begin = points(offset.text if offset is not None else None, _EMU)
        if size is not None and size < _FLAT:
            return True
        if begin is not None and (begin + (size or 0.0) < -_BESIDE or begin > _FAR):
            return True
    return False


def _printed(element: Element) -> str:
    """What an element of a run prints."""
    name = element.name
    if name == "t":
        return element.text.translate(NO_CONTROLS)
    if name == "br":
        return PAGE if element.attributes.get("type") in ("page", "column") else BREAK
    if name == "ptab":
        return TAB if element.attributes.get("alignment") == "left" else MARGIN_TAB
    return {"tab": TAB, "cr": BREAK, "noBreakHyphen": "-", "lastRenderedPageBreak": PAGE}.get(name, "")


def _chosen(alternate: Element) -> Element:
    """The first of the alternatives: what today's Word shows."""
    return alternate.child("Choice") or alternate.child("Fallback") or Element("", {})


def _rows(parent: Element, name: str) -> Iterable[Element]:
    """The rows of a table, or the cells of a row, whatever wraps them."""
    for element in parent.children:
        if element.name == name:
            yield element
        elif element.name in _WRAPPERS:
            yield from _rows(element, name)
