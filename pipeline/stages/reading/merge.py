"""OCR's lines take the place of a page's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipeline.domain.ocr import OcrText
from pipeline.domain.text import Line, Page, Text
from pipeline.stages.reading.sizes import with_sizes
from pipeline.stages.reading.weights import with_weights

#: Raise when the same OCR could read differently.
VERSION = 1


def sized(local: Text, read: OcrText) -> dict[int, tuple[Line, ...]]:
    """The lines of the pages that OCR read, with their sizes in points, by page number."""
    shape = {page.number: (page.width, page.height) for page in local.pages}
    return {
        page.number: with_sizes(page.lines, *shape[page.number])
        for page in read.pages
        if page.number in shape and page.number not in read.unread
    }


def merged(
    local: Text,
    lines: Mapping[int, Sequence[Line]],
    strokes: Mapping[int, Sequence[float]],
    *,
    unread: tuple[int, ...] = (),
    engine: str,
) -> Text:
    """The text with the pages that OCR read: `lines` as `sized` answers them, `strokes` of each in points.

    Sizes and links of pages stay, line ids count anew from 0. A page that OCR gave up on keeps what its own
    text layer says.
    """
    weighed = with_weights(lines, strokes)
    pages: list[Page] = []
    next_id = 0
    for page in local.pages:
        own = page.number not in weighed
        printed = page.lines if own else weighed[page.number]
        numbered = tuple(replace(line, id=next_id + n, page=page.number) for n, line in enumerate(printed))
        next_id += len(numbered)
        pages.append(replace(page, lines=numbered, source=page.source if own else "ocr"))
    return Text(tuple(pages), f"{local.engine}+{engine}/{VERSION}", unread)
