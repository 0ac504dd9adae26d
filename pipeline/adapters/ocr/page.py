"""How a page becomes lines: RapidOCR's models find runs of text and read them (PP-OCRv6, in the wheel).

How the page lies, what is a word and what is a line is decided here, by geometry. Runs in OCR's child process, and is
imported nowhere else: it loads OpenCV and ONNX Runtime.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import cv2
import numpy as np
from rapidocr import RapidOCR
from rapidocr.inference_engine.onnxruntime.main import ONNXRuntimeError

from pipeline.adapters.ocr.geometry import (
    crop,
    half_turned,
    levelled,
    lies_sideways,
    quarter_turned,
    sides,
    without_doubles,
)
from pipeline.adapters.ocr.run import Char, ReadPicture, Run
from pipeline.adapters.ocr.script import is_foreign, is_read
from pipeline.adapters.ocr.words import OcrWord, lines_of, words_of
from pipeline.adapters.parsing.ink import ink_of
from pipeline.adapters.parsing.parsed import Box4, Pixels

#: Pixels of the longer side with which runs of text are looked for. Twice as many find the same and take four
#: times as long; the runs are then read from the full picture.
_DETECT_SIDE = 1280
#: So many runs are read both ways to tell whether a page stands on its head.
_PROBES = 6
_SURE = 0.9


def read_page(pixels: Pixels) -> ReadPicture:
    """The text of a page that is shown in pixels. Raises MemoryError where the models want more than there is."""
    try:
        return _read(pixels)
    except ONNXRuntimeError as error:
        if "bad_alloc" in str(error):
            raise MemoryError from error
        raise


def _read(pixels: Pixels) -> ReadPicture:
    grey = np.frombuffer(pixels.grey, dtype=np.uint8).reshape(pixels.height, pixels.width)
    quads = _detected(grey)
    if not len(quads):
        return ReadPicture(0, [], [], foreign=False)
    grey, runs, turned = _upright(grey, quads)
    if is_foreign(runs):
        return ReadPicture(turned, [], [], foreign=True)
    lines = lines_of([_words(grey, run) for run in runs if is_read(run)])
    boxed = [[(word.text, word.confidence, _box(word, grey.shape)) for word in line] for line in lines]
    strokes = ink_of(Pixels(grey.shape[1], grey.shape[0], grey.tobytes(), pixels.scale), _boxes(boxed))
    ink = [
        (stroke, [word.ink / pixels.scale for word in line])
        for (stroke, _), line in zip(strokes, lines, strict=True)
    ]
    return ReadPicture(turned, boxed, ink, foreign=False)


def _boxes(lines: Sequence[Sequence[tuple[str, float, Box4]]]) -> list[list[Box4]]:
    return [[box for *_, box in line] for line in lines]


@cache
def _models() -> Any:
    made = RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.use_cls": False,
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )
    made.return_word_box = True
    return made


def _detected(grey: Any) -> Any:
    """The quads of the runs of text, in pixels of the full picture."""
    scale = min(1.0, _DETECT_SIDE / max(grey.shape))
    size = max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale))
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA) if scale < 1 else grey
    found = _models()(cv2.cvtColor(small, cv2.COLOR_GRAY2BGR), use_det=True, use_cls=False, use_rec=False)
    if found.boxes is None:
        return np.zeros((0, 4, 2))
    return without_doubles(np.asarray(found.boxes, dtype=np.float64) / scale)


def _upright(grey: Any, quads: Any) -> tuple[Any, list[Run], int]:
    """The page level and as it is read, its runs, and by how many degrees it had to be turned clockwise.

    The longest runs tell whether it stands on its head: they are read both ways, unless they read well at once.
    """
    turned = 0
    if lies_sideways(quads):
        grey, quads = quarter_turned(grey, quads)
        turned = 90
    grey, quads = levelled(grey, quads)
    longest = np.argsort(-sides(quads)[0])[:_PROBES]
    probes = recognised(grey, quads[longest])
    if _quality(probes) < _SURE:
        over, over_quads = half_turned(grey, quads)
        others = recognised(over, over_quads[longest])
        if _quality(others) > _quality(probes):
            grey, quads, probes, turned = over, over_quads, others, turned + 180
    rest = np.setdiff1d(np.arange(len(quads)), longest)
    known = dict(zip(longest.tolist(), probes, strict=True))
    known |= zip(rest.tolist(), recognised(grey, quads[rest]), strict=True)
    return grey, [known[number] for number in range(len(quads))], turned


def _quality(runs: Sequence[Run]) -> float:
    """How well the runs were read, by their length: what is there and was not read counts as nothing."""
    total = sum(run.length for run in runs)
    return sum(run.confidence * run.explained * run.length for run in runs) / total if total else 0.0


def recognised(grey: Any, quads: Any) -> list[Run]:
    """What each quad says."""
    if not len(quads):
        return []
    read = _models().recognize_txt([crop(grey, quad) for quad in quads])
    runs = []
    for quad, text, info in zip(quads, read.txts, read.word_results, strict=True):
        columns = iter([column for word in info.word_cols for column in word])
        chars: list[Char] = []
        for char, confidence in zip(text, info.confs, strict=False):
            at = chars[-1].at if chars else 0.0
            if not char.isspace():
                at = min(1.0, (next(columns) + 0.5) / info.line_txt_len)
            chars.append(Char(char, at, float(confidence)))
        runs.append(Run(chars, quad, *(float(side[0]) for side in sides(quad[None]))))
    return runs


def _words(grey: Any, run: Run) -> list[OcrWord]:
    return words_of(run.chars, crop(grey, run.quad)[..., 0], run.quad)


def _box(word: OcrWord, shape: tuple[int, int]) -> Box4:
    high, wide = shape
    edges = (word.left / wide, word.top / high, word.right / wide, word.bottom / high)
    return tuple(round(min(1.0, max(0.0, edge)), 5) for edge in edges)  # type: ignore[return-value]
