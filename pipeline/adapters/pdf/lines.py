"""From glyphs to lines of words, by geometry alone. Pure functions, standard library only.

The order in which a PDF draws says little: dates first, bold text last, table columns one after another. So
glyphs that follow one another closely become pieces, pieces on one base line become rows, and a row is cut
into lines where a gap is wider than any space between two words.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from operator import attrgetter
from typing import NamedTuple

from pipeline.adapters.pdf.clean import BULLET, ORNAMENT, UNKNOWN, is_rtl
from pipeline.adapters.pdf.glyphs import Glyph, GlyphStyle
from pipeline.adapters.pdf.words import SPACE, RawWord, raw_words

# All in ems, the size of the text at hand.
_COLUMN = 0.95  # a gap that ends a line
_COLUMN_AFTER_JUMP = 0.6  # the same, between pieces that were not drawn one after the other
_COLUMN_AT_MOST = 2.2  # however wide the spaces of a justified line
_JUSTIFIED_AT_MOST = 1.5  # the same, where all are even: wider, and they are labels in boxes, side by side
_SAME_BASE = 0.28  # how far two base lines of one row may lie apart
_STYLE_GAP = 0.5  # a gap that ends a line where the style changes too; a space has up to 0.35
_MOST_WORDS_BEHIND_BOLD = 8  # more are a sentence that begins in bold
_LIGATURE = 0.75  # of the narrower of two letters, which one drawing shows
_BULLET_GAP = 4.0  # how far the text may stand from its bullet
_BULLETS = frozenset("•◦▪▫■□●○‣⁃∙·▸►▶➢➤✓✔✦❖◆◇–—-*»›o" + ORNAMENT + UNKNOWN)

_PARTED = frozenset(":：|/•·")


class RawLine(NamedTuple):
    """A line, in points, in the frame of its own angle."""

    words: list[RawWord]
    size: float
    bold: bool
    hidden: bool


@dataclass(slots=True)
class _Piece:
    glyphs: list[Glyph]
    left: float
    right: float
    base: float
    size: float
    hidden: bool
    first: int  # position in drawing order
    last: int


def lines_of(glyphs: Sequence[Glyph], styles: Sequence[GlyphStyle], hidden: Sequence[bool]) -> list[RawLine]:
    """The lines that these glyphs print, from the top, each row from the left.

    `glyphs` share one angle and are in the frame in which they stand upright; `hidden` says of each style
    whether its text cannot be seen.
    """
    lines: list[RawLine] = []
    rtl = any(is_rtl(glyph.text) for glyph in glyphs)
    for row in _rows(_pieces(glyphs, styles, hidden)):
        for whole in _runs(row, rtl=rtl):
            for run in _by_style(whole, styles):
                line = _line(run, styles, rtl=rtl)
                if line is not None:
                    lines.append(line)
    return lines


def _pieces(glyphs: Sequence[Glyph], styles: Sequence[GlyphStyle], hidden: Sequence[bool]) -> list[_Piece]:
    pieces: list[_Piece] = []
    style = -1
    size = 0.0
    unseen = fits = False
    right = base = 0.0
    run: list[Glyph] = []
    for order, glyph in enumerate(glyphs):
        if glyph.style != style:
            style = glyph.style
            size, unseen = styles[style].size, hidden[style]
            fits = bool(pieces) and unseen == pieces[-1].hidden and 0.6 < size / pieces[-1].size < 1.6
        gap = glyph.left - right
        drift = glyph.base - base
        if fits and -0.5 * size <= gap <= _COLUMN * size and -0.12 * size <= drift <= 0.12 * size:
            run.append(glyph)
            if glyph.right > right:
                right = glyph.right
            continue
        _finish(pieces, right, order)
        run, right, base, fits = [glyph], glyph.right, glyph.base, True
        pieces.append(_Piece(run, glyph.left, right, base, size, unseen, order, order))
    _finish(pieces, right, len(glyphs))
    return pieces


def _finish(pieces: list[_Piece], right: float, order: int) -> None:
    if pieces:
        pieces[-1].right, pieces[-1].last = right, order - 1


def _rows(pieces: list[_Piece]) -> list[list[_Piece]]:
    """Pieces by base line, from the top; raised and lowered bits go with the text that they adjoin."""
    rows: list[list[_Piece]] = []
    base = size = 0.0
    for piece in sorted(pieces, key=attrgetter("base", "left")):
        if rows and piece.base - base <= _SAME_BASE * min(size, piece.size):
            rows[-1].append(piece)
            if piece.size > size * 1.3:
                base, size = piece.base, piece.size
        else:
            rows.append([piece])
            base, size = piece.base, piece.size
    for upper, lower in pairwise(rows):
        _move_scripts(upper, lower)
        _move_scripts(lower, upper)
    return [row for row in rows if row]


def _move_scripts(row: list[_Piece], other: list[_Piece]) -> None:
    """Move the superscripts and subscripts of `row` to the row of the text that they adjoin ("1st")."""
    if not row or not other or abs(row[0].base - other[0].base) > 0.6 * max(row[0].size, other[0].size):
        return
    for piece in [piece for piece in row if len(piece.glyphs) <= 4]:
        if any(
            piece.size <= 0.8 * large.size
            and abs(piece.base - large.base) <= 0.5 * large.size
            and min(abs(piece.left - large.right), abs(large.left - piece.right)) <= 0.2 * large.size
            for large in other
        ):
            row.remove(piece)
            other.append(piece)


def _runs(row: list[_Piece], *, rtl: bool) -> list[list[_Piece]]:
    """Cut a row into lines: runs of pieces without a column gap, and nothing printed over another.

    `rtl` says whether the page has any text from right to left.
    """
    if rtl and any(is_rtl(glyph.text) for piece in row for glyph in piece.glyphs):
        row = _singles(row)
    row.sort(key=attrgetter("left", "first"))
    if _is_justified(row):
        return [row]
    open_runs: list[list[_Piece]] = []
    for piece in row:
        home = next((run for run in reversed(open_runs) if _continues(run, piece)), None)
        if home is None:
            open_runs.append([piece])
        elif not _is_copy(home, piece):
            home.append(piece)
    return open_runs


def _is_justified(row: list[_Piece]) -> bool:
    """Whether the row is one line of words that even, wide spaces stretch from margin to margin."""
    if len(row) < 4 or any(
        a.hidden != b.hidden or abs(a.base - b.base) > 0.1 * a.size for a, b in pairwise(row)
    ):
        return False
    gaps = [b.left - a.right for a, b in pairwise(row)]
    in_turn = all(abs(b.first - a.last) <= 2 for a, b in pairwise(row))
    return in_turn and max(gaps) < 1.15 * min(gaps) and max(gaps) < _JUSTIFIED_AT_MOST * row[0].size


def _singles(row: list[_Piece]) -> list[_Piece]:
    """A piece for each glyph, in the order of the stream; letters that one ligature prints stay together.

    Lam and alef are one drawing: of the two, that which is read later comes first from the left.
    """
    singles: list[_Piece] = []
    for piece in sorted(row, key=attrgetter("first")):
        for order, glyph in enumerate(piece.glyphs, piece.first):
            last = singles[-1] if singles else None
            if last is not None and last.last == order - 1 and _is_ligature(last.glyphs[0], glyph):
                left, right = min(last.left, glyph.left), max(last.right, glyph.right)
                singles[-1] = replace(last, glyphs=[glyph, *last.glyphs], left=left, right=right, last=order)
            else:
                single = replace(piece, glyphs=[glyph], left=glyph.left, right=glyph.right, base=glyph.base)
                singles.append(replace(single, first=order, last=order))
    return singles


def _is_ligature(first: Glyph, second: Glyph) -> bool:
    """Whether two letters that are read from the right share most of their width: letters of one drawing."""
    shared = min(first.right, second.right) - max(first.left, second.left)
    narrow = min(first.right - first.left, second.right - second.left)
    letters = is_rtl(first.text) and is_rtl(second.text) and first.text != second.text
    return letters and shared > _LIGATURE * narrow > 0


def _is_copy(run: list[_Piece], piece: _Piece) -> bool:
    """Whether the run ends with the same text in the same place: a shadow, or bold made by printing twice."""
    last = run[-1]
    return (
        len(last.glyphs) == len(piece.glyphs)
        and abs(last.left - piece.left) < 0.2 * piece.size
        and all(a.text == b.text for a, b in zip(last.glyphs, piece.glyphs, strict=True))
        and bool(piece.glyphs[0].text.strip())
    )


def _continues(run: list[_Piece], piece: _Piece) -> bool:
    last = run[-1]
    if last.hidden != piece.hidden:
        return False
    size = max(last.size, piece.size)
    gap = piece.left - max(p.right for p in run[-3:])
    if gap < -0.4 * size:
        return _is_copy(run, piece)
    if _is_bullet(run) and gap <= _BULLET_GAP * size:
        return True
    # A superscript is not what the text after it is level with, nor as large as.
    level = min(run[-2:], key=lambda p: abs(p.base - piece.base))
    if abs(piece.base - level.base) > 0.2 * size and gap > 0.3 * size:
        return False
    if not 0.5 <= level.size / piece.size <= 2:
        return gap <= 0.3 * size
    if gap <= _COLUMN_AFTER_JUMP * size:
        return True
    in_turn = abs(piece.first - last.last) <= 2 or abs(last.first - piece.last) <= 2
    if not in_turn:
        return False
    if gap <= _COLUMN * size:
        return True
    return gap <= min(1.4 * _widest_space(run), _COLUMN_AT_MOST * size)


def _by_style(run: list[_Piece], styles: Sequence[GlyphStyle]) -> list[list[_Piece]]:
    """Cut a run where the weight or the size changes across a gap wider than the line's own spaces, or once at all.

    "**Employer**  Job title" is two things to a reader, and neither has the weight of the whole.
    """
    glyphs = [glyph for piece in run for glyph in piece.glyphs if glyph.text != " "]
    if len({glyph.style for glyph in glyphs}) < 2 or any(is_rtl(glyph.text) for glyph in glyphs):
        return [run]
    cuts = _between_texts(glyphs, _style_changes(glyphs, styles) or _end_of_bold(glyphs, styles))
    return _cut_at(run, cuts) if cuts else [run]


def _between_texts(glyphs: list[Glyph], cuts: Sequence[float]) -> list[float]:
    """Those of the cuts that have something said on either side."""
    kept = [-math.inf]
    for cut in cuts:
        part = [glyph.text for glyph in glyphs if kept[-1] < glyph.left < cut]
        rest = [glyph.text for glyph in glyphs if glyph.left > cut]
        if _says_something(part) and _says_something(rest):
            kept.append(cut)
    return kept[1:]


def _style_changes(glyphs: list[Glyph], styles: Sequence[GlyphStyle]) -> list[float]:
    """The middles of the wide gaps across which the weight or the size changes, in points."""
    limit = _style_gap(glyphs, styles)
    cuts: list[float] = []
    for before, after in pairwise(glyphs):
        one, other = styles[before.style], styles[after.style]
        if one is other or after.left - before.right <= limit * max(one.size, other.size):
            continue
        if before.text in _PARTED or after.text in _PARTED:
            continue  # a label and what it is for, or parts that print says are parts
        if one.bold != other.bold or not 0.92 < one.size / other.size < 1.08:
            cuts.append((before.right + after.left) / 2)
    return cuts


def _end_of_bold(glyphs: list[Glyph], styles: Sequence[GlyphStyle]) -> list[float]:
    """The middle of the one space at which bold print ends: "**JOB TITLE** EMPLOYER LTD".

    Both parts have several words, and neither a sign nor a small letter joins them: no name set so, and no label.
    """
    weights = [styles[glyph.style].bold for glyph in glyphs]
    changes = [i for i in range(1, len(glyphs)) if weights[i] != weights[i - 1]]
    if len(changes) != 1 or not weights[0]:
        return []
    at = changes[0]
    before, after = glyphs[at - 1], glyphs[at]
    gaps = [(b.left - a.right) / styles[b.style].size > SPACE for a, b in pairwise(glyphs)]
    words = 1 + sum(gaps[: at - 1]), 1 + sum(gaps[at:])
    parted = gaps[at - 1] and before.text.isalnum() and after.text.isupper()
    several = min(words) > 1 and words[1] <= _MOST_WORDS_BEHIND_BOLD
    return [(before.right + after.left) / 2] if parted and several else []


def _style_gap(glyphs: list[Glyph], styles: Sequence[GlyphStyle]) -> float:
    """In ems, the gap that is wider than a space of this line: words stretched to a margin stand apart too."""
    size = styles[glyphs[0].style].size
    gaps = [(after.left - before.right) / size for before, after in pairwise(glyphs)]
    limit = _STYLE_GAP + 2 * max(0.0, statistics.median(gaps))  # letters may be set apart too
    spaces = [gap for gap in gaps if gap > 0.2]
    return max(limit, 1.5 * statistics.median_low(spaces)) if len(spaces) > 2 else limit


def _says_something(texts: list[str]) -> bool:
    """Whether the glyphs are more than a bullet, a number of a list or a separator."""
    return sum(text[:1].isalnum() for text in texts) >= 2 and any(text[:1].isalpha() for text in texts)


def _cut_at(run: list[_Piece], cuts: list[float]) -> list[list[_Piece]]:
    parts: list[list[_Piece]] = [[] for _ in range(len(cuts) + 1)]
    for piece in run:
        shares: dict[int, list[Glyph]] = {}
        for glyph in piece.glyphs:
            shares.setdefault(sum(glyph.left > cut for cut in cuts), []).append(glyph)
        for part, glyphs in shares.items():
            parts[part].append(replace(piece, glyphs=glyphs))
    return [part for part in parts if part]


def _is_bullet(run: list[_Piece]) -> bool:
    if len(run) > 2:
        return False
    printed = [glyph.text for piece in run for glyph in piece.glyphs if glyph.text != " "]
    return len(printed) == 1 and printed[0] in _BULLETS


def _widest_space(run: list[_Piece]) -> float:
    """The typical gap between the words so far (0 with fewer than three): the line may be justified."""
    printed = [glyph for piece in run for glyph in piece.glyphs if glyph.text != " "]
    gaps = [b.left - a.right for a, b in pairwise(printed)]
    spaces = [gap for gap in gaps if gap > 0.2 * run[-1].size]
    return statistics.median(spaces) if len(spaces) >= 3 else 0.0


def _line(run: list[_Piece], styles: Sequence[GlyphStyle], *, rtl: bool) -> RawLine | None:
    glyphs = [glyph for piece in run for glyph in piece.glyphs]
    rtl = rtl and any(is_rtl(glyph.text) for glyph in glyphs)
    glyphs = _without_pictures(glyphs, from_right=rtl)
    printed = [glyph for glyph in glyphs if glyph.text != " "]
    if not printed:
        return None
    sizes: Counter[float] = Counter()
    bold = 0
    for number, count in Counter([glyph.style for glyph in printed]).items():
        sizes[styles[number].size] += count
        bold += count if styles[number].bold else 0
    size = sizes.most_common(1)[0][0]
    raw = raw_words(glyphs, size, rtl=rtl)
    return RawLine(raw, size, 2 * bold > len(printed), run[0].hidden) if raw else None


def _without_pictures(glyphs: list[Glyph], *, from_right: bool) -> list[Glyph]:
    """A private-use glyph is a bullet where it opens a line of text, and a picture elsewhere.

    So is a glyph without a meaning that stands alone; inside a word it is most likely a ligature, and stays
    as U+FFFD so that the word is not torn.
    """
    text = "".join([glyph.text for glyph in glyphs])
    if ORNAMENT not in text and UNKNOWN not in text:
        return glyphs
    pictures = [_is_picture(glyphs, index) for index in range(len(glyphs))]
    kept = [glyph for glyph, picture in zip(glyphs, pictures, strict=True) if not picture]
    edge, beside = (-1, -2) if from_right else (0, 1)
    if (
        len(pictures) > 1
        and pictures[edge]
        and not pictures[beside]
        and any(glyph.text.strip() for glyph in kept)
    ):
        bullet = glyphs[edge]._replace(text=BULLET)
        return [*kept, bullet] if from_right else [bullet, *kept]
    return kept


def _is_picture(glyphs: list[Glyph], index: int) -> bool:
    text = glyphs[index].text
    return text == ORNAMENT or (text == UNKNOWN and not _touches_letters(glyphs, index))


def _touches_letters(glyphs: list[Glyph], index: int) -> bool:
    glyph = glyphs[index]
    near = 0.15 * (glyph.right - glyph.left)
    before = (
        index > 0 and glyphs[index - 1].text[-1].isalpha() and glyph.left - glyphs[index - 1].right < near
    )
    after = (
        index + 1 < len(glyphs)
        and glyphs[index + 1].text[0].isalpha()
        and glyphs[index + 1].left - glyph.right < near
    )
    return before or after
