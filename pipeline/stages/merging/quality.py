"""Whether a page's own text layer is what its reader sees, or the page has to be read by OCR."""

from __future__ import annotations

import unicodedata

from pipeline.domain.text import Page

#: Letters and digits that a page of text has at the very least; a cover page with a name has fewer pictures.
_FEW = 40
_MANY = 400
#: A text layer with more nonsense than this among its characters came from a font that names its glyphs wrongly.
_NONSENSE = 0.1
#: A picture this large, on a page with few letters, is likely the page itself.
_PICTURED = 0.25
_COVERED = 0.8
#: A page that shows no letter shows something: words as many small pictures cover a hundredth of it.
_SHOWN = 0.005
#: Letters set as outlines, by their strokes: a letter has some twenty, the name in a header has two hundred. Printers
#: that draw a run of text as one path draw as many strokes.
_OUTLINES = 400


def needs_ocr(page: Page) -> bool:
    """Whether the page shows more than its text layer says.

    Text hidden from the eye does not count: what a scanner wrote behind its picture is checked by reading
    the picture. A blank page needs nothing.
    """
    sound, nonsense = _characters(page)
    if nonsense > _NONSENSE * (sound + nonsense):
        return True
    if sound < _FEW:
        pictured = _PICTURED if sound else _SHOWN
        return page.pictured > pictured or page.drawn > _OUTLINES
    return sound < _MANY and page.pictured > _COVERED


def _characters(page: Page) -> tuple[int, int]:
    """Letters and digits that a person could read, and characters that are none."""
    sound = nonsense = 0
    for line in page.lines:
        if line.hidden:
            continue
        for char in line.text:
            if char.isalnum():
                sound += 1
            elif char == "\ufffd" or unicodedata.category(char) in ("Co", "Cn", "Cc"):
                nonsense += 1
    return sound, nonsense
