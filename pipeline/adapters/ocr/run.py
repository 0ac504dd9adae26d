"""A page and a run of text as they are read: what the parts of OCR's child process hand on."""

from __future__ import annotations

import statistics
import unicodedata
from typing import Any, NamedTuple

from pipeline.adapters.parsing.ink import LineInk
from pipeline.adapters.parsing.parsed import Box4

#: Ems that a character takes, about.
_WIDE, _USUAL, _SLIM = 1.0, 0.5, 0.28
_SLIM_ONES = frozenset("iljtfrI1.,;:'!|()[]-·/ ")


class ReadPicture(NamedTuple):
    """A page as read: turned by `turned` degrees clockwise it stands upright, and boxes are fractions of that page.

    Of each line its words, `(text, confidence, box)`, and its ink. `foreign`: the script is not one that the models
    know, and no line is told.
    """

    turned: int
    lines: list[list[tuple[str, float, Box4]]]
    ink: list[LineInk]
    foreign: bool


class Char(NamedTuple):
    """A character: the middle of it along the run, as a fraction of the run's length."""

    text: str
    at: float
    confidence: float


class Run(NamedTuple):
    """Its characters, the corners of where it is (see `ocr_geometry`), its length and height in pixels."""

    chars: list[Char]
    quad: Any
    length: float
    height: float

    @property
    def text(self) -> str:
        return "".join(char.text for char in self.chars)

    @property
    def confidence(self) -> float:
        """The mean over the characters, 0 where there are none."""
        said = [char.confidence for char in self.chars if not char.text.isspace()]
        return statistics.fmean(said) if said else 0.0

    @property
    def explained(self) -> float:
        """The share of its length that the characters take up, as they are usually set: 0-1, about."""
        ems = sum(map(_advance, self.text))
        return min(1.0, ems * self.height / max(1.0, self.length))


def _advance(char: str) -> float:
    if char.isspace():
        return 0.0
    if char in _SLIM_ONES:
        return _SLIM
    return _WIDE if unicodedata.east_asian_width(char) in "WF" else _USUAL
