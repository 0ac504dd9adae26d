"""Draws `fonts/glyphs.ttf`: bullets and contact icons, a few of them at private-use code points.

Word processors and icon fonts put bullets and icons there: a reader meets U+F0B7 where the eye sees a dot.
Run `python -m benchmarks.resume_maker.draw_glyphs` after a change (needs fonttools); the drawings are ours.
"""

import math
from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib.tables._g_l_y_f import Glyph

Contour = list[tuple[float, float]]
TARGET = Path(__file__).parent / "fonts" / "glyphs.ttf"


def circle(x: float, y: float, r: float, hole: bool = False) -> Contour:
    """A polygon of 24 corners; a hole turns the other way."""
    turn = 1 if hole else -1
    angles = [turn * i * math.pi / 12 for i in range(24)]
    return [(x + r * math.cos(a), y + r * math.sin(a)) for a in angles]


def box(x0: float, y0: float, x1: float, y1: float, hole: bool = False) -> Contour:
    """An upright rectangle; a hole turns the other way."""
    corners = [(x0, y0), (x0, y1), (x1, y1), (x1, y0)]
    return corners[::-1] if hole else corners


ENVELOPE: list[Contour] = [box(60, 60, 740, 560), [(100, 520), (400, 300), (700, 520), (400, 350)]]
HANDSET: list[Contour] = [
    [
        (60, 560),
        (200, 600),
        (300, 420),
        (220, 350),
        (420, 160),
        (500, 240),
        (680, 140),
        (640, 0),
        (480, 0),
        (60, 420),
    ]
]
PIN: list[Contour] = [
    [(400, -40), (200, 300), (200, 480), (290, 600), (510, 600), (600, 480), (600, 300)],
    circle(400, 410, 90, hole=True),
]
CHAIN: list[Contour] = [
    circle(270, 300, 210),
    circle(270, 300, 130, hole=True),
    circle(530, 300, 210),
    circle(530, 300, 130, hole=True),
]
SHAPES: dict[str, tuple[tuple[int, ...], int, list[Contour]]] = {
    "disc": ((0x25CF, 0xF0B7), 600, [circle(300, 290, 190)]),
    "ring": ((0x25CB, 0xF0A1), 600, [circle(300, 290, 190), circle(300, 290, 130, hole=True)]),
    "square": ((0x25AA, 0x25A0, 0xF0A7), 600, [box(130, 120, 470, 460)]),
    "diamond": ((0x25C6, 0xF076), 600, [[(300, 60), (80, 290), (300, 520), (520, 290)]]),
    "arrow": ((0x27A2, 0x25B8, 0xF0D8), 700, [[(80, 60), (230, 290), (80, 520), (620, 290)]]),
    "tick": ((0x2713, 0xF0FC), 700, [[(60, 280), (150, 360), (270, 220), (560, 560), (640, 490), (280, 60)]]),
    "envelope": ((0xF0E0,), 800, ENVELOPE),
    "handset": ((0xF095,), 800, HANDSET),
    "pin": ((0xF041,), 800, PIN),
    "chain": ((0xF0C1,), 800, CHAIN),
}


def glyph(contours: list[Contour]) -> Glyph:
    """One TrueType glyph of straight lines."""
    pen = TTGlyphPen(None)
    for contour in contours:
        pen.moveTo(contour[0])
        for point in contour[1:]:
            pen.lineTo(point)
        pen.closePath()
    return pen.glyph()


def main() -> None:
    """Writes the font."""
    names = [".notdef", "space", *SHAPES]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({32: "space", **{c: n for n, (codes, _, _) in SHAPES.items() for c in codes}})
    builder.setupGlyf(
        {".notdef": glyph([]), "space": glyph([]), **{n: glyph(s[2]) for n, s in SHAPES.items()}}
    )
    builder.setupHorizontalMetrics({n: (SHAPES[n][1] if n in SHAPES else 250, 0) for n in names})
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable(
        {
            "familyName": "Resume Glyphs",
            "styleName": "Regular",
            "psName": "ResumeGlyphs",
            "uniqueFontIdentifier": "ResumeGlyphs-1",
            "fullName": "Resume Glyphs",
            "version": "1",
        }
    )
    builder.setupOS2(sTypoAscender=800, sTypoDescender=-200, usWinAscent=800, usWinDescent=200)
    builder.setupPost()
    builder.font["head"].created = builder.font["head"].modified = 0
    builder.font.recalcTimestamp = False
    builder.save(TARGET)


if __name__ == "__main__":
    main()
