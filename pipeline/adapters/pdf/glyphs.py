"""Every printed character of one PDF page, with its place, as PDFium tells it. Runs in the parser child.

The places are in points in the frame of the page as a reader holds it: from the top left, rotation applied,
and turned further when most of the text would otherwise stand on its side or upside down.
"""

from __future__ import annotations

import ctypes
import math
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pypdfium2.raw as pdfium

from pipeline.adapters.pdf import quick
from pipeline.adapters.pdf.advances import mend_advances
from pipeline.adapters.pdf.clean import ACCENTS, ORNAMENT, clean, is_icon_font, is_rtl, private_digits
from pipeline.adapters.pdf.frame import Frame, page_frame
from pipeline.domain.suspicion import smuggles

MAX_GLYPHS = 60_000  #: on one page; a dense page of print has 8,000
_TINY_POINTS = 2.0  #: text smaller than this is seen by no one
_READABLE_POINTS = 5.0  #: a page with text of this size is printed as large as it should be
_READABLE_GLYPHS = 3  #: of that size, together with larger ones; fewer are a mark, or a page's number
_TINY_SHARE = 0.35  #: of the largest text, on a page that is printed small as a whole
_UPRIGHT_SLOPE = 0.02  # of what stands upright but for rounding
_LIGHT = 200  #: luminance (0-255) from which text may vanish on paper
_INVISIBLE_MODES = (3, 7)
_STROKED_MODES = (1, 5)  #: in a colour that is not asked for
_LAYER = "OC\0".encode("utf-16-le")  #: the mark of optional content

_BOLD_NAME = re.compile(
    r"bold|black|heavy|semib|demi|cmbx|sfbx|sfssbx|cmssbx|ecbx|-medi$|[-,_]bd|extrab", re.I
)
_PLAIN_NAME = re.compile(r"regular|roman|light|book|italic|oblique|medium|thin|-regu|cmr\d|sfrm|normal", re.I)
# What a picture's replacement text says beyond the picture's name ("location_on"): an address or an account.
_ADDRESS = re.compile(r"@\w|/\w|//|www\.|\w\.[a-z]{2,}\b|(?:\d\D{0,2}){6}", re.I)
_FORCE_BOLD = 1 << 18
_SOFT_HYPHEN = 0xAD
_ZERO_WIDTH = 0x200B
_AROUND = 5  #: characters in which a letter is looked for: several may show nothing
_LEAST_UNPRINTED = 0x200B  #: what is below and prints nothing is no letter's disguise


class TooManyGlyphs(Exception):
    """A page holds more text than any reader could read."""


class Glyph(NamedTuple):
    """One printed character: its text, its extent along the base line, the base line, its style's index."""

    text: str
    left: float
    right: float
    base: float
    style: int


@dataclass(slots=True)
class GlyphStyle:
    """What the characters of one text object share. `angle` in degrees, as seen; `size` in points."""

    size: float
    bold: bool
    icon: bool
    invisible: bool
    doubtful: bool  # drawn in a way that may leave no trace: lightly, transparent, clipped, on a layer, without a font
    owner: int  # the text object's address
    angle: int
    shift: float  # from the bottom of a loose box to the base line, for upright text
    height: float  # of the loose box that `shift` was measured in
    lean: tuple[
        float, float
    ]  # by how much that box reaches left and right of the letter, where text is slanted


@dataclass(slots=True)
class GlyphPage:
    """The glyphs of one page, grouped by the angle that they are set at."""

    width: float
    height: float
    glyphs: dict[int, list[Glyph]] = field(default_factory=dict)
    styles: list[GlyphStyle] = field(default_factory=list)
    smuggles: bool = False  # whether characters that print nothing hide or split words
    turns: int = 0  # quarter turns, clockwise, by which the page is held otherwise than its own rotation says
    private: list[tuple[int, int]] = field(default_factory=list)  # (character, code) of the private-use ones


