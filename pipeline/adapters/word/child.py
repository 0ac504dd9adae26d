"""A Word file, in the parser's child process: its text on pages of our own making."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.adapters.parsing.parsed import DocumentRefused, ReadPage, Refusal, guarded
from pipeline.adapters.word.blocks import Block
from pipeline.adapters.word.body import PartReader
from pipeline.adapters.word.container import Element
from pipeline.adapters.word.layout import A4, LEAST_SIDE, MOST_SIDE, Layout, Sheet
from pipeline.adapters.word.package import Package, Relation
from pipeline.adapters.word.styles import Marks, Styles, points

_MARGIN = 72.0


def read_docx(content: bytes, max_pages: int) -> list[ReadPage] | Refusal:
    """Every page of the document, or why not. Never raises for what a document may contain."""
    return guarded(_read, content, max_pages)


def _read(content: bytes, max_pages: int) -> list[ReadPage]:
    package = Package(content)
    main = package.main_part()
    root = package.tree(main)
    body = root.child("body") if root else None
    if body is None:
        raise DocumentRefused("corrupt", "The file has no Word document in it: save it again as .docx.")
    relations = package.relations(main)
    styles = Styles.of(_related(package, relations.values(), "styles"))
    marks = Marks(_related(package, relations.values(), "numbering"))
    sections = [element for element in body.walk() if element.name == "sectPr"]

    def margins(kind: str) -> list[Block]:
        found: list[Block] = []
        for part in dict.fromkeys(_references(sections, f"{kind}Reference", relations)):
            tree = package.tree(part)
            if tree is not None:
                found += PartReader(package, part, styles, marks).blocks(tree)
        return found

    layout = Layout(_sheet(sections[-1] if sections else None), max_pages)
    end = layout.text(PartReader(package, main, styles, marks).blocks(body), layout.header(margins("header")))
    layout.footer(margins("footer"), end)
    return layout.pages()


def _related(package: Package, relations: object, kind: str) -> Element | None:
    for relation in relations:  # type: ignore[attr-defined]
        if relation.kind == kind and not relation.external:
            return package.tree(relation.target)
    return None


def _references(sections: list[Element], name: str, relations: dict[str, Relation]) -> Iterator[str]:
    """The parts of the sections' headers or footers, those of first pages before the others."""
    found = [element for section in sections for element in section.children if element.name == name]
    for element in sorted(found, key=lambda one: one.attributes.get("type") != "first"):
        relation = relations.get(element.attributes.get("id", ""))
        if relation is not None and not relation.external and element.attributes.get("type") != "even":
            yield relation.target


def _sheet(section: Element | None) -> Sheet:
    size = section.child("pgSz") if section else None
    margin = section.child("pgMar") if section else None

    def side(name: str, usual: float) -> float:
        told = points(size.attributes.get(name)) if size is not None else None
        return told if told is not None and LEAST_SIDE <= told <= MOST_SIDE else usual

    width, height = side("w", A4[0]), side("h", A4[1])

    def edge(name: str, most: float) -> float:
        told = points(margin.attributes.get(name)) if margin is not None else None
        return min(abs(told) if told is not None else _MARGIN, most)

    return Sheet(
        width,
        height,
        edge("left", 0.4 * width),
        edge("top", 0.4 * height),
        edge("right", 0.4 * width),
        edge("bottom", 0.4 * height),
    )
