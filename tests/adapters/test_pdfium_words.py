"""What glyphs stand for where their font does not say: ligatures, private figures, telephones from the right."""

from __future__ import annotations

import pytest

from pipeline.adapters.pdf.clean import UNKNOWN, logical_order, private_digits
from pipeline.adapters.pdf.glyphs import Glyph, GlyphStyle
from pipeline.adapters.pdf.ligatures import needs_repair, repaired, words_in
from pipeline.adapters.pdf.lines import lines_of


@pytest.mark.parametrize(
    ("printed", "meant"),
    [
        (f"{UNKNOWN}nance", "finance"),
        (f"work{UNKNOWN}ow", "workflow"),
        (f"O{UNKNOWN}ce", "Office"),
        (f"di{UNKNOWN}erent", "different"),
        (f"o{UNKNOWN}ine", "offline"),
        (f"({UNKNOWN}rst", "(first"),
    ],
)
def test_a_ligature_is_told_by_the_stem_that_it_completes(printed: str, meant: str) -> None:
    """A common stem that one ligature alone completes repairs the word."""
    assert repaired(printed, frozenset()) == meant


def test_a_word_of_the_same_document_outweighs_every_stem() -> None:
    """A name that is spelled in full elsewhere tells how its broken printing reads."""
    known = words_in(["Zufling", "GmbH"])
    assert repaired(f"Zu{UNKNOWN}ing,", known) == "Zufling,"


@pytest.mark.parametrize("printed", [f"x{UNKNOWN}y", f"{UNKNOWN}at-backed", f"■{UNKNOWN}務"])
def test_what_no_word_tells_stays_unknown(printed: str) -> None:
    """Fiat or flat: where more than one reading, or none, is a word, nothing is made up."""
    assert repaired(printed, frozenset()) == printed


def test_a_lone_unknown_glyph_needs_no_repair() -> None:
    """A bullet without a meaning is no ligature."""
    assert not needs_repair(f"{UNKNOWN}")
    assert not needs_repair("plain")


def _codes(base: int, *figures: str) -> list[tuple[int, int]]:
    private: list[tuple[int, int]] = []
    position = 0
    for run in figures:
        private += [(position + at, base + int(figure)) for at, figure in enumerate(run)]
        position += len(run) + 1
    return private


def test_private_figures_are_read_where_they_make_years() -> None:
    """Codes in one run of ten become figures when those in fours become years."""
    digits = private_digits(_codes(0xF356, "2016", "09", "2019", "03", "1998"))
    assert digits[0xF356 + 7] == "7"
    assert len(digits) == 10


@pytest.mark.parametrize("figures", [("2016",), ("1111", "2222"), ("9431", "7265", "2017"), ()])
def test_private_codes_without_years_stay_pictures(figures: tuple[str, ...]) -> None:
    """One match is chance: icons side by side are never read as a number."""
    assert private_digits(_codes(0xE100, *figures)) == {}


def test_a_bracketed_code_opens_the_telephone_of_a_right_to_left_line() -> None:
    """Printed turned around, the parts of a number come in their order; a Latin phrase is left alone."""
    for printed, meant in (
        ("253-3799x0721(665", "665(253-3799x0721"),
        ("Office 365 (2019", "Office 365 (2019"),
    ):
        assert "".join(printed[at] for at in logical_order(list(printed))) == meant


def test_letters_of_one_ligature_are_read_in_their_order() -> None:
    """Lam and alef are drawn as one: their boxes lie upon each other, as PDFium tells them."""
    style = GlyphStyle(11, False, False, False, False, 1, 0, 0.0, 8.0, (0.0, 0.0))
    boxes = [(525.2, 527.8), (519.5, 525.2), (519.5, 524.6), (512.2, 519.5), (506.5, 512.5), (504.2, 506.5)]
    glyphs = [Glyph(char, *box, 100.0, 0) for char, box in zip("الاسم:", boxes, strict=True)]
    lines = lines_of(glyphs, [style], [False])
    assert [word.text for line in lines for word in line.words] == ["الاسم:"]


@pytest.mark.parametrize(
    ("bold", "plain", "lines"),
    [
        ("CALL OPERATOR", "VOXLINE LTD", ["CALL OPERATOR", "VOXLINE LTD"]),
        ("Ada", "Maria Byron", ["Ada Maria Byron"]),
        ("Call Operator", "at Voxline Ltd", ["Call Operator at Voxline Ltd"]),
        ("Spoken Languages:", "Dutch English", ["Spoken Languages: Dutch English"]),
    ],
    ids=["title-and-firm", "name", "joined-by-a-word", "label"],
)
def test_a_line_is_two_where_bold_print_ends_between_names(bold: str, plain: str, lines: list[str]) -> None:
    """Where nothing joins what stands on both sides, and both have several words."""
    styles = [
        GlyphStyle(10, weight, False, False, False, 1, 0, 0.0, 8.0, (0.0, 0.0)) for weight in (True, False)
    ]
    text = f"{bold} {plain}"
    glyphs = [Glyph(c, 5.0 * i, 5.0 * i + 5, 100.0, int(i > len(bold))) for i, c in enumerate(text)]
    found = lines_of(glyphs, styles, [False, False])
    assert [" ".join(word.text for word in line.words) for line in found] == lines
