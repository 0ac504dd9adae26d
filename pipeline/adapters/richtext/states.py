"""What control words change: how text looks and how paragraphs are set. A group's end takes it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from pipeline.adapters.word.blocks import Look, Shape

_TWIPS = 20.0  #: twentieths of a point
_USUAL = Look(size=12.0)
_ALIGNED = {"ql": "left", "qr": "right", "qc": "center", "qj": "left"}
_TABS = {"tx": "left", "tqr": "right", "tqc": "center", "tqdec": "decimal"}
_LENGTHS = {
    "li": "left",
    "lin": "left",
    "ri": "right",
    "rin": "right",
    "fi": "first",
    "sb": "before",
    "sa": "after",
}
_FLAGS = {"b": "bold", "caps": "capitals", "v": "hidden"}
_MOST_TABS = 50

#: Where text goes: the document, a mark of a list, the instruction of a field, a table of the header; "" is nowhere.
Destination = str


@dataclass(frozen=True, slots=True)
class State:
    """`fallback` is how many characters after a Unicode one say the same for old programs; `uri` is where text links
    to.
    """

    destination: Destination = "text"
    look: Look = _USUAL
    shape: Shape = field(default_factory=Shape)
    tab_kind: str = "left"
    font: int | None = None
    fallback: int = 1
    in_table: bool = False
    deleted: bool = False
    uri: str = ""

    def changed(self, word: str, number: int | None, colours: Sequence[tuple[bool, bool]]) -> State:
        """The state after a control word; itself where that is none of style. `colours` as `colour` takes them."""
        if word in _FLAGS:
            return replace(self, look=replace(self.look, **{_FLAGS[word]: number != 0}))  # type: ignore[arg-type]
        if (
            word in _LENGTHS
            or word in _TABS
            or word in _ALIGNED
            or word in ("rtlpar", "ltrpar", "pagebb", "cbpat")
        ):
            return self._reshaped(word, number, colours)
        if word in ("fs", "cf", "highlight", "chcbpat", "cb"):
            return replace(self, look=self._relooked(word, number or 0, colours))
        match word:
            case "pard":
                return replace(self, shape=Shape(), tab_kind="left", in_table=False)
            case "plain":
                return replace(self, look=_USUAL, font=None, deleted=False)
            case "f":
                return replace(self, font=number)
            case "uc":
                return replace(self, fallback=min(max(0, 1 if number is None else number), 20))
            case "intbl":
                return replace(self, in_table=True)
            case "deleted":
                return replace(self, deleted=number != 0)
        return self

    def _relooked(self, word: str, number: int, colours: Sequence[tuple[bool, bool]]) -> Look:
        if word == "fs":
            return replace(self.look, size=min(max(0, number), 2000) / 2 or _USUAL.size)
        white, dark = colour(number, colours)
        return replace(self.look, white=white) if word == "cf" else replace(self.look, shaded=dark)

    def _reshaped(self, word: str, number: int | None, colours: Sequence[tuple[bool, bool]]) -> State:
        shape = self.shape
        if word in _ALIGNED:
            return replace(self, shape=replace(shape, align=_ALIGNED[word]))
        if word in ("rtlpar", "ltrpar"):
            return replace(self, shape=replace(shape, bidi=word == "rtlpar"))
        if word == "pagebb":
            return replace(self, shape=replace(shape, new_page=number != 0))
        if word == "cbpat":
            return replace(self, shape=replace(shape, shaded=colour(number or 0, colours)[1]))
        if word in _LENGTHS:
            return replace(self, shape=replace(shape, **{_LENGTHS[word]: points(number)}))  # type: ignore[arg-type]
        if word != "tx":
            return replace(self, tab_kind=_TABS[word])
        tabs = tuple(sorted({*shape.tabs[:_MOST_TABS], (points(number), self.tab_kind)}))
        return replace(self, shape=replace(shape, tabs=tabs), tab_kind="left")


def colour(number: int, colours: Sequence[tuple[bool, bool]]) -> tuple[bool, bool]:
    """A colour by its number in the table: whether it is as white as paper, whether white stands out from it."""
    return colours[number] if 0 <= number < len(colours) else (False, False)


def points(number: int | None) -> float:
    """Twips as points, within what a page can use."""
    return min(max((number or 0) / _TWIPS, -5000.0), 5000.0)
