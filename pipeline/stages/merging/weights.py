"""Which of OCR's lines are bold, from how thick their strokes are drawn."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import replace

from pipeline.domain.text import Ink, Line

#: Stems of bold faces are half again as thick as those of regular ones, or more.
_BOLD = 1.27


def with_weights(lines: Sequence[Line], ink: Sequence[Ink]) -> tuple[Line, ...]:
    """The lines of a document with `bold` told: strokes thicker for their size than most of the text's.

    A line that OCR itself called a heading stays bold.
    """
    weights = [drawn.stroke / line.size if line.size else 0.0 for line, drawn in zip(lines, ink, strict=True)]
    known = [weight for line, weight in zip(lines, weights, strict=True) if weight for _ in line.text]
    usual = statistics.median(known) if known else 0.0
    return tuple(
        replace(line, bold=line.bold or weight > _BOLD * usual) if weight and usual else line
        for line, weight in zip(lines, weights, strict=True)
    )
