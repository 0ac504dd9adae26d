"""Embed: cut the sections into chunks of about 200 tokens and turn each into a vector."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.domain.chunk import Chunk, EmbeddedChunks
from pipeline.domain.sections import Section, SectionedText
from pipeline.domain.version import source_version
from pipeline.ports import Embedder

TARGET_TOKENS = 200
OVERLAP_TOKENS = 30


@dataclass(frozen=True, slots=True)
class _Fragment:
    """A line, or a part of one that is longer than a whole chunk may be."""

    line_id: int
    text: str
    tokens: int


class EmbedChunks:
    """Chunks of several resumes, embedded together: the batch is what makes the model fast."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.version = f"chunks-{source_version(__name__)}+{embedder.model}"

    def chunk(self, sections: SectionedText) -> tuple[Chunk, ...]:
        """The resume's chunks in reading order. A chunk never crosses a section's border.

        Consecutive chunks of a section share up to 30 tokens of whole lines, so that a sentence cut in two
        is whole in one of them.
        """
        pieces = self._pieces(sections)
        runs = (
            (section, run)
            for section in sections.sections
            for run in _pack([p for line_id in section.line_ids for p in pieces[line_id]])
        )
        return tuple(_chunk(number, section, run) for number, (section, run) in enumerate(runs))

    def run(self, batch: Sequence[tuple[Chunk, ...]]) -> list[EmbeddedChunks]:
        """The vectors of each resume's chunks, in the order given."""
        texts = [chunk.text for chunks in batch for chunk in chunks]
        vectors = self._embedder.embed(texts)
        embedded, start = [], 0
        for chunks in batch:
            end = start + len(chunks)
            embedded.append(EmbeddedChunks(self._embedder.model, chunks, vectors[start:end]))
            start = end
        return embedded

    def _pieces(self, sections: SectionedText) -> dict[int, list[_Fragment]]:
        ids = [line_id for section in sections.sections for line_id in section.line_ids]
        texts = [sections.line_by_id[line_id].text for line_id in ids]
        counts = self._embedder.count_tokens(texts)
        return {
            line_id: list(_split(line_id, text, tokens))
            for line_id, text, tokens in zip(ids, texts, counts, strict=True)
        }


def digest(chunks: Sequence[Chunk]) -> str:
    """What the vectors depend on beside the model: the texts, in order (hex SHA-256)."""
    state = hashlib.sha256()
    for chunk in chunks:
        data = chunk.text.encode()
        state.update(len(data).to_bytes(8, "big") + data)
    return state.hexdigest()


def _split(line_id: int, text: str, tokens: int) -> Iterator[_Fragment]:
    """The line whole, or in equal parts of whole words where it alone is longer than a chunk."""
    if tokens <= TARGET_TOKENS:
        yield _Fragment(line_id, text, tokens)
        return
    parts = -(-tokens // TARGET_TOKENS)
    words = text.split(" ")
    if len(words) < parts:  # one endless word: cut it by characters
        words = [text[i * len(text) // parts : (i + 1) * len(text) // parts] for i in range(parts)]
    for part in range(parts):
        run = words[part * len(words) // parts : (part + 1) * len(words) // parts]
        yield _Fragment(line_id, " ".join(run), -(-tokens // parts))


def _pack(pieces: Sequence[_Fragment]) -> Iterator[list[_Fragment]]:
    """Runs of pieces of at most 200 tokens, each beginning with up to 30 tokens of the one before."""
    run: list[_Fragment] = []
    size = 0
    for piece in pieces:
        if run and size + piece.tokens > TARGET_TOKENS:
            yield run
            run = _overlap(run, TARGET_TOKENS - piece.tokens)
            size = sum(p.tokens for p in run)
        run.append(piece)
        size += piece.tokens
    if run:
        yield run


def _overlap(run: Sequence[_Fragment], room: int) -> list[_Fragment]:
    kept: list[_Fragment] = []
    budget = min(OVERLAP_TOKENS, room)
    for piece in reversed(run):
        budget -= piece.tokens
        if budget < 0:
            break
        kept.insert(0, piece)
    return kept


def _chunk(number: int, section: Section, run: Sequence[_Fragment]) -> Chunk:
    body = "\n".join(piece.text for piece in run)
    text = f"{section.title}\n{body}" if section.title else body
    line_ids = tuple(dict.fromkeys(piece.line_id for piece in run))
    return Chunk(number, section.kind.value, line_ids, text)
