"""Small PDFs written by hand: a test says exactly which operators a page has."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

A4 = (595, 842)
_PAD = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")


def text_at(x: float, y: float, text: str, *, size: float = 10, font: str = "F1", more: str = "") -> str:
    """Operators that print `text` at (x, y) from the bottom left; `more` goes before it."""
    escaped = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    return f"BT /{font} {size} Tf {more} 1 0 0 1 {x} {y} Tm ({escaped}) Tj ET\n"


def pdf(
    pages: Sequence[str],
    *,
    page_keys: str = "",
    box: tuple[float, float] = A4,
    user_password: bytes | None = None,
    owner_password: bytes | None = None,
) -> bytes:
    """A PDF of one content stream a page, with Helvetica as F1 and Helvetica-Bold as F2.

    `page_keys` is added to every page's dictionary. With a password the file is encrypted (RC4, 40 bits); an
    owner password alone leaves it open to any reader.
    """
    crypt = _Encryption(user_password or b"", owner_password) if user_password or owner_password else None
    objects: list[bytes] = [b"<< /Type /Catalog /Pages 2 0 R >>", b""]
    fonts = "<< /F1 3 0 R /F2 4 0 R >>"
    for name in ("Helvetica", "Helvetica-Bold"):
        objects.append(
            f"<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>".encode()
        )
    kids = []
    for content in pages:
        number = len(objects) + 1
        kids.append(f"{number} 0 R")
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {box[0]} {box[1]}] /Contents {number + 1} 0 R"
            f" /Resources << /Font {fonts} >> {page_keys} >>".encode()
        )
        body = content.encode("cp1252")
        if crypt is not None:
            body = crypt.encrypt(body, number + 1)
        objects.append(f"<< /Length {len(body)} >>\nstream\n".encode() + body + b"\nendstream")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>".encode()
    return _file(objects, crypt)


def _file(objects: Sequence[bytes], crypt: _Encryption | None) -> bytes:
    out = bytearray(b"%PDF-1.5\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{offset:010d} 00000 n \n".encode() for offset in offsets)
    extra = crypt.trailer if crypt is not None else b""
    size = f"<< /Size {len(objects) + 1} /Root 1 0 R ".encode()
    out += b"trailer\n" + size + extra + b">>\nstartxref\n" + str(start).encode() + b"\n%%EOF\n"
    return bytes(out)


class _Encryption:
    """The standard security handler, revision 2: old, and therefore short."""

    def __init__(self, user: bytes, owner: bytes | None) -> None:
        self._id = bytes(range(16))
        owner_key = hashlib.md5(((owner or user) + _PAD)[:32]).digest()[:5]
        owner_entry = _rc4(owner_key, (user + _PAD)[:32])
        flags = -44
        seed = (user + _PAD)[:32] + owner_entry + flags.to_bytes(4, "little", signed=True) + self._id
        self._key = hashlib.md5(seed).digest()[:5]
        user_entry = _rc4(self._key, _PAD)
        self.trailer = (
            f"/ID [<{self._id.hex()}> <{self._id.hex()}>] /Encrypt << /Filter /Standard /V 1 /R 2 "
            f"/O <{owner_entry.hex()}> /U <{user_entry.hex()}> /P {flags} >> "
        ).encode()

    def encrypt(self, data: bytes, number: int) -> bytes:
        """A stream of object `number`, generation 0."""
        seed = self._key + number.to_bytes(3, "little") + b"\0\0"
        return _rc4(hashlib.md5(seed).digest()[:10], data)


def _rc4(key: bytes, data: bytes) -> bytes:
    state = list(range(256))
    j = 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    out = bytearray()
    i = j = 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)
