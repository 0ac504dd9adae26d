"""How the text of an ODT looks: styles with their parents, in the parts that hold them, and the marks of lists."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from pipeline.adapters.word.blocks import Look, Shape
from pipeline.adapters.word.container import Element, whole
from pipeline.adapters.word.styles import counted, is_white

_DEEPEST = 12
_LENGTH = re.compile(r"(-?\d{1,6}(?:\.\d{1,9})?)(pt|in|cm|mm|pc|px)")
_POINTS = {"pt": 1.0, "in": 72.0, "cm": 72 / 2.54, "mm": 72 / 25.4, "pc": 12.0, "px": 0.75}
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,3})?)%")
_BOLD_FROM = 600
_KINDS = {"a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman", "1": "decimal"}
_LISTS = ("list-level-style-bullet", "list-level-style-number", "list-level-style-image")
_MOST_LEVELS = 10


def points(text: str | None) -> float | None:
    """A length in points; None where it is none, or no ordinary one."""
    found = _LENGTH.fullmatch(text or "")
    value = float(found[1]) * _POINTS[found[2]] if found else None
    return value if value is not None and -5000 < value < 5000 else None


@dataclass(slots=True)
class OdtStyles:
    """The styles of a part: its automatic ones, and those with names."""

    _styles: dict[tuple[str, str], Element] = field(default_factory=dict)
    _defaults: dict[str, Element] = field(default_factory=dict)
    lists: dict[str, Element] = field(default_factory=dict)

    @classmethod
    def of(cls, *groups: Element | None) -> OdtStyles:
        """Those of each group (`office:styles`, `office:automatic-styles`); the later groups win."""
        made = cls()
        for group in groups:
            for element in group.children if group else ():
                told = element.attributes
                if element.name == "style":
                    made._styles[told.get("family", ""), told.get("name", "")] = element
                elif element.name == "default-style":
                    made._defaults[told.get("family", "")] = element
                elif element.name == "list-style":
                    made.lists[told.get("name", "")] = element
        return made

    def paragraph(self, name: str | None, hanging: Element | None = None) -> tuple[Shape, Look, str]:
        """The shape of a paragraph, the look of its text, and the list that its style puts it into, if any.

        `hanging`: the properties of the list level that it stands in, which its own indents go before.
        """
        shape, look, list_ = Shape(), Look(), ""
        for style in self._chain("paragraph", name):
            look = looking(look, style.child("text-properties"))
            shape = shaped(shape, style.child("paragraph-properties"))
            list_ = style.attributes.get("list-style-name", list_)
        if hanging is not None:
            shape = _in_list(shape, hanging, self.own(name))
        return shape, look, list_

    def own(self, name: str | None) -> Element | None:
        """What a paragraph style itself, not its parents, says."""
        style = self._styles.get(("paragraph", name or ""))
        return style.child("paragraph-properties") if style is not None else None

    def span(self, look: Look, name: str | None) -> Look:
        """The look of a stretch of text within its paragraph."""
        for style in self._chain("text", name, default=False):
            look = looking(look, style.child("text-properties"))
        return look

    def properties(self, family: str, name: str | None) -> Iterator[dict[str, str]]:
        """The attributes of every property element of a style, its parents' first."""
        for style in self._chain(family, name):
            yield from (child.attributes for child in style.children)

    def master_page(self, name: str | None) -> str:
        """The master page that begins with a paragraph of this style, or ""."""
        style = self._styles.get(("paragraph", name or ""))
        return style.attributes.get("master-page-name", "") if style is not None else ""

    def _chain(self, family: str, name: str | None, *, default: bool = True) -> list[Element]:
        """The style and its parents, the family's defaults first."""
        chain: list[Element] = []
        while (style := self._styles.get((family, name or ""))) is not None and len(chain) < _DEEPEST:
            chain.append(style)
            name = style.attributes.get("parent-style-name")
        if default and family in self._defaults:
            chain.append(self._defaults[family])
        return chain[::-1]


def looking(look: Look, properties: Element | None) -> Look:
    """The look with what these text properties say."""
    if properties is None:
        return look
    told = properties.attributes
    changes: dict[str, object] = {}
    share = _PERCENT.fullmatch(told.get("font-size", ""))
    size = look.size * float(share[1]) / 100 if share else points(told.get("font-size"))
    if size:
        changes["size"] = size
    if "font-weight" in told:
        weight = told["font-weight"]
        changes["bold"] = weight == "bold" or whole(weight) >= _BOLD_FROM
    if "text-transform" in told:
        changes["capitals"] = told["text-transform"] == "uppercase"
    if "display" in told:
        changes["hidden"] = told["display"] != "true"
    if told.get("use-window-font-color") == "true":  # black or white, as the ground wants it
        changes["white"] = False
    if "color" in told:
        changes["white"] = is_white(told["color"].removeprefix("#"))
    if "background-color" in told:
        changes["shaded"] = is_dark(told["background-color"])
    return replace(look, **changes)  # type: ignore[arg-type]


