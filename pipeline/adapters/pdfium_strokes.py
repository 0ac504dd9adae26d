"""How thick the strokes of printed lines are, from a rendering: what tells bold text where no font is known.

Runs in the parser's child process.
"""

from __future__ import annotations

import ctypes
import re
import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pypdfium2.raw as pdfium

from pipeline.adapters.pdfium_words import Box4

_DPI = 200
_MOST_PIXELS = 12_000_000
_INK = re.compile(rb"\x01+")
#: Runs of ink longer than this share of the line's height are bars of letters, or rules, and not stems.
_LONGEST = 0.45
_ENOUGH_RUNS = 12
_LEAST_CONTRAST = 40


def strokes_of(page: Any, lines: Sequence[Sequence[Box4]]) -> list[float]:
    """The median width of the stems of each line, in points; 0 where none is drawn.

    A line is the boxes of its words, as fractions of the page.
    """
    picture = _Picture(page)
    return [picture.stroke(words) for words in lines]


def strokes_of_pages(document: Any, wanted: Mapping[int, Sequence[Sequence[Box4]]]) -> dict[int, list[float]]:
    """As `strokes_of`, by page number (from 1); a page that cannot be rendered says nothing."""
    found: dict[int, list[float]] = {}
    for number, lines in wanted.items():
        page = pdfium.FPDF_LoadPage(document, number - 1)
        if not page:
            found[number] = [0.0] * len(lines)
            continue
        try:
            found[number] = strokes_of(page, lines)
        finally:
            pdfium.FPDF_ClosePage(page)
    return found


class _Picture:
    """The page as grey pixels."""

    def __init__(self, page: Any) -> None:
        wide, high = pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page)
        self._scale = min(_DPI / 72, (_MOST_PIXELS / max(1.0, wide * high)) ** 0.5)
        self.width, self.height = max(1, int(wide * self._scale)), max(1, int(high * self._scale))
        bitmap = pdfium.FPDFBitmap_CreateEx(self.width, self.height, pdfium.FPDFBitmap_Gray, None, 0)
        try:
            pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, self.width, self.height, 0xFFFFFFFF)
            flags = pdfium.FPDF_GRAYSCALE
            pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, self.width, self.height, 0, flags)
            self._stride = pdfium.FPDFBitmap_GetStride(bitmap)
            size = self._stride * self.height
            self._pixels = ctypes.string_at(pdfium.FPDFBitmap_GetBuffer(bitmap), size)
        finally:
            pdfium.FPDFBitmap_Destroy(bitmap)

    def stroke(self, words: Sequence[Box4]) -> float:
        runs = [run for box in words for run in self._runs(box)]
        return statistics.median(runs) / self._scale if len(runs) >= _ENOUGH_RUNS else 0.0

    def _runs(self, box: Box4) -> Iterator[int]:
        """Lengths of the runs of ink across the word, row by row."""
        left, right = (int(self.width * min(1.0, max(0.0, x))) for x in (box[0], box[2]))
        top, bottom = (int(self.height * min(1.0, max(0.0, y))) for y in (box[1], box[3]))
        rows = [self._pixels[y * self._stride + left : y * self._stride + right] for y in range(top, bottom)]
        if not rows or right <= left:
            return
        whole = b"".join(rows)
        low, high = min(whole), max(whole)
        if high - low < _LEAST_CONTRAST:
            return
        middle = (low + high) // 2
        dark = sum(value < middle for value in whole) * 2 > len(whole)  # light letters on a dark ground
        table = bytes(int((value < middle) != dark) for value in range(256))
        longest = max(2, _LONGEST * (bottom - top))
        for row in rows:
            yield from (len(run) for run in _INK.findall(row.translate(table)) if len(run) <= longest)
