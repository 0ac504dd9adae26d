"""RTF: order, look, place, code pages, and what is refused."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator

import pytest

from pipeline.adapters.text_engines import DocumentTextEngine
from pipeline.domain.errors import CorruptDocument, ResourceLimit
from pipeline.domain.media_type import RTF, media_type
from pipeline.domain.text import Text


@pytest.fixture(scope="module")
def engine() -> Iterator[DocumentTextEngine]:
    """One parser for all."""
    made = DocumentTextEngine(processes=1, timeout_s=20, memory_mib=1024, max_pages=10)
    yield made
    made.close()


def rtf(inner: str | bytes, head: str = "") -> bytes:
    """An RTF with a table of fonts (Latin, Cyrillic, Japanese, symbols) and one of colours (none, white, blue)."""
    fonts = r"{\fonttbl{\f0\fcharset0 A;}{\f1\fcharset204 B;}{\f2\fcharset128 C;}{\f3\fcharset2 D;}}"
    colours = r"{\colortbl;\red255\green255\blue255;\red31\green56\blue100;}"
    body = inner if isinstance(inner, bytes) else inner.encode("ascii")
    return (
        rf"{{\rtf1\ansi\ansicpg1252\deff0{fonts}{colours}{{\info{{\author Nobody}}}}{head} ".encode()
        + body
        + b"}"
    )


def read(engine: DocumentTextEngine, data: bytes) -> Text:
    assert media_type(data) == RTF
    return asyncio.run(engine.read(data, RTF))


def printed(text: Text) -> list[str]:
    return [line.text for line in text.lines]


def test_sizes_and_weights_are_those_of_the_file(engine: DocumentTextEngine) -> None:
    """A group's end takes back what was set in it; without any size it is twelve points."""
    text = read(engine, rtf(r"{\b\fs36 Ada Fiktiva\par}{\fs22 Nurse \b at\b0  work\par}Plain\par"))
    assert [(line.text, line.size, line.bold) for line in text.lines] == [
        ("Ada Fiktiva", 18.0, True),
        ("Nurse at work", 11.0, False),
        ("Plain", 12.0, False),
    ]


def test_a_right_tab_and_an_indent_are_places(engine: DocumentTextEngine) -> None:
    """As in Word: dates at the margin, text of a list to the right of it."""
    text = read(engine, rtf(r"\pard\tqr\tx8000 Sankt Nirgendwo\tab 2019\par\pard\li720 indented\par"))
    employer, date, indented = text.lines
    assert employer.box.top == date.box.top
    assert employer.box.right + 0.2 < date.box.left
    assert indented.box.left > employer.box.left + 0.05


def test_cells_are_never_glued(engine: DocumentTextEngine) -> None:
    """Cells side by side in their columns; a merged one begins where the first of it does."""
    head = r"\trowd\cellx3000\cellx6000\cellx9000"
    merged = r"\trowd\clmgf\cellx3000\clmrg\cellx6000\cellx9000"
    rows = (
        rf"{merged}\pard\intbl School\cell\cell Year\cell\row"
        rf"{head}\pard\intbl BSc\cell Nirgendwo\cell 2019\cell\row\pard after\par"
    )
    text = read(engine, rtf(rows))
    boxes = {line.text: line.box for line in text.lines}
    assert list(boxes) == ["School", "Year", "BSc", "Nirgendwo", "2019", "after"]
    assert boxes["Year"].left == boxes["2019"].left > boxes["Nirgendwo"].left > boxes["BSc"].left
    assert boxes["BSc"].top == boxes["2019"].top
    assert boxes["School"].left == boxes["BSc"].left


def test_a_nested_tables_cells_are_parted_too(engine: DocumentTextEngine) -> None:
    """They are set apart as by tabs, and what old programs read instead is left out."""
    inner = r"\itap2 one\nestcell two\nestcell{\*\nesttableprops\trowd\cellx1000\cellx2000\nestrow}{\nonesttables\par}"
    text = read(engine, rtf(rf"\trowd\cellx9000\pard\intbl {inner}\pard\intbl end\cell\row"))
    assert " ".join(printed(text)) == "one two end"


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        (r"Ren\'e9 M\'fcller", "René Müller"),
        (r"\f1 \'c8\'e2\'e0\'ed\plain  Ivan", "Иван Ivan"),
        (r"\f2 \'8e\'52\'93\'63", "山田"),
        (r"\u1048?\u1074?\u1072?\u1085? and \u-10179?\u-8704?", "Иван and 😀"),
        (r"{\uc2\u960\'70\'69}x \u8211\'96 y", "πx – y"),
        (r"{\uc0\u233}t\u233\'65", "été"),
        (r"a\~b\_c\-d\emdash e \{f\} \\", "a b-cd—e {f} \\"),
        (b"R\xe9n\xe9", "Réné"),
        (r"{\f3\'b7} mark and \u-3913? mark", "• mark and • mark"),
    ],
)
def test_letters_are_told_by_their_fonts_page(
    engine: DocumentTextEngine, inner: str | bytes, expected: str
) -> None:
    """By the font's character set, as Unicode with its fallback left out, or as a picture of a mark."""
    assert printed(read(engine, rtf(inner))) == [expected]


