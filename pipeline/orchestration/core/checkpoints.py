"""Decision 4: paid or slow work is done once, keyed by content, stage, and what was asked (decision 010)."""

from __future__ import annotations

import hashlib

import numpy as np

from pipeline.domain.checkpoint import CheckpointKey
from pipeline.domain.chunk import Chunk, EmbeddedChunks
from pipeline.domain.errors import NotYet
from pipeline.stages.embed_chunks import digest

#: A waiter is woken by the notification; this is how long it sleeps when that is lost.
PENDING_BACKSTOP_S = 30.0


def vectors_key(content_sha256: str, model: str, chunks: tuple[Chunk, ...]) -> CheckpointKey:
    """The key of a resume's vectors: the model with its precision, and the texts that it is given."""
    state = hashlib.sha256(f"{model}\n{digest(chunks)}".encode())
    return CheckpointKey(content_sha256, "embed", state.hexdigest())


def pack_vectors(embedded: EmbeddedChunks) -> bytes:
    """Vectors as float16, which is what the database stores of them anyway."""
    return embedded.vectors.astype("<f2").tobytes()


def unpack_vectors(data: bytes, *, model: str, chunks: tuple[Chunk, ...]) -> EmbeddedChunks:
    """The inverse: `chunks` are those that the key was made of."""
    rows = len(chunks)
    vectors = np.frombuffer(data, dtype="<f2").astype(np.float32)
    return EmbeddedChunks(model, chunks, vectors.reshape(rows, -1 if rows else 0))


def wait_for(key: CheckpointKey) -> NotYet:
    """Another job is computing this value: come back when it is stored."""
    return NotYet(key=str(key), seconds=PENDING_BACKSTOP_S)
