"""Word files, part by part: any bytes as the document, its styles and its numbering, in a sound container."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator

from pipeline.adapters.parsing.parsed import accepted, text_of
from pipeline.adapters.word.child import read_docx
from tests.adapters.docx_bytes import ROOT_RELS, body, paragraph, relations
from tests.adapters.docx_bytes import run as word_run
from tests.fuzz import samples

_RELS = relations(
    styles="styles.xml", numbering="numbering.xml", header="document.xml", hyperlink="mailto:a@example.org"
)
_PARTS = ("word/document.xml", "word/styles.xml", "word/numbering.xml")
_BETWEEN = b"\x00"  #: parts the data into parts; XML holds none
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_STYLES = (
    f'<w:styles {_W}><w:docDefaults><w:rPrDefault><w:rPr><w:sz w:val="22"/></w:rPr></w:rPrDefault></w:docDefaults>'
    '<w:style w:type="paragraph" w:styleId="Heading1"><w:basedOn w:val="Normal"/><w:pPr><w:numPr><w:numId w:val="1"/>'
    '</w:numPr><w:ind w:left="720"/></w:pPr><w:rPr><w:b/><w:sz w:val="32"/></w:rPr></w:style>'
    '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:basedOn w:val="Heading1"/></w:style></w:styles>'
)
_NUMBERING = (
    f'<w:numbering {_W}><w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:start w:val="1"/>'
    '<w:numFmt w:val="lowerRoman"/><w:lvlText w:val="%1."/></w:lvl></w:abstractNum>'
    '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>'
)
_RICH = (
    paragraph(
        word_run("Ada\tFiktiva", '<w:b/><w:sz w:val="40"/>'), properties='<w:pStyle w:val="Heading1"/>'
    ),
    paragraph(word_run("first"), properties='<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>'),
    f"<w:tbl><w:tr><w:tc>{paragraph(word_run('left'))}</w:tc><w:tc>{paragraph(word_run('right'))}</w:tc></w:tr></w:tbl>",
    paragraph(f'<w:hyperlink r:id="hyperlink">{word_run("write")}</w:hyperlink>', '<w:br w:type="page"/>'),
    '<w:sectPr><w:headerReference w:type="first" r:id="header"/><w:pgSz w:w="12240" w:h="15840"/>'
    '<w:pgMar w:left="1440" w:top="-20"/></w:sectPr>',
)


def run(data: bytes) -> None:
    """Read a Word file of these parts."""
    parts = dict(zip(_PARTS, data.split(_BETWEEN, 2), strict=False))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("_rels/.rels", ROOT_RELS)
        archive.writestr("word/_rels/document.xml.rels", _RELS)
        for name, content in parts.items():
            archive.writestr(name, content)
    text_of(accepted(read_docx(packed.getvalue(), 20)), "fuzz")


def seeds() -> Iterator[bytes]:
    """A document with some of everything, and the samples' lines."""
    yield _BETWEEN.join(part.encode() for part in (body("".join(_RICH)), _STYLES, _NUMBERING))
    for lines in samples.lines():
        safe = [line.replace("&", "&amp;").replace("<", "&lt;") for line in lines]
        yield body("".join(paragraph(word_run(line)) for line in safe)).encode()
