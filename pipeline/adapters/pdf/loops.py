"""Loops in what a PDF points to: cross-reference tables that name one another, pages that are their own ancestors.

PDFium breaks out of such loops by itself and does not tell; no program writes them by accident.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping

_MOST_TABLES = 4096
_TAIL = 64 * 1024
_LONGEST_TRAILER = 64 * 1024
_MOST_UNPACKED = 16 * 1024 * 1024
_START = re.compile(rb"startxref\s{0,16}(\d{1,12})")
_PREVIOUS = re.compile(rb"/Prev\s{1,16}(\d{1,12})(?!\s{1,16}\d{1,5}\s{1,16}R)")
_OBJECT = re.compile(rb"(?<!\d)(\d{1,10})\s{1,16}\d{1,5}\s{1,16}obj\b")
_REFERENCE = re.compile(rb"(\d{1,10})\s{1,16}\d{1,5}\s{1,16}R\b")
_KIDS = re.compile(rb"/Kids\s{0,16}(?:\[([^\]]*)\]|(\d{1,10})\s{1,16}\d{1,5}\s{1,16}R)")
_PAGES = re.compile(rb"/Pages\s{1,16}(\d{1,10})\s{1,16}\d{1,5}\s{1,16}R")
_FIRST = re.compile(rb"/First\s{1,16}(\d{1,10})")


def tables_loop(content: bytes) -> bool:
    """Whether the chain of cross-reference tables, from the last to the first, comes back to one it has been at."""
    header = max(0, content.find(b"%PDF", 0, _TAIL))  # offsets count from it
    starts = _START.findall(content, max(0, len(content) - _TAIL))
    at, seen = (int(starts[-1]) if starts else -1), set[int]()
    while at >= 0 and len(seen) < _MOST_TABLES:
        if at in seen:
            return True
        seen.add(at)
        at = _previous(content, header + at)
    return bool(seen) and at >= 0


def _previous(content: bytes, at: int) -> int:
    """Where the table before the one at `at` begins; -1 where it is the first, or no table."""
    if content[at : at + 4] == b"xref":
        begin = content.find(b"trailer", at)
        ends = b"startxref"
    else:
        begin, ends = (at, b"stream") if _OBJECT.match(content, at) else (-1, b"")
    if begin < 0:
        return -1
    end = content.find(ends, begin, begin + _LONGEST_TRAILER)
    found = _PREVIOUS.search(content, begin, end if end >= 0 else begin + _LONGEST_TRAILER)
    return int(found[1]) if found else -1


def pages_loop(content: bytes) -> bool:
    """Whether a node of the page tree is its own ancestor. Of what cannot be read, nothing is told."""
    objects = dict(_objects(content))
    roots = {int(number) for body in objects.values() for number in _PAGES.findall(body)}
    ended = set[int]()
    return any(_comes_back(root, objects, ended) for root in roots)


def _comes_back(root: int, objects: Mapping[int, bytes], ended: set[int]) -> bool:
    path, pending = {root}, [(root, _kids(objects, root))]
    while pending:
        number, kids = pending[-1]
        kid = next(kids, None)
        if kid is None:
            path.discard(number)
            ended.add(number)
            pending.pop()
        elif kid in path:
            return True
        elif kid not in ended:
            path.add(kid)
            pending.append((kid, _kids(objects, kid)))
    return False


def _kids(objects: Mapping[int, bytes], number: int) -> Iterator[int]:
    found = _KIDS.search(objects.get(number, b""))
    if found is None:
        return iter(())
    array = found[1] if found[2] is None else objects.get(int(found[2]), b"")
    return (int(kid) for kid in _REFERENCE.findall(array))


def _objects(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Number and dictionary of every object, those in object streams too; a later one replaces an earlier."""
    left = _MOST_UNPACKED
    for found in _OBJECT.finditer(content):
        end = content.find(b"endobj", found.end())
        body = content[found.end() : end if end >= 0 else len(content)]
        head, stream, data = body.partition(b"stream")
        yield int(found[1]), head
        if stream and b"/ObjStm" in head and left > 0:
            unpacked = _unpacked(data, left)
            left -= len(unpacked)
            yield from _inside(head, unpacked)


def _unpacked(data: bytes, most: int) -> bytes:
    deflated = data.lstrip(b"\r\n")[2:]  # behind zlib's header: as PDFium, never ask for its checksum
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(deflated, most)
    except zlib.error:
        return b""


def _inside(head: bytes, data: bytes) -> Iterator[tuple[int, bytes]]:
    first = _FIRST.search(head)
    begin = int(first[1]) if first else 0
    index = [int(word) for word in data[:begin].split() if word.isdigit() and len(word) <= 10]
    ends = [begin + offset for offset in index[3::2]] + [len(data)]
    for number, offset, end in zip(index[::2], index[1::2], ends, strict=False):
        yield number, data[begin + offset : end]
