"""Cells: what a line looks like to the layout."""

from __future__ import annotations

import pytest

from pipeline.reading.page.cells import cells_of
from tests.stages.pages import Put, document


@pytest.mark.parametrize(
    ("text", "dated"),
    [
        ("March 2019 – Present", True),
        ("03/2019 – 05/2021", True),
        ("Present", True),
        ("Günümüz", True),
        ("现在", True),
        ("Date: ............", False),  # a form's label, not the end of a range
        ("今後の目標", False),  # "from now on", not "now"
        ("+44 20 7946 09-58", False),
        ("Grade: 3.96 / 4.00", False),
        ("Planned 2019 to 2021, and all that came of it", False),  # more than a date
    ],
)
def test_a_cell_is_dated_where_it_prints_a_date_and_little_else(text: str, dated: bool) -> None:
    """Telephone numbers, grades and labels of forms are no dates."""
    (page,) = document([Put(60, 60, text)]).pages
    assert [cell.dated for cell in cells_of(page, frozenset())] == [dated]
