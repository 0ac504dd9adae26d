"""Reading an upload: the object's bytes go to the engine, and an empty document is refused."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path
from uuid import uuid4

import pypdfium2
import pytest

from pipeline.adapters.directory import DirectoryStore
from pipeline.adapters.text_engines import DocumentTextEngine
from pipeline.domain.errors import EmptyDocument, ObjectMissing, UnsupportedScript
from pipeline.domain.media_type import HEIC, PDF, WEBP
from pipeline.domain.ocr import OcrDocument, OcrPage, OcrText
from pipeline.domain.text import Box, Ink, Line, Text, Word
from pipeline.domain.upload import StoredUpload
from pipeline.ports import PaidWork
from pipeline.stages.read_text import Pages, ReadText
from tests.adapters import image_bytes
from tests.adapters.pdf_bytes import pdf, text_at
from tests.paid import MemoryPaidWork

KEY = "resumes/one"


def _run(directory: Path, content: bytes | None) -> Text:
    store = DirectoryStore(directory)
    if content is not None:
        writer = store.create(KEY)
        writer.write(content)
        writer.commit()
    upload = StoredUpload(uuid4(), KEY, "0" * 64, len(content or b""), PDF, date(2026, 1, 1))
    engine = DocumentTextEngine(processes=1, timeout_s=20, memory_mib=1024, max_pages=10)
    try:
        return asyncio.run(ReadText(engine, store).run(upload, MemoryPaidWork()))
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


class Recogniser:
    """An OCR engine that reads the same words on every page, and remembers what it was sent."""

    version = "toy-1"

    def __init__(self, *, unread: tuple[int, ...] = ()) -> None:
        self.sent: list[tuple[tuple[int, ...], str, bytes]] = []
        self._unread = unread

    def close(self) -> None:
        """Nothing runs."""

    def bind(self, store: DirectoryStore) -> None:
        self._store = store

    async def read(self, document: OcrDocument, paid: PaidWork) -> OcrText:
        key = await document.place()
        self.sent.append((document.pages, key, self._store.read(key)))
        box = Box(0.1, 0.1, 0.3, 0.12)
        line = Line(0, 1, (Word("recognised", box, 0.9),), box)
        return OcrText(tuple(OcrPage(number, (line,)) for number in document.pages), self._unread)


def _read(
    directory: Path, content: bytes, ocr: Recogniser, pages: Pages = "needed", mime: str = PDF
) -> tuple[Text, DirectoryStore]:
    store = DirectoryStore(directory)
    ocr.bind(store)
    upload = StoredUpload(uuid4(), KEY, "0" * 64, len(content), mime, date(2026, 1, 1))
    writer = store.create(KEY)
    writer.write(content)
    writer.commit()
    engine = DocumentTextEngine(processes=1, timeout_s=20, memory_mib=1024, max_pages=10)
    try:
        return asyncio.run(ReadText(engine, store, ocr, pages).run(upload, MemoryPaidWork())), store
    finally:
        engine.close()


PROSE = text_at(60, 700, "A page of ordinary text that anybody can read without any help")
OUTLINES = "".join(f"{x} {y} 5 5 re f\n" for x in range(60, 500, 10) for y in range(100, 200, 10))


def test_only_pages_that_need_it_are_sent_and_paid(tmp_path: Path) -> None:
    """They are cut out into an object of their own, which is removed once it is read."""
    ocr = Recogniser()
    text, store = _read(tmp_path, pdf([PROSE, OUTLINES, PROSE]), ocr)
    ((pages, key, sent),) = ocr.sent
    assert pages == (2,)
    assert key.startswith("ocr/")
    assert len(pypdfium2.PdfDocument(sent)) == 1
    assert [page.source for page in text.pages] == ["native", "ocr", "native"]
    assert [line.id for line in text.lines] == [0, 1, 2]
    assert text.lines[1].text == "recognised"
    assert text.source == "mixed"
    assert list(store.older_than(-1)) == [KEY]


def test_a_document_that_needs_it_whole_is_sent_as_it_is(tmp_path: Path) -> None:
    """Textract reads the original where it lies."""
    ocr = Recogniser()
    _read(tmp_path, pdf([OUTLINES, OUTLINES]), ocr)
    ((pages, key, _),) = ocr.sent
    assert (pages, key) == ((1, 2), KEY)


@pytest.mark.parametrize("mime", [WEBP, HEIC])
def test_a_picture_that_no_vendor_takes_is_sent_as_a_pdf(tmp_path: Path, mime: str) -> None:
    """Textract knows neither WebP nor HEIC; that the file holds a second picture is still told afterwards."""
    frames = image_bytes.page(), image_bytes.page(("two",))
    content = (
        image_bytes.saved(frames[0], "WEBP", save_all=True, append_images=[frames[1]])
        if mime == WEBP
        else image_bytes.heic_of(*frames)
    )
    ocr = Recogniser()
    text, _ = _read(tmp_path, content, ocr, mime=mime)
    ((pages, key, sent),) = ocr.sent
    assert (pages, len(pypdfium2.PdfDocument(sent))) == ((1,), 1)
    assert key.startswith("ocr/")
    assert [line.text for line in text.lines] == ["recognised"]
    assert text.more_frames


def test_a_document_with_good_text_is_not_sent(tmp_path: Path) -> None:
    """Unless every page is asked for."""
    ocr = Recogniser()
    text, _ = _read(tmp_path, pdf([PROSE]), ocr)
    assert ocr.sent == []
    assert text.engine.startswith("pdfium")
    forced, _ = _read(tmp_path / "forced", pdf([PROSE]), ocr, "all")
    assert [line.text for line in forced.lines] == ["recognised"]
    assert "toy-1" in forced.engine


@pytest.mark.parametrize(("pages", "readable"), [((OUTLINES, OUTLINES), False), ((PROSE, OUTLINES), True)])
def test_a_script_that_ocr_does_not_know_fails_what_is_in_it_whole_and_is_named_elsewhere(
    tmp_path: Path, pages: tuple[str, str], readable: bool
) -> None:
    """Where every page is in it the document fails by name; where some are, the text names them."""

    class Foreigner(Recogniser):
        async def read(self, document: OcrDocument, paid: PaidWork) -> OcrText:
            return OcrText(tuple(OcrPage(number, ()) for number in document.pages), foreign=document.pages)

    if readable:
        text, _ = _read(tmp_path, pdf(list(pages)), Foreigner())
        assert (text.foreign, text.source) == ((2,), "native")
    else:
        with pytest.raises(UnsupportedScript):
            _read(tmp_path, pdf(list(pages)), Foreigner())


def test_a_page_that_had_to_be_turned_is_told_upright(tmp_path: Path) -> None:
    """Its width and height change places; its ink is what the engine saw."""

    class Turning(Recogniser):
        async def read(self, document: OcrDocument, paid: PaidWork) -> OcrText:
            picture = await document.picture(1)
            assert picture.width < picture.height
            box = Box(0.1, 0.1, 0.3, 0.12)
            line = Line(0, 1, (Word("Nurse", box, 0.9),), box)
            return OcrText((OcrPage(1, (line,), turned=90, ink=(Ink(1.0, (14.2,)),)),))

    text, _ = _read(tmp_path, pdf([OUTLINES]), Turning())
    (page,) = text.pages
    assert page.width > page.height
    assert page.lines[0].size == pytest.approx(20.0)


def test_pages_that_were_given_up_keep_their_own_text(tmp_path: Path) -> None:
    """And are named."""
    text, _ = _read(tmp_path, pdf([PROSE]), Recogniser(unread=(1,)), "all")
    assert text.unread == (1,)
    assert "ordinary text" in text.lines[0].text