def test_lists_have_the_marks_that_were_counted(engine: DocumentTextEngine) -> None:
    """Word's and WordPad's way; the number is the text of the mark."""
    word = r"\pard{\listtext\pard\plain\f3\'b7\tab}\fi-360\li720 led the shift\par"
    wordpad = r"\pard{\pntext\f0 2.\tab}{\*\pn\pnlvlbody{\pntxta.}}\fi-360\li720 second\par"
    assert printed(read(engine, rtf(word + wordpad))) == ["• led the shift", "2. second"]


def test_headers_boxes_and_links_are_read(engine: DocumentTextEngine) -> None:
    """The page's header above, the footer below, a text box where it is anchored, a field's target."""
    inner = (
        r"{\header\pard above\par}{\footer below\par}"
        r"{\shp{\*\shpinst{\sp{\sn x}{\sv 1}}{\shptxt in a box\par}}{\shprslt twice}}"
        r'{\field{\*\fldinst HYPERLINK "mailto:ada@example.org"}{\fldrslt write to me}}\par'
    )
    text = read(engine, rtf(inner))
    assert printed(text) == ["above", "in a box", "write to me", "below"]
    assert [link.uri for link in text.pages[0].links] == ["mailto:ada@example.org"]


def test_what_is_no_text_is_left_out(engine: DocumentTextEngine) -> None:
    """Pictures in hexadecimals and as bytes, styles, unknown groups, notes, what was deleted."""
    inner = (
        rb"{\pict\wmetafile8 0102ff}{\*\unknown hidden}{\footnote note}{\stylesheet{\s1 Title;}}"
        rb"{\object{\*\objdata 0105}{\result shown }}{\pict\bin9 }}}{{{\\x}{\deleted gone}Ada\par"
    )
    assert printed(read(engine, rtf(inner))) == ["shown Ada"]


@pytest.mark.parametrize(
    ("look", "hidden"),
    [(r"\v", True), (r"\cf1", True), (r"\fs2", True), (r"\cf1\chcbpat2", False), (r"\cf2", False)],
)
def test_text_that_nobody_sees_is_flagged_and_not_dropped(
    engine: DocumentTextEngine, look: str, hidden: bool
) -> None:
    """Hidden, white on white, a point high; white on a dark ground is seen."""
    text = read(engine, rtf(rf"seen {{{look} perhaps}}\par"))
    assert {line.text: line.hidden for line in text.lines if "perhaps" in line.text} == (
        {"perhaps": True} if hidden else {"seen perhaps": False}
    )


def test_pages_break_where_the_document_says(engine: DocumentTextEngine) -> None:
    """By a break and by the paragraph's own word; the sheet is as large as it is told."""
    text = read(engine, rtf(r"one\page two\par\pard\pagebb three\par", r"\paperw12240\paperh15840"))
    assert [[line.text for line in page.lines] for page in text.pages] == [["one"], ["two"], ["three"]]
    assert (text.pages[0].width, text.pages[0].height) == (612, 792)


REFUSED: dict[str, tuple[Callable[[], bytes], type[Exception]]] = {
    "cut off": (lambda: rtf(r"Ada Fiktiva\par " * 50)[:-200], CorruptDocument),
    "a header alone": (lambda: b"{\\rtf1", CorruptDocument),
    "bytes announced that do not come": (lambda: rtf(rb"{\pict\bin999999999 x}"), CorruptDocument),
    "groups nested 100,000 deep": (lambda: rtf("{" * 100_000 + "}" * 100_000), ResourceLimit),
    "a million tokens": (lambda: rtf(r"\b" * 1_000_000), ResourceLimit),
    "more text than a resume holds": (lambda: rtf("ha" * 3_000_000), ResourceLimit),
    "100,000 cells in a row": (lambda: rtf(r"\pard\intbl x\cell" * 100_000 + r"\row"), ResourceLimit),
    "too many pages": (lambda: rtf(r"x\par " * 2000), ResourceLimit),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_ordinary_rtf_is_refused_by_name(engine: DocumentTextEngine, case: str) -> None:
    """Each with its own error."""
    make, error = REFUSED[case]
    with pytest.raises(error):
        read(engine, make())


def test_numbers_out_of_any_range_change_nothing(engine: DocumentTextEngine) -> None:
    """Negative colours, sizes and code pages, fonts that no table names."""
    wild = r"\cf-1\fs-20\li-999999999\tx999999999\uc-5\f77\highlight999\cbpat-2\ansicpg99999\paperw-5\margl999999999 "
    assert printed(read(engine, rtf(wild + r"Ada\par"))) == ["Ada"]


def test_damage_anywhere_is_an_error_with_a_name(engine: DocumentTextEngine) -> None:
    """Bytes changed at random: text, or one of the document's errors; never anything else."""
    rng = random.Random(5)
    whole = rtf(r"\trowd\cellx3000\pard\intbl {\b Ada}\cell\row\pard{\u233?\'e9\f2 x\par}" * 20)
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(rng.randint(1, 30)):
            damaged[rng.randrange(5, len(damaged))] = rng.randrange(256)
        try:
            asyncio.run(engine.read(bytes(damaged), RTF))
        except (CorruptDocument, ResourceLimit) as error:
            assert error.message.endswith(".")  # noqa: PT017 (either outcome is right)
