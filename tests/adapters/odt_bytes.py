"""OpenDocument texts for the tests: part by part, so that each may be as wrong as a test wants it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

ODT_TYPE = "application/vnd.oasis.opendocument.text"
_SPACES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in {
        "office": "office", "style": "style", "text": "text", "table": "table", "draw": "drawing",
        "fo": "xsl-fo-compatible", "manifest": "manifest",
    }.items()
)  # fmt: skip
_SPACES += ' xmlns:xlink="http://www.w3.org/1999/xlink"'
#: As LibreOffice's own: bold headings, a right tab at the margin.
NAMED = """
<style:default-style style:family="paragraph"><style:text-properties fo:font-size="12pt"/></style:default-style>
<style:style style:name="Standard" style:family="paragraph"/>
<style:style style:name="Heading" style:family="paragraph" style:parent-style-name="Standard">
  <style:paragraph-properties fo:margin-top="0.42cm"/><style:text-properties fo:font-size="14pt"/></style:style>
<style:style style:name="Heading_1" style:family="paragraph" style:parent-style-name="Heading">
  <style:text-properties fo:font-size="130%" fo:font-weight="bold"/></style:style>
<style:style style:name="Job" style:family="paragraph" style:parent-style-name="Standard"><style:paragraph-properties>
  <style:tab-stops><style:tab-stop style:position="16cm" style:type="right"/></style:tab-stops>
</style:paragraph-properties></style:style>
<style:style style:name="Strong" style:family="text"><style:text-properties fo:font-weight="bold"/></style:style>
<text:list-style style:name="Bullets"><text:list-level-style-bullet text:level="1" text:bullet-char="•">
  <style:list-level-properties><style:list-level-label-alignment fo:margin-left="1.27cm" fo:text-indent="-0.63cm"/>
</style:list-level-properties></text:list-level-style-bullet></text:list-style>
<text:list-style style:name="Numbers"><text:list-level-style-number text:level="1" style:num-format="1"
  style:num-suffix="."/><text:list-level-style-number text:level="2" style:num-format="a" style:num-suffix=")"/>
</text:list-style>
"""


def content(inner: str, styles: str = "") -> str:
    """The part that holds the text."""
    return (
        f"<office:document-content {_SPACES}><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:text>{inner}</office:text></office:body></office:document-content>"
    )


def odt(
    inner: str = "",
    *,
    styles: str = "",
    masters: str = "",
    parts: Mapping[str, str | bytes | None] = {},
    mimetype: str = ODT_TYPE,
) -> bytes:
    """An ODT. `styles` are automatic ones; `parts` adds parts and replaces them; None leaves one out."""
    named = (
        f"<office:document-styles {_SPACES}><office:styles>{NAMED}</office:styles><office:automatic-styles/>"
        f"<office:master-styles>{masters}</office:master-styles></office:document-styles>"
    )
    every: dict[str, str | bytes | None] = {
        "content.xml": content(inner, styles),
        "styles.xml": named,
        "META-INF/manifest.xml": f"<manifest:manifest {_SPACES}/>",
        **parts,
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("mimetype"), mimetype, zipfile.ZIP_STORED)
        for name, part in every.items():
            if part is not None:
                archive.writestr(name, part)
    return made.getvalue()


def p(inner: str, style: str = "Standard", *, kind: str = "p") -> str:
    """A paragraph; a tab character becomes a tab."""
    inner = inner.replace("\t", "<text:tab/>")
    return f'<text:{kind} text:style-name="{style}">{inner}</text:{kind}>'


def encrypted() -> bytes:
    """What LibreOffice writes for a document with a password: each part is noise, and the manifest says how."""
    manifest = (
        f'<manifest:manifest {_SPACES}><manifest:file-entry manifest:full-path="content.xml">'
        '<manifest:encryption-data manifest:checksum="x"/></manifest:file-entry></manifest:manifest>'
    )
    return odt(parts={"META-INF/manifest.xml": manifest, "content.xml": bytes(range(256)) * 20})


def billion_laughs() -> bytes:
    """Entities that unfold to more than any memory holds."""
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    return odt(parts={"content.xml": f'<!DOCTYPE d [<!ENTITY e0 "ha">{entities}]>{content(p("&e9;"))}'})
