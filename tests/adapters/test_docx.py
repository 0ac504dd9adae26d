"""Word files: order, look, place, and what is refused."""

from __future__ import annotations

import asyncio
import io
import random
from collections.abc import Callable, Iterator

import docx as python_docx
import pytest
from docx.enum.text import WD_TAB_ALIGNMENT
from docx.shared import Pt

from pipeline.adapters.text_engines import DocumentTextEngine
from pipeline.domain.errors import CorruptDocument, EncryptedDocument, ResourceLimit
from pipeline.domain.media_type import DOCX, media_type
from pipeline.domain.text import Line, Text
from tests.adapters import docx_bytes
from tests.adapters.docx_bytes import body, docx, paragraph, relations, run


@pytest.fixture(scope="module")
def engine() -> Iterator[DocumentTextEngine]:
    """One parser for all."""
    made = DocumentTextEngine(processes=1, timeout_s=20, memory_mib=1024, max_pages=10)
    yield made
    made.close()


def read(engine: DocumentTextEngine, content: bytes) -> Text:
    assert media_type(content) == DOCX
    return asyncio.run(engine.read(content, DOCX))


def printed(text: Text) -> list[str]:
    return [line.text for line in text.lines]


def line_of(text: Text, start: str) -> Line:
    return next(line for line in text.lines if line.text.startswith(start))


@pytest.fixture(scope="module")
def resume(engine: DocumentTextEngine) -> Text:
    """A resume as another program (python-docx, on Word's own template) writes it."""
    made = python_docx.Document()
    made.sections[0].header.paragraphs[0].text = "Ada Fiktiva, page header"
    made.sections[0].footer.paragraphs[0].text = "Set in the footer"
    made.add_heading("Ada Fiktiva", 0)
    made.add_heading("Experience", 1)
    job = made.add_paragraph()
    job.paragraph_format.tab_stops.add_tab_stop(Pt(430), WD_TAB_ALIGNMENT.RIGHT)
    job.add_run("Sankt Nirgendwo").bold = True
    job.add_run("\t2019 – 2021")
    made.add_paragraph("Led the night shift " * 12, style="List Bullet")
    for item in ("first", "second"):
        made.add_paragraph(item, style="List Number")
    table = made.add_table(2, 2)
    for row in range(2):
        for column in range(2):
            table.cell(row, column).text = f"cell {row} {column}"
    content = io.BytesIO()
    made.save(content)
    return read(engine, content.getvalue())


def test_everything_is_read_in_order(resume: Text) -> None:
    """Header, text, lists with their marks, cells row by row, footer; a long paragraph is broken into lines."""
    lines = printed(resume)
    assert lines[:5] == [
        "Ada Fiktiva, page header",
        "Ada Fiktiva",
        "Experience",
        "Sankt Nirgendwo",
        "2019 – 2021",
    ]
    assert lines[5].startswith("• Led the night shift")
    assert lines[6].startswith("Led") or lines[6].split()[0] in ("the", "night", "shift")
    assert lines[-7:] == [
        "1. first",
        "2. second",
        "cell 0 0",
        "cell 0 1",
        "cell 1 0",
        "cell 1 1",
        "Set in the footer",
    ]
    assert resume.source == "native"


def test_titles_are_told_by_size_and_weight(resume: Text) -> None:
    """The styles' sizes and weights are the lines'."""
    name, title, text = resume.lines[1], line_of(resume, "Experience"), line_of(resume, "•")
    assert name.size is not None
    assert title.size is not None
    assert text.size is not None
    assert name.size > title.size > text.size
    assert (title.bold, text.bold) == (True, False)


def test_what_a_right_tab_sets_apart_is_a_line_of_its_own_in_the_same_row(resume: Text) -> None:
    """As in a PDF: the employer at the left margin, its dates at the right one."""
    left, right = line_of(resume, "Sankt"), line_of(resume, "2019")
    assert left.box.bottom == pytest.approx(right.box.bottom, abs=0.002)
    assert left.box.right + 0.2 < right.box.left