class GlyphReader:
    """Reads the glyphs of a page; keeps what it learned about fonts for the pages that follow."""

    def __init__(self) -> None:
        self._fonts: dict[int, tuple[bool, bool, bool]] = {}
        self._digits: dict[int, str] = {}
        # Where PDFium writes its answers, made once: there are thousands of them on a page.
        self._box, self._m = quick.Rect(), quick.Matrix()
        self._box_p, self._m_p = ctypes.byref(self._box), ctypes.byref(self._m)
        self._x, self._y = ctypes.c_double(), ctypes.c_double()
        self._xy_p = ctypes.byref(self._x), ctypes.byref(self._y)
        self._rgba = [ctypes.c_uint() for _ in range(4)]
        self._rgba_p = [ctypes.byref(part) for part in self._rgba]
        self._name = ctypes.create_string_buffer(256)

    def read(self, page: Any, text_page: Any) -> tuple[GlyphPage, Frame]:
        """The glyphs of a loaded page, and the frame that their places are in. Raises TooManyGlyphs."""
        count = pdfium.FPDFText_CountChars(text_page)
        if count > MAX_GLYPHS:
            raise TooManyGlyphs(count)
        self._fonts.clear()
        frame = page_frame(page, 0)
        result = self._collect(ctypes.cast(text_page, ctypes.c_void_p), count, frame)
        turns = _turns_to_upright(result)
        digits = private_digits(result.private)
        if turns or (digits and digits != self._digits):
            self._digits = digits or self._digits
            frame = page_frame(page, turns)
            result = self._collect(ctypes.cast(text_page, ctypes.c_void_p), count, frame)
            result.turns = turns
        for glyphs in result.glyphs.values():
            mend_advances(glyphs, result.styles)
        return result, frame

    def _collect(self, text: ctypes.c_void_p, count: int, frame: Frame) -> GlyphPage:
        # The hot loop: three calls into PDFium and one tuple for each character.
        result = GlyphPage(frame.width, frame.height)
        numbers: dict[int, int] = {}
        private, digits = result.private, self._digits
        unprinted: list[tuple[int, int]] = []  # (character, code)
        box, box_p = self._box, self._box_p
        object_at, code_at, box_at = quick.text_object, quick.unicode_of, quick.loose_box
        fx, fe, ff = frame.a, frame.e, frame.f
        upright_frame = frame.is_upright
        guessed = upright = False  # PDFium took the last gap for a space; the style stands upright
        last_owner = number = 0
        style: GlyphStyle
        glyphs: list[Glyph] = []
        for index in range(count):
            owner = object_at(text, index)
            if not owner:
                guessed = True
                continue
            code = code_at(text, index)
            printed = clean(code)
            if printed == ORNAMENT:
                private.append((index, code))
                printed = digits.get(code, printed)
            if not printed or not box_at(text, index, box_p):
                unprinted.append((index, code))
                continue
            if owner != last_owner:
                last_owner = owner
                number = self._number_of_style(numbers, result.styles, text, index, owner, frame)
                style = result.styles[number]
                upright = upright_frame and style.angle == 0
                glyphs = result.glyphs.setdefault(style.angle, [])
            # In fonts whose boxes fit each glyph, "y" hangs lower than the rest: its origin tells the base.
            if upright and abs(box.top - box.bottom - style.height) <= 0.05 * style.size:
                left = box.left * fx + fe + style.lean[0]
                right = box.right * fx + fe - style.lean[1]
                base = ff - (box.bottom + style.shift)
            else:
                left, right, base = self._turned(text, index, style, frame)
            if right - left <= 0.01 * style.size and _prints_nothing(printed, code):
                guessed = code != _ZERO_WIDTH
                unprinted.append((index, code))
                continue
            if guessed:
                guessed = False
                if upright:
                    left = self._without_overhang(text, index, left, glyphs, style, frame)
            _append(glyphs, Glyph(printed, left, right, base, number), style)
        _drop_icons(result)
        result.smuggles = self._smuggles(text, unprinted)
        return result

    def _smuggles(self, text: ctypes.c_void_p, unprinted: list[tuple[int, int]]) -> bool:
        """Whether characters that print nothing hide or split words, by the letters around them."""
        suspects = (index for index, code in unprinted if code >= _LEAST_UNPRINTED)
        return any(smuggles(self._around(text, index)) for index in suspects)

    def _around(self, text: ctypes.c_void_p, index: int) -> str:
        # PDFium tells halves of what lies beyond the first 65,536 characters.
        halves = "".join(
            chr(quick.unicode_of(text, near)) for near in range(max(0, index - _AROUND), index + _AROUND)
        )
        return halves.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    def _number_of_style(
        self,
        numbers: dict[int, int],
        styles: list[GlyphStyle],
        text: ctypes.c_void_p,
        index: int,
        owner: int,
        frame: Frame,
    ) -> int:
        """Which of `styles` the text object `owner` has; added there at its first character, which `index` is."""
        known = numbers.get(owner)
        if known is None:
            known = numbers[owner] = len(styles)
            styles.append(self._style(text, index, owner, frame))
        return known

    def _without_overhang(
        self,
        text: ctypes.c_void_p,
        index: int,
        left: float,
        glyphs: list[Glyph],
        style: GlyphStyle,
        frame: Frame,
    ) -> float:
        """Where the advance of a glyph after a guessed space begins; the glyph before it is shortened too.

        A slanted letter reaches over its neighbours ("of every" in italics), and a loose box holds all of it:
        the space between two words is then too narrow to be seen. Only looked at where PDFium, which knows
        the advances, took the gap for a space.
        """
        if not glyphs:
            return left
        before = glyphs[-1]
        gap = left - before.right
        if not -0.3 * style.size < gap < 0.2 * style.size or abs(before.base) > 1e6:
            return left
        quick.origin(text, index, *self._xy_p)
        start = max(left, self._x.value * frame.a + frame.e)
        reach = 0.2 * style.size if before.text[-1] in "fFTVWYPjr/" else 0.1 * style.size
        if start - before.right + reach >= 0.14 * style.size:
            end = min(before.right, start - 0.2 * style.size)
            glyphs[-1] = before._replace(right=max(end, before.left))
        return start

    def _turned(
        self, text: ctypes.c_void_p, index: int, style: GlyphStyle, frame: Frame
    ) -> tuple[float, float, float]:
        quick.origin(text, index, *self._xy_p)
        x, y = frame.point(self._x.value, self._y.value)
        along = math.radians(style.angle)
        left = x * math.cos(along) + y * math.sin(along)
        base = y * math.cos(along) - x * math.sin(along)
        wide, high = self._box.right - self._box.left, self._box.top - self._box.bottom
        if frame.a == 0:
            wide, high = high, wide
        cos, sin = abs(math.cos(along)), abs(math.sin(along))
        spread = cos * cos - sin * sin
        advance = (wide * cos - high * sin) / spread if abs(spread) > 0.2 else style.size / 2
        return left, left + max(0.0, advance), base

    def _style(self, text: ctypes.c_void_p, index: int, owner: int, frame: Frame) -> GlyphStyle:
        quick.matrix(text, index, self._m_p)
        m = self._m
        across = m.a * frame.a + m.b * frame.c
        down = m.a * frame.b + m.b * frame.d
        angle = round(math.degrees(math.atan2(down, across)) / 5) * 5 % 360 if (across or down) else 0
        wide = math.hypot(m.a, m.b)
        # Slanted text is no larger than upright text: across its base line, not along its stems.
        scale = abs(m.a * m.d - m.b * m.c) / wide if wide else 0.0
        size = quick.font_size(text, index) * (scale or math.hypot(m.c, m.d) or wide or 1.0)
        box_height = self._box.top - self._box.bottom
        if not 0.05 < size < 2000:
            size = box_height or 1.0
        quick.origin(text, index, *self._xy_p)
        bold, icon, nameless = self._font_facts(text, index, owner)
        mode = quick.mode(owner)
        invisible = mode in _INVISIBLE_MODES
        doubtful = nameless or mode in _STROKED_MODES or _is_special(owner) or self._is_light(text, index)
        shift = self._y.value - self._box.bottom
        lean = _lean(m.c / m.d if m.d and not m.b else 0.0, shift, box_height)
        bold = bold or mode == 2
        return GlyphStyle(size, bold, icon, invisible, doubtful, owner, angle, shift, box_height, lean)

    def _is_light(self, text: ctypes.c_void_p, index: int) -> bool:
        """Whether a character is filled so lightly that it may vanish on paper."""
        red, green, blue, alpha = self._rgba
        if not quick.fill(text, index, *self._rgba_p):
            return True  # a pattern
        luminance = 0.299 * red.value + 0.587 * green.value + 0.114 * blue.value
        return luminance >= _LIGHT or alpha.value < 64

    def _font_facts(self, text: ctypes.c_void_p, index: int, owner: int) -> tuple[bool, bool, bool]:
        """(bold, draws icons, has no name) of the font of a text object."""
        font = quick.font(owner) or 0
        known = self._fonts.get(font)
        if known is None:
            size = quick.font_name(font, self._name, 256) if font else 0
            name = self._name.value.decode("latin-1") if 0 < size <= 256 else ""
            name = name.split("+", 1)[-1]
            bold = _BOLD_NAME.search(name) is not None
            if not bold and not _PLAIN_NAME.search(name):
                bold = bool(font and quick.font_flags(font) & _FORCE_BOLD) or quick.weight(text, index) >= 700
            known = self._fonts[font] = (bold, is_icon_font(name), not name)
        return known


