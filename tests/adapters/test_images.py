"""Images as documents: their pages, how they are held, and what is refused before it is decoded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import pillow_heif
import pypdfium2
import pytest
from PIL import Image

from pipeline.adapters.text_engines import DocumentTextEngine
from pipeline.domain.errors import CorruptDocument, ResourceLimit
from pipeline.domain.media_type import HEIC, JPEG, PNG, TIFF, WEBP, media_type
from pipeline.domain.ocr import Picture
from pipeline.domain.text import Text
from pipeline.ports import PageEngine
from pipeline.stages.merging.quality import needs_ocr
from tests.adapters.image_bytes import heic_of, heic_that_says, page, png_of, saved, tiff_of, webp_of

pillow_heif.register_heif_opener()

_ORIENTATION = 0x0112
#: EXIF's orientations, and what a camera did to the page that is to be turned back so.
_STORED = {
    1: None,
    3: Image.Transpose.ROTATE_180,
    6: Image.Transpose.ROTATE_90,
    8: Image.Transpose.ROTATE_270,
}


@pytest.fixture(scope="module")
def engine() -> Iterator[DocumentTextEngine]:
    """One parser for all."""
    made = DocumentTextEngine(processes=1, timeout_s=20, memory_mib=1024, max_pages=10)
    yield made
    made.close()


def page_engine(engine: DocumentTextEngine, mime: str) -> PageEngine:
    pages = engine.pages(mime)
    assert pages is not None
    return pages


def read(engine: DocumentTextEngine, content: bytes) -> Text:
    return asyncio.run(engine.read(content, media_type(content)))


def picture(engine: DocumentTextEngine, content: bytes, number: int = 1) -> Picture:
    return asyncio.run(page_engine(engine, media_type(content)).picture(content, media_type(content), number))


def as_image(drawn: Picture) -> Image.Image:
    return Image.frombytes("L", (drawn.width, drawn.height), drawn.grey)


@pytest.mark.parametrize(
    ("kind", "mime"), [("PNG", PNG), ("JPEG", JPEG), ("TIFF", TIFF), ("WEBP", WEBP), ("HEIC", HEIC)]
)
def test_an_image_is_a_page_without_text_that_needs_ocr(
    engine: DocumentTextEngine, kind: str, mime: str
) -> None:
    """Told by its bytes; as large as a sheet of paper, whatever its pixels."""
    content = heic_of(page()) if kind == "HEIC" else saved(page(), kind)
    assert media_type(content) == mime
    (only,) = read(engine, content).pages
    assert only.lines == ()
    assert needs_ocr(only)
    assert (only.width, only.height) == (pytest.approx(842), pytest.approx(589, abs=1))


def test_the_resolution_that_a_scanner_states_gives_the_size(engine: DocumentTextEngine) -> None:
    """A4 at 200 dpi is A4."""
    (only,) = read(engine, saved(Image.new("L", (1654, 2339), 255), "PNG", dpi=(200, 200))).pages
    assert (only.width, only.height) == (pytest.approx(595, abs=1), pytest.approx(842, abs=1))


def test_each_frame_of_a_tiff_is_a_page(engine: DocumentTextEngine) -> None:
    """In order, each drawn by its number."""
    frames = [page((name,)) for name in ("one", "two", "three")]
    content = saved(frames[0], "TIFF", save_all=True, append_images=frames[1:])
    assert len(read(engine, content).pages) == 3
    drawn = [picture(engine, content, number).grey for number in (1, 2, 3)]
    assert len(set(drawn)) == 3


@pytest.mark.parametrize(
    "content",
    [
        saved(page(), "WEBP", save_all=True, append_images=[page(("two",))]),
        saved(page(), "PNG", save_all=True, append_images=[page(("two",))]),
        heic_of(page(), page(("two",))),
    ],
    ids=["webp", "png", "heic"],
)
def test_of_an_animation_or_burst_one_picture_is_read_and_that_is_told(
    engine: DocumentTextEngine, content: bytes
) -> None:
    """It is one page; what is sent away for OCR is the first picture alone."""
    text = read(engine, content)
    assert (len(text.pages), text.more_frames) == (1, True)
    mime = media_type(content)
    assert len(pypdfium2.PdfDocument(asyncio.run(page_engine(engine, mime).cut(content, mime, (1,))))) == 1
    assert not read(engine, saved(page(), "WEBP")).more_frames


@pytest.mark.parametrize("mime", [JPEG, WEBP])
@pytest.mark.parametrize("orientation", _STORED)
def test_a_photo_is_held_as_its_camera_says(engine: DocumentTextEngine, orientation: int, mime: str) -> None:
    """EXIF's orientation is applied to the size, to the picture and to what is sent away."""
    stored = page() if _STORED[orientation] is None else page().transpose(_STORED[orientation])
    exif = Image.Exif()
    exif[_ORIENTATION] = orientation
    content = saved(stored, mime.removeprefix("image/").upper(), exif=exif, quality=95)
    (only,) = read(engine, content).pages
    assert only.width > only.height
    upright = as_image(picture(engine, content))
    assert upright.width > upright.height
    sent = (
        pypdfium2.PdfDocument(asyncio.run(page_engine(engine, mime).cut(content, mime, (1,))))[0]
        .render()
        .to_pil()
        .convert("L")
    )
    for shown in (upright, sent):
        small = shown.resize((100, 70))
        assert min(small.crop((0, 0, 60, 45)).getdata()) < 200  # the text is at the top left
        assert min(small.crop((0, 50, 100, 70)).getdata()) > 240