def test_cells_stand_in_rows_and_columns(resume: Text) -> None:
    """Cells of a row share their height, cells of a column their left edge."""
    cells = {line.text: line.box for line in resume.lines if line.text.startswith("cell")}
    assert cells["cell 0 0"].top == cells["cell 0 1"].top < cells["cell 1 0"].top
    assert cells["cell 0 1"].left == cells["cell 1 1"].left > cells["cell 0 0"].right


def test_an_indent_is_an_indent(resume: Text) -> None:
    """A list's text begins to the right of the paragraphs' left edge."""
    assert line_of(resume, "•").box.left < resume.lines[6].box.left
    assert resume.lines[6].box.left > line_of(resume, "Sankt").box.left


BOX = (
    '<w:r><mc:AlternateContent xmlns:mc="urn:mc"><mc:Choice><w:drawing><wps:txbx xmlns:wps="urn:wps">'
    "<w:txbxContent>{0}</w:txbxContent></wps:txbx></w:drawing></mc:Choice><mc:Fallback><w:pict>"
    "<w:txbxContent>{0}</w:txbxContent></w:pict></mc:Fallback></mc:AlternateContent></w:r>"
)


def test_a_text_box_is_read_once(engine: DocumentTextEngine) -> None:
    """Word writes each twice, for itself and for programs of before 2010."""
    boxed = paragraph(BOX.format(paragraph(run("in a box"))), run("around it"))
    assert printed(read(engine, docx(boxed))) == ["in a box", "around it"]


