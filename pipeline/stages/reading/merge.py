"""OCR's lines take the place of a page's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipeline.domain.ocr import OcrText
from pipeline.domain.text import Ink, Line, Page, Text
from pipeline.stages.reading.sizes import with_sizes
from pipeline.stages.reading.weights import with_weights

#: Raise when the same OCR could read differently.
VERSION = 1


def lines_of(read: OcrText) -> dict[int, tuple[Line, ...]]:
    """The lines of the pages that OCR did not give up on, by page number."""
    return {page.number: page.lines for page in read.pages if page.number not in read.unread}


def merged(
    local: Text,
    lines: Mapping[int, Sequence[Line]],
    ink: Mapping[int, Sequence[Ink]],
    *,
    unread: tuple[int, ...] = (),
    engine: str,
) -> Text:
    """The text with OCR's lines on the pages that it read; `ink` tells how each of them looks.

    Sizes and links of pages stay, line ids count anew from 0. A page that OCR gave up on keeps what its own
    text layer says.
    """
    numbers = sorted(lines)
    every = [line for number in numbers for line in lines[number]]
    drawn = [one for number in numbers for one in ink[number]]
    styled = iter(with_weights(with_sizes(every, drawn), drawn))
    read = {number: [next(styled) for _ in lines[number]] for number in numbers}
    pages: list[Page] = []
    next_id = 0
    for page in local.pages:
        own = page.number not in read
        printed = page.lines if own else read[page.number]
        numbered = tuple(replace(line, id=next_id + n, page=page.number) for n, line in enumerate(printed))
        next_id += len(numbered)
        pages.append(replace(page, lines=numbered, source=page.source if own else "ocr"))
    return Text(tuple(pages), f"{local.engine}+{engine}/{VERSION}", unread)
