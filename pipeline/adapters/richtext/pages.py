"""Paragraphs, cells and rows of an RTF as they are completed, and the pages that they make."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from pipeline.adapters.parsing.parsed import DocumentRefused, ReadPage
from pipeline.adapters.richtext.states import State, colour, points
from pipeline.adapters.word.blocks import MOST_SPAN, Block, Paragraph, StyledText, Table, TableCell, TextBox
from pipeline.adapters.word.layout import A4, LEAST_SIDE, MOST_SIDE, Layout, Sheet

_MARGINS = {"margl": 90.0, "margr": 90.0, "margt": 72.0, "margb": 72.0}  #: points, where a file says nothing
_PAPER = {"paperw": A4[0], "paperh": A4[1]}
_SAME_EDGE = 4.0  #: points: nearer edges of cells are one
_UNTOLD = 72.0  #: points: the width of a cell that no row's head tells of
_MOST_CHARACTERS = 1_000_000


@dataclass(slots=True)
class _Cell:
    """A cell as a row's head describes it: its right edge in points, whether it goes on with the one before."""

    right: float
    merged: bool
    ground: int


@dataclass(slots=True)
class _Row:
    cells: list[TableCell]
    edges: list[float]


@dataclass(slots=True)
class _Flow:
    """Where text goes: the document, a header, a box."""

    blocks: list[Block] = field(default_factory=list)
    pieces: list[StyledText] = field(default_factory=list)
    mark: str = ""
    boxes: list[Block] = field(default_factory=list)
    cell: list[Block] = field(default_factory=list)
    cells: list[list[Block]] = field(default_factory=list)
    rows: list[_Row] = field(default_factory=list)


