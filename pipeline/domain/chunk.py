"""Chunks: the pieces of a resume that are embedded and searched."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Chunk:
    """About 200 tokens of one section; `line_ids` are the lines it holds, in reading order."""

    number: int
    section: str
    line_ids: tuple[int, ...]
    text: str


@dataclass(frozen=True, slots=True)
class EmbeddedChunks:
    """A resume's chunks with their vectors: `vectors` is float32 of shape (len(chunks), dimension), unit length.

    `model` names the model with its precision: vectors of two models are never compared.
    """

    model: str
    chunks: tuple[Chunk, ...]
    vectors: Vector
