"""Reading an upload: the object's bytes go to the engine, and an empty document is refused."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest

from pipeline.adapters.directory import DirectoryStore
from pipeline.adapters.pdfium import PdfiumTextEngine
from pipeline.domain.errors import EmptyDocument, ObjectMissing
from pipeline.domain.text import Text
from pipeline.domain.upload import PDF, StoredUpload
from pipeline.stages.read_text import ReadText
from tests.adapters.pdf_bytes import pdf, text_at

KEY = "resumes/one"


def _run(directory: Path, content: bytes | None) -> Text:
    store = DirectoryStore(directory)
    if content is not None:
        writer = store.create(KEY)
        writer.write(content)
        writer.commit()
    upload = StoredUpload(uuid4(), KEY, "0" * 64, len(content or b""), PDF, date(2026, 1, 1))
    engine = PdfiumTextEngine(processes=1, timeout_s=20, memory_mib=1024, max_pages=10)
    try:
        return asyncio.run(ReadText(engine, store).run(upload))
    finally:
        engine.close()


def test_an_upload_becomes_its_text(tmp_path: Path) -> None:
    """The bytes that the store holds are what is read."""
    text = _run(tmp_path, pdf([text_at(60, 700, "Ada Lovelace")]))
    assert [line.text for line in text.lines] == ["Ada Lovelace"]


@pytest.mark.parametrize(
    "page", ["0 0 9 9 re f\n", text_at(60, 700, "unseen", more="3 Tr")], ids=["drawn", "hidden"]
)
def test_a_document_without_visible_text_is_empty(tmp_path: Path, page: str) -> None:
    """Outlines only, or text that nobody sees: there is nothing to read."""
    with pytest.raises(EmptyDocument):
        _run(tmp_path, pdf([page]))


def test_an_object_that_is_gone_is_reported(tmp_path: Path) -> None:
    """The store's error reaches the caller."""
    with pytest.raises(ObjectMissing):
        _run(tmp_path, None)
