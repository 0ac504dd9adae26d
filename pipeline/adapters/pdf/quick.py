"""PDFium's functions that are called for each character or object of a page. In the parser's child process.

pypdfium2's typed prototypes cost more than what most of these functions do. Here they take bare addresses (`int`, or
None) and keep the interpreter's lock.
"""

from __future__ import annotations

import ctypes
from typing import Any

import pypdfium2.raw as pdfium


class Rect(ctypes.Structure):
    """FS_RECTF."""

    _fields_ = [(name, ctypes.c_float) for name in ("left", "top", "right", "bottom")]


class Matrix(ctypes.Structure):
    """FS_MATRIX."""

    _fields_ = [(name, ctypes.c_float) for name in "abcdef"]


def address(pointer: Any) -> int | None:
    """Where a typed pointer of pypdfium2 points to."""
    return ctypes.cast(pointer, ctypes.c_void_p).value


def _quick(function: Any, result: Any, *arguments: Any) -> Any:
    at = address(function)
    assert at is not None
    return ctypes.PYFUNCTYPE(result, *arguments)(at)


def _unchecked(function: Any, result: Any) -> Any:
    """As `_quick`, for what is called for each character: half of that call's time is looking at its arguments.

    They must be what C takes as it is: a pointer as `c_void_p` or by `byref`, never as an `int`.
    """
    unchecked = _quick(function, result)
    unchecked.argtypes = None
    return unchecked


_VOID, _INT, _UINT, _SIZE = ctypes.c_void_p, ctypes.c_int, ctypes.c_uint, ctypes.c_size_t
_INT_P, _UINT_P, _ULONG_P = (ctypes.POINTER(kind) for kind in (_INT, _UINT, ctypes.c_ulong))
_FLOAT_P, _DOUBLE_P = ctypes.POINTER(ctypes.c_float), ctypes.POINTER(ctypes.c_double)

# Of a character: the text page as `c_void_p`, the character's index, and where to write the answer.
unicode_of = _unchecked(pdfium.FPDFText_GetUnicode, _UINT)
loose_box = _unchecked(pdfium.FPDFText_GetLooseCharBox, _INT)
text_object = _unchecked(pdfium.FPDFText_GetTextObject, _VOID)
origin = _quick(pdfium.FPDFText_GetCharOrigin, _INT, _VOID, _INT, _DOUBLE_P, _DOUBLE_P)
font_size = _quick(pdfium.FPDFText_GetFontSize, ctypes.c_double, _VOID, _INT)
matrix = _quick(pdfium.FPDFText_GetMatrix, _INT, _VOID, _INT, ctypes.POINTER(Matrix))
fill = _quick(pdfium.FPDFText_GetFillColor, _INT, _VOID, _INT, _UINT_P, _UINT_P, _UINT_P, _UINT_P)
weight = _quick(pdfium.FPDFText_GetFontWeight, _INT, _VOID, _INT)

# Of a page object, by its address.
mode = _quick(pdfium.FPDFTextObj_GetTextRenderMode, _INT, _VOID)
font = _quick(pdfium.FPDFTextObj_GetFont, _VOID, _VOID)
font_name = _quick(pdfium.FPDFFont_GetBaseFontName, _SIZE, _VOID, ctypes.c_char_p, _SIZE)
font_flags = _quick(pdfium.FPDFFont_GetFlags, _INT, _VOID)
clip_path = _quick(pdfium.FPDFPageObj_GetClipPath, _VOID, _VOID)
clip_paths = _quick(pdfium.FPDFClipPath_CountPaths, _INT, _VOID)
has_transparency = _quick(pdfium.FPDFPageObj_HasTransparency, _INT, _VOID)
marks = _quick(pdfium.FPDFPageObj_CountMarks, _INT, _VOID)
mark = _quick(pdfium.FPDFPageObj_GetMark, _VOID, _VOID, ctypes.c_ulong)
mark_name = _quick(pdfium.FPDFPageObjMark_GetName, _INT, _VOID, ctypes.c_char_p, ctypes.c_ulong, _ULONG_P)
object_of = _quick(pdfium.FPDFPage_GetObject, _VOID, _VOID, _INT)
kind_of = _quick(pdfium.FPDFPageObj_GetType, _INT, _VOID)
bounds = _quick(pdfium.FPDFPageObj_GetBounds, _INT, _VOID, _FLOAT_P, _FLOAT_P, _FLOAT_P, _FLOAT_P)
draw_mode = _quick(pdfium.FPDFPath_GetDrawMode, _INT, _VOID, _INT_P, _INT_P)
set_active = _quick(pdfium.FPDFPageObj_SetIsActive, _INT, _VOID, _INT)
