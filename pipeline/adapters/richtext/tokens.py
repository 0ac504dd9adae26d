"""The tokens of an RTF, and which code page its bytes are in. Nothing is remembered between two tokens."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from pipeline.adapters.parsing.parsed import DocumentRefused

_DEEPEST = 300
_MOST_TOKENS = 1_000_000
_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,9})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|[\r\n]+|([^\\{}\r\n]+)|\\\Z",
    re.S,
)
#: Python's codec of a font's character set.
_CODECS = {
    0: "cp1252", 77: "mac_roman", 128: "cp932", 129: "cp949", 130: "johab", 134: "gbk", 136: "big5", 161: "cp1253",
    162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874",
    238: "cp1250", 254: "cp437", 255: "cp850",
}  # fmt: skip
SYMBOL = "symbol"  #: in place of a codec: every character is a picture
_SYMBOL_CHARSET = 2


class Token(NamedTuple):
    """`word`: a control word or symbol with its number; `bytes`: text in the font's code page."""

    kind: Literal["begin", "end", "word", "bytes"]
    word: str = ""
    number: int | None = None
    data: bytes = b""


def tokens(content: bytes) -> Iterator[Token]:
    """The tokens in order; what `\\bin` announces is left out, and so is all behind the outermost group.

    Raises DocumentRefused where groups are nested too deeply, there are too many tokens, or the file ends early.
    """
    at = depth = 0
    for _ in range(_MOST_TOKENS):
        found = _TOKEN.match(content, at)
        if found is None:
            raise DocumentRefused(
                "corrupt", "The RTF file ends early: save it again and upload the new file."
            )
        at = found.end()
        word, number, hexed, symbol, brace, text = found.groups()
        if brace == b"{":
            depth += 1
            if depth > _DEEPEST:
                raise DocumentRefused("resource-limit", "The document is nested more deeply than any resume.")
            yield Token("begin")
        elif brace:
            depth -= 1
            yield Token("end")
            if depth <= 0:
                return
        elif word == b"bin":
            at += max(0, int(number or 0))
        elif word:
            yield Token("word", word.decode("ascii"), int(number) if number else None)
        elif hexed:
            yield Token("bytes", data=bytes.fromhex(hexed.decode("ascii")))
        elif symbol:
            yield Token("word", symbol.decode("latin-1"))
        elif text:
            yield Token("bytes", data=text)
    raise DocumentRefused("resource-limit", "The document holds more than a resume can.")


def codec_of_charset(number: int, usual: str) -> str:
    """The codec of a font's character set."""
    return SYMBOL if number == _SYMBOL_CHARSET else _CODECS.get(number, usual)


def codec_of_page(number: int | None, usual: str = "cp1252") -> str:
    """The codec of a code page of Windows."""
    name = "utf-8" if number == 65001 else f"cp{number}"
    try:
        codecs.lookup(name)
    except LookupError:
        return usual
    return name
