"""ZIP containers of XML parts (DOCX, ODT): what they hold, with limits, as trees of elements.

Nothing that a part points to outside the file is ever fetched, and no entity is ever expanded: a part that declares
any is refused.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
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
    """An XML element. Names of elements and attributes are without their namespaces.

    Where a container keeps text in its place, each stretch of it is a child without a name, else all is the parent's.
    """

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


class Container:
    """The container. Raises DocumentRefused where it is encrypted, damaged or over a limit."""

    _text_in_place = False

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
        self.names = {member.filename for member in members}
        self._elements = 0

    def tree(self, name: str) -> Element | None:
        """The root of an XML part; None where there is no such part."""
        return self._parsed(self._read(name)) if name in self.names else None

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
            if self._text_in_place:
                stack[-1].children.append(_text(data))
            else:
                stack[-1].text += data

        def doctype(*_: object) -> None:
            raise DocumentRefused(
                "resource-limit", "The document declares XML entities, which no resume needs."
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


def _text(data: str) -> Element:
    element = Element("", {})
    element.text = data
    return element


def whole(text: str | None, usual: int = 0) -> int:
    """A whole number of ordinary size, as an attribute holds it."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 7 else usual


def _local(name: str) -> str:
    return name.rsplit(" ", 1)[-1]


def _damaged() -> DocumentRefused:
    return DocumentRefused("corrupt", "The document is damaged: save it again and upload the new file.")
