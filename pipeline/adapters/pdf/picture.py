"""A PDF's page as pixels. Runs in the parser's child process."""

from __future__ import annotations

import ctypes
from typing import Any

import pypdfium2.raw as pdfium

from pipeline.adapters.parsing.parsed import DocumentRefused, Pixels, fitting_scale

_DPI = 200


def picture_of_page(document: Any, number: int) -> Pixels:
    """The page (from 1) as a reader sees it. Raises DocumentRefused where it cannot be loaded."""
    page = pdfium.FPDF_LoadPage(document, number - 1)
    if not page:
        raise DocumentRefused("corrupt", f"Page {number} of the document cannot be read.")
    try:
        return _drawn(page)
    finally:
        pdfium.FPDF_ClosePage(page)


def _drawn(page: Any) -> Pixels:
    wide, high = pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page)
    scale = fitting_scale(wide, high, _DPI / 72)
    width, height = max(1, int(wide * scale)), max(1, int(high * scale))
    bitmap = pdfium.FPDFBitmap_CreateEx(width, height, pdfium.FPDFBitmap_Gray, None, 0)
    if not bitmap:
        raise MemoryError
    try:
        pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, 0xFFFFFFFF)
        pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, pdfium.FPDF_GRAYSCALE)
        stride = pdfium.FPDFBitmap_GetStride(bitmap)
        grey = ctypes.string_at(pdfium.FPDFBitmap_GetBuffer(bitmap), stride * height)
    finally:
        pdfium.FPDFBitmap_Destroy(bitmap)
    if stride != width:
        grey = b"".join(grey[y * stride : y * stride + width] for y in range(height))
    return Pixels(width, height, grey, scale)
