"""The look: faces and colours, and the headings of a section."""

import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from . import fonts
from .knobs import Knobs
from .rows import BLACK, Box, Colour, Row, Text, gap
from .typeset import Face, paragraph

WHITE: Colour = (1.0, 1.0, 1.0)
GREY: Colour = (0.35, 0.35, 0.38)
_DATA = Path(__file__).parent / "data"


@cache
def styles() -> dict[str, dict[str, Any]]:
    """Every style by name, as data/styles.json has it."""
    found: dict[str, dict[str, Any]] = json.loads((_DATA / "styles.json").read_text("utf-8"))
    return found


@dataclass(frozen=True)
class Theme:
    """`size` in points, `leading` in ems; `heading` names a function of this module."""

    faces: fonts.Family
    size: float
    leading: float
    ink: Colour
    soft: Colour
    accent: Colour
    heading: str
    heading_scale: float
    upper: bool
    centred: bool
    ligatures: bool = False
    lang: str = "en"

    @property
    def tint(self) -> Colour:
        """The accent where it is dark enough for letters."""
        return self.ink if sum(self.accent) > 2.1 and self.ink == BLACK else self.accent

    def capitals(self, text: str) -> str:
        """The text in capitals; Turkish keeps its dotted i."""
        return (text.replace("i", "İ") if self.lang == "tr" else text).upper()

    def face(self, scale: float = 1.0, colour: Colour | None = None) -> Face:
        """The body's face."""
        return self._face(self.faces.regular, scale, colour or self.ink)

    def bold(self, scale: float = 1.0, colour: Colour | None = None) -> Face:
        """The bold face."""
        return self._face(self.faces.bold, scale, colour or self.ink)

    def italic(self, scale: float = 1.0, colour: Colour | None = None) -> Face:
        """The slanted face."""
        return self._face(self.faces.italic, scale, colour or self.ink)

    def quiet(self, scale: float = 1.0) -> Face:
        """The body's face in the softer colour, as dates often have it."""
        return self._face(self.faces.regular, scale, self.soft)

    def _face(self, font: str, scale: float, colour: Colour) -> Face:
        return Face(font, self.size * scale, colour, ligatures=self.ligatures)

    def on(self, dark: bool) -> "Theme":
        """The same look on a coloured side bar."""
        if not dark:
            return replace(self, heading="bare" if self.heading in ("band", "numbered") else self.heading)
        heading = "rule" if self.heading in ("rule", "rule_above", "band") else "bare"
        return replace(self, ink=WHITE, soft=(0.9, 0.9, 0.92), accent=WHITE, heading=heading)


def make_theme(style: str, knobs: Knobs, locale: dict[str, Any], text: str) -> Theme:
    """The look of a style, in fonts that have the letters of the text, slanted ones only where they exist."""
    data = styles()[style]
    faces = fonts.family(data["family"], locale["latin_1"] and _is_latin_1(text))
    accent: Colour = tuple(data["accent"])
    return Theme(
        faces=faces if locale["slanted"] else fonts.upright(faces),
        size=data["size"] + knobs.size_step,
        leading=knobs.leading,
        ink=BLACK,
        soft=tuple(data.get("soft", GREY)),
        accent=accent,
        heading=data["heading"],
        heading_scale=data["heading_scale"],
        upper=data["upper"],
        centred=data["centred"],
        lang=locale["lang"],
        ligatures=knobs.ligatures and faces.regular in ("Sans", "Serif"),
    )


def _is_latin_1(text: str) -> bool:
    """Whether the standard fonts have every letter."""
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


def heading(theme: Theme, title: str, width: float, number: int) -> list[Row]:
    """The rows of a section's heading, kept with what follows."""
    printed = printed_heading(theme, title, number)
    face = theme.bold(theme.heading_scale, theme.tint)
    rows = _HEADINGS[theme.heading](theme, printed, face, width)
    return [
        gap(theme.size * 0.75, keep=True),
        *(r._replace(keep=True, mark=r.mark or "heading") for r in rows),
        Row(theme.size * 0.25, keep=True),
    ]


def printed_heading(theme: Theme, title: str, number: int) -> str:
    """The heading as printed."""
    text = theme.capitals(title) if theme.upper or theme.heading in ("spaced", "small_caps") else title
    if theme.heading == "numbered":
        return f"{number}. {text}"
    return f"{text}:" if theme.heading == "colon" else text


def _bare(theme: Theme, text: str, face: Face, width: float) -> list[Row]:
    return paragraph([(text, face)], width, 1.3, 0.5 if theme.centred else 0.0)


def _rule(theme: Theme, text: str, face: Face, width: float) -> list[Row]:
    return [*_bare(theme, text, face, width), Row(3.0, (Box(0, 1.2, width, 0.8, face.colour),))]


def _rule_above(theme: Theme, text: str, face: Face, width: float) -> list[Row]:
    return [Row(4.0, (Box(0, 1.0, width, 1.2, face.colour),)), *_bare(theme, text, face, width)]


def _band(theme: Theme, text: str, face: Face, width: float) -> list[Row]:
    pale = sum(theme.accent) > 2.1
    rows = paragraph([(text, face._replace(colour=theme.ink if pale else WHITE))], width - 12, 1.45)
    moved = [r._replace(items=tuple(i._replace(x=i.x + 6) for i in r.items)) for r in rows]
    return [r._replace(items=(Box(0, 0, width, r.height + 0.5, theme.accent), *r.items)) for r in moved]


def _boxed(theme: Theme, text: str, face: Face, width: float) -> list[Row]:
    rows = paragraph([(text, face)], width - 10, 1.5, 0.5)
    moved = [r._replace(items=tuple(i._replace(x=i.x + 5) for i in r.items)) for r in rows]
    return [r._replace(items=(Box(0, 0, width, r.height, face.colour, 0.7), *r.items)) for r in moved]


def _spaced(theme: Theme, text: str, face: Face, width: float) -> list[Row]:
    spaced = face._replace(spacing=face.size * 0.22)
    while spaced.spacing > 0.4 and max(spaced.width(w) for w in text.split()) > width:
        spaced = spaced._replace(spacing=spaced.spacing * 0.7)
    return _rule(theme, text, spaced, width)


def _small_caps(theme: Theme, text: str, face: Face, width: float) -> list[Row]:
    """Capitals, the first letter of each word larger: two texts that touch."""
    small, items, x = face._replace(size=face.size * 0.8), [], 0.0
    dy = face.size * 0.95
    for word in text.split():
        for letters, each in ((word[0], face), (word[1:] + " ", small)):
            items.append(Text(x, dy, letters, each.font, each.size, each.colour, glue=each is small))
            x += each.width(letters)
    if x > width:
        return _rule(theme, text, small, width)
    return [Row(face.size * 1.3, tuple(items)), Row(3.0, (Box(0, 1.0, width, 0.6, face.colour),))]


def _underline(theme: Theme, text: str, face: Face, width: float) -> list[Row]:
    rows = _bare(theme, text, face, width)
    return [
        r._replace(items=(*r.items, Box(i.x, i.dy + 1.6, face.width(i.text.rstrip()), 0.7, face.colour)))
        for r in rows
        for i in r.items[:1]
        if isinstance(i, Text)
    ]


_HEADINGS = {
    "bare": _bare,
    "numbered": _bare,
    "colon": _bare,
    "rule": _rule,
    "rule_above": _rule_above,
    "band": _band,
    "boxed": _boxed,
    "spaced": _spaced,
    "small_caps": _small_caps,
    "underline": _underline,
}
