"""Tables of skills: of "Equipment | Make | Level" only the first column names skills."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from pipeline.reading.lexicon.load import load
from pipeline.reading.lexicon.phrases import Phrases
from pipeline.reading.page.rows import Row
from pipeline.reading.page.table_heads import TableColumn, overlap

_JOINT = re.compile(r"\s*[/&,]\s*|\s+(?:and|or)\s+")
_SKILL = "skill"


def without_other_columns(rows: Sequence[Row]) -> list[Row]:
    """The rows of a section of skills, those of its tables with nothing but the cells that name skills.

    A table goes from a row whose cells all are known heads to the next title in bold, or to the next head.
    """
    kept: list[Row] = []
    columns: list[TableColumn] = []
    for row in rows:
        head = _columns(row)
        if head:
            columns = head
            continue
        if columns and len(row.pieces) == 1 and row.first.bold:
            columns = []
        skills = [
            piece
            for piece in row.pieces
            if not columns or max(columns, key=lambda column: overlap(piece, column)).role == _SKILL
        ]
        if skills:
            kept.append(Row(tuple(skills)))
    return kept


def _columns(row: Row) -> list[TableColumn]:
    """The columns that a row heads, or none where a cell of it is no head, or none names skills."""
    roles = [_role(piece.text) for piece in row.pieces]
    if len(roles) < 2 or None in roles or _SKILL not in roles or set(roles) == {_SKILL}:
        return []
    return [TableColumn(role, piece.left, piece.right) for role, piece in zip(roles, row.pieces, strict=True)]


def _role(text: str) -> str | None:
    parts = [part.strip(" .:()*") for part in _JOINT.split(text.casefold())]
    return next((role for part in (text.strip(" .:()*"), *parts) if (role := _heads().label(part))), None)


@cache
def _heads() -> Phrases:
    heads = load("skills")["table_heads"]
    return Phrases({word: role for role in ("beside", _SKILL) for word in heads[role]})
