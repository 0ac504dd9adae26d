"""From a recognised run to words: where the picture and the recogniser do not agree."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.adapters.ocr.run import Char
from pipeline.adapters.ocr.words import words_of

HIGH, EM, DIGIT = 40, 32, 18
#: Ink of a character within its advance, both in pixels: all digits are as wide as one another, a 1 has the least ink.
INK = {"1": 7, ".": 4, " ": 0}


def run_of(printed: str, told: str, *, rule: bool = False) -> list[tuple[str, float]]:
    """The words, and how high their ink is, of a run in tabular figures that was recognised as `told`.

    `rule` draws a line under it.
    """
    advances = [DIGIT if char.isalnum() else 9 for char in printed]
    edges = np.cumsum([6, *advances])
    picture = np.full((HIGH, int(edges[-1]) + 6), 255, np.uint8)
    middles = []
    for char, begin, advance in zip(printed, edges, advances, strict=False):
        ink = INK.get(char, advance - 3)
        left = int(begin) + (advance - ink) // 2
        top = 26 if char == "." else 8
        picture[top:30, left : left + ink] = 0
        middles.append(left + ink / 2)
    if rule:
        picture[35:37, 4:-4] = 0
    wide = picture.shape[1]
    places = iter([at for at, char in zip(middles, printed, strict=True) if char != " "])
    chars, last = [], 0.0
    for char in told:
        last = last if char == " " else next(places)
        chars.append(Char(char, last / wide, 0.9))
    quad = np.array([[0, 0], [wide, 0], [wide, HIGH], [0, HIGH]], float)
    return [(word.text, word.ink) for word in words_of(chars, picture, quad)]


@pytest.mark.parametrize(
    ("printed", "told", "words"),
    [
        ("11.2019", "1 1.2019", ["11.2019"]),
        ("2011", "201 1", ["2011"]),
        ("09.2006", "09 .2006", ["09.2006"]),
        ("03.2025", "03.202 5", ["03.2025"]),
        ("2019 2025", "2019 2025", ["2019", "2025"]),
        ("11 11", "11 11", ["11", "11"]),
        ("2019 2025", "20192025", ["2019", "2025"]),
    ],
)
def test_a_space_between_digits_is_one_where_the_picture_shows_it(
    printed: str, told: str, words: list[str]
) -> None:
    """White stands around a 1 and a point, and the recogniser takes it for a space."""
    assert [text for text, _ in run_of(printed, told)] == words


def test_a_rule_under_a_title_is_not_its_height() -> None:
    """The heaviest row of pixels is the rule's; the title's letters are what is measured."""
    ((text, plain),) = run_of("TITLE", "TITLE")
    ((_, ruled),) = run_of("TITLE", "TITLE", rule=True)
    assert text == "TITLE"
    assert plain > HIGH / 3
    assert ruled == plain
