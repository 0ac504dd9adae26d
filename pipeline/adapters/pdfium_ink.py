"""The ink of printed lines, from a rendering: how thick their strokes are and how high their words.

It tells bold text and sizes where no font is known; the boxes of an OCR engine are only where to look. Runs in the
parser's child process.
"""

from __future__ import annotations

import ctypes
import re
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import pypdfium2.raw as pdfium

from pipeline.adapters.pdfium_words import Box4

#: (stroke, [height of each word]) in points, 0 where it cannot be told.
LineInk = tuple[float, list[float]]

_DPI = 200
_MOST_PIXELS = 8_000_000
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


def ink_of_pages(document: Any, wanted: Mapping[int, Sequence[Sequence[Box4]]]) -> dict[int, list[LineInk]]:
    """The ink of lines by page number (from 1). A line is the boxes of its words, as fractions of the page."""
    return {number: _ink_of_page(document, number, lines) for number, lines in wanted.items()}


def _ink_of_page(document: Any, number: int, lines: Sequence[Sequence[Box4]]) -> list[LineInk]:
    page = pdfium.FPDF_LoadPage(document, number - 1)
    if not page:
        return [(0.0, [0.0] * len(words)) for words in lines]
    try:
        picture = _Picture(page)
    finally:
        pdfium.FPDF_ClosePage(page)
    return [picture.line(words) for words in lines]


class _Picture:
    """The page as grey pixels."""

    def __init__(self, page: Any) -> None:
        wide, high = pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page)
        self._scale = min(_DPI / 72, (_MOST_PIXELS / max(1.0, wide * high)) ** 0.5)
        self._width, self._height = max(1, int(wide * self._scale)), max(1, int(high * self._scale))
        bitmap = pdfium.FPDFBitmap_CreateEx(self._width, self._height, pdfium.FPDFBitmap_Gray, None, 0)
        try:
            pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, self._width, self._height, 0xFFFFFFFF)
            pdfium.FPDF_RenderPageBitmap(
                bitmap, page, 0, 0, self._width, self._height, 0, pdfium.FPDF_GRAYSCALE
            )
            self._stride = pdfium.FPDFBitmap_GetStride(bitmap)
            size = self._stride * self._height
            self._pixels = ctypes.string_at(pdfium.FPDFBitmap_GetBuffer(bitmap), size)
        finally:
            pdfium.FPDFBitmap_Destroy(bitmap)

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
        rows = [self._pixels[y * self._stride + left : y * self._stride + right] for y in range(top, bottom)]
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
