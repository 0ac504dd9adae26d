"""The fonts: families of four faces, their widths and the height of their letters."""

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

GLYPHS = "ResumeGlyphs"
_HERE = Path(__file__).parent
_LATIN_1_ONLY = {"helvetica": "sans", "times": "serif", "courier": "sans"}


class Family(NamedTuple):
    """Font names of the four faces."""

    regular: str
    bold: str
    italic: str
    bold_italic: str


class Metrics(NamedTuple):
    """Heights over the baseline in ems: accented capital, capital, small letter; depth of a descender."""

    accent: float
    capital: float
    small: float
    depth: float


FAMILIES = {
    "helvetica": Family("Helvetica", "Helvetica-Bold", "Helvetica-Oblique", "Helvetica-BoldOblique"),
    "times": Family("Times-Roman", "Times-Bold", "Times-Italic", "Times-BoldItalic"),
    "courier": Family("Courier", "Courier-Bold", "Courier-Oblique", "Courier-BoldOblique"),
    "sans": Family("Sans", "Sans-Bold", "Sans-Italic", "Sans-BoldItalic"),
    "serif": Family("Serif", "Serif-Bold", "Serif-Italic", "Serif-BoldItalic"),
}
_METRICS = {
    "Hel": Metrics(0.93, 0.73, 0.54, 0.22),
    "Tim": Metrics(0.89, 0.68, 0.46, 0.22),
    "Cou": Metrics(0.80, 0.61, 0.44, 0.18),
    "San": Metrics(0.87, 0.71, 0.50, 0.21),
    "Ser": Metrics(0.91, 0.73, 0.49, 0.24),
    "Res": Metrics(0.60, 0.60, 0.60, 0.05),
}
_SMALL = frozenset("acegmnopqrsuvwxyzıавгежзиклмнопрстуфхцчшщъыьэюя.,:;-–—_~+<>=·•●○▪■◆➢▸✓")
_DEEP = frozenset("gjpqy,;()[]{}|/@_QçşğŞÇęąĘĄруфцщДЦЩ§")
_TALL = frozenset("ÀÁÂÃÄÅÈÉÊËÌÍÎÏÒÓÔÕÖÙÚÛÜÝÑŚŹŻĆŃŠŽİĞЁЙ")


def family(name: str, latin_1: bool) -> Family:
    """The family, or its embedded stand-in when a text needs more than Latin-1."""
    load()
    return FAMILIES[name if latin_1 else _LATIN_1_ONLY.get(name, name)]


@cache
def load() -> None:
    """Registers the embedded fonts once a process; their slanted faces have no Cyrillic (see `upright`)."""
    pdfmetrics.registerFont(TTFont(GLYPHS, str(_HERE / "fonts" / "glyphs.ttf")))
    for short, package, stem in (
        ("Sans", "font_source_sans_pro", "SourceSansPro"),
        ("Serif", "font_source_serif_pro", "SourceSerifPro"),
    ):
        for suffix, face in (
            ("", "Regular"),
            ("-Bold", "Bold"),
            ("-Italic", "It"),
            ("-BoldItalic", "BoldIt"),
        ):
            path = files(package) / "files" / f"{stem}-{face}.ttf"
            pdfmetrics.registerFont(TTFont(short + suffix, str(path)))


def upright(faces: Family) -> Family:
    """The family without its slanted faces, for scripts that they do not cover."""
    return Family(faces.regular, faces.bold, faces.regular, faces.bold)


@cache
def _advances(font: str) -> dict[str, float]:
    return {}


def width(text: str, font: str, size: float) -> float:
    """Advance of the text in points, without kerning, which the renderer does not apply either."""
    known = _advances(font)
    total = 0.0
    for char in text:
        if char not in known:
            known[char] = pdfmetrics.stringWidth(char, font, 1000) / 1000
        total += known[char]
    return total * size


def extent(text: str, font: str) -> tuple[float, float]:
    """Height over and depth under the baseline that the letters of the text reach, in ems."""
    metrics = _METRICS[font[:3]]
    letters = set(text)
    low = metrics.small if letters <= _SMALL else metrics.capital
    return metrics.accent if letters & _TALL else low, metrics.depth if letters & _DEEP else 0.015