def _is_special(owner: int) -> bool:
    """Whether a text object is clipped, transparent, or within marked content, as on a layer that may be off."""
    clip = quick.clip_path(owner)
    clipped = bool(clip and quick.clip_paths(clip) > 0)
    return clipped or bool(quick.has_transparency(owner)) or _is_on_layer(owner)


def _is_on_layer(owner: int) -> bool:
    for number in range(quick.marks(owner)):
        mark = quick.mark(owner, number)
        name, size = (
            ctypes.create_string_buffer(6),
            ctypes.c_ulong(),
        )  # longer names do not fit, and are others
        if quick.mark_name(mark, name, 6, size) and name.raw == _LAYER:
            return True
    return False


def tiny_points(page: GlyphPage) -> float:
    """The size in points below which text of this page is seen by no one.

    A page that is printed small as a whole (a sheet of four, an export at a fifth) is enlarged by whoever reads it.
    Text beside some of normal size is hidden from them.
    """
    counts: Counter[float] = Counter()
    for glyphs in page.glyphs.values():
        for number, count in Counter(glyph.style for glyph in glyphs if glyph.text != " ").items():
            counts[page.styles[number].size] += count
    largest, seen = 0.0, 0
    for size in sorted(counts, reverse=True):
        largest, seen = size, seen + counts[size]
        if seen >= _READABLE_GLYPHS:
            break
    return min(_TINY_POINTS, _TINY_SHARE * largest) if largest < _READABLE_POINTS else _TINY_POINTS