def test_a_heic_is_turned_as_its_container_says(engine: DocumentTextEngine) -> None:
    """Its own property turns it, on its side here; what EXIF repeats of that turns it no second time."""
    exif = Image.Exif()
    exif[_ORIENTATION] = 6
    content = saved(page().convert("RGB"), "HEIF", exif=exif.tobytes())
    assert b"irot" in content
    (only,) = read(engine, content).pages
    upright = as_image(picture(engine, content))
    assert only.width < only.height
    assert upright.width < upright.height
    text_at_the_right = upright.crop((upright.width // 2, 0, upright.width, upright.height // 2))
    assert text_at_the_right.getextrema()[0] < 100


@pytest.mark.parametrize("mode", ["RGBA", "P", "1", "I;16", "CMYK"])
def test_every_kind_of_pixel_becomes_grey_on_white(engine: DocumentTextEngine, mode: str) -> None:
    """Transparency is white, 16 bits are as dark as 8."""
    made = page()
    if mode == "RGBA":
        made = Image.merge(
            "RGBA", [Image.new("L", made.size, 0)] * 3 + [made.point(lambda value: 255 - value)]
        )
    elif mode == "I;16":
        made = made.convert("I").point(lambda value: value * 257).convert("I;16")
    else:
        made = made.convert(mode)
    kind = "JPEG" if mode == "CMYK" else "PNG"
    low, high = as_image(picture(engine, saved(made, kind))).getextrema()
    assert (low < 60, high > 240) == (True, True)


def test_a_large_photo_is_drawn_no_larger_than_ocr_needs(engine: DocumentTextEngine) -> None:
    """48 million pixels come out as a fraction of them."""
    drawn = picture(engine, saved(Image.new("L", (8000, 6000), 255), "JPEG"))
    assert drawn.width * drawn.height < 9_000_000


REFUSED: dict[str, tuple[Callable[[], bytes], type[Exception]]] = {
    "100,000 by 100,000 pixels": (lambda: png_of(100_000, 100_000), ResourceLimit),
    "10,000 by 10,000 pixels": (lambda: png_of(10_000, 10_000), ResourceLimit),
    "a HEIC of 100,000 by 100,000 pixels": (lambda: heic_that_says(100_000, 100_000), ResourceLimit),
    "a HEIC of 10,000 by 10,000 pixels": (lambda: heic_that_says(10_000, 10_000), ResourceLimit),
    "a WebP of 16,383 by 16,383 pixels": (lambda: webp_of(16_383, 16_383), ResourceLimit),
    "a HEIC of nothing": (lambda: heic_of(page())[:64], CorruptDocument),
    "a WebP of nothing": (lambda: b"RIFF\xff\x00\x00\x00WEBPVP8 ", CorruptDocument),
    "5,000 frames": (lambda: tiff_of(5000), ResourceLimit),
    "a header alone": (lambda: b"\x89PNG\r\n\x1a\n", CorruptDocument),
    "a JPEG of nothing": (lambda: b"\xff\xd8\xff\xe0" + b"\x00" * 100, CorruptDocument),
    "a TIFF of nothing": (lambda: b"II*\x00" + b"\x00" * 100, CorruptDocument),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_ordinary_image_is_refused_by_its_header(engine: DocumentTextEngine, case: str) -> None:
    """Before a pixel is decoded."""
    make, error = REFUSED[case]
    with pytest.raises(error):
        read(engine, make())


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "HEIC"])
def test_an_image_that_ends_early_is_corrupt_when_it_is_drawn(engine: DocumentTextEngine, kind: str) -> None:
    """Its header is sound, so only drawing it tells."""
    content = heic_of(page()) if kind == "HEIC" else saved(page(), kind)
    with pytest.raises(CorruptDocument):
        picture(engine, content[: len(content) // 2])
