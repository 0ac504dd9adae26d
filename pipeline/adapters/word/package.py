"""The parts of a DOCX, and how they point to each other."""

from __future__ import annotations

import posixpath
from typing import NamedTuple

from pipeline.adapters.parsing.parsed import DocumentRefused
from pipeline.adapters.word.container import Container


class Relation(NamedTuple):
    """Where a part points: another part, or outside."""

    kind: str
    target: str
    external: bool


class Package(Container):
    """The container of a DOCX. Raises as Container does."""

    def main_part(self) -> str:
        """The name of the part that holds the document's text."""
        for relation in self.relations("").values():
            if relation.kind == "officeDocument" and relation.target in self.names:
                return relation.target
        if "word/document.xml" in self.names:
            return "word/document.xml"
        raise DocumentRefused("corrupt", "The file has no Word document in it: save it again as .docx.")

    def relations(self, part: str) -> dict[str, Relation]:
        """What a part ("" is the package) points to, by id."""
        folder, base = posixpath.split(part)
        root = self.tree(posixpath.join(folder, "_rels", f"{base}.rels"))
        found = {}
        for element in root.children if root else ():
            told = element.attributes
            target, external = told.get("Target", ""), told.get("TargetMode") == "External"
            if not external:
                target = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            found[told.get("Id", "")] = Relation(told.get("Type", "").rsplit("/", 1)[-1], target, external)
        return found