class Pages:
    """What the reader has come to, and the sheet that it is for."""

    def __init__(self) -> None:
        self._flow = _Flow()
        self._margins: dict[str, list[Block]] = {"header": [], "footer": []}
        self._sheet = _MARGINS | _PAPER
        self._head: list[_Cell] = []  # of the row that is described
        self._merged, self._ground, self._left = False, 0, 0.0
        self._characters = 0

    def print(self, text: str, state: State) -> None:
        """Text of the open paragraph."""
        self._characters += len(text)
        if self._characters > _MOST_CHARACTERS:
            raise DocumentRefused("resource-limit", "The document holds more text than a resume can.")
        look = state.look
        self._flow.pieces.append(StyledText(text.upper() if look.capitals else text, look, state.uri))

    def mark(self, text: str) -> None:
        """Text of the mark before the open paragraph, as the program that wrote the file has counted it."""
        self._flow.mark = (self._flow.mark + text)[:20]

    def setting(self, word: str, number: int | None) -> bool:
        """Whether the word describes the sheet or the cells of a row."""
        if word in self._sheet:
            self._sheet[word] = points(number)
        elif word == "trowd":
            self._head, self._merged, self._ground, self._left = [], False, 0, 0.0
        elif word == "trleft":
            self._left = points(number)
        elif word == "clmrg":
            self._merged = True
        elif word == "clcbpat":
            self._ground = number or 0
        elif word == "cellx":
            if len(self._head) < MOST_SPAN:
                self._head.append(_Cell(points(number), self._merged, self._ground))
            self._merged, self._ground = False, 0
        else:
            return False
        return True

    def end_paragraph(self, state: State) -> None:
        """A paragraph is complete."""
        flow = self._flow
        if not state.in_table:
            self._end_table()
        into = flow.cell if state.in_table else flow.blocks
        into += flow.boxes
        into.append(Paragraph(flow.pieces, state.shape, state.look, flow.mark.strip()))
        flow.pieces, flow.mark, flow.boxes = [], "", []

    def end_cell(self, state: State) -> None:
        """A cell is complete, and its last paragraph with it."""
        flow = self._flow
        flow.cell += [*flow.boxes, Paragraph(flow.pieces, state.shape, state.look, flow.mark.strip())]
        flow.cells.append(flow.cell)
        flow.pieces, flow.mark, flow.boxes, flow.cell = [], "", [], []

    def end_row(self, colours: Sequence[tuple[bool, bool]]) -> None:
        """A row of cells is complete."""
        flow = self._flow
        cells: list[TableCell] = []
        edges = [self._left]
        for number, blocks in enumerate(flow.cells):
            told = self._head[number] if number < len(self._head) else None
            shaded = told is not None and colour(told.ground, colours)[1]
            right = told.right if told is not None else edges[-1] + _UNTOLD
            if cells and (len(cells) >= MOST_SPAN or (told is not None and told.merged)):
                cells[-1].blocks += blocks
                edges[-1] = max(right, edges[-1])
            else:
                cells.append(TableCell(blocks, 1, shaded))
                edges.append(max(right, edges[-1]))
        flow.cells = []
        if cells:
            flow.rows.append(_Row(cells, edges))

    def begin_box(self) -> Callable[[], None]:
        """Text of a box begins; call the answer where it ends."""
        around, self._flow = self._flow, _Flow()

        def end() -> None:
            box, self._flow = self._ended(), around
            around.boxes.append(TextBox(box))

        return end

    def begin_margin(self, name: str) -> Callable[[], None]:
        """Text of a header or footer begins; call the answer where it ends."""
        around, self._flow = self._flow, _Flow()

        def end() -> None:
            blocks, self._flow = self._ended(), around
            if blocks not in (self._margins[name], []):  # one for left and right pages is the same twice
                self._margins[name] += blocks

        return end

    def laid_out(self, max_pages: int) -> list[ReadPage]:
        """The pages."""
        told = self._sheet
        width, height = (
            told[name] if LEAST_SIDE <= told[name] <= MOST_SIDE else usual for name, usual in _PAPER.items()
        )
        left, right = (min(abs(told[name]), 0.4 * width) for name in ("margl", "margr"))
        top, bottom = (min(abs(told[name]), 0.4 * height) for name in ("margt", "margb"))
        layout = Layout(Sheet(width, height, left, top, right, bottom), max_pages)
        end = layout.text(self._ended(), layout.header(self._margins["header"]))
        layout.footer(self._margins["footer"], end)
        return layout.pages()

    def _ended(self) -> list[Block]:
        """Everything of the flow, whatever of it was left open."""
        flow = self._flow
        if flow.cell or flow.cells:
            if flow.pieces:
                self.end_cell(State())
            self.end_row(())
        if flow.pieces or flow.boxes:
            self.end_paragraph(State())
        self._end_table()
        return flow.blocks

    def _end_table(self) -> None:
        """The rows so far are a table; what of a row was left open goes before it."""
        flow = self._flow
        if flow.cells:
            self.end_row(())
        if flow.rows:
            flow.blocks.append(_table(flow.rows))
            flow.rows = []
        flow.blocks += flow.cell
        flow.cell = []


def _table(rows: Sequence[_Row]) -> Table:
    """The rows on a common grid: the edges of all their cells."""
    grid: list[float] = []
    for edge in sorted(edge for row in rows for edge in row.edges):
        if not grid or edge - grid[-1] > _SAME_EDGE:
            grid.append(edge)

    def column(edge: float) -> int:
        return max(0, bisect_right(grid, edge) - 1)  # of the edges that are one, the grid has the least

    table = Table(widths=tuple(right - left for left, right in pairwise(grid)))
    for row in rows:
        cells = []
        if (before := column(row.edges[0])) > 0:
            cells.append(TableCell([], min(before, MOST_SPAN), shaded=False))
        for cell, (left, right) in zip(row.cells, pairwise(row.edges), strict=True):
            cell.span = min(max(1, column(right) - column(left)), MOST_SPAN)
            cells.append(cell)
        table.rows.append(cells)
    return table
