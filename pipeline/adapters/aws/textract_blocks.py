"""Textract's Blocks: what is kept of them, and the lines that they are read as.

The vendor's answer is kept as it was said (texts, confidences, boxes, headings), so that a better reading of it
costs nothing: the checkpoint's key says what was asked for, and nothing of how it is read.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pipeline.domain.text import Box, Line, Word

_HEADINGS = ("LAYOUT_TITLE", "LAYOUT_SECTION_HEADER")
_DIGITS = 5

Block = Mapping[str, Any]


def trimmed(blocks: Iterable[Block], *, unread: Sequence[int] = ()) -> bytes:
    """What is kept: zlib over `{"pages": {number: [[heading, [[text, confidence, l, t, r, b], …]], …]}, "unread"}`.

    `unread` are the pages that Textract gave up on.
    """
    blocks = list(blocks)
    by_id = {block["Id"]: block for block in blocks}
    headings = {id_ for block in blocks if block["BlockType"] in _HEADINGS for id_ in _children(block)}
    pages: dict[int, list[Any]] = {}
    for block in blocks:
        if block["BlockType"] == "PAGE":
            pages.setdefault(block.get("Page", 1), [])
        elif block["BlockType"] == "LINE":
            words = [_word(by_id[id_]) for id_ in _children(block) if id_ in by_id]
            pages.setdefault(block.get("Page", 1), []).append([int(block["Id"] in headings), words])
    kept = {"pages": pages, "unread": sorted(set(unread))}
    return zlib.compress(json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode())


def pages_of(kept: bytes) -> dict[int, tuple[Line, ...]]:
    """The lines of each page by its number in the document that was sent; ids count from 0 on each page."""
    pages: dict[str, list[Any]] = json.loads(zlib.decompress(kept))["pages"]
    return {int(number): _lines(int(number), lines) for number, lines in pages.items()}


def unread_of(kept: bytes) -> tuple[int, ...]:
    """The pages that Textract gave up on."""
    return tuple(json.loads(zlib.decompress(kept))["unread"])


def _children(block: Block) -> list[str]:
    return [
        id_
        for relation in block.get("Relationships", ())
        if relation["Type"] == "CHILD"
        for id_ in relation["Ids"]
    ]


def _word(block: Block) -> list[Any]:
    box = block["Geometry"]["BoundingBox"]
    left, top = box["Left"], box["Top"]
    edges = (left, top, left + box["Width"], top + box["Height"])
    text = "".join(block.get("Text", "").split())
    return [
        text,
        round(block.get("Confidence", 100.0), 2),
        *(round(min(1.0, max(0.0, e)), _DIGITS) for e in edges),
    ]


def _lines(page: int, kept: list[Any]) -> tuple[Line, ...]:
    lines: list[Line] = []
    for heading, words in kept:
        read = tuple(
            Word(text, Box(*edges), round(confidence / 100, 4)) for text, confidence, *edges in words if text
        )
        if not read:
            continue
        box = read[0].box
        for word in read[1:]:
            box = box.union(word.box)
        lines.append(Line(len(lines), page, read, box, size=None, bold=True if heading else None))
    return tuple(lines)
