"""The items of a list, whatever tells them apart: bullets, dates in a gutter, bold lines, or the white between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.reading.entries.bullets import Bullets
from pipeline.reading.entries.dated import is_date_only
from pipeline.reading.page.rows import Piece, Row

_BY_YEARS = 2  # so many rows behind a date make a list by years; one may be chance
_NEW_ITEM_GAP = 0.75  # of a line's height: more white above a line, and it begins an item
_INDENT_SLACK = 0.005  # of the page's width: left of its bullet by less, a line still goes on with it
_LEAST_HEIGHT = 1e-4  # of the page: a line without height is a fault of its file


def items_of(rows: Sequence[Row]) -> list[list[Piece]]:
    """The items of a list: a bullet, or a line with the lines that go on with it."""
    style = _ListStyle.of(rows)
    items: list[list[Piece]] = []
    previous: Row | None = None
    for row in rows:
        opens = style.opens(row)
        pieces = list(row.pieces)
        if opens:
            pieces[0] = style.bullets.off(pieces[0])
        if previous is not None and not opens and style.goes_on(previous, row):
            items[-1] += pieces
        else:
            items.append(pieces)
        previous = row
    return [item for item in items if any(piece.text for piece in item)]


@dataclass(frozen=True, slots=True)
class _ListStyle:
    """What sets the items of one list apart."""

    bullets: Bullets
    bulleted: bool
    headed: bool  #: by a line in bold
    by_years: bool

    @classmethod
    def of(cls, rows: Sequence[Row]) -> _ListStyle:
        bullets = Bullets.of(rows)
        return cls(
            bullets,
            bulleted=bullets.glyph is not None or any(row.first.bulleted for row in rows),
            headed=bool(rows) and _bold_heads(rows),
            by_years=sum(1 for row in rows if _date_led(row)) >= _BY_YEARS,
        )

    def opens(self, row: Row) -> bool:
        """Whether a sign of its own begins an item with this row."""
        return self.bullets.open(row.first) or (self.by_years and _date_led(row))

    def goes_on(self, above: Row, below: Row) -> bool:
        """Whether a row that no sign opens goes on with the item of the row above."""
        if self.headed and not self.bulleted:
            return not below.first.bold or is_date_only(below.first)
        if above.page != below.page:
            return False
        height = max(below.bottom - below.top, _LEAST_HEIGHT)
        if below.top - above.bottom > _NEW_ITEM_GAP * height:
            return False
        small = below.text[:1].islower()
        if self.bulleted:
            return small or below.first.left > above.left - _INDENT_SLACK
        if small or is_date_only(below.first):
            return True
        return above.text.rstrip().endswith((",", "-", "&", ":")) or above.first.bold > below.first.bold


def _date_led(row: Row) -> bool:
    """Whether a date stands in the gutter before a text: an item of a list by years."""
    return len(row.pieces) > 1 and is_date_only(row.first)


def _bold_heads(rows: Sequence[Row]) -> bool:
    """Whether every item of the list is headed by a line in bold."""
    bold = [row for row in rows if row.first.bold and not is_date_only(row.first)]
    return bool(bold) and rows[0].first.bold and len(bold) < len(rows)
