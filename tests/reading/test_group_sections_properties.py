"""What holds for every layout: nothing is lost, nothing depends on chance or on the size of the paper."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.domain.sections import SectionedText
from pipeline.stages.group_sections import GroupSections
from tests.stages.pages import HEIGHT, Put, document

_TITLES = ["Experience", "EDUCATION", "Languages", "职业经历", "ניסיון תעסוקתי"]
_CELLS = ["Skills: Python, Go", "2019 - 2021", "Page 1", "• built things", "Ada Lovelace", "x"]
_TEXTS = st.sampled_from([*_TITLES, *_CELLS, "a longer line that says what was done and for whom"])
_PUTS = st.builds(
    Put,
    x=st.integers(-20, 560).map(float),
    y=st.integers(-10, 790).map(float),
    text=_TEXTS,
    size=st.sampled_from([0.0, 1.0, 8.0, 10.0, 10.5, 14.0, 30.0]),
    bold=st.booleans(),
    hidden=st.sampled_from([False, False, False, True]),
)
_PAGES = st.lists(st.lists(_PUTS, max_size=40), min_size=1, max_size=3)


def _places(grouped: SectionedText) -> list[int]:
    ids = [number for section in grouped.sections for number in section.heading_ids + section.line_ids]
    return ids + list(grouped.furniture)


@settings(max_examples=150, deadline=None)
@given(_PAGES)
def test_every_line_is_in_exactly_one_place(pages: list[list[Put]]) -> None:
    """A heading, a section's lines or the furniture; and in one row unless it is furniture."""
    text = document(*pages)
    grouped = GroupSections().run(text)
    everything = [line.id for line in text.lines]
    assert sorted(_places(grouped)) == everything
    rows = [number for row in grouped.rows for number in row]
    assert sorted(rows + list(grouped.furniture)) == everything


@settings(max_examples=50, deadline=None)
@given(_PAGES)
def test_grouping_is_a_function_of_the_text(pages: list[list[Put]]) -> None:
    """Twice the same text, twice the same sections."""
    text = document(*pages)
    assert GroupSections().run(text) == GroupSections().run(text)


@settings(max_examples=50, deadline=None)
@given(_PAGES, st.sampled_from([0.5, 2.0, 4.0]))
def test_the_size_of_the_paper_does_not_matter(pages: list[list[Put]], scale: float) -> None:
    """A5 and A3 prints of one design are read alike."""
    small, large = GroupSections().run(document(*pages)), GroupSections().run(document(*pages, scale=scale))
    assert (small.sections, small.rows, small.furniture) == (large.sections, large.rows, large.furniture)


def test_a_page_of_thousands_of_lines_is_grouped_in_reasonable_time() -> None:
    """Work grows about with the number of lines, so that no page holds a replica up."""
    puts = [
        Put(20 + 140 * (n % 4), (n // 4) * HEIGHT / 800, f"line {n} of a very dense page", 0.9)
        for n in range(3200)
    ]
    text = document(puts)
    start = time.process_time()
    GroupSections().run(text)
    assert time.process_time() - start < 10
