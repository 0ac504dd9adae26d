"""Old Word files through LibreOffice: the real one where it is installed, and programs in its place that misbehave."""

from __future__ import annotations

import asyncio
import os
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import docx as python_docx
import psutil
import pytest

from pipeline.adapters.office.convert import as_pdf, office
from pipeline.adapters.text_engines import DocumentTextEngine
from pipeline.domain.errors import CorruptDocument, EncryptedDocument, ResourceLimit, UnsupportedDocument
from pipeline.domain.media_type import DOC, media_type
from tests.adapters.pdf_bytes import pdf, text_at

REAL = pytest.mark.skipif(office() is None, reason="LibreOffice is not installed")
OLD_WORD = (
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 504 + "WordDocument".encode("utf-16-le") + b"\x00" * 2000
)


@pytest.fixture(scope="module")
def engine() -> Iterator[DocumentTextEngine]:
    """One parser for all."""
    made = DocumentTextEngine(processes=1, timeout_s=60, memory_mib=1024, max_pages=10)
    yield made
    made.close()


@pytest.fixture(scope="module")
def old_word(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A resume as LibreOffice writes it for Word 97."""
    made = python_docx.Document()
    made.add_heading("Ada Fiktiva", 0)
    made.add_heading("Experience", 1)
    made.add_paragraph().add_run("Sankt Nirgendwo").bold = True
    made.add_paragraph("Led the night shift", style="List Bullet")
    folder = tmp_path_factory.mktemp("doc")
    made.save(str(folder / "cv.docx"))
    return as_word_97(folder / "cv.docx")


def as_word_97(path: Path) -> bytes:
    """What LibreOffice makes of a file, for Word 97."""
    program, folder = office(), path.parent
    assert program is not None
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    arguments = [
        "--headless",
        "--convert-to",
        "doc:MS Word 97",
        "--outdir",
        str(folder),
        str(path),
    ]
    subprocess.run([program, profile, *arguments], check=True, capture_output=True, timeout=120)
    return path.with_suffix(".doc").read_bytes()


def leftovers() -> set[Path]:
    return set(Path(os.environ.get("TMPDIR", "/tmp")).glob("resume-doc-*"))


class Stand:
    """Puts a program in LibreOffice's place."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "soffice"

    def __call__(self, script: str) -> None:
        self._path.write_text(f"#!/bin/sh\n{script}\n")
        self._path.chmod(0o755)


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stand:
    """Writes a program that is found before LibreOffice."""
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return Stand(tmp_path)


@REAL
def test_an_old_word_file_is_read_as_it_is_printed(engine: DocumentTextEngine, old_word: bytes) -> None:
    """Its lines with their sizes and weights, and pages that can be looked at; nothing is left of it on the disk."""
    before = leftovers()
    assert media_type(old_word, legacy_word=True) == DOC
    text = asyncio.run(engine.read(old_word, DOC))
    lines = {line.text: line for line in text.lines}
    assert list(lines) == ["Ada Fiktiva", "Experience", "Sankt Nirgendwo", "• Led the night shift"]
    assert lines["Ada Fiktiva"].size > lines["Experience"].size > lines["Sankt Nirgendwo"].size
    assert lines["Sankt Nirgendwo"].bold
    pages = engine.pages(DOC)
    assert pages is not None
    assert asyncio.run(pages.picture(old_word, DOC, 1)).width > 500
    assert leftovers() == before


@REAL
@pytest.mark.parametrize("damage", ["cut", "noise", "container"])
def test_a_damaged_old_word_file_is_corrupt(old_word: bytes, damage: str) -> None:
    """Cut off, with noise in its middle, or a container of nothing."""
    content = {
        "cut": old_word[:1500],
        "noise": old_word[:512] + os.urandom(len(old_word) - 512),
        "container": OLD_WORD,
    }[damage]
    with pytest.raises(CorruptDocument):
        asyncio.run(as_pdf(content, timeout_s=60, memory_mib=1024))


@REAL
def test_nothing_that_a_document_links_to_is_fetched(tmp_path: Path) -> None:
    """A linked picture is asked for while the test's file is made, which shows that the link is live; then no more."""
    asked: list[str] = []

    class Tell(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            """Not into the tests' output."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Tell) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page = tmp_path / "cv.html"
        address = f"http://127.0.0.1:{server.server_port}/seen.png"
        page.write_text(f"<html><body><p>Ada Fiktiva</p><img src='{address}'></body></html>")
        content = as_word_97(page)
        assert "/seen.png" in asked
        assert address.encode() in content or address.encode("utf-16-le") in content
        asked.clear()
        assert asyncio.run(as_pdf(content, timeout_s=60, memory_mib=1024)).startswith(b"%PDF")
        server.shutdown()
    assert asked == []


def test_a_password_is_told_before_anything_is_started(stand_in: Stand) -> None:
    """By the flag at the beginning of the document's stream."""
    stand_in("exit 1")
    encrypted = OLD_WORD[:1024] + struct.pack("<HHHHHH", 0xA5EC, 0x00C1, 0, 0, 0, 0x0100) + b"\x00" * 1000
    with pytest.raises(EncryptedDocument):
        asyncio.run(as_pdf(encrypted, timeout_s=10, memory_mib=1024))


def test_without_libreoffice_the_sentence_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A worker's machine may lack what the ingress has."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert office() is None
    with pytest.raises(UnsupportedDocument, match="LibreOffice"):
        asyncio.run(as_pdf(OLD_WORD, timeout_s=10, memory_mib=1024))


def test_what_runs_too_long_is_killed_with_all_that_it_started(stand_in: Stand, tmp_path: Path) -> None:
    """The document breaks a limit; its converter's own children end with it, and its folder goes."""
    before = leftovers()
    stand_in(f"sleep 600 & echo $! > {tmp_path}/child; wait")
    with pytest.raises(ResourceLimit, match="more than 2 s"):
        asyncio.run(as_pdf(OLD_WORD, timeout_s=2, memory_mib=1024))
    assert ended(int((tmp_path / "child").read_text()))
    assert leftovers() == before


def test_what_takes_too_much_memory_is_ended_by_the_system(stand_in: Stand) -> None:
    """The limit holds in what LibreOffice starts, too."""
    stand_in(f"{sys.executable} -c 'bytearray(2 << 30)' || kill -ABRT $$")
    with pytest.raises(ResourceLimit):
        asyncio.run(as_pdf(OLD_WORD, timeout_s=30, memory_mib=1024))


def test_a_converter_whose_service_died_ends_and_leaves_nothing(stand_in: Stand, tmp_path: Path) -> None:
    """The service is killed with -9 while it waits."""
    before = leftovers()
    stand_in(f"sleep 600 & echo $! > {tmp_path}/child; wait")
    code = (
        "import asyncio, sys; from pipeline.adapters.office.convert import as_pdf; "
        "asyncio.run(as_pdf(sys.stdin.buffer.read(), timeout_s=500, memory_mib=1024))"
    )
    service = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE)
    assert service.stdin is not None
    service.stdin.write(OLD_WORD)
    service.stdin.close()
    child = tmp_path / "child"
    until = time.monotonic() + 60
    while not (child.exists() and child.read_text().strip()) and time.monotonic() < until:
        time.sleep(0.05)
    service.kill()
    service.wait()
    assert ended(int(child.read_text()))
    while leftovers() != before and time.monotonic() < until:
        time.sleep(0.05)
    assert leftovers() == before


def test_what_it_makes_is_read_by_the_parsers_of_pdfs(
    stand_in: Stand, tmp_path: Path, engine: DocumentTextEngine
) -> None:
    """Under their limits: a converter is trusted no more than a stranger."""
    (tmp_path / "made.pdf").write_bytes(pdf([text_at(72, 700, "Ada Fiktiva")]))
    stand_in(f"cp {tmp_path}/made.pdf resume.pdf")
    assert [line.text for line in asyncio.run(engine.read(OLD_WORD, DOC)).lines] == ["Ada Fiktiva"]
    stand_in("echo nothing > resume.pdf")
    with pytest.raises(CorruptDocument):
        asyncio.run(engine.read(OLD_WORD, DOC))


def ended(pid: int) -> bool:
    """Whether the process is gone, or will be within seconds."""
    try:
        psutil.Process(pid).wait(20)
    except psutil.NoSuchProcess:
        return True
    except psutil.TimeoutExpired:
        return False
    return True
