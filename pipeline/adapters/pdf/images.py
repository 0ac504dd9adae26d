"""The pictures on a PDF's page, by what they say of themselves: nothing is decoded. In the parser's child process."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import pypdfium2.raw as pdfium

from pipeline.adapters.parsing.parsed import DocumentRefused

_MOST_PIXELS = 400_000_000  #: a sheet of A3 at 1,200 dpi has 280 million
_MOST_OBJECTS = 50_000
_DEEPEST_FORM = 3
_SIZE_OF_JPX = b"\xff\x4f\xff\x51"
_PAGE_INFORMATION, _LONG_NUMBERS = 48, 0x40  #: of a JBIG2 segment's flags
_UNKNOWN_HEIGHT = 0xFFFFFFFF  #: JBIG2 in strips tells it at its end


def refuse_huge_pictures(page: Any) -> None:
    """Raises DocumentRefused where a picture of the page says that it has more pixels than any scan.

    PDFium leaves such a picture out, and the page would look empty.
    """
    for item in _pictures(page):
        width, height = ctypes.c_uint(), ctypes.c_uint()
        told = pdfium.FPDFImageObj_GetImagePixelSize(item, width, height)
        if (told and width.value * height.value > _MOST_PIXELS) or _coded_pixels(item) > _MOST_PIXELS:
            raise DocumentRefused(
                "resource-limit", "A picture in the document has more pixels than any scan: scan at 300 dpi."
            )


def _pictures(page: Any) -> Iterator[Any]:
    count = pdfium.FPDFPage_CountObjects(page)
    items = _among((pdfium.FPDFPage_GetObject(page, index) for index in range(count)), _DEEPEST_FORM)
    return (item for item, kind in islice(items, _MOST_OBJECTS) if kind == pdfium.FPDF_PAGEOBJ_IMAGE)


def _among(items: Iterator[Any], depth: int) -> Iterator[tuple[Any, int]]:
    """Every object with its kind, those in forms too."""
    for item in items:
        kind = pdfium.FPDFPageObj_GetType(item)
        yield item, kind
        if kind == pdfium.FPDF_PAGEOBJ_FORM and depth:
            count = pdfium.FPDFFormObj_CountObjects(item)
            inner = (pdfium.FPDFFormObj_GetObject(item, index) for index in range(count))
            yield from _among(inner, depth - 1)


def _coded_pixels(item: Any) -> int:
    """What JPEG 2000 and JBIG2 data say themselves, which the PDF may contradict; 0 for other pictures."""
    for number in range(pdfium.FPDFImageObj_GetImageFilterCount(item)):
        reader = _CODED.get(_filter(item, number))
        if reader is not None:
            return reader(_data(item))
    return 0


def _filter(item: Any, number: int) -> bytes:
    name = ctypes.create_string_buffer(32)
    pdfium.FPDFImageObj_GetImageFilter(item, number, name, len(name))
    return name.value


def _data(item: Any) -> bytes:
    size = pdfium.FPDFImageObj_GetImageDataRaw(item, None, 0)
    data = ctypes.create_string_buffer(size)
    pdfium.FPDFImageObj_GetImageDataRaw(item, data, size)
    return data.raw


def _jpx_pixels(data: bytes) -> int:
    at = data.find(_SIZE_OF_JPX)
    right, bottom, left, top = (_number(data, at + 8 + 4 * place) for place in range(4))
    return max(0, right - left) * max(0, bottom - top) if at >= 0 else 0


def _jbig2_pixels(data: bytes) -> int:
    """Of its page, which the first segment describes."""
    flags = data[4] if len(data) > 4 else 0
    if flags & 0x3F != _PAGE_INFORMATION:
        return 0
    at = 14 if flags & _LONG_NUMBERS else 11
    width, height = _number(data, at), _number(data, at + 4)
    return width * height if height != _UNKNOWN_HEIGHT else 0


def _number(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "big")


_CODED: dict[bytes, Callable[[bytes], int]] = {b"JPXDecode": _jpx_pixels, b"JBIG2Decode": _jbig2_pixels}
