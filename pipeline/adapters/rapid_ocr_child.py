"""OCR's side of the pipe: one picture of a page in, plain tuples out. Imports nothing heavy before it is called."""

from __future__ import annotations

from typing import NamedTuple

from pipeline.adapters.ink import LineInk
from pipeline.adapters.parsed import Box4, Pixels, Refusal, guarded


class ReadPicture(NamedTuple):
    """A page as read: turned by `turned` degrees clockwise it stands upright, and boxes are fractions of that page.

    Of each line its words, `(text, confidence, box)`, and its ink. `foreign`: the script is not one that the models
    know, and no line is told.
    """

    turned: int
    lines: list[list[tuple[str, float, Box4]]]
    ink: list[LineInk]
    foreign: bool


def read_picture(pixels: Pixels) -> ReadPicture | Refusal:
    """The text of a page. Never raises for what a picture may show."""
    # Here and not above: only the child loads the models.
    from pipeline.adapters.ocr_page import read_page

    return guarded(read_page, pixels)
