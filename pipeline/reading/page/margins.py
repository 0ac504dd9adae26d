"""Titles that stand in a margin, beside the text of their sections. An em is the median size of the text."""

from __future__ import annotations

from typing import NamedTuple

from pipeline.domain.sections import SectionKind
from pipeline.reading.page.cells import Cell
from pipeline.reading.page.gutters import GutterCut
from pipeline.reading.sections.titles import loose_title_kind

# What the labels of a table of contacts are taken for ("Address", "Nationality"): no titles in a margin.
_LABELS = frozenset({None, SectionKind.CONTACT, SectionKind.OTHER})
_LEAST_KINDS = 2  # kinds that the titles name, or they are the labels of one table
_LONGEST = 28  # characters of a line in a margin: "Professional Qualifications" is one
_SAME_TITLE = 0.6  # ems of white between two lines of one title, at most
_SAME_ROW = 0.7  # ems by which a title and the first line beside it may differ: titles are set larger
_HIGHER = 1.2  # ems above a title's base line from which on the text is its own


class Beside(NamedTuple):
    """A title in a margin, and the text beside and below it. Text above the first title has none."""

    title: list[Cell]
    text: list[Cell]


def joined(cells: list[Cell]) -> str:
    """The text of a title that takes several lines."""
    return " ".join(cell.text for cell in cells)


def titles_in_margin(cut: GutterCut, em: float) -> list[Beside] | None:
    """Titles that stand in one side of a cut, each with the text beside and below it; None when none do so.

    A title may take several lines ("Professional" over "Experience").
    """
    if not cut.left or not cut.right:
        return None
    for margin, content in ((cut.left, cut.right), (cut.right, cut.left)):
        titles = _stacked(margin, em)
        if _are_titles(titles, margin, content) and _stand_beside(titles, content, em):
            return _beside(titles, content, em)
    return None


def _are_titles(titles: list[list[Cell]], margin: list[Cell], content: list[Cell]) -> bool:
    """Whether most of what stands in a margin is known titles, of several kinds, set as such."""
    known = [kind for title in titles if (kind := loose_title_kind(joined(title))) not in _LABELS]
    if len(set(known)) < _LEAST_KINDS or 2 * len(known) < len(titles):
        return False
    if any(not cell.styled or cell.dated or len(cell.text) > _LONGEST for cell in margin):
        return False
    return sum(cell.heads for cell in content) <= len(known)


def _stand_beside(titles: list[list[Cell]], content: list[Cell], em: float) -> bool:
    """Whether each title has text that begins at its height."""
    starts = [title[0].base for title in titles]
    return all(any(abs(cell.base - start) <= _SAME_ROW * em for cell in content) for start in starts)


def _stacked(margin: list[Cell], em: float) -> list[list[Cell]]:
    """The cells of a margin, those that stand closely one under another together."""
    titles: list[list[Cell]] = []
    for cell in sorted(margin, key=lambda cell: (cell.top, cell.left)):
        if titles and cell.top - titles[-1][-1].bottom < _SAME_TITLE * em:
            titles[-1].append(cell)
        else:
            titles.append([cell])
    return titles


def _beside(titles: list[list[Cell]], content: list[Cell], em: float) -> list[Beside]:
    parts = [Beside([], []), *(Beside(title, []) for title in titles)]
    tops = [title[0].base - _HIGHER * em for title in titles]
    for cell in content:
        parts[sum(cell.base > top for top in tops)].text.append(cell)
    return parts
