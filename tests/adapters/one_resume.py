"""One fictional resume, written in every format that carries text."""

from __future__ import annotations

from tests.adapters.docx_bytes import docx, paragraph, run
from tests.adapters.odt_bytes import odt, p
from tests.adapters.pdf_bytes import pdf, text_at

#: (kind, text): a tab parts what stands at the right margin; a row of a table has its cells parted by bars.
RESUME = (
    ("name", "Adèle Fiktiva"),
    ("text", "adele.fiktiva@example.org | +44 20 7946 0018"),
    ("title", "Work Experience"),
    ("job", "Staff Nurse\t03/2019 - present"),
    ("text", "Sankt Nirgendwo Hospital"),
    ("item", "Led the night shift of an intensive care unit with twelve beds"),
    ("job", "Nursing Assistant\t06/2015 - 02/2019"),
    ("text", "Harbour View Care Home"),
    ("item", "Looked after twenty residents and trained new colleagues"),
    ("title", "Education"),
    ("job", "BSc Nursing\t2015"),
    ("text", "University of Nirgendwo"),
    ("title", "Skills"),
    ("row", "Palliative care|Triage"),
    ("row", "Wound care|Phlebotomy"),
)


def as_pdf() -> bytes:
    """Text at places, as a printer sets it."""
    y, page = 780.0, ""
    for kind, text in RESUME:
        size, font = {"name": (20, "F1"), "title": (14, "F2"), "job": (11, "F2")}.get(kind, (11, "F1"))
        y -= 1.5 * size + (12 if kind == "title" else 0)
        left, _, right = text.partition("\t")
        first, _, second = left.partition("|") if kind == "row" else (left, "", "")
        page += text_at(72, y, f"\x95 {first}" if kind == "item" else first, size=size, font=font)
        page += text_at(420, y, right, size=size) if right else ""
        page += text_at(300, y, second, size=size) if second else ""
    return pdf([page.replace("\x95", "•")])


def as_docx() -> bytes:
    """Styled runs, a right tab, tables."""
    looks = {"name": '<w:sz w:val="40"/>', "title": '<w:b/><w:sz w:val="28"/>', "job": "<w:b/>"}
    stop = '<w:tabs><w:tab w:val="right" w:pos="9000"/></w:tabs>'
    made = ""
    for kind, text in RESUME:
        if kind == "row":
            cells = "".join(f"<w:tc>{paragraph(run(cell))}</w:tc>" for cell in text.split("|"))
            made += f"<w:tbl><w:tr>{cells}</w:tr></w:tbl>"
        else:
            mark = "• " if kind == "item" else ""
            made += paragraph(run(mark + text, looks.get(kind, "")), properties=stop if kind == "job" else "")
    return docx(made)


def as_odt() -> bytes:
    """Named styles, a list, tables."""
    strong = '<text:span text:style-name="Strong">{}</text:span>'
    name = (
        '<style:style style:name="Name" style:family="paragraph" style:parent-style-name="Standard">'
        '<style:text-properties fo:font-size="20pt"/></style:style>'
    )
    made = ""
    for kind, text in RESUME:
        left, tab, right = text.partition("\t")
        match kind:
            case "row":
                cells = "".join(f"<table:table-cell>{p(cell)}</table:table-cell>" for cell in text.split("|"))
                made += f"<table:table><table:table-row>{cells}</table:table-row></table:table>"
            case "item":
                item = f"<text:list-item>{p(text)}</text:list-item>"
                made += f'<text:list text:style-name="Bullets">{item}</text:list>'
            case "title":
                made += p(text, "Heading_1", kind="h")
            case "job":
                made += p(strong.format(left) + tab + right, "Job")
            case _:
                made += p(text, "Name" if kind == "name" else "Standard")
    return odt(made, styles=name)


def as_rtf() -> bytes:
    """Groups, a right tab, a bullet of a font of symbols, tables."""
    made = r"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0\fcharset0 A;}{\f1\fcharset2 S;}}\fs22 "
    for kind, text in RESUME:
        said = text.encode("cp1252").decode("latin-1").replace("\t", r"}\tab ")
        said = "".join(char if char < "\x80" else rf"\'{ord(char):02x}" for char in said)
        match kind:
            case "row":
                cells = "".join(rf"\pard\intbl {cell}\cell" for cell in said.split("|"))
                made += rf"\trowd\cellx4500\cellx9000 {cells}\row" + "\n"
            case "item":
                made += rf"\pard{{\pntext\f1\'b7\tab}}\fi-360\li720 {said}\par" + "\n"
            case "job":
                made += rf"\pard\tqr\tx8200{{\b {said}\par" + "\n"
            case _:
                look = {"name": r"\fs40", "title": r"\b\fs28"}.get(kind, "")
                made += rf"\pard{{{look} {said}\par}}" + "\n"
    return (made + "}").encode("ascii")


def as_text() -> str:
    """Rows of fixed pitch: rules below titles, dates and cells in columns."""
    rows = []
    for kind, text in RESUME:
        left, _, right = text.partition("\t")
        match kind:
            case "title":
                rows += ["", text.upper(), "-" * len(text)]
            case "item":
                rows.append(f"  * {text}")
            case "row":
                rows.append("".join(f"{cell:<30}" for cell in text.split("|")))
            case _:
                rows.append(f"{left:<50}{right}" if right else text)
    return "\r\n".join(rows)
