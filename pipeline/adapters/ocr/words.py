"""From recognised runs of text to lines of words, by geometry. Runs in OCR's child process.

The recogniser tells characters and about where each is; it loses spaces where letters are set wide or the type
changes. White in the picture that is wider than between letters is a space, whatever it says.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import cv2
import numpy as np

from pipeline.adapters.ocr.run import Char

#: In heights of the run, which are about ems.
_SPACE = 0.24
_NEARBY = 0.6
_COLUMN = 1.15  #: a gap that ends a line
_NEAR = 0.75  #: a gap across which two runs are one line
_BULLET_GAP = 3.0
_SAME_BASE = 0.3
#: A space is so much wider than the gaps between letters around it.
_WIDER = 2.2
#: Digits are as wide as one another, so white stands around a 1, and around a point, on either side.
_AROUND_ONE = 0.15
#: A space between digits that the recogniser tells is one where the picture shows so much white.
_TOLD_SPACE = 0.14
_RULE = 0.9  #: of a word's width inked in one row of pixels is a rule above or below it
_LEAST_INK = 0.2  #: of a run's height: what is lower is a dash, or dirt
_INK = 0.35  #: of the way from the ground to the darkest
_ACCENT = 0.12  #: of a run's height, as much white as there is under an accent
_IN_A_NUMBER = re.compile(r"\d[\d./]|[./]\d")
_BULLETS = frozenset("•◦▪▫■□●○‣∙·▸►▶➢➤✓✔❖◆◇–-*»")


@dataclass(slots=True)
class OcrWord:
    """A word with its box in pixels of the upright page, and how high its own ink is (0: it cannot be told)."""

    text: str
    confidence: float
    ink: float
    left: float
    top: float
    right: float
    bottom: float

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def base(self) -> float:
        return self.bottom


def words_of(chars: Sequence[Char], picture: Any, quad: Any) -> list[OcrWord]:
    """The words of one run. `picture` is the run's own (grey, level); `quad` its corners on the page."""
    high, wide = picture.shape
    inked = _inked(picture)
    gaps = _blanks(inked)
    groups = list(_groups(chars, gaps, wide, high))
    words = []
    for number, group in enumerate(groups):
        before = groups[number - 1][-1].at if number else 0.0
        after = groups[number + 1][0].at if number + 1 < len(groups) else 1.0
        left, right = _extent(group, before, after, gaps, wide)
        confidence = statistics.fmean(char.confidence for char in group)
        ink = _height_of_ink(inked[:, round(left * wide) : round(right * wide)])
        words.append(_placed("".join(char.text for char in group), confidence, ink, left, right, quad))
    return words


def _inked(picture: Any) -> Any:
    """Which pixels of a run are ink, specks of dust left out; light letters on a dark ground are ink too."""
    smooth = cv2.medianBlur(picture, 3)
    low, high = float(smooth.min()), float(smooth.max())
    ground = float(np.median(smooth))
    if ground - low >= high - ground:
        return smooth < ground + _INK * (low - ground)
    return smooth > ground + _INK * (high - ground)


def _blanks(inked: Any) -> list[tuple[int, int]]:
    """The stretches of columns without ink, `(from, to)` in pixels of the run."""
    edge = len(inked) // 10
    columns = inked[edge : len(inked) - edge].any(axis=0)
    steps = np.flatnonzero(np.diff(np.concatenate(([1], columns.astype(np.int8), [1]))))
    return [(int(a), int(b)) for a, b in zip(steps[::2], steps[1::2], strict=True)]


def _groups(
    chars: Sequence[Char], gaps: Sequence[tuple[int, int]], wide: int, high: int
) -> Iterator[list[Char]]:
    """The characters of each word: parted where the recogniser says so, and where the picture does."""
    printed = [number for number, char in enumerate(chars) if not char.text.isspace()]
    said = np.array([b != a + 1 for a, b in pairwise(printed)])
    white = _white_between(chars, printed, said, gaps, wide, high)
    within = [gap for gap, told in zip(white, said, strict=True) if not told and gap > 0]
    usual = statistics.median(within) if within else 0.0
    group: list[Char] = []
    for number, index in enumerate(printed):
        group.append(chars[index])
        last = number == len(printed) - 1
        if last or _is_parted(
            chars[index].text + chars[printed[number + 1]].text,
            told=bool(said[number]),
            white=white[number],
            usual=usual,
            high=high,
        ):
            yield group
            group = []


def _white_between(
    chars: Sequence[Char],
    printed: Sequence[int],
    said: Any,
    gaps: Sequence[tuple[int, int]],
    wide: int,
    high: int,
) -> Any:
    """The widest white in the picture between each printed character and the next, in pixels.

    `said` is where the recogniser tells a space.
    """
    middles = np.array([(chars[a].at + chars[b].at) / 2 * wide for a, b in pairwise(printed)])
    widest = np.zeros(len(middles))
    first, last = (chars[printed[0]].at * wide, chars[printed[-1]].at * wide) if printed else (0.0, 0.0)
    for begin, end in gaps:
        # White before the first letter stands beside a table's rule, not between two letters.
        if len(middles) and first < (begin + end) / 2 < last:
            # Where each character is, is told roughly: a wide gap is the space that was told, if one is near.
            distance = np.abs(middles - (begin + end) / 2)
            if end - begin > _SPACE * high and (said & (distance < _NEARBY * high)).any():
                distance = np.where(said, distance, np.inf)
            nearest = int(np.argmin(distance))
            widest[nearest] = max(widest[nearest], end - begin)
    return widest


