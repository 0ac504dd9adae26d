"""The parts of a DOCX: what its ZIP container holds, with limits, as trees of elements.

Nothing that a part points to outside the file is ever fetched, and no entity is ever expanded: a part that declares
any is refused.
"""

from __future__ import annotations

import io
import posixpath
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import NamedTuple
from xml.parsers import expat

from pipeline.adapters.parsing.parsed import DocumentRefused

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENTRY = b"PK\x01\x02"  #: begins each line of a ZIP's directory
_MOST_PARTS = 5000
_MOST_RATIO = 100
_SMALL = 2_000_000  #: bytes: what unpacks to less than this needs no ratio
_MOST_PART_BYTES = 50_000_000
_MOST_ELEMENTS = 1_000_000
_DEEPEST = 200
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, struct.error, ValueError, NotImplementedError)


class Element:
    """An XML element. Names of elements and attributes are without their namespaces."""

    __slots__ = ("attributes", "children", "name", "text")

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.name, self.attributes = name, attributes
        self.children: list[Element] = []
        self.text = ""

    def child(self, *path: str) -> Element | None:
        """The first descendant along the path."""
        found: Element | None = self
        for name in path:
            found = next((one for one in found.children if one.name == name), None) if found else None
        return found

    def value(self, *path: str) -> str | None:
        """The `val` of the descendant along the path."""
        found = self.child(*path)
        return found.attributes.get("val") if found is not None else None

    def walk(self) -> Iterator[Element]:
        """The element and everything in it, in order."""
        stack = [self]
        while stack:
            element = stack.pop()
            yield element
            stack.extend(reversed(element.children))


class Relation(NamedTuple):
    """Where a part points: another part, or outside."""

    kind: str
    target: str
    external: bool


class Package:
    """The container. Raises DocumentRefused where it is encrypted, damaged or over a limit."""

    def __init__(self, content: bytes) -> None:
        if content.startswith(_OLE):
            raise DocumentRefused(
                "encrypted", "The document needs a password to be opened: upload a copy without one."
            )
        if content.count(_ENTRY) > _MOST_PARTS:  # before an object is made of each
            raise DocumentRefused(
                "resource-limit", f"The document has more than {_MOST_PARTS} parts; no resume needs so many."
            )
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
        except _DAMAGED:
            raise _damaged() from None
        members = self._zip.infolist()
        unpacked = sum(member.file_size for member in members)
        if unpacked > max(_SMALL, _MOST_RATIO * len(content)):
            raise DocumentRefused("resource-limit", "The document unpacks to far more than any resume.")
        self._names = {member.filename for member in members}
        self._elements = 0

    def main_part(self) -> str:
        """The name of the part that holds the document's text."""
        for relation in self.relations("").values():
            if relation.kind == "officeDocument" and relation.target in self._names:
                return relation.target
        if "word/document.xml" in self._names:
            return "word/document.xml"
        raise DocumentRefused("corrupt", "The file has no Word document in it: save it again as .docx.")

    def tree(self, name: str) -> Element | None:
        """The root of an XML part; None where there is no such part."""
        return self._parsed(self._read(name)) if name in self._names else None

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

    def _read(self, name: str) -> bytes:
        member = self._zip.getinfo(name)
        if member.flag_bits & 1:
            raise DocumentRefused(
                "encrypted", "The document needs a password to be opened: upload a copy without one."
            )
        if member.file_size > _MOST_PART_BYTES:
            raise DocumentRefused("resource-limit", "The document holds more text than a resume can.")
        try:
            return self._zip.read(member)
        except _DAMAGED:
            raise _damaged() from None

    def _parsed(self, data: bytes) -> Element:
        root = Element("", {})
        stack = [root]

        def start(name: str, attributes: dict[str, str]) -> None:
            self._elements += 1
            if self._elements > _MOST_ELEMENTS or len(stack) > _DEEPEST:
                raise DocumentRefused("resource-limit", "The document holds more than a resume can.")
            element = Element(_local(name), {_local(key): value for key, value in attributes.items()})
            stack[-1].children.append(element)
            stack.append(element)

        def end(_: str) -> None:
            stack.pop()

        def characters(data: str) -> None:
            stack[-1].text += data

        def doctype(*_: object) -> None:
            raise DocumentRefused(
                "resource-limit", "The document declares XML entities, which no Word file needs."
            )

        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = start, end
        parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = characters, doctype
        try:
            parser.Parse(data, True)
        except expat.ExpatError:
            raise _damaged() from None
        return root.children[0]


def whole(text: str | None, usual: int = 0) -> int:
    """A whole number of ordinary size, as an attribute holds it."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 7 else usual


def _local(name: str) -> str:
    return name.rsplit(" ", 1)[-1]


def _damaged() -> DocumentRefused:
    return DocumentRefused("corrupt", "The Word file is damaged: save it again and upload the new file.")
