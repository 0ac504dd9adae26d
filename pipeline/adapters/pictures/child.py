"""Images, in the parser's child process: what their headers say, and their pixels.

Pillow decodes nothing before `load`, so that an image is refused by its header alone.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from pipeline.adapters.parsing.ink import LineInk, ink_of
from pipeline.adapters.parsing.parsed import (
    Box4,
    DocumentRefused,
    Pixels,
    ReadPage,
    Refusal,
    fitting_scale,
    guarded,
)

_FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "HEIF")
_MANY_PICTURES = ("PNG", "WEBP", "HEIF")  #: formats whose further frames are an animation's, or a burst's
_MOST_PIXELS = 64_000_000  #: of one frame: a sheet of A3 at 600 dpi, or any phone's photo
#: Points. What an image says of its resolution is believed where it gives a sheet of paper, about.
_LEAST_SIDE, _MOST_SIDE, _USUAL_SIDE = 300.0, 1300.0, 842.0
_DPI = 200
#: What Pillow's decoders end with on damaged files.
_DAMAGED = (
    OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError, ArithmeticError, struct.error,
    zlib.error,
)  # fmt: skip
_ORIENTATION = 0x0112  # EXIF's, and TIFF's own
_SIDEWAYS = (5, 6, 7, 8)


def read_image(content: bytes, max_pages: int) -> list[ReadPage] | Refusal:
    """The size of every frame. Never raises for what an image may contain."""
    return guarded(_read, content, max_pages)


def picture_of_image(content: bytes, number: int) -> Pixels | Refusal:
    """A frame (from 1) as pixels, turned as its maker says. Never raises for what an image may contain."""
    return guarded(_pixels, content, number)


def ink_of_image(
    content: bytes, wanted: Mapping[int, Sequence[Sequence[Box4]]]
) -> dict[int, list[LineInk]] | Refusal:
    """The ink of lines by frame (from 1). Never raises for what an image may contain."""
    return guarded(_ink, content, wanted)


def cut_image(content: bytes, numbers: Sequence[int]) -> bytes | Refusal:
    """A PDF of these frames. Never raises for what an image may contain."""
    return guarded(_cut, content, numbers)


def _read(content: bytes, max_pages: int) -> list[ReadPage]:
    with _opened(content) as image:
        pages = []
        for number in _frames(image, max_pages):
            _seek(image, number)
            width, height, _ = _sheet(image)
            more = image.format in _MANY_PICTURES and getattr(image, "n_frames", 1) > 1
            pages.append(ReadPage(width, height, [], [], pictured=1.0, more_frames=more))
        return pages


def _frames(image: Any, max_pages: int) -> Sequence[int]:
    """The numbers of the frames that are pages: a TIFF's; anything else is one picture, its first or main one."""
    if image.format != "TIFF":
        return (1,)
    # Not n_frames, which would walk through all of them, however many there are.
    for number in range(1, max_pages + 2):
        try:
            image.seek(number - 1)
        except EOFError:
            return range(1, number)
    raise DocumentRefused(
        "resource-limit", f"The document has more than the {max_pages} pages that are allowed."
    )


def _ink(content: bytes, wanted: Mapping[int, Sequence[Sequence[Box4]]]) -> dict[int, list[LineInk]]:
    return {number: ink_of(_pixels(content, number), lines) for number, lines in wanted.items()}


def _pixels(content: bytes, number: int) -> Pixels:
    with _opened(content) as image:
        _seek(image, number)
        _, _, scale = _sheet(image)
        grey = _upright_grey(image)
        return Pixels(grey.width, grey.height, grey.tobytes(), scale)


def _cut(content: bytes, numbers: Sequence[int]) -> bytes:
    """Each frame fills its page; what the image said of turning is done."""
    with _opened(content) as image:
        pages = []
        for number in numbers:
            _seek(image, number)
            _, _, scale = _sheet(image)
            pages.append((_upright_grey(image), scale))
    made = io.BytesIO()
    first, *rest = (page for page, _ in pages)
    first.save(made, "PDF", resolution=72 * pages[0][1], save_all=True, append_images=rest, quality=85)
    return made.getvalue()


@contextmanager
def _opened(content: bytes) -> Iterator[Any]:
    from PIL import Image

    if content[4:8] == b"ftyp":
        _learn_heic()
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
            yield image
    except Image.DecompressionBombError:
        raise _too_large() from None
    except _DAMAGED:
        raise DocumentRefused(
            "corrupt", "The image is damaged: save it again and upload the new file."
        ) from None


def _learn_heic() -> None:
    """Only where one is read: the decoder is large. What it knows beside the picture itself is left alone."""
    from pillow_heif import register_heif_opener

    register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)


def _seek(image: Any, number: int) -> None:
    if image.format == "TIFF":  # seeking in others would decode, or leave the main picture
        image.seek(number - 1)
    if image.width * image.height > _MOST_PIXELS:
        raise _too_large()


def _too_large() -> DocumentRefused:
    most = _MOST_PIXELS // 1_000_000
    return DocumentRefused(
        "resource-limit", f"The image has more than {most} million pixels: scan at 300 dpi."
    )


def _sheet(image: Any) -> tuple[float, float, float]:
    """Width and height in points as it is held, and pixels a point with which it is drawn."""
    wide, high = image.size
    if _orientation(image) in _SIDEWAYS:
        wide, high = high, wide
    dots = image.info.get("dpi", (0, 0))[0] or 0
    side = 72 * max(wide, high) / float(dots) if dots else 0.0
    if not _LEAST_SIDE <= side <= _MOST_SIDE:
        side = _USUAL_SIDE
    own = max(wide, high) / side  # its pixels a point
    scale = fitting_scale(wide / own, high / own, min(own, 1.5 * _DPI / 72))
    return wide / own, high / own, scale


def _orientation(image: Any) -> int:
    return int(image.getexif().get(_ORIENTATION, 1))


def _upright_grey(image: Any) -> Any:
    """8-bit grey on white, turned upright, as large as `_sheet` says."""
    from PIL import Image, ImageOps

    width, height, scale = _sheet(image)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    # A JPEG is decoded at half or a quarter of its size, where that is enough.
    image.draft("L", size if _orientation(image) not in _SIDEWAYS else size[::-1])
    frame = (
        image.copy()
    )  # exif_transpose reads the orientation from the frame, and must not change the file's
    frame = ImageOps.exif_transpose(frame)
    if frame.mode.startswith("I"):  # 16 bits a sample
        frame = frame.convert("I").point(lambda value: value * (1 / 256))
    if "A" in frame.getbands() or "transparency" in frame.info:
        ground = Image.new("RGBA", frame.size, "white")
        frame = Image.alpha_composite(ground, frame.convert("RGBA"))
    grey = frame.convert("L")
    return grey.resize(size, Image.Resampling.LANCZOS) if grey.size != size else grey