def shaped(shape: Shape, properties: Element | None) -> Shape:
    """The shape with what these paragraph properties say."""
    if properties is None:
        return shape
    told = properties.attributes
    changes: dict[str, object] = {}
    for name, key in (
        ("margin", "left"), ("margin", "right"), ("margin-left", "left"), ("margin-right", "right"),
        ("margin-top", "before"), ("margin-bottom", "after"), ("text-indent", "first"),
    ):  # fmt: skip
        value = points(told.get(name))
        if value is not None:
            changes[key] = value
    if "text-align" in told:
        align = told["text-align"]
        changes["align"] = {"start": "left", "end": "right"}.get(align, align)
    if "writing-mode" in told:
        changes["bidi"] = told["writing-mode"].startswith("rl")
    if "break-before" in told:
        changes["new_page"] = told["break-before"] in ("page", "column")
    if "background-color" in told:
        changes["shaded"] = is_dark(told["background-color"])
    stops = properties.child("tab-stops")
    if stops is not None:
        changes["tabs"] = tuple(sorted(_tabs(stops)))
    return replace(shape, **changes)  # type: ignore[arg-type]


def _tabs(stops: Element) -> Iterator[tuple[float, str]]:
    for stop in stops.children:
        position = points(stop.attributes.get("position"))
        if position is not None:
            kind = stop.attributes.get("type", "left")
            yield position, "decimal" if kind == "char" else kind


def _in_list(shape: Shape, level: Element, own: Element | None) -> Shape:
    """The shape in a list: its level's indents, and before them what the paragraph's own style says."""
    properties = level.child("list-level-properties")
    if properties is None:
        return shape
    aligned = properties.child("list-level-label-alignment")
    if aligned is not None:
        left, first = (
            points(aligned.attributes.get("margin-left")),
            points(aligned.attributes.get("text-indent")),
        )
        shape = replace(shape, left=left or 0.0, first=first or 0.0)
    else:
        space = points(properties.attributes.get("space-before")) or 0.0
        label = points(properties.attributes.get("min-label-width")) or 0.0
        shape = replace(shape, left=space + label, first=-label)
    told = own.attributes if own is not None else {}
    given = {key: points(told.get(name)) for name, key in (("margin-left", "left"), ("text-indent", "first"))}
    return replace(shape, **{key: value for key, value in given.items() if value is not None})  # type: ignore[arg-type]


def is_dark(colour: str) -> bool:
    """Whether white letters stand out from a ground of this colour ("#rrggbb", "transparent")."""
    return colour.startswith("#") and not is_white(colour.removeprefix("#"))


class OdtMarks:
    """The marks before list items: bullets, and numbers that count on."""

    def __init__(self, styles: OdtStyles) -> None:
        self._styles = styles
        self._counts: defaultdict[str, dict[int, int]] = defaultdict(dict)

    def level(self, list_: str, level: int) -> Element | None:
        """What a list says of its level, from 1."""
        style = self._styles.lists.get(list_)
        for element in style.children if style is not None else ():
            if element.name in _LISTS and whole(element.attributes.get("level")) == level:
                return element
        return None

    def begin(self, list_: str, level: int) -> None:
        """A list begins that goes on with no other: it counts anew."""
        for deeper in [one for one in self._counts[list_] if one >= level]:
            del self._counts[list_][deeper]

    def next(self, list_: str, level: int) -> str:
        """The mark of the next item."""
        told = self.level(list_, level)
        if told is None or told.name != "list-level-style-number":
            return "•"
        counts = self._counts[list_]
        counts[level] = counts.get(level, whole(told.attributes.get("start-value"), 1) - 1) + 1
        for deeper in [one for one in counts if one > level]:
            del counts[deeper]
        shown = min(max(1, whole(told.attributes.get("display-levels"), 1)), _MOST_LEVELS)
        numbers = []
        for one in range(max(1, level - shown + 1), level + 1):
            kind = (self.level(list_, one) or told).attributes.get("num-format", "")
            if kind and one in counts:
                numbers.append(counted(counts[one], _KINDS.get(kind, "decimal")))
        if not numbers:
            return ""
        before, after = (told.attributes.get(name, "") for name in ("num-prefix", "num-suffix"))
        return f"{before}{'.'.join(numbers)}{after}".strip()
