"""Volunteering: positions without pay, told as positions or as a list."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.domain.profile import Volunteering
from pipeline.reading.entries.items import items_of
from pipeline.reading.entries.work import read_work
from pipeline.reading.page.rows import Row, join

_ITEM = 0.7  # confidence of an item of which no rule told what it is
_LEAST_ITEM = 3  # characters: shorter says nothing


def read_volunteering(rows: Sequence[Row], *, month_first: bool = False) -> list[Volunteering]:
    """The positions of a section; where it has none, its items as descriptions."""
    found = [
        Volunteering(
            organization=work.employer,
            role=work.title,
            start=work.start,
            end=work.end,
            description=work.description or (work.bullets[0] if work.bullets else None),
        )
        for work in read_work(rows, month_first=month_first)
    ]
    if found:
        return found
    items = [join(item) for item in items_of(rows)]
    return [Volunteering(description=item.fact(_ITEM)) for item in items if len(item.text) > _LEAST_ITEM]