def _is_parted(beside: str, *, told: bool, white: float, usual: float, high: int) -> bool:
    """Whether two characters that stand `beside` one another are of two words; `usual` is the white in this run."""
    if _IN_A_NUMBER.fullmatch(beside):
        narrow = sum(char in "1." for char in beside) * _AROUND_ONE
        return white > ((_TOLD_SPACE if told else _SPACE) + narrow) * high
    return told or white > max(_SPACE * high, _WIDER * usual)


def _extent(
    group: Sequence[Char], before: float, after: float, gaps: Sequence[tuple[int, int]], wide: int
) -> tuple[float, float]:
    """Where a word begins and ends, as fractions of the run: at its ink, within half the way to its neighbours."""
    first, last = group[0].at * wide, group[-1].at * wide
    left, right = before * wide, after * wide
    for begin, end in gaps:
        if end <= first and begin < first:
            left = max(left, end)
        elif begin >= last:
            right = min(right, begin)
            break
    half = (last - first) / max(1, len(group) - 1) if len(group) > 1 else 0.5 * (right - left)
    return max(left, first - half) / wide, min(right, last + half) / wide


def _height_of_ink(inked: Any) -> float:
    """Of a word, in pixels. What white parts from it is the next line's, unless it is as near as an accent."""
    if not inked.size:
        return 0.0
    inked = inked & (inked.mean(axis=1) < _RULE)[:, None]
    rows = inked.any(axis=1)
    if not rows.any():
        return 0.0
    near = _ACCENT * len(rows)
    heaviest = int(np.argmax(inked.sum(axis=1)))
    top = bottom = heaviest
    for row in np.flatnonzero(rows[:heaviest])[::-1]:
        if top - row <= near:
            top = int(row)
    for row in np.flatnonzero(rows[heaviest:]) + heaviest:
        if row - bottom <= near:
            bottom = int(row)
    height = float(bottom - top + 1)
    return height if height > _LEAST_INK * len(rows) else 0.0


def _placed(text: str, confidence: float, ink: float, left: float, right: float, quad: Any) -> OcrWord:
    """The word in the upright box of its part of the quad."""
    corners = [(1 - at) * quad[a] + at * quad[b] for at in (left, right) for a, b in ((0, 1), (3, 2))]
    xs, ys = [float(c[0]) for c in corners], [float(c[1]) for c in corners]
    return OcrWord(text, confidence, ink, min(xs), min(ys), max(xs), max(ys))


def lines_of(runs: Sequence[Sequence[OcrWord]]) -> list[list[OcrWord]]:
    """Lines from the top, those of a row from the left: runs cut at column gaps, and joined where there is none."""
    pieces = [piece for run in runs for piece in _cut(run)]
    pieces.sort(key=lambda piece: (piece[0].base, piece[0].left))
    rows: list[list[list[OcrWord]]] = []
    for piece in pieces:
        row = rows[-1] if rows else None
        if row is not None and abs(_base(piece) - _base(row[0])) <= _SAME_BASE * min(
            _height(piece), _height(row[0])
        ):
            row.append(piece)
        else:
            rows.append([piece])
    return [line for row in rows for line in _joined(sorted(row, key=lambda piece: piece[0].left))]


def _cut(run: Sequence[OcrWord]) -> Iterator[list[OcrWord]]:
    piece: list[OcrWord] = []
    for word in run:
        if piece and word.left - piece[-1].right > _limit(piece, _COLUMN) * word.height:
            yield piece
            piece = []
        piece.append(word)
    if piece:
        yield piece


def _joined(row: Sequence[list[OcrWord]]) -> list[list[OcrWord]]:
    lines: list[list[OcrWord]] = []
    for piece in row:
        height = _height(piece)
        if lines:
            gap = piece[0].left - lines[-1][-1].right
            alike = 0.7 < height / _height(lines[-1]) < 1.45 or _is_bullet(lines[-1])
            if alike and -height < gap <= _limit(lines[-1], _NEAR) * height:
                lines[-1].extend(piece)
                continue
        lines.append(list(piece))
    return lines


def _limit(words: Sequence[OcrWord], usual: float) -> float:
    """The widest gap after these words within a line: text may stand far from its bullet."""
    return _BULLET_GAP if _is_bullet(words) else usual


def _is_bullet(words: Sequence[OcrWord]) -> bool:
    return len(words) == 1 and words[0].text in _BULLETS


def _base(piece: Sequence[OcrWord]) -> float:
    return statistics.fmean(word.base for word in piece)


def _height(piece: Sequence[OcrWord]) -> float:
    return max(1.0, statistics.fmean(word.height for word in piece))
