"""How the text of a DOCX looks: styles with what they are based on, and the marks of lists."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field, replace

from pipeline.adapters.word.blocks import Look, Shape
from pipeline.adapters.word.container import Element, whole

_OFF = ("0", "false", "off", "none")
_WHITE = 0.93  #: luminance from which letters do not stand out from white paper
_DEEPEST = 12
_ALIKE = 24  #: of 255, by which a colour may differ from its ground and not be seen
_NARROWEST = 10  #: per cent of a letter's width
_CLEAR = 95_000  #: thousandths of a per cent, from which a fill is looked through
_FLAT = 2.0  #: points, below which a line shows nothing
_BESIDE, _FAR = (
    72.0,
    800.0,
)  #: points left of or above a margin; points from it, further than any paper is wide
_HEX = re.compile(r"[0-9A-Fa-f]{6}")
_THEME_WHITE = ("background1", "light1")
_HIGHLIGHTS = {
    "black": "000000", "blue": "0000ff", "cyan": "00ffff", "green": "00ff00", "magenta": "ff00ff", "red": "ff0000",
    "yellow": "ffff00", "white": "ffffff", "darkBlue": "000080", "darkCyan": "008080", "darkGreen": "008000",
    "darkMagenta": "800080", "darkRed": "800000", "darkYellow": "808000", "darkGray": "808080", "lightGray": "c0c0c0",
}  # fmt: skip
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
          (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip


@dataclass(slots=True)
class Styles:
    """The styles part, and what follows from it."""

    styles: dict[str, Element] = field(default_factory=dict)
    look: Look = field(default_factory=Look)
    shape: Shape = field(default_factory=Shape)
    default: str = ""

    @classmethod
    def of(cls, root: Element | None) -> Styles:
        made = cls()
        for element in root.children if root else ():
            if element.name == "style":
                style_id = element.attributes.get("styleId", "")
                made.styles[style_id] = element
                told = element.attributes
                if told.get("type") == "paragraph" and told.get("default", "0") not in _OFF:
                    made.default = style_id
        defaults = root.child("docDefaults") if root else None
        if defaults is not None:
            made.look = looking(made.look, defaults.child("rPrDefault", "rPr"))
            made.shape = shaped(made.shape, defaults.child("pPrDefault", "pPr"))
        return made

    def paragraph(self, properties: Element | None, marks: Marks) -> tuple[Shape, Look]:
        """The shape of a paragraph and the look of its runs, before what they say of themselves."""
        name = (properties.value("pStyle") if properties else None) or self.default
        shape, look = self.shape, self.look
        for style in self._chain(name):
            look = looking(look, style.child("rPr"))
            shape = self._shaped(shape, style.child("pPr"), marks)
        return self._shaped(shape, properties, marks), look

    def run(self, look: Look, properties: Element | None) -> Look:
        """The look of a run within its paragraph."""
        for style in self._chain(properties.value("rStyle") if properties else None):
            look = looking(look, style.child("rPr"))
        return looking(look, properties)

    def _shaped(self, shape: Shape, properties: Element | None, marks: Marks) -> Shape:
        """A list's level sets the indents, and the paragraph's own go before them."""
        if properties is not None and properties.child("numPr") is not None:
            shape = shaped(shape, Element("pPr", {}))
            number = properties.value("numPr", "numId") or (shape.list_[0] if shape.list_ else "0")
            level = whole(properties.value("numPr", "ilvl"))
            list_ = (number, level) if number != "0" else None
            shape = replace(shape, list_=list_)
            if list_ is not None:
                shape = shaped(shape, marks.shape_of(list_))
        return shaped(shape, properties)

    def _chain(self, name: str | None) -> list[Element]:
        """The style and what it is based on, the base first."""
        chain: list[Element] = []
        while name in self.styles and len(chain) < _DEEPEST:
            chain.append(self.styles[name])
            name = self.styles[name].value("basedOn")
        return chain[::-1]


class Marks:
    """The marks before list items: bullets, and numbers that count on."""

    def __init__(self, root: Element | None) -> None:
        self._levels: dict[str, dict[int, Element]] = {}
        self._counts: defaultdict[str, dict[int, int]] = defaultdict(dict)
        abstract = {}
        for element in root.children if root else ():
            if element.name == "abstractNum":
                abstract[element.attributes.get("abstractNumId")] = {
                    whole(level.attributes.get("ilvl")): level
                    for level in element.children
                    if level.name == "lvl"
                }
            elif element.name == "num":
                number = element.attributes.get("numId", "")
                self._levels[number] = abstract.get(element.value("abstractNumId"), {})

    def shape_of(self, list_: tuple[str, int]) -> Element | None:
        """The paragraph properties of a list's level."""
        level = self._level(list_)
        return level.child("pPr") if level is not None else None

    def next(self, list_: tuple[str, int]) -> str:
        """The mark of the next item."""
        level = self._level(list_)
        kind = (level.value("numFmt") if level is not None else None) or "bullet"
        if kind == "none":
            return ""
        if level is None or kind == "bullet":
            return "•"
        counts = self._counts[list_[0]]
        start = whole(level.value("start"), 1)
        counts[list_[1]] = counts.get(list_[1], start - 1) + 1
        for deeper in [one for one in counts if one > list_[1]]:
            del counts[deeper]
        mark = level.value("lvlText") or ""
        for number, count in counts.items():
            mark = mark.replace(f"%{number + 1}", counted(count, kind))
        return "" if "%" in mark else mark.strip()

    def _level(self, list_: tuple[str, int]) -> Element | None:
        return self._levels.get(list_[0], {}).get(list_[1])


