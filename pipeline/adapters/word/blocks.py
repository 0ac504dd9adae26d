"""What the text of a word processor's file consists of, whatever the format: `layout` sets it on pages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

#: What stands in a StyledText's text instead of letters.
TAB, MARGIN_TAB, BREAK, PAGE = "\t", "\v", "\n", "\f"
#: For text of a file: what stands for a control character there is a space.
NO_CONTROLS = {ord(char): " " for char in (TAB, MARGIN_TAB, BREAK, PAGE, "\r")}
MOST_SPAN = 64  #: columns of a table that one cell covers


@dataclass(frozen=True, slots=True)
class Look:
    """How a run is printed: size in points; `white` on whatever lies behind it.

    `colour` and `fill`, that of its own ground, are six hex digits, "" where nothing is said. `clear`: without ink.
    """

    size: float = 10.0
    bold: bool = False
    capitals: bool = False
    hidden: bool = False
    white: bool = False
    shaded: bool = False
    colour: str = ""
    fill: str = ""
    clear: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """How a paragraph is set, in points: `tabs` are (position, kind); `list_` is (numId, level).

    `fill` is the colour of its ground, as a Look's. `unseen`: it has no height, or stands beside the page.
    """

    left: float = 0.0
    right: float = 0.0
    first: float = 0.0
    before: float = 0.0
    after: float = 0.0
    align: str = "left"
    bidi: bool = False
    tabs: tuple[tuple[float, str], ...] = ()
    list_: tuple[str, int] | None = None
    new_page: bool = False
    shaded: bool = False
    fill: str = ""
    unseen: bool = False


class StyledText(NamedTuple):
    """Text of one look, or one of the control characters above; `uri` is where it links to, or ""."""

    text: str
    look: Look
    uri: str = ""


@dataclass(slots=True)
class Paragraph:
    pieces: list[StyledText]
    shape: Shape
    look: Look
    mark: str = ""


@dataclass(slots=True)
class TableCell:
    """`span` is in columns of the grid."""

    blocks: list[Block]
    span: int
    shaded: bool


@dataclass(slots=True)
class Table:
    """Rows of cells; `widths` of the grid's columns in points, empty where unknown."""

    rows: list[list[TableCell]] = field(default_factory=list)
    widths: tuple[float, ...] = ()


@dataclass(slots=True)
class TextBox:
    """A box beside the text or among it, told where it is anchored."""

    blocks: list[Block]


Block = Paragraph | Table | TextBox
