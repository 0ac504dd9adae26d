"""The ink of printed lines, from grey pixels: how thick their strokes are and how high their words.

It tells bold text and sizes where no font is known; the boxes of an OCR engine are only where to look. Runs in the
parsers' child processes, on the standard library alone.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence

from pipeline.adapters.parsing.parsed import Box4, Pixels

#: (stroke, [height of each word]) in points, 0 where it cannot be told.
LineInk = tuple[float, list[float]]

_INK = re.compile(rb"\x01+")
#: Runs of ink longer than this share of the word's height are bars of letters, or rules, and no stems.
_LONGEST = 0.45
_ENOUGH_RUNS = 12
_LEAST_CONTRAST = 40
_EDGE = 0.3  #: of full darkness, from which a pixel belongs to a stroke
#: A box may cut its word: so much of its height above and below is looked at too.
_MARGIN = 0.12
#: A row that is inked over more of the word than this is a rule under or through it.
_RULE = 0.92


class InkPicture:
    """A page of which the ink is asked."""

    def __init__(self, pixels: Pixels) -> None:
        self._width, self._height, self._pixels, self._scale = pixels

    def line(self, words: Sequence[Box4]) -> LineInk:
        """The median width of the line's stems, and each word's height."""
        runs: list[float] = []
        heights = []
        for box in words:
            word = self._word(box)
            runs += word[0]
            heights.append(word[1] / self._scale)
        stroke = statistics.median(runs) / self._scale if len(runs) >= _ENOUGH_RUNS else 0.0
        return stroke, heights

    def _word(self, box: Box4) -> tuple[list[float], float]:
        """The widths of the runs of ink across a word, and the height from its first inked row to its last."""
        margin = _MARGIN * (box[3] - box[1])
        left, right = (int(self._width * min(1.0, max(0.0, x))) for x in (box[0], box[2]))
        top, bottom = (int(self._height * min(1.0, max(0.0, y))) for y in (box[1] - margin, box[3] + margin))
        rows = [self._pixels[y * self._width + left : y * self._width + right] for y in range(top, bottom)]
        whole = b"".join(rows)
        if not whole:
            return [], 0.0
        low, high = min(whole), max(whole)
        contrast = high - low
        if contrast < _LEAST_CONTRAST:
            return [], 0.0
        middle = (low + high) / 2
        # Light letters on a dark ground: what is rarer is the ink.
        dark_ground = 2 * sum(value < middle for value in whole) > len(whole)
        ground = low if dark_ground else high
        edge = _EDGE * contrast
        table = bytes(int(abs(value - ground) > edge) for value in range(256))
        longest = max(2.0, _LONGEST * (bottom - top))
        runs: list[float] = []
        inked = []
        for number, row in enumerate(rows):
            ink = row.translate(table)
            if not 0 < ink.count(1) < _RULE * len(row):
                continue
            inked.append(number)
            for run in _INK.finditer(ink):
                begin, end = run.span()
                if end - begin <= longest:
                    # The grey of its edges makes a run's width finer than a pixel.
                    runs.append(abs(sum(row[begin:end]) - ground * (end - begin)) / contrast)
        return runs, float(inked[-1] - inked[0] + 1) if inked else 0.0


def ink_of(pixels: Pixels, lines: Sequence[Sequence[Box4]]) -> list[LineInk]:
    """The ink of each line: the boxes of its words, as fractions of the page."""
    picture = InkPicture(pixels)
    return [picture.line(words) for words in lines]
