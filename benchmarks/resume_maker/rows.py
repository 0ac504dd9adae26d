"""Rows: what a column is made of. Their drawing items are placed from a row's top-left corner, in points."""

from typing import NamedTuple

Colour = tuple[float, float, float]
BLACK: Colour = (0.0, 0.0, 0.0)


class Text(NamedTuple):
    """Words on one baseline, `dy` under the row's top.

    `spacing` is added after every letter. `seen` is what an eye reads where the text layer differs; "" is
    nothing.
    `kind` is "date" where a layout may draw dates first; `glue` texts continue the word of the text before.
    """

    x: float
    dy: float
    text: str
    font: str
    size: float
    colour: Colour = BLACK
    spacing: float = 0.0
    seen: str | None = None
    kind: str = ""
    glue: bool = False


class Box(NamedTuple):
    """A filled rectangle, or a ruled one where `stroke` is a line width."""

    x: float
    dy: float
    width: float
    height: float
    colour: Colour
    stroke: float = 0.0


class Link(NamedTuple):
    """A link annotation."""

    x: float
    dy: float
    width: float
    height: float
    url: str


Item = Text | Box | Link


class Row(NamedTuple):
    """`keep` holds the row on the same page as the next; `skip` rows vanish at the top of a column.

    `mark` names what starts here, so that a layout can rule a cell or hang a date beside it.
    """

    height: float
    items: tuple[Item, ...] = ()
    keep: bool = False
    skip: bool = False
    mark: str = ""


class Placed(NamedTuple):
    """An item on a page, its corner in points from the page's top left."""

    page: int
    x: float
    y: float
    item: Item


def gap(height: float, keep: bool = False) -> Row:
    """Empty space that is dropped at the top of a column."""
    return Row(height, keep=keep, skip=True)


def shifted(row: Row, by: float) -> Row:
    """The row with its items moved right."""
    return row._replace(items=tuple(i._replace(x=i.x + by) for i in row.items))


def beside(columns: list[tuple[float, list[Row]]]) -> list[Row]:
    """Columns (left edge, rows) side by side as one row that is not broken over pages."""
    items: list[Item] = []
    height = 0.0
    for left, rows in columns:
        y = 0.0
        for row in rows:
            items += [i._replace(x=i.x + left, dy=i.dy + y) for i in row.items]
            y += row.height
        height = max(height, y)
    return [Row(height, tuple(items))]


def hung(left: float, side: list[Row], rows: list[Row]) -> list[Row]:
    """Hangs the side rows at `left` (often negative) beside the first rows, which stay breakable."""
    tops, y = [], 0.0
    for row in rows:
        tops.append(y)
        y += row.height
    if not rows or sum(r.height for r in side) > y:
        return beside([(left, side), (0.0, rows)])
    first = next((i for i, r in enumerate(rows) if not r.skip), 0)
    offset, moved = 0.0, []
    for row in side:
        moved += [i._replace(x=i.x + left, dy=i.dy + offset) for i in row.items]
        offset += row.height
    rows = list(rows)
    rows[first] = rows[first]._replace(items=rows[first].items + tuple(moved))
    return rows
