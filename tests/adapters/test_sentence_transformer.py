"""The embedder on the packaged model."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from pipeline.adapters.sentence_transformer import SentenceTransformerEmbedder
from pipeline.domain.errors import ConfigurationError

TEXTS = ["Palliative care nurse", "Backend engineer in Go", "x", *(f"line {i} " * i for i in range(1, 40))]


@pytest.fixture(scope="module")
def embedder() -> SentenceTransformerEmbedder:
    """fp32, as the reference computes."""
    return SentenceTransformerEmbedder(precision="fp32")


def test_vectors_equal_the_librarys_own(embedder: SentenceTransformerEmbedder) -> None:
    """Sorting and padding change nothing: `SentenceTransformer.encode` answers the same vectors."""
    reference = embedder._transformer.encode(TEXTS, normalize_embeddings=True)
    assert (embedder.embed(TEXTS) * reference).sum(axis=1).min() > 0.9997


def test_bf16_stays_close_to_fp32(embedder: SentenceTransformerEmbedder) -> None:
    """The faster precision is close enough to search by, and says so in the model's name."""
    fast = SentenceTransformerEmbedder(precision="bf16")
    assert (embedder.embed(TEXTS) * fast.embed(TEXTS)).sum(axis=1).min() > 0.999
    assert (fast.model, embedder.model) == ("all-MiniLM-L6-v2@bf16", "all-MiniLM-L6-v2@fp32")


def test_vectors_are_of_unit_length(embedder: SentenceTransformerEmbedder) -> None:
    """So that an inner product is a cosine."""
    assert np.allclose(np.linalg.norm(embedder.embed(TEXTS), axis=1), 1, atol=1e-5)
    assert embedder.embed([]).shape == (0, embedder.dimension)


def test_tokens_are_counted_without_a_limit(embedder: SentenceTransformerEmbedder) -> None:
    """The chunker must see the true length of a text that the model would cut."""
    assert embedder.count_tokens(["nurse", "nurse " * 600, ""]) == [1, 600, 0]


def test_a_missing_model_is_named_with_its_variable(tmp_path) -> None:
    """The sentence says which setting to change."""
    with pytest.raises(ConfigurationError, match="EMBEDDING_MODEL"):
        SentenceTransformerEmbedder(str(tmp_path))


def test_a_missing_gpu_is_said() -> None:
    """Asking for a GPU where none is must not fall back silently."""
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    with pytest.raises(ConfigurationError, match="EMBEDDING_DEVICE"):
        SentenceTransformerEmbedder(device="cuda")


def test_a_twin_embeds_at_the_same_time_as_its_sibling(embedder: SentenceTransformerEmbedder) -> None:
    """Two threads, one model: neither's tokenizer settings reach the other."""
    twin = embedder.twin()
    long = [" ".join(["word"] * 2000)]
    expected = embedder.embed(TEXTS)

    def count(_: int) -> list[int]:
        return twin.count_tokens(long)

    with ThreadPoolExecutor(1) as other:
        counts = other.map(count, range(50))
        embedded = [embedder.embed(TEXTS) for _ in range(5)]
        assert {tuple(found) for found in counts} == {(2000,)}
    assert all(np.allclose(vectors, expected, atol=1e-5) for vectors in embedded)
    assert twin.model == embedder.model
    assert np.allclose(twin.embed(TEXTS), expected, atol=1e-5)
