"""OCR's lines take the place of a page's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipeline.domain.ocr import OcrText
from pipeline.domain.text import Box, Ink, Line, Page, Text
from pipeline.domain.version import source_version
from pipeline.stages.merging.sizes import with_sizes
from pipeline.stages.merging.weights import with_weights


def lines_of(read: OcrText) -> dict[int, tuple[Line, ...]]:
    """The lines of the pages that OCR did not give up on, by page number."""
    given_up = {*read.unread, *read.foreign}
    return {page.number: page.lines for page in read.pages if page.number not in given_up}


def merged(local: Text, read: OcrText, ink: Mapping[int, Sequence[Ink]], *, engine: str) -> Text:
    """The text with OCR's lines on the pages that it read; `ink` tells how each of them looks.

    Sizes and links of pages stay (turned with their page), line ids count anew from 0. A page that OCR gave up on
    keeps what its own text layer says.
    """
    lines = lines_of(read)
    turned = {page.number: page.turned for page in read.pages}
    numbers = sorted(lines)
    every = [line for number in numbers for line in lines[number]]
    drawn = [one for number in numbers for one in ink[number]]
    styled = iter(with_weights(with_sizes(every, drawn), drawn))
    printed = {number: [next(styled) for _ in lines[number]] for number in numbers}
    pages: list[Page] = []
    next_id = 0
    for page in local.pages:
        if page.number in printed:
            page = replace(
                _turned(page, turned[page.number]), lines=tuple(printed[page.number]), source="ocr"
            )
        numbered = tuple(replace(line, id=next_id + n, page=page.number) for n, line in enumerate(page.lines))
        next_id += len(numbered)
        pages.append(replace(page, lines=numbered))
    return Text(
        tuple(pages),
        f"{local.engine}+{engine}+merged-{source_version(__name__)}",
        read.unread,
        read.foreign,
        flags=local.flags,
    )


def _turned(page: Page, degrees: int) -> Page:
    """The page, and the boxes of its links, turned clockwise."""
    for _ in range(degrees // 90):
        links = tuple(replace(link, box=_quarter(link.box)) for link in page.links)
        page = replace(page, width=page.height, height=page.width, links=links)
    return page


def _quarter(box: Box) -> Box:
    return Box(1 - box.bottom, box.left, 1 - box.top, box.right)
