"""Which of OCR's lines are bold, from how thick their strokes are drawn."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipeline.domain.text import Line

#: Stems of bold faces are half again as thick as those of regular ones, or more.
_BOLD = 1.27


def with_weights(
    pages: Mapping[int, Sequence[Line]], strokes: Mapping[int, Sequence[float]]
) -> dict[int, tuple[Line, ...]]:
    """The lines, by page, with `bold` told: strokes thicker for their size than most of the document's.

    `strokes` are points, 0 where nothing is known; a line that OCR itself called a heading stays bold.
    """
    relative = {
        number: [
            stroke / line.size if line.size and stroke else 0.0
            for line, stroke in zip(lines, strokes.get(number, ()), strict=True)
        ]
        for number, lines in pages.items()
    }
    usual = _usual(pages, relative)
    return {
        number: tuple(
            replace(line, bold=line.bold or weight > _BOLD * usual) if weight and usual else line
            for line, weight in zip(lines, relative[number], strict=True)
        )
        for number, lines in pages.items()
    }


def _usual(pages: Mapping[int, Sequence[Line]], relative: Mapping[int, Sequence[float]]) -> float:
    """The median over all letters."""
    weights = [
        weight
        for number, lines in pages.items()
        for line, weight in zip(lines, relative[number], strict=True)
        if weight
        for _ in line.text
    ]
    return statistics.median(weights) if weights else 0.0
