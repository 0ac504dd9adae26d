"""OpenDocument texts: order, look, place, and what is refused."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator

import pytest

from pipeline.adapters.text_engines import DocumentTextEngine
from pipeline.domain.errors import CorruptDocument, EncryptedDocument, ResourceLimit
from pipeline.domain.media_type import ODT, media_type
from pipeline.domain.text import Line, Text
from tests.adapters import odt_bytes
from tests.adapters.odt_bytes import content, odt, p


@pytest.fixture(scope="module")
def engine() -> Iterator[DocumentTextEngine]:
    """One parser for all."""
    made = DocumentTextEngine(processes=1, timeout_s=20, memory_mib=1024, max_pages=10)
    yield made
    made.close()


def read(engine: DocumentTextEngine, data: bytes) -> Text:
    assert media_type(data) == ODT
    return asyncio.run(engine.read(data, ODT))


def printed(text: Text) -> list[str]:
    return [line.text for line in text.lines]


def line_of(text: Text, start: str) -> Line:
    return next(line for line in text.lines if line.text.startswith(start))


def test_styles_give_what_they_inherit(engine: DocumentTextEngine) -> None:
    """A heading's size is a share of its parent's, an automatic style adds to the one it is based on."""
    bold = (
        '<style:style style:name="P1" style:family="paragraph" style:parent-style-name="Heading_1">'
        '<style:text-properties fo:font-weight="normal"/></style:style>'
    )
    inner = p("Experience", "Heading_1", kind="h") + p("Plain again", "P1") + p("Text")
    text = read(engine, odt(inner, styles=bold))
    looks = {line.text: (line.size, line.bold) for line in text.lines}
    assert looks == {"Experience": (18.2, True), "Plain again": (18.2, False), "Text": (12.0, False)}


def test_text_and_its_spans_stay_in_order(engine: DocumentTextEngine) -> None:
    """Mixed content: letters before, within and behind a span; white space of the file is one space."""
    span = '<text:span text:style-name="Strong">Sankt</text:span>'
    text = read(
        engine, odt(p(f"At {span} Nir<text:span>gen</text:span>dwo\n   hospital<text:s text:c='3'/>2019"))
    )
    assert printed(text) == ["At Sankt Nirgendwo hospital 2019"]


def test_what_a_right_tab_sets_apart_is_a_line_of_its_own_in_the_same_row(engine: DocumentTextEngine) -> None:
    """The employer at the left margin, its dates at the right one."""
    left, right = read(engine, odt(p("Sankt Nirgendwo\t2019 – 2021", "Job"))).lines
    assert (left.text, right.text) == ("Sankt Nirgendwo", "2019 – 2021")
    assert left.box.top == right.box.top
    assert left.box.right + 0.2 < right.box.left


def test_lists_have_their_marks(engine: DocumentTextEngine) -> None:
    """Bullets and numbers by level; a second paragraph of an item has none; another list counts anew."""
    item = "<text:list-item>{}</text:list-item>"
    deeper = f"<text:list>{item.format(p('deeper'))}</text:list>"
    numbers = (
        f'<text:list text:style-name="Numbers">{item.format(p("one") + p("more of one"))}'
        f"{item.format(p('two') + deeper)}</text:list>"
    )
    bullets = f'<text:list text:style-name="Bullets">{item.format(p("led the shift"))}</text:list>'
    again = f'<text:list text:style-name="Numbers">{item.format(p("other"))}</text:list>'
    text = read(engine, odt(numbers + bullets + again))
    assert printed(text) == ["1. one", "more of one", "2. two", "a) deeper", "• led the shift", "1. other"]


def test_cells_stand_in_rows_and_columns(engine: DocumentTextEngine) -> None:
    """A cell over two columns begins where the first does; what it covers is no cell."""

    def cell(text: str, span: int = 1) -> str:
        covered = "<table:covered-table-cell/>" * (span - 1)
        told = f'table:number-columns-spanned="{span}"'
        return f"<table:table-cell {told}>{p(text)}</table:table-cell>{covered}"

    rows = [cell("head", 2) + cell("year"), cell("firm") + cell("title") + cell("2019")]
    made = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
    columns = '<table:table-column table:number-columns-repeated="3"/>'
    text = read(engine, odt(f"<table:table>{columns}{made}</table:table>"))
    boxes = {line.text: line.box for line in text.lines}
    assert list(boxes) == ["head", "year", "firm", "title", "2019"]
    assert boxes["year"].left == boxes["2019"].left > boxes["title"].left > boxes["firm"].left
    assert boxes["head"].left == boxes["firm"].left
    assert boxes["head"].top == boxes["year"].top < boxes["firm"].top == boxes["2019"].top


def test_frames_headers_and_links_are_read(engine: DocumentTextEngine) -> None:
    """A text box where it is anchored, the page's header above, its footer below."""
    box = f"<draw:frame><draw:text-box>{p('in a box')}</draw:text-box></draw:frame>"
    link = '<text:a xlink:href="mailto:ada@example.org">write to me</text:a>'
    master = (
        f'<style:master-page style:name="Standard"><style:header>{p("above")}</style:header>'
        f"<style:footer>{p('below')}</style:footer></style:master-page>"
    )
    text = read(engine, odt(p(f"{box}{link}"), masters=master))
    assert printed(text) == ["above", "in a box", "write to me", "below"]
    assert [link.uri for link in text.pages[0].links] == ["mailto:ada@example.org"]


