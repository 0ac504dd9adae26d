"""How a page lies under the scanner, and how it is set upright. Runs in OCR's child process.

A quad is a float array of shape (4, 2): the corners of a run of text in pixels, clockwise from the text's own top left;
quads are (n, 4, 2).
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

#: A run of text this much longer than high tells how its page lies.
_LONG = 3.0
#: Degrees below which a tilt is left alone: half a line's height across a page is 0.6.
_LEVEL = 0.1
_STEEPEST = 30.0
_WHITE = 255


def sides(quads: Any) -> tuple[Any, Any]:
    """Length and height of each quad, in pixels."""
    length = (np.hypot(*(quads[:, 1] - quads[:, 0]).T) + np.hypot(*(quads[:, 2] - quads[:, 3]).T)) / 2
    height = (np.hypot(*(quads[:, 3] - quads[:, 0]).T) + np.hypot(*(quads[:, 2] - quads[:, 1]).T)) / 2
    return length, height


def lies_sideways(quads: Any) -> bool:
    """Whether most of the text, by its length, runs up or down the page."""
    length, height = sides(quads)
    up = height[height > _LONG * length].sum()
    across = length[length > _LONG * height].sum()
    return bool(up > across)


def quarter_turned(grey: Any, quads: Any) -> tuple[Any, Any]:
    """The page and its quads turned by 90 degrees clockwise; text that ran up or down runs across."""
    turned = np.stack([grey.shape[0] - quads[..., 1], quads[..., 0]], axis=-1)
    return np.ascontiguousarray(np.rot90(grey, -1)), np.roll(turned, 1, axis=1)


def half_turned(grey: Any, quads: Any) -> tuple[Any, Any]:
    """The page and its quads turned by 180 degrees."""
    high, wide = grey.shape
    turned = np.stack([wide - quads[..., 0], high - quads[..., 1]], axis=-1)
    return np.ascontiguousarray(np.rot90(grey, 2)), np.roll(turned, 2, axis=1)


def levelled(grey: Any, quads: Any) -> tuple[Any, Any]:
    """The page turned about its middle by the tilt that its text has, in a frame of the same size."""
    tilt = _tilt(quads)
    if not _LEVEL < abs(tilt) < _STEEPEST:
        return grey, quads
    high, wide = grey.shape
    matrix = cv2.getRotationMatrix2D((wide / 2, high / 2), tilt, 1.0)
    level = cv2.warpAffine(grey, matrix, (wide, high), flags=cv2.INTER_CUBIC, borderValue=_WHITE)
    return level, quads @ matrix[:, :2].T + matrix[:, 2]


def _tilt(quads: Any) -> float:
    """The angle of the text in degrees, positive where it falls to the right: the median by length."""
    length, height = sides(quads)
    long = length > _LONG * height
    if not long.any():
        return 0.0
    run = (quads[long, 1] + quads[long, 2] - quads[long, 0] - quads[long, 3]) / 2
    angles = np.degrees(np.arctan2(run[:, 1], run[:, 0]))
    order = np.argsort(angles)
    weight = np.cumsum(length[long][order])
    return float(angles[order][np.searchsorted(weight, weight[-1] / 2)])


def crop(grey: Any, quad: Any) -> Any:
    """What a quad shows, as a level picture in three channels, for the recogniser."""
    wide, high = (max(2, round(float(side[0]))) for side in sides(quad[None]))
    corners = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(quad.astype(np.float32), corners)
    flat = cv2.warpPerspective(
        grey, matrix, (wide, high), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return cv2.cvtColor(flat, cv2.COLOR_GRAY2BGR)


def without_doubles(quads: Any) -> Any:
    """The quads without those that lie in a larger one: the detector now and then finds a run twice."""
    if len(quads) < 2:
        return quads
    low, high = quads.min(axis=1), quads.max(axis=1)
    area = np.prod(high - low, axis=1)
    kept: list[int] = []
    for index in np.argsort(-area):
        overlap = [
            np.prod(np.clip(np.minimum(high[index], high[one]) - np.maximum(low[index], low[one]), 0, None))
            for one in kept
        ]
        if not overlap or max(overlap) < 0.7 * area[index]:
            kept.append(int(index))
    return quads[sorted(kept)]
