"""Images for the tests, good and hostile."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image, ImageDraw, ImageFont

TEXT = ("Ada Fiktiva", "ada.fiktiva@example.org", "Intensive care nurse", "Sankt Nirgendwo Hospital")


def page(lines: tuple[str, ...] = TEXT, *, width: int = 1000, height: int = 700) -> Image.Image:
    """A grey page with these lines."""
    made = Image.new("L", (width, height), 255)
    draw, font = ImageDraw.Draw(made), ImageFont.load_default(34)
    for number, line in enumerate(lines):
        draw.text((80, 80 + 70 * number), line, fill=0, font=font)
    return made


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    """The image as a file."""
    made = io.BytesIO()
    image.save(made, kind, **options)  # type: ignore[arg-type]
    return made.getvalue()


def heic_of(*images: Image.Image, **options: object) -> bytes:
    """A HEIC of these pictures, the first of them its main one."""
    import pillow_heif

    made = pillow_heif.HeifFile()
    for image in images:
        made.add_from_pillow(image.convert("RGB"))
    content = io.BytesIO()
    made.save(content, **options)
    return content.getvalue()


def heic_that_says(width: int, height: int) -> bytes:
    """A HEIC whose header says that its picture is so large."""
    content = heic_of(Image.new("L", (64, 64)))
    return content.replace(
        b"ispe" + struct.pack(">III", 0, 64, 64), b"ispe" + struct.pack(">III", 0, width, height)
    )


def webp_of(width: int, height: int) -> bytes:
    """A lossy WebP whose header says it is as large as this (16383 at most), in a few bytes."""
    frame = b"\x30\x01\x00\x9d\x01\x2a" + struct.pack("<HH", width, height) + b"\x00" * 20
    chunk = b"VP8 " + struct.pack("<I", len(frame)) + frame
    return b"RIFF" + struct.pack("<I", len(chunk) + 4) + b"WEBP" + chunk


def png_of(width: int, height: int) -> bytes:
    """A PNG that says it is as large as this, in a few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\x00" * 100))
        + chunk(b"IEND", b"")
    )


def tiff_of(frames: int) -> bytes:
    """A TIFF of so many frames, a pixel each."""
    made = bytearray(struct.pack("<2sHI", b"II", 42, 8))
    for number in range(frames):
        entries = [
            (256, 3, 1),
            (257, 3, 1),
            (258, 3, 8),
            (259, 3, 1),
            (262, 3, 1),
            (273, 4, 8),
            (278, 3, 1),
            (279, 4, 1),
        ]
        made += struct.pack("<H", len(entries))
        for tag, kind, value in entries:
            made += struct.pack("<HHII", tag, kind, 1, value)
        here = len(made) + 4
        made += struct.pack("<I", here if number < frames - 1 else 0)
    return bytes(made)
