"""Where a page may be cut in two: stretches of white that run from top to bottom between text on both sides.

Places are in points from the page's top left; an em is the median size of the text that is cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.reading.page.cells import Cell
from pipeline.reading.why import Sum

_BESIDE_EDGE = 0.3  # ems between a shared edge and the gutter beside it
_ONE_EDGE = 0.5  # ems within which edges are one: hanging bullets and italics are set off a little
_LEAST_RIGHT_EDGES = 3  # lines that must end together before a gutter may follow: two may by chance
_LEAST_SIDE = 2  # cells on each side of a gutter
_LEAST_HEIGHT = 2.5  # ems that both sides have text at: two rows
_LEAST_WIDTH = 0.5  # ems of white: about two spaces
_WIDEST = 3.0  # ems, from which on more white makes no better gutter
_WIDTH_PART = 30  # an em of white adds a thirtieth to a gutter's height: of two as high, the wider is meant
_LENGTH_WEIGHT = 0.25  # how much the height of what one side has alone counts against what both have
_EVEN = 0.85  # of the wider side: the last words of ragged lines aside, a newspaper's columns are alike
_OVERLAP = 0.2  # ems by which a cell must lie in a line above for it to be no part of the columns


@dataclass(frozen=True, slots=True)
class GutterCut:
    """A page (or a part of it) cut at a gutter: what is left and right of `x`, and what is above and below.

    The higher the `score`, the more text the gutter parts; 0 where it is too narrow for one.
    """

    score: float
    x: float
    above: list[Cell]
    left: list[Cell]
    right: list[Cell]
    below: list[Cell]

    @property
    def start(self) -> float:
        """Where the right side begins."""
        return min(cell.left for cell in self.right)

    @property
    def is_even(self) -> bool:
        """Whether the sides are about equally wide, from the start of each to its longest line's end."""
        wide = [max(c.right for c in side) - min(c.left for c in side) for side in (self.left, self.right)]
        return min(wide) >= _EVEN * max(wide)


def cuts_of(cells: list[Cell], em: float) -> Iterator[GutterCut]:
    """Every way to cut the cells in two, from the left to the right, and from the top down."""
    ordered = sorted(cells, key=lambda cell: cell.top)
    for x in _positions(cells, em):
        yield from _cuts_at(ordered, x, em)


def common_extent(left: list[Cell], right: list[Cell]) -> tuple[float, float]:
    """Top and bottom of the stretch at which both sides have text."""
    top = max(min(cell.top for cell in left), min(cell.top for cell in right))
    bottom = min(max(cell.bottom for cell in left), max(cell.bottom for cell in right))
    return top, bottom


def height_of(cells: list[Cell]) -> float:
    """From the top of the highest cell to the bottom of the lowest."""
    return max(cell.bottom for cell in cells) - min(cell.top for cell in cells)


def _positions(cells: list[Cell], em: float) -> list[float]:
    """Where columns may begin: left of edges that lines share, and right of those that several end at."""
    lefts = _clusters(sorted(cell.left for cell in cells), em)
    rights = _clusters(sorted(cell.right for cell in cells), em)
    before = {cluster[0] - _BESIDE_EDGE * em for cluster in lefts}
    behind = {cluster[-1] + _BESIDE_EDGE * em for cluster in rights if len(cluster) >= _LEAST_RIGHT_EDGES}
    return sorted(before | behind)


def _clusters(edges: list[float], em: float) -> list[list[float]]:
    """Edges, in order, that lie together."""
    clusters: list[list[float]] = []
    for edge in edges:
        if clusters and edge - clusters[-1][0] <= _ONE_EDGE * em:
            clusters[-1].append(edge)
        else:
            clusters.append([edge])
    return clusters


def _cuts_at(ordered: list[Cell], x: float, em: float) -> list[GutterCut]:
    """The stretches of the page, from the top, that no line crosses at x, with text on both sides."""
    cuts: list[GutterCut] = []
    start = 0
    crossing = [index for index, cell in enumerate(ordered) if cell.left < x < cell.right]
    for stop in [*crossing, len(ordered)]:
        if _parts_text(ordered[start:stop], x, em):
            cuts.append(_trimmed(ordered, start, stop, x, em))
        start = stop + 1
    return [cut for cut in cuts if cut.left and cut.right]


def _parts_text(stretch: list[Cell], x: float, em: float) -> bool:
    left, right = _sides(stretch, x)
    if len(left) < _LEAST_SIDE or len(right) < _LEAST_SIDE:
        return False
    top, bottom = common_extent(left, right)
    return bottom - top > _LEAST_HEIGHT * em


def _sides(cells: list[Cell], x: float) -> tuple[list[Cell], list[Cell]]:
    return [cell for cell in cells if cell.left < x], [cell for cell in cells if cell.left >= x]


def _trimmed(ordered: list[Cell], start: int, stop: int, x: float, em: float) -> GutterCut:
    """The cut of a stretch. What overlaps a line that crosses x is above or below the columns, not in them."""
    above, below = ordered[:start], ordered[stop:]
    floor = max((cell.bottom for cell in above), default=float("-inf"))
    roof = min((cell.top for cell in below), default=float("inf"))
    inside: list[Cell] = []
    raised: list[Cell] = []
    lowered: list[Cell] = []
    for cell in ordered[start:stop]:
        middle = (cell.top + cell.bottom) / 2
        if middle < floor - _OVERLAP * em:
            raised.append(cell)
        elif middle > roof:
            lowered.append(cell)
        else:
            inside.append(cell)
    above, below = above + raised, lowered[::-1] + below
    if below:
        inside, below = _without_trailing_titles(inside, below, x)
    left, right = _sides(inside, x)
    return GutterCut(weigh_gutter(left, right, em).total, x, above, left, right, below)


def weigh_gutter(left: list[Cell], right: list[Cell], em: float) -> Sum:
    """How much text a gutter parts, with its parts; 0 where it is too narrow for one."""
    score = Sum()
    if not left or not right:
        return score
    top, bottom = common_extent(left, right)
    white = min(cell.left for cell in right) - max(cell.right for cell in left)
    if white <= _LEAST_WIDTH * em or bottom <= top:
        return score
    width = 1 + min(white / em, _WIDEST) / _WIDTH_PART
    score.add("height that both sides have, by the gutter's width", (bottom - top) * width)
    return score.add("heights of the sides", _LENGTH_WEIGHT * (height_of(left) + height_of(right)))


def _without_trailing_titles(
    inside: list[Cell], below: list[Cell], x: float
) -> tuple[list[Cell], list[Cell]]:
    """A title at the end of one column, with white beside it, stands over the text below the columns."""
    last = max(inside, key=lambda cell: cell.bottom, default=None)
    if last is None or not last.heads:
        return inside, below
    side = last.left < x
    if any((cell.left < x) != side and cell.bottom > last.top for cell in inside):
        return inside, below
    return [cell for cell in inside if cell is not last], [last, *below]
