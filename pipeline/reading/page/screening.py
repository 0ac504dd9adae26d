"""What is meant for machines, taken out of a text before anyone reads it: nothing that it says reaches a profile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby, pairwise

from pipeline.domain.suspicion import (
    HIDDEN_TEXT,
    INSTRUCTION_LIKE,
    INVISIBLE_CHARACTERS,
    KEYWORD_STUFFING,
    orders_in,
    smuggles,
    spells_in_tags,
    stuffed_lines,
    visible,
)
from pipeline.domain.text import Line, Page, Text, Word

_SAME_LEFT = 0.012  # of the page's width, by which lines of one paragraph may differ at their left
_NEAR = 0.8  # line heights between two lines of one paragraph
_FULL = 0.8  # of the widest line of its column: a paragraph's line that is shorter is its last
_BULLETS = frozenset("•◦▪■●○‣·–—-*›")


def screened(text: Text) -> Text:
    """The text with what speaks to machines marked as hidden, characters that show nothing taken away, and `flags`.

    A line that holds an order beside other words is two lines, and the ids of lines count anew.
    """
    flags = set(text.flags)
    pages: list[Page] = []
    next_id = 0
    for page in text.pages:
        lines = [line for old in page.lines for line in _printed(old, flags)]
        if any(line.hidden and any(c.isalnum() for c in line.text) for line in lines):
            flags.add(HIDDEN_TEXT)
        lines = _without_orders(lines, flags)
        pages.append(replace(page, lines=tuple(_numbered(line, next_id + n) for n, line in enumerate(lines))))
        next_id += len(lines)
    return replace(text, pages=tuple(pages), flags=tuple(sorted(flags)))


def _numbered(line: Line, number: int) -> Line:
    return line if line.id == number else replace(line, id=number)


def _printed(line: Line, flags: set[str]) -> list[Line]:
    """The line as it is printed; nothing of a line that prints nothing."""
    told = line.text
    if told.isascii() or visible(told) == told:
        return [line]
    if smuggles(told):
        flags.add(INVISIBLE_CHARACTERS)
    if spells_in_tags(told):
        flags.add(INSTRUCTION_LIKE)
    words = tuple(replace(word, text=visible(word.text)) for word in line.words)
    words = tuple(word for word in words if word.text)
    return [replace(line, words=words)] if words else []


def _without_orders(lines: list[Line], flags: set[str]) -> list[Line]:
    """The lines of a page, with orders and stuffed keywords hidden."""
    orders: dict[int, set[int]] = {}
    stuffed = stuffed_lines([[word.text for word in line.words] for line in lines])
    for order in _orders_of_reading(lines):
        texts = [[word.text for word in lines[number].words] for number in order]
        runs_on = _run_on([lines[number] for number in order])
        for at in orders_in(texts, runs_on):
            orders.setdefault(order[at.line], set()).add(at.word)
    flags |= ({INSTRUCTION_LIKE} if orders else set()) | ({KEYWORD_STUFFING} if stuffed else set())
    parted: list[Line] = []
    for number, line in enumerate(lines):
        if number in stuffed:
            parted.append(replace(line, hidden=True))
        else:
            parted += _parted(line, orders[number]) if number in orders else [line]
    return parted


def _orders_of_reading(lines: Sequence[Line]) -> list[list[int]]:
    """Numbers of the lines row by row, and column by column where that is another order."""
    rows = list(range(len(lines)))
    columns = sorted(rows, key=lambda number: (round(lines[number].box.left, 2), lines[number].box.top))
    return [rows] if rows == columns else [rows, columns]


def _run_on(lines: Sequence[Line]) -> list[bool]:
    """Of each line, whether the next one goes on with its paragraph."""
    widest = max((line.box.width for line in lines), default=0.0)
    return [_goes_on(line, below, widest) for line, below in pairwise(lines)] + [False]


def _goes_on(line: Line, below: Line, widest: float) -> bool:
    if abs(line.box.left - below.box.left) > _SAME_LEFT or line.hidden != below.hidden:
        return False
    if not -0.5 <= (below.box.top - line.box.bottom) / max(line.box.height, 1e-6) <= _NEAR:
        return False
    if not line.words or not below.words or below.words[0].text[0] in _BULLETS:
        return False
    return below.words[0].text[0].islower() or line.box.width > _FULL * widest


def _parted(line: Line, orders: set[int]) -> list[Line]:
    """What of the line is an order, hidden, and what is not."""
    kept = [number for number in range(len(line.words)) if number not in orders]
    if not any(c.isalnum() for number in kept for c in line.words[number].text):
        return [replace(line, hidden=True)]
    runs = groupby(range(len(line.words)), key=lambda number: number in orders)
    hidden = [[line.words[number] for number in run] for is_order, run in runs if is_order]
    return [_of_words(line, [line.words[number] for number in kept])] + [
        replace(_of_words(line, words), hidden=True) for words in hidden
    ]


def _of_words(line: Line, words: Sequence[Word]) -> Line:
    box = words[0].box
    for word in words[1:]:
        box = box.union(word.box)
    return replace(line, words=tuple(words), box=box)
