"""From the glyphs of one line to its words, by the gaps between them. Pure functions, standard library only."""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

from pipeline.adapters.pdf.clean import BULLET, ORNAMENT, logical_order
from pipeline.adapters.pdf.glyphs import Glyph

# In ems, the size of the text at hand.
SPACE = 0.13  # a gap that stands for a space, beyond the text's own letter spacing
_SPACE_AT_MOST = 0.3  # the same, where letters are set so unevenly that gaps say little

Box4 = tuple[float, float, float, float]


class RawWord(NamedTuple):
    """A word and its box, in points."""

    text: str
    box: Box4


def raw_words(glyphs: list[Glyph], size: float, *, rtl: bool) -> list[RawWord]:
    """The words that the glyphs of one line print, in reading order. `rtl`: the line reads from the right."""
    words = _words(glyphs, size)
    if rtl:
        words = _in_logical_order(words)
    raw = [part for word in words for part in _raw_words(_text(word), _box(word, size))]
    return _with_brackets_paired(raw) if rtl else raw


def _words(glyphs: list[Glyph], size: float) -> list[list[Glyph]]:
    """Cut at real spaces and at gaps; join letter-spaced text."""
    printed, gaps, spaced = _gaps(glyphs)
    if len(printed) < 2:
        return [printed]
    if _is_letter_spaced(printed, gaps, spaced, size):
        limit = _letter_space_limit(gaps, size)
        breaks = [gap > limit for gap in gaps]
    else:
        limit = _space_limit(gaps, spaced, size)
        breaks = [space or gap > limit for gap, space in zip(gaps, spaced, strict=True)]
    word = [printed[0]]
    words = [word]
    for glyph, cut in zip(printed[1:], breaks, strict=True):
        if cut or word[-1].text == BULLET:
            word = [glyph]
            words.append(word)
        else:
            word.append(glyph)
    return words


def _gaps(glyphs: list[Glyph]) -> tuple[list[Glyph], list[float], list[bool]]:
    """The printed glyphs, and for each two neighbours the gap in points, and whether a space lies in it."""
    printed: list[Glyph] = []
    gaps: list[float] = []
    spaced: list[bool] = []
    last: Glyph | None = None
    space = False
    for glyph in glyphs:
        if glyph.text == " ":
            space = True
            continue
        if last is not None:
            gaps.append(glyph.left - last.right)
            spaced.append(space)
        printed.append(glyph)
        last, space = glyph, False
    return printed, gaps, spaced


def _is_letter_spaced(printed: list[Glyph], gaps: list[float], spaced: list[bool], size: float) -> bool:
    """Whether nearly every letter stands alone: "P R O F I L E"."""
    wide = SPACE * size
    apart = [space or gap > wide for gap, space in zip(gaps, spaced, strict=True)].count(True)
    if apart < 0.75 * len(gaps):
        return False
    letters = [glyph.text.isalpha() for glyph in printed].count(True)
    return (
        letters >= 4
        and letters >= 0.7 * len(printed)
        and not _is_spelled_with_words(printed, gaps, spaced, size)
    )


def _is_spelled_with_words(printed: list[Glyph], gaps: list[float], spaced: list[bool], size: float) -> bool:
    # "A B C D" of one-letter words looks the same as a letter-spaced word; only runs of real letters count.
    longest = run = 1
    for gap, space in zip(gaps, spaced, strict=True):
        run = 1 if space or gap > SPACE * size else run + 1
        longest = max(longest, run)
    return longest >= 4


def _letter_space_limit(gaps: list[float], size: float) -> float:
    """The gap above which letter-spaced text has a space between words."""
    ordered = sorted(gaps)
    typical = ordered[int(0.4 * (len(ordered) - 1))]
    return max(1.55 * typical, typical + 0.12 * size)


def _space_limit(gaps: list[float], spaced: list[bool], size: float) -> float:
    """The gap above which there is a space: beyond the letter spacing that most neighbours have.

    Where letters with no space between them stand unevenly and real spaces exist, gaps are noise: "a ppl
    ications". Where they stand evenly, a gap is a space even beside real ones.
    """
    inner = sorted([gap for gap, space in zip(gaps, spaced, strict=True) if not space])
    if len(inner) < 4:
        return SPACE * size
    tracking = inner[len(inner) // 2]
    tracking = tracking if 0.0 < tracking < 0.6 * size else max(min(tracking, 0.0), -0.1 * size)
    wide = SPACE * size
    if 14 * sum(spaced) >= len(gaps):
        # Below the median there are letters only; above it, spaces too.
        uneven = inner[len(inner) // 2] - inner[len(inner) // 5]
        wide = min(_SPACE_AT_MOST * size, wide + 3 * max(0.0, uneven - 0.02 * size))
    return tracking + wide


def _in_logical_order(words: list[list[Glyph]]) -> list[list[Glyph]]:
    """Words of a right-to-left line, printed order to reading order, and so the letters within."""
    flat: list[tuple[str, int]] = []
    for number, word in enumerate(words):
        if number:
            flat.append((" ", -1))
        flat.extend((glyph.text, position) for position, glyph in enumerate(word))
    owner: list[Glyph | None] = []
    for number, word in enumerate(words):
        if number:
            owner.append(None)
        owner.extend(word)
    ordered: list[list[Glyph]] = [[]]
    for position in logical_order([text for text, _ in flat]):
        glyph = owner[position]
        if glyph is None:
            ordered.append([])
        else:
            ordered[-1].append(glyph)
    return [word for word in ordered if word]


def _text(word: list[Glyph]) -> str:
    return unicodedata.normalize("NFC", "".join([glyph.text for glyph in word])).replace(ORNAMENT, "")


def _raw_words(text: str, box: Box4) -> list[RawWord]:
    """The word, or the words of a replacement text that was printed as one glyph."""
    parts = text.split()
    if len(parts) < 2:
        return [RawWord(parts[0], box)] if parts else []
    left, top, right, bottom = box
    step = (right - left) / len(text)
    words: list[RawWord] = []
    start = 0
    for part in parts:
        start = text.index(part, start)
        words.append(RawWord(part, (left + start * step, top, left + (start + len(part)) * step, bottom)))
        start += len(part)
    return words


_CLOSING = {"(": ")", "[": "]", "{": "}"}
_OPENING = {close: opening for opening, close in _CLOSING.items()}


def _with_brackets_paired(words: list[RawWord]) -> list[RawWord]:
    """Brackets of a right-to-left line, opened before they are closed.

    Fonts and PDFium disagree about which of the two mirrored forms a code stands for; the order does not.
    """
    open_ones: list[str] = []
    turned: list[RawWord] = []
    for word in words:
        letters = list(word.text)
        for index, letter in enumerate(letters):
            opening = letter if letter in _CLOSING else _OPENING.get(letter)
            if opening is None:
                continue
            if opening in open_ones:
                open_ones.remove(opening)
                letters[index] = _CLOSING[opening]
            else:
                open_ones.append(opening)
                letters[index] = opening
        turned.append(RawWord("".join(letters), word.box))
    return turned


def _box(word: list[Glyph], size: float) -> Box4:
    base = word[0].base
    return (
        min([glyph.left for glyph in word]),
        base - 0.8 * size,
        max([glyph.right for glyph in word]),
        base + 0.2 * size,
    )
