"""Texts that a label tells: "Company: Acme Ltd", or "Company" in the left cell of a table."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.reading.lexicon.load import titles
from pipeline.reading.lexicon.phrases import Phrases
from pipeline.reading.page.rows import Piece

_LABEL = re.compile(r"^\s*([^:：]{2,40}?)\s*[:：]\s*(?=\S)")
_TOLD = ("title", "employer", "place", "dates", "institution", "degree")  # a label of a body tells no slot
_SAME_LINE = 0.006  # of the page's height: cells set apart by less are on one line
_CELL_GAP = 0.01  # of the page's width: less is a word space


def cut_label(piece: Piece) -> tuple[str, Piece] | None:
    """What stands before a text's colon, and the text after it."""
    match = _LABEL.match(piece.text)
    return (match[1], piece.cut(match.end(), len(piece.text))) if match else None


def labelled(fragments: Sequence[Piece], labels: Phrases | None = None) -> tuple[list[Piece], dict[str, int]]:
    """The texts without their labels, and by slot the index of the text that a label told.

    `labels` are those of positions unless others are given, which count in a cell of their own only.
    """
    own = labels is None
    labels = labels or titles().labels
    result: list[Piece] = []
    forced: dict[str, int] = {}
    pending: str | None = None
    for n, piece in enumerate(fragments):
        cut = cut_label(piece)
        kind = labels.label(cut[0]) if cut else None
        alone = labels.label(piece.text) if own or _has_cell_beside(fragments, n) else None
        if cut and kind in _TOLD:
            piece = cut[1].trim()
            pending = kind
        elif alone in _TOLD and len(fragments) > 1:
            pending = alone
            continue
        if not piece.text:
            continue
        if pending and pending != "dates" and pending not in forced:
            forced[pending] = len(result)
        pending = None
        result.append(piece)
    return result, forced


def _has_cell_beside(fragments: Sequence[Piece], n: int) -> bool:
    """Whether the next text stands right of this one, as a table's value stands beside its label."""
    following = fragments[n + 1] if n + 1 < len(fragments) else None
    return (
        following is not None
        and abs(following.top - fragments[n].top) < _SAME_LINE
        and following.left > fragments[n].right + _CELL_GAP
    )
