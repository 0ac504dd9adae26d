"""Plain text: its encoding, its columns, its pages."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.adapters.parsing.parsed import accepted, text_of
from pipeline.adapters.plaintext.child import read_text
from tests.adapters.one_resume import as_text
from tests.fuzz import samples

_MOST_PAGES = 20


def run(data: bytes) -> None:
    """Read it."""
    text_of(accepted(read_text(data, _MOST_PAGES)), "fuzz")


def seeds() -> Iterator[bytes]:
    """The samples' lines and the tests' resume, in several encodings."""
    for lines in samples.lines():
        yield "\n".join(lines).encode()
    for encoding in ("utf-8-sig", "utf-16", "cp1252", "mac_roman"):
        yield as_text().encode(encoding)
    yield "履歴書\t山田  太郎\f\u200b\u0301שלום".encode()
    yield "履歴書 山田太郎\n".encode("shift_jis") * 5
