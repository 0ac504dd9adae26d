"""RTF, byte by byte."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.adapters.parsing.parsed import accepted, text_of
from pipeline.adapters.richtext.child import read_rtf
from tests.adapters.one_resume import as_rtf
from tests.fuzz import samples

_MOST_PAGES = 20


def run(data: bytes) -> None:
    """Read it."""
    text_of(accepted(read_rtf(data, _MOST_PAGES)), "fuzz")


def seeds() -> Iterator[bytes]:
    """The samples' lines in Unicode escapes, and what the format has beside lines."""
    for lines in samples.lines():
        escaped = (
            "".join(
                char if " " <= char < "[" or "^" < char < "{" else rf"\u{ord(char) % 65536}?" for char in line
            )
            for line in lines
        )
        yield (r"{\rtf1\ansi " + "".join(line + "\\par\n" for line in escaped) + "}").encode("ascii")
    yield as_rtf()
    yield (
        rb"{\rtf1\ansi\ansicpg1251\deff0{\fonttbl{\f0\fcharset204 A;}{\f2\fcharset2 S;}}"
        rb"{\colortbl;\red255\green255\blue255;}{\header h\par}{\*\unknown x}{\pict\bin3 abc}"
        rb"{\shp{\*\shpinst{\shptxt box\par}}}{\field{\*\fldinst HYPERLINK \"http://a.example\"}{\fldrslt a}}"
        rb"\trowd\clmgf\cellx900\clmrg\cellx1800\intbl a\cell\itap2 b\nestcell\nestrow\cell\row\pard\page\tx20\tab c}"
    )
