"""What looks like a trick and is none is read as anything else, and raises no flag."""

from __future__ import annotations

import io
from collections.abc import Callable

import pikepdf
import pytest
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from tests.security_twins.overlay import Overlay, boxed, written
from tests.security_twins.reading import Reader, flags_of
from tests.security_twins.word_files import document, insert, paragraph, saved

_LINES = ("Interests: rowing, woodwork", "Volunteer firefighter since 2015", "Treasurer of the choir")


def _on(ground: str, ink: str) -> Callable[[Overlay], None]:
    def draw(page: Overlay) -> None:
        page.draw(written(_LINES, page.free, before=ink), below=True)
        page.draw(boxed(page.free, ground), below=True)

    return draw


def _small(page: Overlay) -> None:
    page.draw(written(_LINES, page.free, size=6, before=".45 g"))


def _watermark(page: Overlay) -> None:
    page.add("ExtGState", "Pale", pikepdf.Dictionary(ca=0.3))
    page.draw("/Pale gs\n.5 g\n" + written(("DRAFT",), page.free, size=60))


def _clipped_to_its_box(page: Overlay) -> None:
    spot = page.free
    page.draw(f"{spot.x - 4} {spot.y - 40} 420 60 re W n\n" + written(_LINES, spot))


def _on_a_layer(page: Overlay) -> None:
    layer = page.pdf.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.OCG, Name="text"))
    page.pdf.Root.OCProperties = pikepdf.Dictionary(
        OCGs=[layer], D=pikepdf.Dictionary(ON=[layer], Order=[layer])
    )
    page.add("Properties", "On", layer)
    page.draw(f"/OC /On BDC\n{written(_LINES, page.free)}\nEMC")


def _link_without_words(page: Overlay) -> None:
    action = pikepdf.Dictionary(S=pikepdf.Name.URI, URI="https://example.org/portfolio")
    link = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=[5, 5, 20, 20], A=action
    )
    page.page.Annots = page.pdf.make_indirect(pikepdf.Array([page.pdf.make_indirect(link)]))


ON_A_PAGE: dict[str, Callable[[Overlay], None]] = {
    "white-on-a-dark-banner": _on(".1 .15 .3 rg", "1 g"),
    "black-on-a-pale-box": _on(".95 g", "0 g"),
    "pale-on-white": lambda page: page.draw(written(_LINES, page.free, before=".72 g")),
    "small-print": _small,
    "watermark": _watermark,
    "clipped-to-its-box": _clipped_to_its_box,
    "on-a-layer-that-is-on": _on_a_layer,
    "link-without-words": _link_without_words,
    "outlined": lambda page: page.draw(written(_LINES, page.free, before="1 Tr .3 w")),
}


@pytest.mark.parametrize("number", [2, 5, 13])
@pytest.mark.parametrize("name", sorted(ON_A_PAGE))
def test_what_a_reader_sees_is_no_trick(reader: Reader, name: str, number: int) -> None:
    """However it is drawn."""
    page = Overlay(number)
    ON_A_PAGE[name](page)
    assert flags_of(reader.profile(page.saved())) == []


@pytest.mark.parametrize("scale", [0.2, 0.12])
def test_a_page_printed_small_as_a_whole_is_no_trick(reader: Reader, scale: float) -> None:
    """Whoever reads it enlarges it."""
    page = Overlay(6)
    small = f"{scale} 0 0 {scale} 10 10 cm\n".encode()
    page.page.contents_add(page.pdf.make_stream(small), prepend=True)
    assert flags_of(reader.profile(page.saved())) == []


def test_text_over_a_pale_picture_is_no_trick(reader: Reader) -> None:
    """Nor is what a scanner wrote behind its picture."""
    for before, backdrop in (("", 235), ("3 Tr", None)):
        assert flags_of(reader.profile(_over_a_picture(before, backdrop))) == []


def _over_a_picture(before: str, backdrop: int | None) -> bytes:
    """A page on a picture: an empty one, or one of its own words."""
    from PIL import Image, ImageDraw

    picture = Image.new("L", (1240, 1754), backdrop or 255)
    lines = [
        f"Staff nurse, ward {number}, Riverside Hospital, 20{number:02} - 20{number + 1:02}"
        for number in range(30)
    ]
    if backdrop is None:
        for number, line in enumerate(lines):
            ImageDraw.Draw(picture).text((125, 120 + 50 * number), line, fill=0, font_size=24)
    made = io.BytesIO()
    canvas = Canvas(made, pagesize=(595, 842))
    canvas.drawImage(ImageReader(picture), 0, 0, 595, 842)
    for number, line in enumerate(lines):
        text = canvas.beginText(60, 842 - 69.6 - 24 * number)
        text.setFont("Helvetica", 11.5)
        text.setTextRenderMode(3 if before else 0)
        text.textLine(line)
        canvas.drawText(text)
    canvas.save()
    return made.getvalue()


IN_WORD = {
    "persian": (paragraph("سابقه کار: می‌خواهم و نمی‌توانم", "<w:rtl/>"),),
    "hindi": (paragraph("क्‍षेत्र प्रबंधक, दिल्ली"),),
    "flag": (paragraph("From \U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f, lives in Leeds"),),
    "soft-hyphens": (paragraph("Kranken\u00adpflege und Unter\u00adnehmens\u00adberatung"),),
    "white-on-a-dark-ground": (
        paragraph(_LINES[0], "<w:color w:val='FFFFFF'/>", "<w:shd w:val='clear' w:fill='1F3864'/>"),
    ),
    "marked-words": (paragraph(_LINES[1], "<w:highlight w:val='yellow'/>"),),
    "tracked-formatting": (
        paragraph(_LINES[0], "<w:rPrChange w:id='1' w:author='x'><w:rPr><w:vanish/></w:rPr></w:rPrChange>"),
    ),
    "exact-line-height": (paragraph(_LINES[0], "", "<w:spacing w:line='240' w:lineRule='exact'/>"),),
    "about-prompts": (
        paragraph("Prompt engineer: wrote system prompts and guidelines for an assistant; reviewed all instructions"),
        paragraph("Taught pupils to follow instructions and never to ignore the rules of the workshop"),
    ),
    "a-duty-twice": (paragraph("Wrote the reports of the month and the plans"),) * 4,
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(IN_WORD))
def test_what_an_honest_word_file_holds_is_no_trick(reader: Reader, name: str) -> None:
    """Joiners, marks, tracked changes, and work with machines that take orders."""
    word = document(len(name))
    insert(word, 0.5, *IN_WORD[name])
    assert flags_of(reader.profile(saved(word))) == []
