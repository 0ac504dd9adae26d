"""An OpenDocument text, in the parser's child process: its text on pages of our own making."""

from __future__ import annotations

from pipeline.adapters.opendocument.body import OdtReader
from pipeline.adapters.opendocument.styles import OdtMarks, OdtStyles, points
from pipeline.adapters.parsing.parsed import DocumentRefused, ReadPage, Refusal, guarded
from pipeline.adapters.word.blocks import Block
from pipeline.adapters.word.container import Container, Element
from pipeline.adapters.word.layout import A4, LEAST_SIDE, MOST_SIDE, Layout, Sheet

_MARGIN = 56.7  #: 2 cm, as LibreOffice begins
#: How a manifest names what is encrypted in a package, and what the whole package is when it all is.
_ENCRYPTION, _ENCRYPTED_PACKAGE = "encryption-data", "encrypted-package"


def read_odt(content: bytes, max_pages: int) -> list[ReadPage] | Refusal:
    """Every page of the document, or why not. Never raises for what a document may contain."""
    return guarded(_read, content, max_pages)


class _Package(Container):
    _text_in_place = True


def _read(content: bytes, max_pages: int) -> list[ReadPage]:
    package = _Package(content)
    _require_open(package)
    root = package.tree("content.xml")
    body = root.child("body", "text") if root else None
    if root is None or body is None:
        raise DocumentRefused("corrupt", "The file has no text document in it: save it again as .odt.")
    named = package.tree("styles.xml")
    common = named.child("styles") if named else None
    styles = OdtStyles.of(common, root.child("automatic-styles"))
    of_pages = named.child("automatic-styles") if named else None
    master = _master(named, body, styles)
    margins = _Margins(master, OdtStyles.of(common, of_pages))

    layout = Layout(_sheet(master, of_pages), max_pages)
    top = layout.header(margins.blocks("header-first", "header"))
    end = layout.text(OdtReader(styles, OdtMarks(styles)).blocks(body), top)
    layout.footer(margins.blocks("footer-first", "footer"), end)
    return layout.pages()


def _require_open(package: Container) -> None:
    manifest = package.tree("META-INF/manifest.xml")
    told = any(element.name == _ENCRYPTION for element in manifest.walk()) if manifest else False
    if told or _ENCRYPTED_PACKAGE in package.names:
        raise DocumentRefused(
            "encrypted", "The document needs a password to be opened: upload a copy without one."
        )


class _Margins:
    """What a master page prints above and below the text."""

    def __init__(self, master: Element | None, styles: OdtStyles) -> None:
        self._master, self._styles = master, styles

    def blocks(self, *names: str) -> list[Block]:
        """Those of the parts with these names."""
        found: list[Block] = []
        for name in names:
            part = self._master.child(name) if self._master else None
            if part is not None and part.attributes.get("display") != "false":
                found += OdtReader(self._styles, OdtMarks(self._styles)).blocks(part)
        return found


def _master(named: Element | None, body: Element, styles: OdtStyles) -> Element | None:
    """The master page that the text begins with: that of its first paragraph, or the usual one."""
    masters = named.child("master-styles") if named else None
    pages = [one for one in masters.children if one.name == "master-page"] if masters else []
    first = next((one for one in body.walk() if one.name in ("p", "h")), None)
    wanted = styles.master_page(first.attributes.get("style-name")) if first else ""
    for name in (wanted, "Standard"):
        for page in pages:
            if name and page.attributes.get("name") == name:
                return page
    return next(iter(pages), None)


def _sheet(master: Element | None, of_pages: Element | None) -> Sheet:
    layout = master.attributes.get("page-layout-name") if master else None
    told: dict[str, str] = {}
    for element in of_pages.children if of_pages else ():
        if element.name == "page-layout" and element.attributes.get("name") == layout:
            properties = element.child("page-layout-properties")
            told = properties.attributes if properties is not None else {}

    def side(name: str, usual: float) -> float:
        value = points(told.get(name))
        return value if value is not None and LEAST_SIDE <= value <= MOST_SIDE else usual

    width, height = side("page-width", A4[0]), side("page-height", A4[1])

    def edge(name: str, most: float) -> float:
        value = points(told.get(f"margin-{name}", told.get("margin")))
        return min(abs(value) if value is not None else _MARGIN, most)

    return Sheet(
        width,
        height,
        edge("left", 0.4 * width),
        edge("top", 0.4 * height),
        edge("right", 0.4 * width),
        edge("bottom", 0.4 * height),
    )
