"""The checkpoints of vectors: their keys and their form."""

from __future__ import annotations

import numpy as np

from pipeline.domain.chunk import Chunk, EmbeddedChunks
from pipeline.orchestration.core.checkpoints import pack_vectors, unpack_vectors, vectors_key

CHUNKS = (Chunk(0, "work", (1, 2), "Ward nurse"), Chunk(1, "skills", (3,), "IV therapy"))


def test_vectors_come_back_as_the_database_would_keep_them() -> None:
    """float16, which is the precision of the column; the chunks are those of the key."""
    vectors = np.random.default_rng(1).normal(size=(2, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    packed = pack_vectors(EmbeddedChunks("m@fp32", CHUNKS, vectors))
    found = unpack_vectors(packed, model="m@fp32", chunks=CHUNKS)
    assert len(packed) == 2 * 384 * 2
    assert found.chunks == CHUNKS
    assert (found.vectors * vectors).sum(axis=1).min() > 0.9999


def test_a_resume_without_a_chunk_has_an_empty_checkpoint() -> None:
    """Nothing to embed is an answer too."""
    empty = EmbeddedChunks("m@fp32", (), np.empty((0, 384), dtype=np.float32))
    assert len(unpack_vectors(pack_vectors(empty), model="m@fp32", chunks=()).vectors) == 0


def test_the_key_changes_with_the_content_the_model_and_the_chunks() -> None:
    """And with nothing else: not with the day of the upload, not with its job post, not with the code that cut them."""
    key = vectors_key("a" * 64, "m@fp32", CHUNKS)
    assert key == vectors_key("a" * 64, "m@fp32", CHUNKS)
    others = {
        vectors_key("b" * 64, "m@fp32", CHUNKS),
        vectors_key("a" * 64, "n@fp32", CHUNKS),
        vectors_key("a" * 64, "m@fp32", CHUNKS[:1]),
    }
    assert len(others | {key}) == 4
