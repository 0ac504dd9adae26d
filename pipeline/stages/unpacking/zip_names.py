"""What the names in a ZIP directory say: UTF-8, or the code page of whoever packed it.

A ZIP entry says no more than "UTF-8" or "something else", and programs write the code page of their system for
something else. One short name seldom tells which, all of an archive together do: so the page is the archive's.
"""

from __future__ import annotations

import heapq
import re
from zlib import crc32

import chardet

from pipeline.domain.member_faults import LONGEST_NAME

_UTF8 = 1 << 11
#: What names are in that nothing tells the page of (APPNOTE.TXT, appendix D).
_OF_OLD = "cp437"
#: Pages that zip programs write: those of DOS and of Windows, nothing of Unix, of the Mac or of mainframes. Fewer
#: pages leave less to mistake: of lone GBK names 87 % are read, 77 % where every page that is known may be it.
_PAGES = (
    *("cp437", "cp737", "cp850", "cp852", "cp857", "cp862", "cp866", "cp874"),
    *("cp1250", "cp1251", "cp1252", "cp1256"),
    *("gb18030", "big5hkscs", "cp932", "shift_jis_2004", "cp949", "euc_kr"),
)
#: Western names hold few letters beside ASCII, and a detector takes "Müller" for Hungarian: where one of these pages
#: shows such names and nothing else, it is the page.
_WESTERN_PAGES = ("cp437", "cp1252")
_WESTERN = frozenset(
    "àáâãäåæçèéêëìíîïñòóôõöøùúûüßœÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜŒªº¿¡«»°·"  # no ÿ: it is ś in cp852, я in cp1251
)
#: At most one letter in three is accented; more are another script, read by the wrong page.
_LETTERS_TO_ACCENTED = 3
_CAPITAL_WITHIN = re.compile(r"[a-zß-öø-ÿœ][A-ZÀ-ÖØ-ÞŒ]")
#: Names that a page is told from. Twenty nearly always do; the rest is for folders that many names share.
_SAMPLE = 256
#: Bytes of the longest name worth a look: a longer one is ruled out, whatever it says.
_LONGEST_RAW = 4 * LONGEST_NAME


class NameSample:
    """Some of the names that are not UTF-8, from all over a directory, the same at each listing of it.

    Those whose CRC-32 is smallest: which ones that are depends on the names alone, neither on their order nor on
    chance, so an ingestion that is taken up again finds the members that it knows. At most 1 MiB.
    """

    def __init__(self) -> None:
        self._held: list[tuple[int, bytes]] = []  # a heap, the largest CRC first
        self._seen: set[bytes] = set()

    def add(self, raw: bytes, flags: int) -> None:
        """Look at the name of one entry."""
        if raw.isascii() or flags & _UTF8 or len(raw) > _LONGEST_RAW or _is_utf8(raw) or raw in self._seen:
            return
        one = (-crc32(raw), raw)
        self._seen.add(raw)
        if len(self._held) < _SAMPLE:
            heapq.heappush(self._held, one)
        else:
            self._seen.discard(heapq.heappushpop(self._held, one)[1])

    def page(self) -> str:
        """The code page that the names are in, as Python names it."""
        if not self._held:
            return _OF_OLD
        names = b"\n".join(raw for _, raw in sorted(self._held))
        for page in _WESTERN_PAGES:
            if _is_western(names, page):
                return page
        found = chardet.detect(
            names,
            compat_names=False,
            include_encodings=_PAGES,
            no_match_encoding=_OF_OLD,
            max_bytes=len(names),
        )
        return found["encoding"] or _OF_OLD


def decoded(raw: bytes, flags: int, page: str = _OF_OLD) -> str:
    """A name as text: UTF-8, which many write without saying so, else the archive's code page.

    A byte of a letter that looks like a separator (5C in Shift-JIS, GBK and Big5) is none: rules on paths are for
    what this answers.
    """
    try:
        return raw.decode()
    except UnicodeDecodeError:
        if flags & _UTF8:
            return raw.decode(errors="replace")
    try:
        return raw.decode(page)
    except UnicodeDecodeError:  # not of the same page as the others
        return raw.decode(_OF_OLD)


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_western(names: bytes, page: str) -> bool:
    """Whether the names are those of Western Europe and the Americas, when read by this page."""
    try:
        text = names.decode(page)
    except UnicodeDecodeError:
        return False
    beside_ascii = [char for char in text if char > "\x7f"]
    if not _WESTERN.issuperset(beside_ascii) or _CAPITAL_WITHIN.search(text):
        return False
    return _LETTERS_TO_ACCENTED * len(beside_ascii) <= sum(char.isalpha() for char in text)
