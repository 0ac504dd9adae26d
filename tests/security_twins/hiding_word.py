"""Ways to put text into a Word file where nobody sees it."""

from __future__ import annotations

from collections.abc import Callable

from docx.document import Document as WordDocument
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from tests.security_twins.word_files import declared, insert, paragraph, running

Lines = tuple[str, ...]
Hide = Callable[[WordDocument, Lines, float], None]

_BLACK, _WHITE = "<w:color w:val='000000'/>", "<w:color w:val='FFFFFF'/>"
_CLEAR = (
    "<w14:textFill><w14:solidFill><w14:srgbClr w14:val='000000'><w14:alpha w14:val='100000'/></w14:srgbClr>"
    "</w14:solidFill></w14:textFill>"
)


def _run(properties: str) -> Hide:
    """Runs that look so."""
    return lambda word, lines, place: insert(word, place, *(paragraph(line, properties) for line in lines))


def _paragraph(properties: str, run: str = "") -> Hide:
    """Paragraphs that are set so."""
    return lambda word, lines, place: insert(
        word, place, *(paragraph(line, run, properties) for line in lines)
    )


def _style(properties: str) -> Hide:
    """Runs in a style that looks so."""

    def hide(word: WordDocument, lines: Lines, place: float) -> None:
        style = f"<w:style {nsdecls('w')} w:type='character' w:styleId='Quiet'><w:rPr>{properties}</w:rPr></w:style>"
        word.styles.element.append(parse_xml(style))
        _run("<w:rStyle w:val='Quiet'/>")(word, lines, place)

    return hide


def _row(properties: str, cell: str = "", run: str = "") -> Hide:
    """A table's row that is set so."""

    def hide(word: WordDocument, lines: Lines, place: float) -> None:
        inner = "".join(paragraph(line, run) for line in lines)
        cells = f"<w:tc><w:tcPr>{cell}</w:tcPr>{inner}</w:tc>"
        row = f"<w:tr><w:trPr>{properties}</w:trPr>{cells}</w:tr>"
        table = f"<w:tbl><w:tblPr/><w:tblGrid><w:gridCol w:w='9000'/></w:tblGrid>{row}</w:tbl>"
        insert(word, place, table)

    return hide


def _box(run: str, offset: int, width: int) -> Hide:
    """A text box, at an offset and of a width in EMU."""

    def hide(word: WordDocument, lines: Lines, place: float) -> None:
        inner = "".join(paragraph(line, run) for line in lines)
        drawing = (
            "<w:drawing><wp:anchor relativeHeight='2' behindDoc='0' locked='0' layoutInCell='1' allowOverlap='1'"
            " simplePos='0'>"
            "<wp:simplePos x='0' y='0'/><wp:positionH relativeFrom='page'>"
            f"<wp:posOffset>{offset}</wp:posOffset></wp:positionH>"
            "<wp:positionV relativeFrom='page'><wp:posOffset>900000</wp:posOffset>"
            f"</wp:positionV><wp:extent cx='{width}' cy='{width}'/><wp:docPr id='7' name='Box'/><a:graphic>"
            "<a:graphicData uri='http://schemas.microsoft.com/office/word/2010/wordprocessingShape'><wps:wsp><wps:spPr/>"
            f"<wps:txbx><w:txbxContent>{inner}</w:txbxContent></wps:txbx><wps:bodyPr/></wps:wsp></a:graphicData></a:graphic>"
            "</wp:anchor></w:drawing>"
        )
        anchored = word.paragraphs[int(place * (len(word.paragraphs) - 1))]
        anchored._p.append(parse_xml(declared(f"<w:r>{drawing}</w:r>")))

    return hide


def _header(word: WordDocument, lines: Lines, place: float) -> None:
    header = word.sections[0].header
    header.is_linked_to_previous = False
    for line in lines:
        header._element.append(
            parse_xml(paragraph(line, "<w:vanish/>").replace("<w:p>", f"<w:p {nsdecls('w')}>", 1))
        )


