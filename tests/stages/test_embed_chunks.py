"""Chunking: what is embedded together."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.sections import Section, SectionedText, SectionKind
from pipeline.domain.text import Box, Line, Page, Text, Word
from pipeline.stages.embed_chunks import OVERLAP_TOKENS, TARGET_TOKENS, EmbedChunks, digest


class WordCountEmbedder:
    """A token is a word; a text's vector says how many it has."""

    model = "words@fp32"
    dimension = 2

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        return np.array([[len(text.split()), 1] for text in texts], dtype=np.float32).reshape(-1, 2)


def sectioned(*sections: tuple[str | None, list[str]]) -> SectionedText:
    """Sections of lines, each line given as its text."""
    lines: list[Line] = []
    made = []
    for title, texts in sections:
        ids = tuple(range(len(lines), len(lines) + len(texts)))
        for line_id, text in zip(ids, texts, strict=True):
            words = tuple(Word(word, Box(0, 0, 1, 1)) for word in text.split(" "))
            lines.append(Line(line_id, 1, words, Box(0, 0, 1, 1)))
        made.append(Section(SectionKind.WORK, title, (), ids))
    text = Text((Page(1, 595, 842, tuple(lines)),), "test")
    return SectionedText(text, tuple(made), tuple((line.id,) for line in lines))


def test_a_short_section_is_one_chunk_under_its_title() -> None:
    """The title says what the lines are about."""
    chunks = EmbedChunks(WordCountEmbedder()).chunk(sectioned(("Experience", ["Ward nurse", "2019 – 2021"])))
    assert [(c.number, c.text, c.line_ids) for c in chunks] == [
        (0, "Experience\nWard nurse\n2019 – 2021", (0, 1))
    ]


def test_a_chunk_never_crosses_a_sections_border() -> None:
    """Two sections are two chunks, however short."""
    chunks = EmbedChunks(WordCountEmbedder()).chunk(sectioned(("Skills", ["Python"]), (None, ["Hiking"])))
    assert [c.text for c in chunks] == ["Skills\nPython", "Hiking"]


@given(st.lists(st.integers(1, 2 * TARGET_TOKENS), min_size=1, max_size=60))
def test_every_line_is_in_a_chunk_and_no_chunk_is_too_long(lengths: list[int]) -> None:
    """Nothing is dropped by chunking, and nothing is cut off by the model's own limit."""
    source = sectioned((None, [" ".join(["w"] * length) for length in lengths]))
    chunks = EmbedChunks(WordCountEmbedder()).chunk(source)
    assert {line_id for chunk in chunks for line_id in chunk.line_ids} == set(range(len(lengths)))
    assert max(len(chunk.text.split()) for chunk in chunks) <= TARGET_TOKENS


def test_consecutive_chunks_share_whole_lines() -> None:
    """A sentence cut in two is whole in one of the chunks."""
    source = sectioned((None, [" ".join([f"l{i}"] * 10) for i in range(40)]))
    chunks = EmbedChunks(WordCountEmbedder()).chunk(source)
    assert len(chunks) > 1
    for before, after in pairwise(chunks):
        shared = set(before.line_ids) & set(after.line_ids)
        assert 0 < 10 * len(shared) <= OVERLAP_TOKENS


def test_an_endless_word_is_cut_and_kept() -> None:
    """A line without a space that is longer than a chunk does not disappear."""

    class CharacterEmbedder(WordCountEmbedder):
        def count_tokens(self, texts: Sequence[str]) -> list[int]:
            return [len(text) for text in texts]

    chunks = EmbedChunks(CharacterEmbedder()).chunk(sectioned((None, ["x" * 1000])))
    assert "".join(chunk.text for chunk in chunks) == "x" * 1000
    assert max(len(chunk.text) for chunk in chunks) <= TARGET_TOKENS


def test_vectors_of_several_resumes_go_back_to_their_own() -> None:
    """One model call for the batch, each resume its own rows; a resume without a chunk has none."""
    stage = EmbedChunks(WordCountEmbedder())
    batch = [
        stage.chunk(sectioned((None, ["a b c"]))),
        (),
        stage.chunk(sectioned((None, ["d"]), (None, ["e f"]))),
    ]
    embedded = stage.run(batch)
    assert [e.vectors[:, 0].tolist() for e in embedded] == [[3.0], [], [1.0, 2.0]]


def test_the_digest_tells_texts_apart_however_they_are_cut() -> None:
    """'ab' + 'c' is other input than 'a' + 'bc'."""
    stage = EmbedChunks(WordCountEmbedder())
    one = stage.chunk(sectioned((None, ["ab"]), (None, ["c"])))
    other = stage.chunk(sectioned((None, ["a"]), (None, ["bc"])))
    assert digest(one) != digest(other)
    assert digest(one) == digest(one)
