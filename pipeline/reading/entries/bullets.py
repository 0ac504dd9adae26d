"""How a section prints its bullets: with signs, or with a letter of a font without names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.reading.page.rows import Piece, Row, repeated_glyph


@dataclass(frozen=True, slots=True)
class Bullets:
    """Tells and takes off the bullets of one section; `glyph` is the letter that it uses for one, if it does."""

    glyph: str | None

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Bullets:
        """The bullets that these rows use."""
        return cls(repeated_glyph(list(rows)))

    def open(self, piece: Piece) -> bool:
        """Whether a bullet opens a text."""
        return piece.bulleted or self._by_glyph(piece)

    def off(self, piece: Piece) -> Piece:
        """The text without the bullet that opens it, if one does."""
        if self._by_glyph(piece):
            return piece.cut(2, len(piece.text))
        return piece.unbulleted()

    def _by_glyph(self, piece: Piece) -> bool:
        return self.glyph is not None and piece.text.startswith(self.glyph + " ")