def counted(count: int, kind: str) -> str:
    """A number of a list, as Word's `kind` of numbering writes it: decimal, lowerLetter, upperRoman, …"""
    if kind.endswith("Letter"):
        text = chr(ord("a") + (count - 1) % 26)
    elif kind.endswith("Roman") and count < 4000:
        text, left = "", count
        for value, letters in _ROMAN:
            text += letters * (left // value)
            left %= value
    else:
        return str(count)
    return text.upper() if kind.startswith("upper") else text


def looking(look: Look, properties: Element | None) -> Look:
    """The look with what these run properties say."""
    if properties is None:
        return look
    size = points(properties.value("sz"), 2)
    changes: dict[str, object] = {} if not size else {"size": size}
    for name, key in (("b", "bold"), ("caps", "capitals"), ("vanish", "hidden")):
        found = properties.child(name)
        if found is not None:
            changes[key] = is_on(found)
    return replace(look, **changes, **_coloured(properties))  # type: ignore[arg-type]


def _coloured(properties: Element) -> dict[str, object]:
    changes: dict[str, object] = {}
    colour = properties.child("color")
    if colour is not None:
        told = _hex(colour.attributes.get("val"))
        if not told and colour.attributes.get("themeColor") in _THEME_WHITE:
            told = "ffffff"
        changes |= {"colour": told, "white": is_white(told)}
    shading = properties.child("shd")
    if shading is not None:
        changes |= {"shaded": is_dark(shading), "fill": _hex(shading.attributes.get("fill"))}
    marked = properties.value("highlight")
    if marked not in (None, "none"):
        changes |= {"shaded": marked != "white", "fill": _HIGHLIGHTS.get(marked or "", "")}
    narrowed = properties.value("w")
    if narrowed is not None or properties.child("textFill") is not None:
        changes["clear"] = whole(narrowed, 100) < _NARROWEST or _is_clear(properties)
    return changes


def _is_clear(properties: Element) -> bool:
    """Whether letters are filled with nothing, or so that one looks through them, and have no outlines either."""
    fill = properties.child("textFill")
    if fill is None or properties.child("textOutline", "solidFill") is not None:
        return False
    clear = (whole(one.attributes.get("val")) for one in fill.walk() if one.name == "alpha")
    return fill.child("noFill") is not None or max(clear, default=0) > _CLEAR


def alike(colour: str, fill: str) -> bool:
    """Whether letters of a colour do not stand out from a ground of another; both are six hex digits, or ""."""
    colour, fill = _hex(colour), _hex(fill)
    if not colour or not fill:
        return False
    pairs = ((int(colour[n : n + 2], 16), int(fill[n : n + 2], 16)) for n in (0, 2, 4))
    return all(abs(one - other) < _ALIKE for one, other in pairs)


def _hex(colour: str | None) -> str:
    """A colour as six hex digits; "" where none is told."""
    return colour.lower() if colour and _HEX.fullmatch(colour) else ""


def shaped(shape: Shape, properties: Element | None) -> Shape:
    """The shape with what these paragraph properties say."""
    if properties is None:
        return shape
    changes: dict[str, object] = _indents(properties) | _spacing(properties)
    align = properties.value("jc")
    if align is not None:
        changes["align"] = {"start": "left", "end": "right"}.get(align, align)
    for name, key in (("bidi", "bidi"), ("pageBreakBefore", "new_page")):
        found = properties.child(name)
        if found is not None:
            changes[key] = is_on(found)
    tabs = properties.child("tabs")
    if tabs is not None:
        changes["tabs"] = _tabs(shape.tabs, tabs)
    shading = properties.child("shd")
    if shading is not None:
        changes |= {"shaded": is_dark(shading), "fill": _hex(shading.attributes.get("fill"))}
    shape = replace(shape, **changes)  # type: ignore[arg-type]
    return replace(shape, unseen=True) if _is_unseen(shape, properties) else shape


def _is_unseen(shape: Shape, properties: Element) -> bool:
    """Whether a paragraph is set where nobody sees it: on lines without height, or beside the page."""
    spacing, frame = properties.child("spacing"), properties.child("framePr")
    told = spacing.attributes if spacing is not None else {}
    if told.get("lineRule") == "exact" and 0 <= (points(told.get("line")) or 0.0) < _FLAT and "line" in told:
        return True
    place = frame.attributes if frame is not None else {}
    right, bottom = ((points(place.get(a)) or 0.0) + (points(place.get(b)) or 0.0) for a, b in ("xw", "yh"))
    return min(right, bottom) < -_BESIDE or abs(shape.left) > _FAR


def is_on(element: Element | None) -> bool:
    """Whether a property that is on or off is there, and on."""
    return element is not None and element.attributes.get("val", "1") not in _OFF


def _indents(properties: Element) -> dict[str, object]:
    indent = properties.child("ind")
    told = indent.attributes if indent is not None else {}
    changes: dict[str, object] = {}
    for names, key in ((("left", "start"), "left"), (("right", "end"), "right")):
        value = next((points(told[name]) for name in names if name in told), None)
        if value is not None:
            changes[key] = value
    if "hanging" in told:
        changes["first"] = -(points(told["hanging"]) or 0.0)
    elif "firstLine" in told:
        changes["first"] = points(told["firstLine"]) or 0.0
    return changes


def _spacing(properties: Element) -> dict[str, object]:
    spacing = properties.child("spacing")
    told = spacing.attributes if spacing is not None else {}
    values = {name: points(told.get(name)) for name in ("before", "after")}
    return {name: value for name, value in values.items() if value is not None}


def _tabs(before: tuple[tuple[float, str], ...], tabs: Element) -> tuple[tuple[float, str], ...]:
    stops = dict(before)
    for tab in tabs.children:
        position, kind = points(tab.attributes.get("pos")), tab.attributes.get("val", "left")
        if position is None:
            continue
        if kind == "clear":
            stops.pop(position, None)
        elif kind != "bar":
            stops[position] = {"end": "right", "start": "left"}.get(kind, kind)
    return tuple(sorted(stops.items()))


def points(text: str | None, units: float = 20) -> float | None:
    """A measure in points; `units` are those of the number in a point (20 are twentieths)."""
    try:
        value = float(text) / units if text is not None else None
    except ValueError:
        return None
    return value if value is not None and -5000 < value < 5000 else None


def is_dark(shading: Element) -> bool:
    """Whether a shading is such that white letters stand out from it."""
    fill = shading.attributes.get("fill", "auto")
    return shading.attributes.get("themeFill") is not None or (fill != "auto" and not is_white(fill))


def is_white(colour: str) -> bool:
    """Whether letters of this colour (six hex digits) do not stand out from white paper."""
    told = _hex(colour)
    if not told:
        return False
    red, green, blue = (int(told[n : n + 2], 16) / 255 for n in (0, 2, 4))
    return 0.299 * red + 0.587 * green + 0.114 * blue > _WHITE
