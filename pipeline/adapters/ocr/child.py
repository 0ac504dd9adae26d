"""OCR's side of the pipe: one picture of a page in, plain tuples out. Imports nothing heavy before it is called."""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from typing import Any

from pipeline.adapters.ocr.run import ReadPicture
from pipeline.adapters.parsing.parsed import Pixels, Refusal, guarded


def read_picture(pixels: Pixels) -> ReadPicture | Refusal:
    """The text of a page. Never raises for what a picture may show."""
    # Here and not above: only the child loads the models.
    from pipeline.adapters.ocr.page import read_page

    try:
        return guarded(read_page, pixels)
    finally:
        _give_back()


def _give_back() -> None:
    """Return to the machine what the models took for this page: 380 of 540 MiB, which glibc would keep."""
    libc = _libc()
    if libc is not None:
        libc.malloc_trim(0)


@cache
def _libc() -> Any:
    """glibc, None where there is another one or none."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "malloc_trim") else None
