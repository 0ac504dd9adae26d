"""What the names in a ZIP directory say: UTF-8, or the code page of whoever packed it.

A ZIP entry says no more than "UTF-8" or "something else", and programs write the code page of their system for
something else. One short name seldom tells which, all of an archive together do: so the page is the archive's, unless
the names show that they came from several systems.
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
#: pages leave less to mistake: of lone GBK names 87 % are read, 77 % where every page that is known may be it. Of two
#: that fit as well, the first: DOS's before Windows', for that is what most programs write.
_PAGES = (
    *("cp850", "cp852", "cp437", "cp737", "cp857", "cp862", "cp866", "cp874"),
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
#: Confidences that differ by less are equal.
_ALIKE = 0.999
#: A name is of another page than its archive where that fits it so many times better, and an archive is of several
#: where more than this share of its names are. Rare letters make a few names look foreign in an archive of one page.
_FAR_BETTER = 10
_STRANGERS = 1 / 2


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

    def page(self) -> str | None:
        """The code page that the names are in, as Python names it; None where each is in its own."""
        if not self._held:
            return _OF_OLD
        names = sorted(raw for _, raw in self._held)
        page = _page_of(b"\n".join(names))
        strangers = sum(_is_of_another(raw, page) for raw in names)
        return None if strangers > _STRANGERS * len(names) else page


def decoded(raw: bytes, flags: int, page: str | None) -> str:
    """A name as text: UTF-8, which many write without saying so, else the archive's code page, or else its own.

    A byte of a letter that looks like a separator (5C in Shift-JIS, GBK and Big5) is none: rules on paths are for
    what this answers.
    """
    try:
        return raw.decode()
    except UnicodeDecodeError:
        if flags & _UTF8:
            return raw.decode(errors="replace")
    try:
        return raw.decode(page or _page_of(raw))
    except UnicodeDecodeError:  # not of the same page as the others
        return raw.decode(_OF_OLD)


def _page_of(names: bytes) -> str:
    """The page that fits these names best."""
    for page in _WESTERN_PAGES:
        if _is_western(names, page):
            return page
    fits = _fits(names)
    best = max(fits.values(), default=0.0)
    return next((page for page in _PAGES if best and fits.get(page, 0.0) >= _ALIKE * best), _OF_OLD)


def _is_of_another(raw: bytes, page: str) -> bool:
    """Whether a name of an archive that is in `page` is far better read by another."""
    if _is_western(raw, page):
        return False
    fits = _fits(raw)
    return fits.get(page, 0.0) * _FAR_BETTER < max(fits.values(), default=0.0)


def _fits(names: bytes) -> dict[str, float]:
    """How well each page fits the names; those that cannot be it are left out."""
    told = chardet.detect_all(
        names,
        ignore_threshold=True,
        compat_names=False,
        include_encodings=_PAGES,
        no_match_encoding=_OF_OLD,
        max_bytes=max(1, len(names)),
    )
    return {one["encoding"]: one["confidence"] for one in told if one["encoding"]}


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
