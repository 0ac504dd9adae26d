"""Images: what their headers say, and their pixels. Pillow's decoders are not instrumented."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.adapters.parsing.parsed import accepted, text_of
from pipeline.adapters.pictures.child import cut_image, picture_of_image, read_image
from tests.adapters.image_bytes import heic_of, png_of, saved, tiff_of, webp_of
from tests.fuzz import samples


def run(data: bytes) -> None:
    """Read the frames; draw and cut the first."""
    text_of(accepted(read_image(data, 5)), "fuzz")
    accepted(picture_of_image(data, 1))
    accepted(cut_image(data, [1]))


def seeds() -> Iterator[bytes]:
    """The samples' pages in every format and mode, and what the tests know to be odd."""
    for picture in samples.pictures():
        yield saved(picture, "PNG")
        yield saved(picture, "JPEG", dpi=(200, 200))
        yield saved(picture.convert("1"), "TIFF", compression="group4")
        yield saved(picture.convert("RGB"), "TIFF", compression="tiff_lzw", dpi=(200, 200))
        yield saved(picture.convert("CMYK"), "JPEG")
        yield saved(picture.convert("P"), "PNG", transparency=0)
        yield saved(picture.convert("RGBA"), "PNG")
        yield saved(picture.convert("I;16"), "TIFF")
        yield saved(picture, "TIFF", save_all=True, append_images=[picture.rotate(90)])
        yield saved(picture, "WEBP")
        yield saved(picture, "WEBP", save_all=True, append_images=[picture.rotate(90)])
        yield heic_of(picture)
    yield webp_of(300, 300)
    yield png_of(300, 300)
    yield tiff_of(7)
