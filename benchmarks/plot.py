"""A line chart as a PNG, drawn with Pillow: enough to see whether something grows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

Points = Sequence[tuple[float, float]]

_SIZE = (1200, 640)
_LEFT, _TOP, _RIGHT, _BOTTOM = 80, 50, 260, 60
_STEPS = 6
_COLOURS = ("#111111", "#c0392b", "#2471a3", "#1e8449", "#b7950b", "#7d3c98", "#ca6f1e", "#117864", "#707b7c")


def line_chart(path: Path, series: Mapping[str, Points], *, title: str, across: str, up: str) -> None:
    """Write the series, each a colour, with a legend in their order; both axes begin at zero."""
    image = Image.new("RGB", _SIZE, "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(16)
    most_x, step_x = _scale(max(x for points in series.values() for x, _ in points))
    most_y, step_y = _scale(max(y for points in series.values() for _, y in points))
    width, height = _SIZE[0] - _LEFT - _RIGHT, _SIZE[1] - _TOP - _BOTTOM

    def place(x: float, y: float) -> tuple[float, float]:
        return _LEFT + width * x / most_x, _TOP + height * (1 - y / most_y)

    for n in range(round(most_y / step_y) + 1):
        draw.line([place(0, n * step_y), place(most_x, n * step_y)], fill="#dddddd")
        draw.text(place(0, n * step_y), f"{n * step_y:g} ", fill="black", font=font, anchor="rm")
    for n in range(round(most_x / step_x) + 1):
        draw.text(place(n * step_x, -step_y / 8), f"{n * step_x:g}", fill="black", font=font, anchor="ma")
    for n, (name, points) in enumerate(series.items()):
        colour = _COLOURS[n % len(_COLOURS)]
        draw.line([place(x, y) for x, y in points], fill=colour, width=2)
        draw.text((_LEFT + width + 16, _TOP + 24 * n), name, fill=colour, font=font)
    draw.text((_LEFT, 16), f"{title} ({up})", fill="black", font=font)
    draw.text((_LEFT + width + 16, _SIZE[1] - _BOTTOM), across, fill="black", font=font, anchor="ls")
    image.save(path)


def _scale(most: float) -> tuple[float, float]:
    """The end of an axis and the step between its numbers: 1, 2 or 5 times a power of ten."""
    rough = max(most, 1e-9) / _STEPS
    power = 10 ** math.floor(math.log10(rough))
    step = next(n * power for n in (1, 2, 5, 10) if n * power >= rough)
    return math.ceil(most / step) * step or step, step
