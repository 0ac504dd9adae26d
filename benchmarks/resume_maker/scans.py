"""Turns a made resume into a scan: pictures instead of text, the same words and boxes."""

import io
import math
from random import Random
from typing import Any, NamedTuple

import numpy as np
import pypdfium2
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from .maker import Made
from .paint import Word


class Level(NamedTuple):
    """Dots per inch, noise (standard deviation in grey levels), blur in pixels, the most tilt in degrees.

    `shade` darkens towards a corner, as a phone's photo does; `bits` 1 leaves black and white, as a fax does.
    """

    dpi: int
    noise: float
    blur: float
    tilt: float
    shade: float = 0.0
    bits: int = 8


_ORIENTATION, _HELD_SIDEWAYS = 0x0112, 6

LEVELS = {
    "clean": Level(200, 0, 0, 0),
    "office": Level(150, 5, 0.4, 0.5),
    "phone": Level(150, 8, 0.7, 1.6, shade=0.35),
    "fax": Level(120, 22, 0.3, 0.4, bits=1),
    "low": Level(100, 6, 0.5, 0.3),
    "skewed": Level(150, 6, 0.6, 3.0),
}


def scan(made: Made, level: str, seed: int = 0) -> Made:
    """The resume as pictures only; the boxes follow the tilt.

    PDFium draws the letters, so other releases of it give other bytes.
    """
    how, rng = LEVELS[level], Random(f"{seed}/{level}/{made.truth['case_id']}")
    document = pypdfium2.PdfDocument(made.pdf)
    out, words = io.BytesIO(), []
    canvas = Canvas(out, invariant=1)
    for number, page in enumerate(document, 1):
        angle = rng.uniform(-how.tilt, how.tilt)
        size = page.get_size()
        picture = _spoilt(page.render(scale=how.dpi / 72).to_pil().convert("L"), how, angle, rng)
        canvas.setPageSize(size)
        canvas.drawImage(ImageReader(io.BytesIO(_packed(picture, how))), 0, 0, *size)
        canvas.showPage()
        words += [_turned(w, angle, size) for w in made.words if w["page"] == number]
    canvas.save()
    record: dict[str, Any] = {
        **made.truth,
        "case_id": f"{made.truth['case_id']}_{level}",
        "scan": {"level": level},
    }
    return Made(out.getvalue(), record, words)


def photo(made: Made, level: str, seed: int = 0) -> bytes:
    """The first page as a phone's JPEG: stored on its side, with EXIF's word on how to hold it."""
    how, rng = LEVELS[level], Random(f"{seed}/{level}/{made.truth['case_id']}")
    page = pypdfium2.PdfDocument(made.pdf)[0].render(scale=how.dpi / 72).to_pil().convert("L")
    picture = _spoilt(page, how, rng.uniform(-how.tilt, how.tilt), rng)
    exif = Image.Exif()
    exif[_ORIENTATION] = _HELD_SIDEWAYS
    out = io.BytesIO()
    picture.transpose(Image.Transpose.ROTATE_90).save(out, "JPEG", quality=60, exif=exif)
    return out.getvalue()


def _spoilt(picture: Image.Image, how: Level, angle: float, rng: Random) -> Image.Image:
    """Tilted, shaded, blurred and noisy."""
    if angle:
        picture = picture.rotate(angle, Image.Resampling.BICUBIC, fillcolor=245)
    if how.blur:
        picture = picture.filter(ImageFilter.GaussianBlur(how.blur))
    grey: NDArray[np.floating] = np.asarray(picture, dtype=np.float32)
    if how.shade:
        down, across = np.mgrid[0 : 1 : grey.shape[0] * 1j, 0 : 1 : grey.shape[1] * 1j]
        grey = grey * (1 - how.shade * (down + across) / 2)
    if how.noise:
        grey = grey + np.random.default_rng(rng.getrandbits(32)).normal(0, how.noise, grey.shape)
    return Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))


def _packed(picture: Image.Image, how: Level) -> bytes:
    """JPEG, or PNG for black and white."""
    out = io.BytesIO()
    if how.bits == 1:
        picture.point(lambda v: 255 * (v > 150)).convert("1").save(out, "PNG")
    else:
        picture.save(out, "JPEG", quality=60)
    return out.getvalue()


def _turned(word: Word, angle: float, size: tuple[float, float]) -> Word:
    """The upright box around the word's box after the page has turned by `angle` degrees about its middle."""
    turn = math.radians(-angle)
    x0, y0, x1, y1 = word["bbox"]
    corners = [((x - 0.5) * size[0], (y - 0.5) * size[1]) for x in (x0, x1) for y in (y0, y1)]
    across = [(x * math.cos(turn) - y * math.sin(turn)) / size[0] + 0.5 for x, y in corners]
    down = [(x * math.sin(turn) + y * math.cos(turn)) / size[1] + 0.5 for x, y in corners]
    box = (min(across), min(down), max(across), max(down))
    return {**word, "bbox": [round(min(1.0, max(0.0, v)), 5) for v in box]}