def _controlled(word: WordDocument, lines: Lines, place: float) -> None:
    inner = "".join(paragraph(line, "<w:vanish/>") for line in lines)
    insert(word, place, f"<w:sdt><w:sdtContent>{inner}</w:sdtContent></w:sdt>")


def _deleted(word: WordDocument, lines: Lines, place: float) -> None:
    for line in reversed(lines):
        gone = running(line).replace("w:t ", "w:delText ").replace("/w:t>", "/w:delText>")
        insert(
            word,
            place,
            "<w:p><w:pPr><w:rPr><w:del w:id='9' w:author='x'/></w:rPr></w:pPr>"
            f"<w:del w:id='8' w:author='x'>{gone}</w:del></w:p>",
        )


def _told_of_a_picture(word: WordDocument, lines: Lines, place: float) -> None:
    told = f"<wp:docPr id='3' name='{lines[0]}' descr='{' '.join(lines)}'/>"
    drawing = f"<w:drawing><wp:inline><wp:extent cx='9' cy='9'/>{told}</wp:inline></w:drawing>"
    insert(word, place, f"<w:p><w:r>{drawing}</w:r></w:p>")


def _properties(word: WordDocument, lines: Lines, place: float) -> None:
    told = word.core_properties
    told.keywords = told.comments = told.subject = told.title = " ".join(lines)[:250]


def _comment(word: WordDocument, lines: Lines, place: float) -> None:
    word.add_comment(word.paragraphs[1].runs, " ".join(lines), author="Reviewer")


HIDING: dict[str, Hide] = {
    "vanished": _run("<w:vanish/>"),
    "vanished-by-style": _style("<w:vanish/>"),
    "white": _run(_WHITE),
    "white-by-style": _style(_WHITE),
    "white-of-the-theme": _run("<w:color w:val='auto' w:themeColor='background1'/>"),
    "white-on-white": _run(_WHITE + "<w:shd w:val='clear' w:fill='FFFFFF'/>"),
    "one-point": _run("<w:sz w:val='2'/>"),
    "squeezed": _run("<w:w w:val='1'/>"),
    "black-on-black": _run(_BLACK + "<w:shd w:val='clear' w:fill='000000'/>"),
    "black-marked-black": _run(_BLACK + "<w:highlight w:val='black'/>"),
    "blue-on-blue": _run("<w:color w:val='1F3864'/><w:shd w:val='clear' w:fill='1F3864'/>"),
    "paragraph-of-its-ground": _paragraph(
        "<w:shd w:val='clear' w:fill='203040'/>", "<w:color w:val='203040'/>"
    ),
    "clear": _run(_CLEAR),
    "without-a-fill": _run("<w14:textFill><w14:noFill/></w14:textFill>"),
    "no-line-height": _paragraph("<w:spacing w:line='2' w:lineRule='exact'/>"),
    "off-the-page": _paragraph("<w:ind w:left='-20000' w:right='20000'/>"),
    "frame-off-the-page": _paragraph(
        "<w:framePr w:w='3000' w:x='-9000' w:y='500' w:hAnchor='page' w:vAnchor='page'/>"
    ),
    "hidden-row": _row("<w:hidden/>"),
    "row-without-height": _row("<w:trHeight w:val='2' w:hRule='exact'/>"),
    "cell-of-its-ground": _row("", "<w:shd w:val='clear' w:fill='A0B0C0'/>", "<w:color w:val='A0B0C0'/>"),
    "white-in-a-white-cell": _row("", "<w:shd w:val='clear' w:fill='FFFFFF'/>", _WHITE),
    "box-off-the-page": _box("", -9_000_000, 3_000_000),
    "box-without-size": _box("", 900_000, 1),
    "vanished-header": _header,
    "vanished-in-a-control": _controlled,
}
#: What is no text of the document is never read: there is nothing to suspect in it.
UNREAD: dict[str, Hide] = {
    "deleted": _deleted,
    "told-of-a-picture": _told_of_a_picture,
    "properties": _properties,
    "comment": _comment,
}