def test_what_was_deleted_or_is_a_remark_is_no_text(engine: DocumentTextEngine) -> None:
    """Tracked deletions lie at the beginning of the text; remarks and footnotes within it."""
    deleted = (
        f"<text:tracked-changes><text:changed-region>{p('old')}</text:changed-region></text:tracked-changes>"
    )
    remark = f"<office:annotation>{p('remark')}</office:annotation>"
    assert printed(read(engine, odt(deleted + p(f"new{remark} text")))) == ["new text"]


@pytest.mark.parametrize(
    ("look", "hidden"),
    [
        ('text:display="none"', True),
        ('fo:color="#ffffff"', True),
        ('fo:font-size="1pt"', True),
        ('fo:color="#ffffff" fo:background-color="#1f3864"', False),
        ('fo:color="#1f3864"', False),
    ],
)
def test_text_that_nobody_sees_is_flagged_and_not_dropped(
    engine: DocumentTextEngine, look: str, hidden: bool
) -> None:
    """Hidden, white on white, a point high; white on a dark ground is seen."""
    style = f'<style:style style:name="T1" style:family="text"><style:text-properties {look}/></style:style>'
    text = read(engine, odt(p('seen <text:span text:style-name="T1">perhaps</text:span>'), styles=style))
    assert {line.text: line.hidden for line in text.lines if "perhaps" in line.text} == (
        {"perhaps": True} if hidden else {"seen perhaps": False}
    )


def test_a_hidden_section_is_hidden_text(engine: DocumentTextEngine) -> None:
    """It is in the file and on no page: flagged."""
    text = read(engine, odt(p("seen") + f'<text:section text:display="none">{p("unseen")}</text:section>'))
    assert {line.text: line.hidden for line in text.lines} == {"seen": False, "unseen": True}


REFUSED: dict[str, tuple[Callable[[], bytes], type[Exception]]] = {
    "a password": (odt_bytes.encrypted, EncryptedDocument),
    "a package encrypted as a whole": (
        lambda: odt(parts={"content.xml": None, "encrypted-package": b"x" * 999}),
        EncryptedDocument,
    ),
    "no content": (lambda: odt(parts={"content.xml": None}), CorruptDocument),
    "no text": (lambda: odt(parts={"content.xml": "<nothing/>"}), CorruptDocument),
    "XML that ends early": (lambda: odt(parts={"content.xml": content("")[:-9]}), CorruptDocument),
    "cut off": (lambda: odt(p("Ada"))[:-60], CorruptDocument),
    "billion laughs": (odt_bytes.billion_laughs, ResourceLimit),
    "a ratio of hundreds": (lambda: odt(p("ha" * 15_000_000)), ResourceLimit),
    "nested too deeply": (lambda: odt("<text:section>" * 5000 + "</text:section>" * 5000), ResourceLimit),
    "a million elements": (lambda: odt("<text:p/>" * 1_100_000), ResourceLimit),
    "too many pages": (lambda: odt(p("x") * 2000), ResourceLimit),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_ordinary_document_is_refused_by_name(engine: DocumentTextEngine, case: str) -> None:
    """Each with its own error, before it costs anything."""
    make, error = REFUSED[case]
    with pytest.raises(error):
        read(engine, make())


def test_styles_in_a_circle_and_absurd_spans_are_read(engine: DocumentTextEngine) -> None:
    """A style that is its own parent, a table of a million columns, a column of negative width."""
    circle = (
        '<style:style style:name="A" style:family="paragraph" style:parent-style-name="B"/>'
        '<style:style style:name="B" style:family="paragraph" style:parent-style-name="A"/>'
        '<style:style style:name="C" style:family="table-column">'
        '<style:table-column-properties style:column-width="-3cm"/></style:style>'
    )
    table = (
        '<table:table><table:table-column table:style-name="C" table:number-columns-repeated="999999"/>'
        '<table:table-row><table:table-cell table:number-columns-spanned="999999">'
        f"{p('cell')}</table:table-cell></table:table-row></table:table>"
    )
    assert printed(read(engine, odt(p("Ada", "A") + table, styles=circle))) == ["Ada", "cell"]


def test_damage_anywhere_is_an_error_with_a_name(engine: DocumentTextEngine) -> None:
    """Bytes changed at random: text, or one of the document's errors; never anything else."""
    rng, whole = random.Random(5), odt(p("Ada Fiktiva") * 20)
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(rng.randint(1, 30)):
            damaged[rng.randrange(4, len(damaged))] = rng.randrange(256)
        try:
            asyncio.run(engine.read(bytes(damaged), ODT))
        except (CorruptDocument, EncryptedDocument, ResourceLimit) as error:
            assert error.message.endswith(".")  # noqa: PT017 (either outcome is right)
