"""From a PDF's user space to the page as a reader holds it, in points and in fractions of the page."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import pypdfium2.raw as pdfium

from pipeline.adapters.parsing.parsed import Box4


class Frame(NamedTuple):
    """The affine map from a PDF's user space to the page as held: x' = a x + c y + e, y' = b x + d y + f."""

    a: float
    b: float
    c: float
    d: float
    e: float
    f: float
    width: float
    height: float

    @property
    def is_upright(self) -> bool:
        """Whether the page is held as its user space stands."""
        return self.b == 0 and self.a > 0

    def point(self, x: float, y: float) -> tuple[float, float]:
        return self.a * x + self.c * y + self.e, self.b * x + self.d * y + self.f


def page_frame(page: Any, turns: int) -> Frame:
    """The frame of a loaded page, turned clockwise by its own rotation and `turns` quarter turns more."""
    left, bottom, right, top = _crop(page)
    quarter = (pdfium.FPDFPage_GetRotation(page) + turns) % 4
    wide, high = right - left, top - bottom
    if quarter == 1:
        return Frame(0, 1, 1, 0, -bottom, -left, high, wide)
    if quarter == 2:
        return Frame(-1, 0, 0, 1, right, -bottom, wide, high)
    if quarter == 3:
        return Frame(0, -1, -1, 0, top, right, high, wide)
    return Frame(1, 0, 0, -1, -left, top, wide, high)


def _crop(page: Any) -> tuple[float, float, float, float]:
    box = pdfium.FS_RECTF()
    if pdfium.FPDF_GetPageBoundingBox(page, box) and box.right > box.left and box.top > box.bottom:
        return box.left, box.bottom, box.right, box.top
    return 0.0, 0.0, pdfium.FPDF_GetPageWidthF(page) or 595.0, pdfium.FPDF_GetPageHeightF(page) or 842.0


def fraction(box: Box4, angle: int, frame: Frame) -> Box4:
    """A box of the frame that text of this angle stands upright in, as fractions of the page."""
    left, top, right, bottom = box
    if angle:
        cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        corners = [(x * cos - y * sin, x * sin + y * cos) for x in (left, right) for y in (top, bottom)]
        left, right = min(x for x, _ in corners), max(x for x, _ in corners)
        top, bottom = min(y for _, y in corners), max(y for _, y in corners)
    wide, high = frame.width, frame.height
    return (round(left / wide, 5), round(top / high, 5), round(right / wide, 5), round(bottom / high, 5))
