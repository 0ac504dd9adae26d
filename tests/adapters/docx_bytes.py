"""Word files for the tests: part by part, so that each may be as wrong as a test wants it."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = '<Default Extension="xml" ContentType="application/xml"/>'
CONTENT_TYPES = f'<Types xmlns="{_PACKAGE}/content-types">{_TYPE}</Types>'
ROOT_RELS = (
    f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_R}/officeDocument" Target="word/document.xml"/></Relationships>'
)


def body(inner: str) -> str:
    """The document part with this in its body."""
    return f'<w:document xmlns:w="{_W}" xmlns:r="{_R}"><w:body>{inner}</w:body></w:document>'


def paragraph(*runs: str, properties: str = "") -> str:
    """A paragraph of runs."""
    return f"<w:p><w:pPr>{properties}</w:pPr>{''.join(runs)}</w:p>"


def run(text: str, properties: str = "") -> str:
    """A run of text; a tab character becomes a tab."""
    inner = "<w:tab/>".join(f'<w:t xml:space="preserve">{part}</w:t>' for part in text.split("\t"))
    return f"<w:r><w:rPr>{properties}</w:rPr>{inner}</w:r>"


def relations(**targets: str) -> str:
    """Relations of the document: `kind="target"`; a target with a scheme is outside."""
    made = []
    for kind, target in targets.items():
        mode = ' TargetMode="External"' if ":" in target else ""
        made.append(f'<Relationship Id="{kind}" Type="{_R}/{kind}" Target="{target}"{mode}/>')
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{"".join(made)}</Relationships>'


def docx(inner: str = "", *, parts: Mapping[str, str | bytes | None] = {}) -> bytes:
    """A Word file. `parts` adds parts and replaces them; None leaves one out."""
    every: dict[str, str | bytes | None] = {
        "[Content_Types].xml": CONTENT_TYPES,
        "_rels/.rels": ROOT_RELS,
        "word/document.xml": body(inner),
        **parts,
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in every.items():
            if content is not None:
                archive.writestr(name, content)
    return made.getvalue()


def encrypted() -> bytes:
    """What Word writes for a document with a password: an OLE container with an encrypted package in it."""
    directory = "EncryptedPackage".encode("utf-16-le")
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 1016 + directory + b"\x00" * 2000


def billion_laughs() -> bytes:
    """Entities that unfold to more than any memory holds."""
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    part = body(paragraph(run("&e9;")))
    return docx(parts={"word/document.xml": f'<!DOCTYPE d [<!ENTITY e0 "ha">{entities}]>{part}'})


def blown_up() -> bytes:
    """A part that unpacks to hundreds of times its size."""
    return docx(paragraph(run("ha" * 15_000_000)))


def many_parts(count: int) -> bytes:
    """A document with so many parts more, which are all the same bytes: 49 a part."""
    made = docx(paragraph(run("Ada")))
    directory, end = made.index(b"PK\x01\x02"), made.index(b"PK\x05\x06")
    entry = made[directory : directory + 46]
    entry = entry[:28] + struct.pack("<HHH", 3, 0, 0) + entry[34:46] + b"w/a"
    entries = made[directory:end] + entry * count
    at = directory + len(entries)
    total = min(0xFFFF, count + 3)
    return (
        made[:directory]
        + entries
        + struct.pack("<4sQHHQQQQ", b"PK\x06\x06", 44, 45, 45, 0, count + 3, count + 3, len(entries))
        + struct.pack("<Q", directory)
        + struct.pack("<4sIQI", b"PK\x06\x07", 0, at, 1)
        + struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, total, total, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    )


def pointing_outside(address: str) -> bytes:
    """A document whose template, styles, picture and frame are somewhere else."""
    kinds = ("attachedTemplate", "styles", "image", "frame", "oleObject", "header", "subDocument")
    rels = relations(**{kind: f"{address}/{kind}" for kind in kinds})
    picture = '<w:r><w:pict><v:imagedata xmlns:v="urn:v" r:id="image"/></w:pict></w:r>'
    inner = (
        paragraph(run("Ada Fiktiva"), picture) + '<w:subDoc r:id="subDocument"/><w:altChunk r:id="frame"/>'
    )
    settings = body("").replace("w:body", "w:attachedTemplate")
    return docx(
        inner,
        parts={
            "word/_rels/document.xml.rels": rels,
            "word/settings.xml": settings,
            "word/_rels/settings.xml.rels": rels,
        },
    )
