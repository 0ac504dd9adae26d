"""An RTF, in the parser's child process: its text on pages of our own making.

Kept libraries for RTF answer plain text without sizes, weights, indents and cells (striprtf) or a tree of groups
(rtfparse): what the text looks like would be lost, and with it how a resume is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from pipeline.adapters.parsing.parsed import ReadPage, Refusal, guarded, with_scheme
from pipeline.adapters.richtext.pages import Pages
from pipeline.adapters.richtext.states import State
from pipeline.adapters.richtext.tokens import SYMBOL, Token, codec_of_charset, codec_of_page, tokens
from pipeline.adapters.word.blocks import BREAK, PAGE, TAB
from pipeline.adapters.word.styles import is_white

#: Groups whose text is not printed: of the header, of pictures, of notes and marks.
_NOWHERE = frozenset(
    (
        "stylesheet", "info", "pict", "nonshppict", "shprslt", "sp", "footnote", "ftnsep", "ftnsepc", "ftncn",
        "aftnsep", "aftnsepc", "aftncn", "filetbl", "revtbl", "listtable", "listoverridetable", "tc", "tcn",
        "xe", "rxe", "txe", "nonesttables", "objdata", "objclass", "objname", "fchars", "lchars", "annotation",
    )
)  # fmt: skip
#: Groups marked as ones that old programs pass over, of which something is used all the same.
_KNOWN_STARRED = frozenset(("fldinst", "shpinst", "do", "shptxt", "dptxbxtext"))
_OWN = {
    "fonttbl": "fonts",
    "colortbl": "colours",
    "fldinst": "instruction",
    "listtext": "mark",
    "pntext": "mark",
}
_BOXES = frozenset(("shptxt", "dptxbxtext"))
_PRINTED = {
    "tab": TAB, "line": BREAK, "lbr": BREAK, "page": PAGE, "column": PAGE, "emdash": "—", "endash": "–", "emspace": " ",
    "enspace": " ", "qmspace": " ", "bullet": "•", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”",
    "~": "\xa0", "_": "-", "{": "{", "}": "}", "\\": "\\", "nestcell": TAB,
}  # fmt: skip
_HYPERLINK = re.compile(r'HYPERLINK\s+"?([^"\s]{1,2000})')
_PICTURES = range(0xF000, 0xF100)  #: where Word puts the characters of fonts of symbols
_NO_CONTROLS = dict.fromkeys((*range(32), 127), " ")
_MOST_COLOURS = 1000
_MOST_INSTRUCTION = 4000


def read_rtf(content: bytes, max_pages: int) -> list[ReadPage] | Refusal:
    """Every page of the document, or why not. Never raises for what a document may contain."""
    return guarded(_read, content, max_pages)


def _read(content: bytes, max_pages: int) -> list[ReadPage]:
    reader = _RtfReader()
    for token in tokens(content):
        reader.take(token)
    return reader.pages.laid_out(max_pages)


class _RtfReader:
    """Goes through the tokens with a stack of states."""

    def __init__(self) -> None:
        self.pages = Pages()
        self._state = State()
        self._stack: list[tuple[State, Callable[[], None] | None]] = []
        self._starred = self._fresh = False
        self._end: Callable[[], None] | None = None  # of the group that is open
        self._codec, self._default_font = "cp1252", 0
        self._fonts: dict[int, str] = {}
        self._font = 0  # of the font table: which is described
        self._colours: list[tuple[bool, bool]] = []
        self._colour: dict[str, int] = {}
        self._instruction = ""
        self._bytes = bytearray()
        self._skip = 0  # characters that repeat a Unicode one
        self._high = 0  # the first half of a surrogate pair

    def take(self, token: Token) -> None:
        """The next token."""
        if token.kind == "bytes":
            self._take_bytes(token.data)
            return
        if token.kind == "word" and self._skip and len(token.word) == 1 and not token.word.isalpha():
            self._skip -= 1  # an escaped character is one of those that repeat, too
            return
        self._flush()
        if token.kind == "begin":
            self._skip = 0
            self._stack.append((self._state, self._end))
            self._end, self._fresh, self._starred = None, True, False
        elif token.kind == "end":
            self._skip = 0
            if self._end is not None:
                self._end()
            if self._stack:
                self._state, self._end = self._stack.pop()
            self._fresh = False
        elif token.word == "*":
            self._starred = True
        else:
            self._word(token.word, token.number)
            self._fresh = self._starred = False

    def _take_bytes(self, data: bytes) -> None:
        self._fresh = False
        skipped = min(self._skip, len(data))
        self._skip -= skipped
        if self._state.destination:
            self._bytes += data[skipped:]

    def _word(self, word: str, number: int | None) -> None:
        if self._fresh and self._opens(word):
            return
        where = self._state.destination
        if word == "u":
            self._unicode(number or 0)
        elif where == "fonts":
            self._of_fonts(word, number or 0)
        elif where == "colours":
            self._colour[word] = number or 0
        elif where and not self._of_document(word, number):
            if word in _PRINTED and not self._state.deleted:
                self._print(_PRINTED[word])
            elif not self.pages.setting(word, number):
                self._state = self._state.changed(word, number, self._colours)

    def _opens(self, word: str) -> bool:
        """Whether the word says where the text of its group goes."""
        if not self._state.destination:
            return True
        if word in _NOWHERE or (self._starred and word not in _KNOWN_STARRED):
            self._state = replace(self._state, destination="")
        elif word in _OWN:
            self._state = replace(self._state, destination=_OWN[word])
            if word == "fldinst":
                self._instruction = ""
            elif word == "colortbl":
                self._colours = []
        elif word == "fldrslt":
            found = _HYPERLINK.search(self._instruction)
            self._state = replace(self._state, uri=with_scheme(found[1]) if found else self._state.uri)
        elif word.startswith(("header", "footer")) and word[6:] in ("", "l", "r", "f"):
            self._state = State(font=self._state.font, fallback=self._state.fallback)
            self._end = self.pages.begin_margin(word[:6])
        elif word in _BOXES:
            self._state = State(font=self._state.font, fallback=self._state.fallback)
            self._end = self.pages.begin_box()
        else:
            return False
        return True

    def _of_document(self, word: str, number: int | None) -> bool:
        """Whether the word is one of the document as a whole, or ends a paragraph, cell or row."""
        match word:
            case "ansicpg":
                self._codec = codec_of_page(number)
            case "mac":
                self._codec = "mac_roman"
            case "deff":
                self._default_font = number or 0
            case "par" | "sect" | "\n" | "\r" | "nestrow":
                self.pages.end_paragraph(self._state)
            case "cell":
                self.pages.end_cell(self._state)
            case "row":
                self.pages.end_row(self._colours)
            case _:
                return False
        return True

    def _of_fonts(self, word: str, number: int) -> None:
        if word == "f":
            self._font = number
        elif word == "fcharset":
            self._fonts.setdefault(self._font, codec_of_charset(number, self._codec))
        elif word == "cpg":
            self._fonts[self._font] = codec_of_page(number)

    def _unicode(self, number: int) -> None:
        self._skip = self._state.fallback
        unit = number % 0x10000
        if 0xD800 <= unit < 0xDC00:
            self._high = unit
            return
        if 0xDC00 <= unit < 0xE000:
            high, self._high = self._high, 0
            char = chr(0x10000 + ((high - 0xD800) << 10) + unit - 0xDC00) if high else "\ufffd"
        else:
            char = "•" if unit in _PICTURES else chr(unit)
        self._print(char.translate(_NO_CONTROLS))

    def _flush(self) -> None:
        """What bytes have come so far, as text."""
        if not self._bytes:
            return
        data, self._bytes = bytes(self._bytes), bytearray()
        if self._state.destination == "colours":
            self._end_colour(data)
            return
        font = self._state.font if self._state.font is not None else self._default_font
        codec = self._fonts.get(font, self._codec)
        text = "•" * len(data.strip()) if codec == SYMBOL else data.decode(codec, errors="replace")
        self._print(text.translate(_NO_CONTROLS))

    def _end_colour(self, data: bytes) -> None:
        for _ in range(min(data.count(b";"), _MOST_COLOURS - len(self._colours))):
            told, self._colour = self._colour, {}
            parts = [min(max(0, told.get(name, 0)), 255) for name in ("red", "green", "blue")]
            white = bool(told) and is_white("".join(f"{part:02x}" for part in parts))
            self._colours.append((white, bool(told) and not white))

    def _print(self, text: str) -> None:
        where = self._state.destination
        if where == "instruction":
            self._instruction = (self._instruction + text)[:_MOST_INSTRUCTION]
        elif where == "mark":
            self.pages.mark(text)
        elif where == "text" and not self._state.deleted:
            self.pages.print(text, self._state)
