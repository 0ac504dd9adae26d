"""Textract's blocks of a page whose words are known: its shapes, its line breaks and its jitter.

Made from true word boxes, never from our own reader. Lines are Textract's: words on one base line with ordinary
gaps between them; a gap of a column starts another. They come top to bottom and left to right over the whole
page, columns or not, which is the order that the service documents.
"""

from __future__ import annotations

import random
import statistics
import unicodedata
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

Word = tuple[int, str, float, float, float, float]
Block = dict[str, Any]

#: A gap wider than this, in heights of the line, is a column's.
_GAP = 1.6
#: Standard deviation of an edge, as a share of the page: about a pixel of a scan at 200 dpi.
_JITTER = 0.0005
_HEADING = 1.15


@dataclass
class _Line:
    words: list[Word]
    box: tuple[float, float, float, float] = field(init=False)

    def __post_init__(self) -> None:
        self.box = _union([word[2:] for word in self.words])

    @property
    def height(self) -> float:
        return self.box[3] - self.box[1]


def blocks_of(
    words: Sequence[Word], *, pages: int | None = None, seed: int = 0, layout: bool = False
) -> list[Block]:
    """The Blocks of all pages: `words` are (page from 1, text, left, top, right, bottom), 0–1 of the page.

    `pages` where there are more than the words tell of. The same seed gives the same blocks.
    """
    rng = random.Random(seed)
    last = pages or max((word[0] for word in words), default=1)
    blocks: list[Block] = []
    for number in range(1, last + 1):
        page = [word for word in words if word[0] == number and word[1].strip()]
        blocks += _page_blocks(number, list(_lines(page)), rng, layout)
    return blocks


def _lines(words: Sequence[Word]) -> Iterator[_Line]:
    rows: list[list[Word]] = []
    for word in sorted(words, key=lambda word: (word[3] + word[5]) / 2):
        middle = (word[3] + word[5]) / 2
        for row in reversed(rows[-4:]):
            _, top, _, bottom = _union([other[2:] for other in row])
            if top < middle < bottom and _overlap(word, row) > 0.5:
                row.append(word)
                break
        else:
            rows.append([word])
    lines = [_Line(run) for row in rows for run in _runs(row)]
    lines.sort(key=lambda line: (round(line.box[1] / 0.006), line.box[0]))
    yield from lines


def _overlap(word: Word, row: Sequence[Word]) -> float:
    """The share of the lower of the two heights that both have."""
    top = statistics.median(other[3] for other in row)
    bottom = statistics.median(other[5] for other in row)
    shared = min(word[5], bottom) - max(word[3], top)
    return shared / max(1e-6, min(word[5] - word[3], bottom - top))


def _runs(row: Sequence[Word]) -> Iterator[list[Word]]:
    ordered = sorted(row, key=lambda word: word[2])
    height = max(statistics.median(word[5] - word[3] for word in ordered), 0.004)
    run = [ordered[0]]
    for word in ordered[1:]:
        # Heights are shares of a page that is about 1.4 times as high as it is wide.
        if word[2] - run[-1][4] > _GAP * height * 1.4:
            yield _reading(run)
            run = []
        run.append(word)
    yield _reading(run)


def _reading(run: list[Word]) -> list[Word]:
    """Right to left where most of its letters are written so."""
    letters = [unicodedata.bidirectional(c) for word in run for c in word[1] if c.isalpha()]
    backwards = sum(kind in ("R", "AL") for kind in letters)
    return run[::-1] if 2 * backwards > len(letters) else run


def _page_blocks(number: int, lines: list[_Line], rng: random.Random, layout: bool) -> list[Block]:
    line_blocks: list[Block] = []
    word_blocks: list[Block] = []
    for line in lines:
        made = [_word(number, word, rng) for word in line.words]
        word_blocks += made
        boxes = [_box(block) for block in made]
        line_blocks.append(
            {
                "BlockType": "LINE",
                "Confidence": round(min(block["Confidence"] for block in made), 4),
                "Text": " ".join(word[1] for word in line.words),
                **_geometry(_union(boxes)),
                "Id": _id(rng),
                "Relationships": [{"Type": "CHILD", "Ids": [block["Id"] for block in made]}],
                "Page": number,
            }
        )
    layouts = list(_layout(number, lines, line_blocks, rng)) if layout else []
    children = [block["Id"] for block in line_blocks + layouts]
    page: Block = {"BlockType": "PAGE", **_geometry((0.0, 0.0, 1.0, 1.0)), "Id": _id(rng), "Page": number}
    if children:
        page["Relationships"] = [{"Type": "CHILD", "Ids": children}]
    return [page, *line_blocks, *word_blocks, *layouts]


def _word(number: int, word: Word, rng: random.Random) -> Block:
    edges = [edge + rng.gauss(0, _JITTER) for edge in word[2:]]
    left, top = max(0.0, edges[0]), max(0.0, edges[1])
    box = (left, top, min(1.0, max(edges[2], left + 0.001)), min(1.0, max(edges[3], top + 0.001)))
    return {
        "BlockType": "WORD",
        "Confidence": round(rng.uniform(92, 99.95), 4),
        "Text": word[1],
        "TextType": "PRINTED",
        **_geometry(box),
        "Id": _id(rng),
        "Page": number,
    }


def _layout(number: int, lines: list[_Line], blocks: list[Block], rng: random.Random) -> Iterator[Block]:
    """Headings by their height, the rest as text; a layout block has no text, its lines are its children."""
    if not lines:
        return
    usual = statistics.median(line.height for line in lines)
    title = max(lines, key=lambda line: line.height)
    for line, block in zip(lines, blocks, strict=True):
        kind = "LAYOUT_TEXT"
        if line is title and number == 1:
            kind = "LAYOUT_TITLE"
        elif line.height > _HEADING * usual and len(line.words) <= 6:
            kind = "LAYOUT_SECTION_HEADER"
        yield {
            "BlockType": kind,
            "Confidence": round(rng.uniform(70, 99), 4),
            **_geometry(_box(block)),
            "Id": _id(rng),
            "Relationships": [{"Type": "CHILD", "Ids": [block["Id"]]}],
            "Page": number,
        }


def _geometry(box: Sequence[float]) -> Block:
    left, top, right, bottom = (round(edge, 9) for edge in box)
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    return {
        "Geometry": {
            "BoundingBox": {"Width": right - left, "Height": bottom - top, "Left": left, "Top": top},
            "Polygon": [{"X": x, "Y": y} for x, y in corners],
            "RotationAngle": 0.0,
        }
    }


def _box(block: Block) -> tuple[float, float, float, float]:
    box = block["Geometry"]["BoundingBox"]
    return box["Left"], box["Top"], box["Left"] + box["Width"], box["Top"] + box["Height"]


def _union(boxes: Sequence[Sequence[float]]) -> tuple[float, float, float, float]:
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _id(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))
