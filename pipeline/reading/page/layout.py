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
from pipeline.reading.page.gutters import GutterCut, cuts_of, weigh_gutter
from pipeline.reading.page.margins import titles_in_margin
from pipeline.reading.page.rows import Row, piece_of
from pipeline.reading.page.table_heads import PrintedTable, printed_tables
from pipeline.reading.page.tables import are_columns
from pipeline.reading.why import Decision, Option, listener

_DEEPEST = 6  # cuts inside cuts: more is a drawing, not a page that somebody reads
_LEAST_CELLS = 4  # two on each side of a gutter
_MOST_OF_IT = 0.6  # of a date's height, at which it has the text beside it that it belongs to
_MOST_TOLD = 5  # ways to part a page, of which a listener is told


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
    deep = depth >= _DEEPEST or len(cells) < _LEAST_CELLS
    weighed: list[tuple[GutterCut, str]] = []
    cut = None if deep else _best_cut(cells, gutters, weighed)
    margin = titles_in_margin(cut, median_size(cells)) if cut is not None else None
    table = _table_in(cells) if margin is None else None
    _tell_cuts(cells, weighed, cut if table is None else None)
    if table is not None:
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
    _tell_table(inside, table)
    return (
        [c for row in above for c in row],
        [c for row in inside for c in row],
        [c for row in below for c in row],
    )


def _tell_table(inside: list[list[Cell]], table: PrintedTable) -> None:
    """Tell a listener of a table: what its columns are, and its rows."""
    if (told := listener()) is None:
        return
    heads = table.past - table.begin
    rows = tuple(
        Option(
            f"{'head' if i < heads else 'row'}: {' | '.join(cell.text for cell in row)}",
            tuple(cell.line.id for cell in row),
        )
        for i, row in enumerate(inside)
    )
    columns = " | ".join(column.role or "?" for column in table.columns)
    told.append(
        Decision(
            "table", f"a known head, columns: {columns}", tuple(i for row in rows for i in row.ids), rows
        )
    )


def _titled(title: list[Cell], beside: list[Block]) -> list[Block]:
    return [Block(title=title), *beside] if title else beside


def _best_cut(
    cells: list[Cell], gutters: Sequence[float], weighed: list[tuple[GutterCut, str]]
) -> GutterCut | None:
    """The cut that parts most text; those that were looked at go to `weighed`, with what each was taken for."""
    em = median_size(cells)
    best: GutterCut | None = None
    for cut in cuts_of(cells, em):
        if best is not None and cut.score <= best.score:
            continue
        if titles_in_margin(cut, em) is not None:
            parts, why = True, "titles in a margin"
        else:
            parts, why = are_columns(cut, em, gutters)
        weighed.append((cut, why))
        if parts:
            best = cut
    return best


def _tell_cuts(cells: list[Cell], weighed: list[tuple[GutterCut, str]], best: GutterCut | None) -> None:
    """Tell a listener where the cells could be parted, the likeliest cuts first."""
    told, likely = listener(), [one for one in weighed if one[0].score > 0]
    if told is None or not likely:
        return
    likely.sort(key=lambda one: (one[0] is not best, -one[0].score))
    options = tuple(
        Option(
            f"at {cut.start:.0f} pt: {why}",
            tuple(cell.line.id for cell in (*cut.left, *cut.right)),
            cut.score,
            weigh_gutter(cut.left, cut.right, median_size(cells)).parts,
            chosen=cut is best,
            at=cut.start,
        )
        for cut, why in likely[:_MOST_TOLD]
    )
    parted = f"parted at {best.start:.0f} pt" if best is not None else "not parted"
    told.append(Decision("columns", parted, tuple(cell.line.id for cell in cells), options))


def printed_rows(blocks: Iterable[Block], *, from_right: bool) -> Iterator[list[Cell]]:
    """The rows of the blocks in reading order, each from the side that the language is read from."""
    for block in blocks:
        for column in block.columns:
            yield from printed_rows(column, from_right=from_right)
        if block.title:
            yield block.title
        for row in _with_raised_dates(rows_of(block.cells)):
            yield row[::-1] if from_right else row


def _with_raised_dates(rows: list[list[Cell]]) -> list[list[Cell]]:
    """The rows, dates in smaller type put into the row that they are set beside, though off its base line."""
    result: list[list[Cell]] = []
    for row in rows:
        if result and (_is_set_beside(row, result[-1]) or _is_set_beside(result[-1], row)):
            result[-1] = sorted([*result[-1], *row], key=lambda cell: (cell.left, cell.line.id))
        else:
            result.append(row)
    return result


def _is_set_beside(dates: list[Cell], row: list[Cell]) -> bool:
    """Whether a row is a date alone, at most of its height beside the cells of a row in larger type."""
    if len(dates) != 1 or not dates[0].dated:
        return False
    date = dates[0]
    return all(
        cell.size > date.size
        and not cell.dated
        and min(cell.bottom, date.bottom) - max(cell.top, date.top) > _MOST_OF_IT * (date.bottom - date.top)
        and (cell.right < date.left or cell.left > date.right)
        for cell in row
    )


def cells_in(blocks: Iterable[Block]) -> Iterator[Cell]:
    """Every cell of the blocks: a block's title, its text, or that of its columns."""
    for block in blocks:
        if block.title or block.cells:
            yield from block.title or block.cells
        for column in () if block.title or block.cells else block.columns:
            yield from cells_in(column)
