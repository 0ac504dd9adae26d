"""One suite for every reading of a sample: its own text, Textract's blocks, and OCR on this machine."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from pipeline.adapters.aws.textract_blocks import pages_of, trimmed, unread_of
from pipeline.adapters.ocr.engine import RapidOcrEngine
from pipeline.adapters.text_engines import DocumentTextEngine
from pipeline.cli.demo import sample_files, samples_dir
from pipeline.domain.ids import uuid7
from pipeline.domain.media_type import PDF, media_type
from pipeline.domain.ocr import OcrDocument, OcrPage, OcrText
from pipeline.domain.text import Text
from pipeline.ports import PageEngine
from pipeline.stages.merging.merge import lines_of, merged
from tests.paid import MemoryPaidWork
from tests.standins.blocks import blocks_of

SAMPLES = sorted(samples_dir().glob("*.pdf"))
OTHERS = [path for path in sample_files(scanned=True) if path not in SAMPLES]


def words_of(path: Path) -> list:
    told = json.loads(path.with_suffix(".words.json").read_text("utf-8"))
    return [(page, text, *(edge / 10_000 for edge in box)) for page, text, *box in told]


@pytest.fixture(scope="module")
def ocr() -> Iterator[RapidOcrEngine]:
    """One OCR process for all."""
    made = RapidOcrEngine(processes=1, page_timeout_s=120, memory_mib=3072)
    yield made
    made.close()


@pytest.fixture(scope="module")
def engine() -> Iterator[DocumentTextEngine]:
    """One parser for all."""
    made = DocumentTextEngine(processes=1, timeout_s=30, memory_mib=2048, max_pages=20)
    yield made
    made.close()


def page_engine(engine: DocumentTextEngine, mime: str) -> PageEngine:
    pages = engine.pages(mime)
    assert pages is not None
    return pages


def read(engine: DocumentTextEngine, path: Path, by: str) -> Text:
    content = path.read_bytes()

    async def reading() -> Text:
        local = await engine.read(content, media_type(content))
        if by == "local":
            return local
        kept = trimmed(blocks_of(words_of(path), pages=len(local.pages), seed=3, layout=by == "layout"))
        found = OcrText(tuple(OcrPage(number, lines) for number, lines in pages_of(kept).items()))
        ink = await page_engine(engine, PDF).ink(content, PDF, lines_of(found))
        return merged(local, found, ink, engine="textract")

    return asyncio.run(reading())


def read_by_ocr(engine: DocumentTextEngine, ocr: RapidOcrEngine, path: Path) -> Text:
    content = path.read_bytes()
    mime = media_type(content)

    async def nowhere() -> str:
        raise AssertionError("it reads pictures, not objects")

    async def reading() -> Text:
        local = await engine.read(content, mime)
        numbers = tuple(page.number for page in local.pages)
        document = OcrDocument(
            "0" * 64, uuid7(), numbers, nowhere, partial(page_engine(engine, mime).picture, content, mime)
        )
        found = await ocr.read(document, MemoryPaidWork())
        ink = {page.number: page.ink or () for page in found.pages}
        return merged(local, found, ink, engine=ocr.version)

    return asyncio.run(reading())


@pytest.fixture(
    scope="module",
    params=[(p, by) for p in SAMPLES for by in ("local", "textract", "layout")]
    + [(p, "ocr" if p.suffix != ".docx" else "local") for p in OTHERS],
    ids=lambda param: f"{param[0].stem}-{param[1]}",
)
def text(request: pytest.FixtureRequest, engine: DocumentTextEngine, ocr: RapidOcrEngine) -> Text:
    """A sample as one of the engines reads it."""
    path, by = request.param
    return read_by_ocr(engine, ocr, path) if by == "ocr" else read(engine, path, by)


def test_lines_are_numbered_through_and_know_their_page(text: Text) -> None:
    """Ids count from 0 in the engine's order; pages from 1."""
    assert [line.id for line in text.lines] == list(range(len(text.lines)))
    assert [page.number for page in text.pages] == list(range(1, len(text.pages) + 1))
    assert all(line.page == page.number for page in text.pages for line in page.lines)


def test_boxes_lie_on_the_page_and_words_in_their_lines(text: Text) -> None:
    """Fractions of the page, from its top left."""
    for line in text.lines:
        assert 0 <= line.box.left < line.box.right <= 1.001
        assert 0 <= line.box.top < line.box.bottom <= 1.001
        for word in line.words:
            assert line.box.left - 1e-4 <= word.box.left <= word.box.right <= line.box.right + 1e-4
            assert 0 < word.confidence <= 1


def test_words_are_words(text: Text) -> None:
    """Without white space, never empty; every line has a size."""
    for line in text.lines:
        assert line.words
        assert line.size
        assert all(word.text and not any(char.isspace() for char in word.text) for word in line.words)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_both_readings_find_the_words_that_are_printed(engine: DocumentTextEngine, path: Path) -> None:
    """At least 98 in 100 of the true words, by each."""
    true = {text for _, text, *_ in words_of(path)}
    for by in ("local", "textract"):
        found = {word.text for line in read(engine, path, by).lines for word in line.words}
        assert len(true & found) >= 0.98 * len(true), by


def test_pages_that_were_given_up_are_kept_with_the_answer() -> None:
    """The checkpoint knows what Textract said, all of it that matters."""
    kept = trimmed(blocks_of([(1, "word", 0.1, 0.1, 0.2, 0.12)], pages=2), unread=[2])
    assert unread_of(kept) == (2,)
    assert [[line.text for line in lines] for lines in pages_of(kept).values()] == [["word"], []]


def test_a_sync_answer_without_page_numbers_is_page_one() -> None:
    """Textract leaves `Page` out where there is only one."""
    blocks = blocks_of([(1, "word", 0.1, 0.1, 0.2, 0.12)])
    for block in blocks:
        del block["Page"]
    assert list(pages_of(trimmed(blocks))) == [1]
