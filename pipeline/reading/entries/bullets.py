"""How a section prints its bullets: with signs, or with a letter of a font without names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.reading.page.rows import Piece, Row, repeated_glyph

_LEAST_ENTRIES = 2  # opened by bullets: one may be a remark


@dataclass(frozen=True, slots=True)
class Bullets:
    """Tells and takes off the bullets of one section; `glyph` is the letter that it uses for one, if it does."""

    glyph: str | None
    head: bool = False  #: they open entries, whose bodies have none

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Bullets:
        """The bullets that these rows use."""
        bullets = cls(repeated_glyph(list(rows)))
        return cls(bullets.glyph, head=bullets._open_entries(rows))

    def open(self, piece: Piece) -> bool:
        """Whether a bullet opens a text."""
        return piece.bulleted or self._by_glyph(piece)

    def _open_entries(self, rows: Sequence[Row]) -> bool:
        """Whether what bullets open is set bold, and nothing else of the section is."""
        opened = [row.first for row in rows if self.open(row.first)]
        others = [row.first for row in rows if not self.open(row.first)]
        bold = len(opened) >= _LEAST_ENTRIES and all(piece.bold for piece in opened)
        return bold and bool(others) and not any(piece.bold for piece in others)

    def off(self, piece: Piece) -> Piece:
        """The text without the bullet that opens it, if one does."""
        if self._by_glyph(piece):
            return piece.cut(2, len(piece.text))
        return piece.unbulleted()

    def _by_glyph(self, piece: Piece) -> bool:
        return self.glyph is not None and piece.text.startswith(self.glyph + " ")
