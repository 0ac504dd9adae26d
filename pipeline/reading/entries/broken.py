"""What a line's end broke, put together again: dates, firms before their legal forms, ranges in two cells."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.reading.entries.dated import is_date_only
from pipeline.reading.lexicon.load import organisations
from pipeline.reading.page.rows import Piece, Row, join
from pipeline.reading.values.classify import ends_legal
from pipeline.reading.values.dates import find_dates, wraps_date

_NEXT_LINE = 1.3  # of a line's height: with more white between them, two rows are no one text
_SAME_EDGE = 0.01  # of the page's width: left edges of one column differ by less


def mended(rows: Sequence[Row]) -> list[Row]:
    """Rows in which dates that run over a line's end are whole, wherever in the row they stand."""
    rows = list(rows)
    for i in range(len(rows) - 1):
        above, below = rows[i], rows[i + 1]
        if not above.pieces or not below.pieces or not _follows(above, below):
            continue
        for a in range(len(above.pieces)):
            above, below = _mended_at(above, a, below)
        above, below = _with_legal_form(above, below)
        third = rows[i + 2] if len(rows) > i + 2 else None
        if third and third.pieces and above is not rows[i] and third.page == above.page:
            above, rows[i + 2] = _mended_at(above, 0, third)  # "June / 2022-January / 2023"
        rows[i], rows[i + 1] = above, below
    return [_ranged(row) for row in rows if row.pieces]


def _follows(above: Row, below: Row) -> bool:
    """Whether a row is the next line of what the row above it prints."""
    return above.page == below.page and below.top - above.bottom <= _NEXT_LINE * (above.bottom - above.top)


def _mended_at(above: Row, a: int, below: Row) -> tuple[Row, Row]:
    """The two rows with the date whole that piece `a` of the upper breaks off."""
    piece = above.pieces[a]
    under = _under(piece, below)
    if not below.pieces or (under is None and a < len(above.pieces) - 1):
        return above, below
    b = under or 0
    source = below.pieces[b]
    used = wraps_date(piece.text, source.text)
    if not used:
        return above, below
    whole = join([piece, source.cut(0, used)], "" if piece.text.endswith(("-", ".", "/")) else " ")
    rest = source.cut(used, len(source.text)).trim()
    left = (*below.pieces[:b], *([rest] if rest.text else []), *below.pieces[b + 1 :])
    return Row((*above.pieces[:a], whole, *above.pieces[a + 1 :])), Row(left)


def _under(piece: Piece, below: Row) -> int | None:
    """The index of the first text of a row that stands under a piece."""
    return next(
        (n for n, other in enumerate(below.pieces) if other.left < piece.right and piece.left < other.right),
        None,
    )


def _with_legal_form(above: Row, below: Row) -> tuple[Row, Row]:
    """The two rows with a firm's name whole that a narrow column broke before its legal form: "Hartwig / GmbH"."""
    if not below.pieces:
        return above, below
    name, form = above.first, below.first
    legal = organisations().legal.label(form.text.split(",")[0].strip()) is not None
    apart = abs(name.left - form.left) > _SAME_EDGE
    if not legal or apart or is_date_only(name) or ends_legal(name.text):
        return above, below
    return Row((join([name, form]), *above.pieces[1:])), Row(below.pieces[1:])


def _ranged(row: Row) -> Row:
    """The row with a start and an end that stand in cells of their own as one range: "09/2017 | 04/2020"."""
    dated = [i for i, piece in enumerate(row.pieces) if find_dates(piece.text) and is_date_only(piece)]
    if len(dated) != 2 or dated[1] != dated[0] + 1:
        return row
    first, last = row.pieces[dated[0]], row.pieces[dated[1]]
    begins, ends = find_dates(first.text), find_dates(last.text)
    if not all(len(found) == 1 and found[0].single for found in (begins, ends)):
        return row
    if (begins[0].last or "") >= (ends[0].last or ""):
        return row
    return Row((*row.pieces[: dated[0]], join([first, last], " – "), *row.pieces[dated[1] + 1 :]))
