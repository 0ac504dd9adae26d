"""OpenDocument texts: what their content and styles say, in a container that is sound."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.adapters.opendocument.child import read_odt
from pipeline.adapters.parsing.parsed import accepted, text_of
from tests.adapters import odt_bytes
from tests.adapters.odt_bytes import NAMED, content, odt, p
from tests.adapters.one_resume import as_odt
from tests.fuzz import samples

_MOST_PAGES = 20
#: Parts the content from the styles in an input.
_BETWEEN = b"\x00"


def run(data: bytes) -> None:
    """Read it as a whole, or as the two parts of one."""
    if data.startswith(b"PK"):
        text_of(accepted(read_odt(data, _MOST_PAGES)), "fuzz")
        return
    text, _, styles = data.partition(_BETWEEN)
    made = odt(parts={"content.xml": text, **({"styles.xml": styles} if styles else {})})
    text_of(accepted(read_odt(made, _MOST_PAGES)), "fuzz")


def seeds() -> Iterator[bytes]:
    """The samples' lines, lists, tables and frames as content, and what the tests know to be odd."""
    for lines in samples.lines():
        yield content("".join(p(line.replace("&", "&amp;").replace("<", "&lt;")) for line in lines)).encode()
    table = (
        '<table:table><table:table-column table:number-columns-repeated="3"/><table:table-row><table:table-cell '
        f'table:number-columns-spanned="2">{p("cell")}</table:table-cell><table:covered-table-cell/></table:table-row>'
        "</table:table>"
    )
    items = f'<text:list text:style-name="Numbers"><text:list-item>{p("one")}</text:list-item></text:list>'
    frame = p(f"a<draw:frame><draw:text-box>{p('box')}</draw:text-box></draw:frame><text:tab/>b")
    yield content(table + items + frame, NAMED).encode()
    yield content(items).encode() + _BETWEEN + content(NAMED).encode()
    yield as_odt()
    yield odt_bytes.encrypted()
    yield odt_bytes.billion_laughs()
