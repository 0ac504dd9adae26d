"""Columns and reading order of one page.

A page is cut where a white gutter runs beside enough text: above the gutter, its columns, below it, and again
inside each of these. What looks like a column but is a part of the rows beside it (dates in a margin, a table's
cells, titles at the left of their content) is left in its rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from pipeline.reading.page.cells import Cell, median_size, rows_of
from pipeline.reading.page.gutters import GutterCut, cuts_of
from pipeline.reading.page.margins import titles_in_margin
from pipeline.reading.page.rows import Row, piece_of
from pipeline.reading.page.table_heads import printed_tables
from pipeline.reading.page.tables import are_columns

_DEEPEST = 6  # cuts inside cuts: more is a drawing, not a page that somebody reads
_LEAST_CELLS = 4  # two on each side of a gutter


@dataclass(slots=True)
class Block:
    """Text that is read from the top to the bottom, row by row; or columns that are read one after another.

    `title` is the title that stands in the margin beside the text, where titles are set so. `gutter` is where
    the second of the columns begins, in points from the left. `flows` says that the columns are as wide as one
    another: text may run on from one into the next, as in a newspaper.
    """

    cells: list[Cell] = field(default_factory=list)
    columns: list[list[Block]] = field(default_factory=list)
    title: list[Cell] = field(default_factory=list)
    gutter: float | None = None
    flows: bool = False


def layout(
    cells: list[Cell], *, from_right: bool = False, gutters: Sequence[float] = (), depth: int = 0
) -> list[Block]:
    """The blocks of a page (or of a part of it) in reading order; every cell is in exactly one.

    `gutters` are those of the pages before: a side bar goes on where it was.
    """
    if not cells:
        return []
    cut = _best_cut(cells, gutters) if depth < _DEEPEST and len(cells) >= _LEAST_CELLS else None
    margin = titles_in_margin(cut, median_size(cells)) if cut is not None else None
    if margin is None and (table := _table_in(cells)) is not None:
        above, rows, below = table
        beside = partial(layout, from_right=from_right, gutters=gutters, depth=depth)
        return [*beside(above), Block(cells=rows), *beside(below)]
    if cut is None:
        return [Block(cells=cells)]
    inner = partial(layout, from_right=from_right, gutters=gutters, depth=depth + 1)
    if margin is not None:
        between = [block for title, text in margin for block in _titled(title, inner(text))]
    else:
        columns = [inner(cut.left), inner(cut.right)]
        in_order = columns[::-1] if from_right else columns
        between = [Block(columns=in_order, gutter=cut.start, flows=cut.is_even)]
    return [*inner(cut.above), *between, *inner(cut.below)]


def _table_in(cells: list[Cell]) -> tuple[list[Cell], list[Cell], list[Cell]] | None:
    """What stands above the first table with a known head, the table, and what stands below it.

    A table's cells never part into columns. Where other text stands beside a table it is found in its own column.
    """
    rows = rows_of(cells)
    table = next(
        iter(printed_tables([Row(tuple(piece_of(cell.line) for cell in row)) for row in rows])), None
    )
    if table is None or table.end == table.past:
        return None
    above, inside, below = rows[: table.begin], rows[table.begin : table.end], rows[table.end :]
    return (
        [c for row in above for c in row],
        [c for row in inside for c in row],
        [c for row in below for c in row],
    )


def _titled(title: list[Cell], beside: list[Block]) -> list[Block]:
    return [Block(title=title), *beside] if title else beside


def _best_cut(cells: list[Cell], gutters: Sequence[float]) -> GutterCut | None:
    em = median_size(cells)
    best: GutterCut | None = None
    for cut in cuts_of(cells, em):
        if best is not None and cut.score <= best.score:
            continue
        if titles_in_margin(cut, em) is not None or are_columns(cut, em, gutters):
            best = cut
    return best


def printed_rows(blocks: Iterable[Block], *, from_right: bool) -> Iterator[list[Cell]]:
    """The rows of the blocks in reading order, each from the side that the language is read from."""
    for block in blocks:
        for column in block.columns:
            yield from printed_rows(column, from_right=from_right)
        if block.title:
            yield block.title
        for row in rows_of(block.cells):
            yield row[::-1] if from_right else row


def cells_in(blocks: Iterable[Block]) -> Iterator[Cell]:
    """Every cell of the blocks: a block's title, its text, or that of its columns."""
    for block in blocks:
        if block.title or block.cells:
            yield from block.title or block.cells
        for column in () if block.title or block.cells else block.columns:
            yield from cells_in(column)