def _lean(slope: float, below: float, height: float) -> tuple[float, float]:
    """What the box around a slanted letter has left and right of it: as much as its foot and its head lean out.

    `below` is how far the box reaches under the base line. Fonts that are drawn slanted have no slope.
    """
    if abs(slope) < _UPRIGHT_SLOPE:
        return 0.0, 0.0
    foot, head = abs(slope) * below, abs(slope) * (height - below)
    return (foot, head) if slope > 0 else (head, foot)


def _prints_nothing(printed: str, code: int) -> bool:
    """Whether a character without width is PDFium's own guess at a space, or a soft hyphen."""
    return printed == " " or code == _SOFT_HYPHEN


def _append(glyphs: list[Glyph], glyph: Glyph, style: GlyphStyle) -> None:
    """Append, unless the same letter was just printed there (fake bold); put an accent on its letter."""
    if not glyphs:
        glyphs.append(glyph)
        return
    last = glyphs[-1]
    if last.style == glyph.style:
        if last.left == glyph.left and last.right == glyph.right and last.base == glyph.base:
            glyphs[-1] = _with_part(last, glyph.text)
            return
    elif any(_is_same_print(before, glyph, style.size) for before in glyphs[-2:]):
        style.bold = style.bold or glyph.text != " "
        return
    if last.text in ACCENTS and glyph.text.isalpha() and _lies_over(last, glyph, style.size):
        glyphs[-1] = glyph._replace(text=glyph.text + ACCENTS[last.text])
        return
    glyphs.append(glyph)


def _with_part(whole: Glyph, part: str) -> Glyph:
    """A glyph with one more part: those of a ligature, or of a replacement text, share the one glyph's box."""
    if not part.isalnum() and part == whole.text[-1]:
        return whole
    # PDFium has reversed right-to-left runs by now, the parts of their ligatures with them.
    return whole._replace(text=part + whole.text if is_rtl(part) else whole.text + part)


def _is_same_print(before: Glyph, glyph: Glyph, size: float) -> bool:
    return (
        before.text == glyph.text
        and before.style != glyph.style
        and abs(before.left - glyph.left) < 0.12 * size
        and abs(before.base - glyph.base) < 0.12 * size
    )


def _lies_over(accent: Glyph, letter: Glyph, size: float) -> bool:
    over = min(accent.right, letter.right) - max(accent.left, letter.left)
    narrower = min(accent.right - accent.left, letter.right - letter.left)
    return over > 0.5 * narrower > 0 and abs(accent.base - letter.base) < size


def _drop_icons(page: GlyphPage) -> None:
    """Remove the pictures of icon fonts; an address that one was given to stand for is kept."""
    if not any(style.icon for style in page.styles):
        return
    for angle, glyphs in page.glyphs.items():
        texts: dict[int, str] = {}
        for glyph in glyphs:
            if page.styles[glyph.style].icon:
                texts[glyph.style] = texts.get(glyph.style, "") + glyph.text
        pictures = {style for style, text in texts.items() if not _ADDRESS.search(text)}
        page.glyphs[angle] = [glyph for glyph in glyphs if glyph.style not in pictures]


def _turns_to_upright(page: GlyphPage) -> int:
    """Quarter turns that make most of the text stand upright; 0 when it does."""
    counts = Counter({angle: sum(g.text != " " for g in glyphs) for angle, glyphs in page.glyphs.items()})
    if not counts:
        return 0
    angle, most = counts.most_common(1)[0]
    if angle % 90 or most <= 0.6 * counts.total():
        return 0
    return (360 - angle) // 90 % 4
