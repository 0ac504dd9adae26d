"""What OCR's lines look like, and which pages need it."""

from __future__ import annotations

import pytest

from pipeline.domain.text import Box, Ink, Line, Page, Word
from pipeline.stages.merging.quality import needs_ocr
from pipeline.stages.merging.sizes import with_sizes
from pipeline.stages.merging.weights import with_weights

BOX = Box(0.1, 0.1, 0.9, 0.12)
#: Ink heights in ems of words with capitals, with descenders, with both, with neither.
COVER = {"Nurse": 0.71, "upper": 0.71, "Nursing": 0.92, "nurse": 0.5, "AÇÃO": 1.11, "Ёлка": 0.9}


def line(text: str, number: int = 0, **changes: object) -> Line:
    return Line(number, 1, tuple(Word(word, BOX) for word in text.split()), BOX, **changes)  # type: ignore[arg-type]


def drawn(size: float, *words: str, stroke: float = 1.0) -> Ink:
    return Ink(stroke, tuple(size * COVER[word] for word in words))


@pytest.mark.parametrize("word", sorted(COVER))
def test_a_size_follows_from_the_letters_that_a_word_has(word: str) -> None:
    """x-height, capitals, accents and descenders cover different shares of the em."""
    (sized,) = with_sizes([line(word)], [drawn(11.0, word)])
    assert sized.size == pytest.approx(11.0, rel=0.05)


def test_lines_about_as_large_as_the_body_are_the_body() -> None:
    """A measuring error makes no heading; a heading stays one, and headings of one style are one size."""
    words = ["nurse"] * 4
    sizes = [10.0, 10.0, 10.0, 10.4, 9.7, 14.0, 14.8]
    sized = with_sizes([line(" ".join(words), n) for n in range(7)], [drawn(size, *words) for size in sizes])
    assert [one.size for one in sized] == [10.0, 10.0, 10.0, 10.0, 10.0, 14.4, 14.4]


def test_marks_say_nothing_about_a_size() -> None:
    """A bullet alone is as large as the text around it."""
    sized = with_sizes([line("nurse"), line("•", 1)], [drawn(10.0, "nurse"), Ink(0.0, (2.0,))])
    assert [one.size for one in sized] == [10.0, 10.0]


def test_thick_strokes_are_bold_for_their_size_only() -> None:
    """A larger size has thicker strokes and is not bold for that."""
    lines = [line("nurse nurse", n, size=size) for n, size in enumerate((10.0, 10.0, 10.0, 20.0))]
    inks = [Ink(0.8, ()), Ink(0.8, ()), Ink(1.3, ()), Ink(1.6, ())]
    assert [one.bold for one in with_weights(lines, inks)] == [False, False, True, False]


def test_a_heading_that_ocr_named_stays_bold_and_the_unknown_stays_unknown() -> None:
    """LAYOUT's word counts; where nothing is drawn nothing is claimed."""
    lines = [line("nurse", 0, size=10.0, bold=True), line("nurse", 1, size=10.0), line("nurse", 2, size=10.0)]
    told = with_weights(lines, [Ink(0.8, ()), Ink(0.8, ()), Ink(0.0, ())])
    assert [one.bold for one in told] == [True, False, None]


def page(text: str = "", *, pictured: float = 0.0, drawn_shapes: int = 0, hidden: bool = False) -> Page:
    lines = (line(text, hidden=hidden),) if text else ()
    return Page(1, 600.0, 800.0, lines, pictured=pictured, drawn=drawn_shapes)


PROSE = "Twelve years on acute wards and in a hospice, now leading a team " * 2


@pytest.mark.parametrize(
    ("shown", "needed"),
    [
        (page(PROSE), False),
        (page(), False),
        (page(pictured=1.0), True),
        (page(drawn_shapes=2000), True),
        (page(drawn_shapes=300), False),
        (page(pictured=0.016), True),
        (page(pictured=0.001), False),
        (page("Jane Doe", pictured=0.1), False),
        (page(PROSE, pictured=1.0), True),
        (page(PROSE * 8, pictured=1.0), False),
        (page(PROSE, hidden=True, pictured=1.0), True),
        (page(PROSE, hidden=True), False),
        (page("\ufffd" * 20 + "abc " * 10), True),
        (page("\ue012\ue013 " * 30), True),
    ],
    ids=[
        "text", "blank", "scan", "outlines", "a-logo", "words-as-small-pictures", "a-dot", "name-and-portrait",
        "scan-with-a-stamp", "picture-behind-text",
        "scanners-own-layer", "hidden-only", "glyphs-without-meaning", "private-glyphs",
    ],
)  # fmt: skip
def test_a_page_needs_ocr_when_it_shows_more_than_it_says(shown: Page, needed: bool) -> None:
    """Pictures and outlines without text, text that its font scrambles, a scanner's hidden guess."""
    assert needs_ocr(shown) is needed
