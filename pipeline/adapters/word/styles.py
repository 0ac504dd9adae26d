"""How the text of a DOCX looks: styles with what they are based on, and the marks of lists."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace

from pipeline.adapters.word.blocks import Look, Shape
from pipeline.adapters.word.container import Element, whole

_OFF = ("0", "false", "off", "none")
_WHITE = 0.93  #: luminance from which letters do not stand out from white paper
_DEEPEST = 12
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
            changes[key] = found.attributes.get("val", "1") not in _OFF
    colour = properties.value("color")
    if colour is not None:
        changes["white"] = is_white(colour)
    shading = properties.child("shd")
    if shading is not None:
        changes["shaded"] = is_dark(shading)
    if properties.value("highlight") not in (None, "none", "white"):
        changes["shaded"] = True
    return replace(look, **changes)  # type: ignore[arg-type]


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
            changes[key] = found.attributes.get("val", "1") not in _OFF
    tabs = properties.child("tabs")
    if tabs is not None:
        changes["tabs"] = _tabs(shape.tabs, tabs)
    shading = properties.child("shd")
    if shading is not None:
        changes["shaded"] = is_dark(shading)
    return replace(shape, **changes)  # type: ignore[arg-type]


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
    if len(colour) != 6:
        return False
    try:
        red, green, blue = (int(colour[n : n + 2], 16) / 255 for n in (0, 2, 4))
    except ValueError:
        return False
    return 0.299 * red + 0.587 * green + 0.114 * blue > _WHITE