def test_links_carry_their_target_and_place(engine: DocumentTextEngine) -> None:
    """By relation and by field; what is no address of the web or of mail is no link."""
    field = (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>HYPERLINK "https://ada.example.org"'
        '</w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>'
        f'{run("my site")}<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )
    inner = paragraph(f'<w:hyperlink r:id="hyperlink">{run("write to me")}</w:hyperlink>') + paragraph(field)
    inner += paragraph(f'<w:hyperlink r:id="attachedTemplate">{run("a file")}</w:hyperlink>')
    rels = relations(hyperlink="mailto:ada@example.org", attachedTemplate="file:///etc/passwd")
    text = read(engine, docx(inner, parts={"word/_rels/document.xml.rels": rels}))
    (page,) = text.pages
    assert [link.uri for link in page.links] == ["mailto:ada@example.org", "https://ada.example.org"]
    assert page.links[0].box == line_of(text, "write").box
    assert printed(text) == ["write to me", "my site", "a file"]


def test_what_was_deleted_is_gone_and_what_was_inserted_is_there(engine: DocumentTextEngine) -> None:
    """A document with changes that nobody accepted reads as it is shown."""
    inner = paragraph(
        f"<w:del><w:r><w:delText>old</w:delText></w:r></w:del><w:ins>{run('new')}</w:ins>{run(' text')}"
    )
    assert printed(read(engine, docx(inner))) == ["new text"]


@pytest.mark.parametrize(
    ("look", "hidden"),
    [
        ("<w:vanish/>", True),
        ('<w:color w:val="FFFFFF"/>', True),
        ('<w:sz w:val="2"/>', True),
        ('<w:color w:val="FFFFFF"/><w:shd w:val="clear" w:fill="1F3864"/>', False),
        ('<w:color w:val="1F3864"/>', False),
        ('<w:vanish w:val="0"/>', False),
    ],
)
def test_text_that_nobody_sees_is_flagged_and_not_dropped(
    engine: DocumentTextEngine, look: str, hidden: bool
) -> None:
    """Hidden, white on white, a point high; white on a dark ground is seen."""
    text = read(engine, docx(paragraph(run("seen "), run("perhaps", look))))
    assert {line.text: line.hidden for line in text.lines if "perhaps" in line.text} == (
        {"perhaps": True} if hidden else {"seen perhaps": False}
    )


def test_text_from_right_to_left_begins_at_the_right(engine: DocumentTextEngine) -> None:
    """In reading order, with its first word rightmost."""
    (line,) = read(engine, docx(paragraph(run("שלום עולם"), properties="<w:bidi/>"))).lines
    assert line.text == "שלום עולם"
    assert line.words[0].box.left > line.words[1].box.right


def test_pages_break_where_the_document_says(engine: DocumentTextEngine) -> None:
    """By a break, by the paragraph's own word, and where the page is full."""
    inner = paragraph(run("one"), '<w:r><w:br w:type="page"/></w:r>', run("two"))
    inner += paragraph(run("three"), properties="<w:pageBreakBefore/>")
    inner += "".join(paragraph(run("more")) for _ in range(80))
    text = read(engine, docx(inner))
    assert [[line.text for line in page.lines][:1] for page in text.pages] == [
        ["one"],
        ["two"],
        ["three"],
        ["more"],
    ]
    assert all(0 <= line.box.top < line.box.bottom <= 1 for line in text.lines)


def test_no_template_from_elsewhere_is_fetched(engine: DocumentTextEngine) -> None:
    """A remote template, styles and headers from outside: read as if they were not there."""
    rels = relations(
        attachedTemplate="http://127.0.0.1:9/evil.dotm",
        styles="http://127.0.0.1:9/s",
        header="http://127.0.0.1:9/h",
    )
    inner = paragraph(run("Ada")) + '<w:sectPr><w:headerReference w:type="default" r:id="header"/></w:sectPr>'
    assert printed(read(engine, docx(inner, parts={"word/_rels/document.xml.rels": rels}))) == ["Ada"]


REFUSED: dict[str, tuple[Callable[[], bytes], type[Exception]]] = {
    "a password": (docx_bytes.encrypted, EncryptedDocument),
    "no document": (
        lambda: docx(parts={"word/document.xml": None, "word/styles.xml": "<s/>"}),
        CorruptDocument,
    ),
    "no XML": (lambda: docx(parts={"word/document.xml": b"\x00\x01"}), CorruptDocument),
    "XML that ends early": (lambda: docx(parts={"word/document.xml": body("")[:-9]}), CorruptDocument),
    "another root": (lambda: docx(parts={"word/document.xml": "<nothing/>"}), CorruptDocument),
    "cut off": (lambda: docx(paragraph(run("Ada")))[:-60], CorruptDocument),
    "billion laughs": (docx_bytes.billion_laughs, ResourceLimit),
    "a ratio of hundreds": (docx_bytes.blown_up, ResourceLimit),
    "a million parts": (lambda: docx_bytes.many_parts(1_000_000), ResourceLimit),
    "nested too deeply": (lambda: docx("<w:sdt>" * 5000 + "</w:sdt>" * 5000), ResourceLimit),
    "a million elements": (lambda: docx("<w:p/>" * 1_100_000), ResourceLimit),
    "too many pages": (lambda: docx(paragraph(run("x")) * 2000), ResourceLimit),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_ordinary_word_file_is_refused_by_name(engine: DocumentTextEngine, case: str) -> None:
    """Each with its own error, before it costs anything."""
    make, error = REFUSED[case]
    with pytest.raises(error):
        read(engine, make())


def test_damage_anywhere_is_an_error_with_a_name(engine: DocumentTextEngine) -> None:
    """Bytes changed at random: text, or one of the document's errors; never anything else."""
    rng, whole = random.Random(5), docx(paragraph(run("Ada Fiktiva")) * 20)
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(rng.randint(1, 30)):
            damaged[rng.randrange(4, len(damaged))] = rng.randrange(256)
        try:
            asyncio.run(engine.read(bytes(damaged), DOCX))
        except (CorruptDocument, EncryptedDocument, ResourceLimit) as error:
            assert error.message.endswith(".")  # noqa: PT017 (either outcome is right)
