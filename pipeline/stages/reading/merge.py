"""OCR's lines take the place of a page's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.domain.ocr import OcrText
from pipeline.domain.text import Line, Page, Text
from pipeline.stages.reading.sizes import with_sizes


def merged(local: Text, read: OcrText, engine: str) -> Text:
    """The text with the pages that OCR read; sizes and links of pages stay, line ids count anew from 0.

    A page that OCR gave up on keeps what its own text layer says.
    """
    by_number = {page.number: page.lines for page in read.pages if page.number not in read.unread}
    pages: list[Page] = []
    next_id = 0
    for page in local.pages:
        lines: Sequence[Line] = page.lines
        if page.number in by_number:
            lines = with_sizes(by_number[page.number], page.width, page.height)
            page = replace(page, source="ocr")
        numbered = tuple(replace(line, id=next_id + n, page=page.number) for n, line in enumerate(lines))
        next_id += len(numbered)
        pages.append(replace(page, lines=numbered))
    return Text(tuple(pages), f"{local.engine}+{engine}", read.unread)
