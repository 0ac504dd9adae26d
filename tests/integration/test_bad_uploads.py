"""Bad files get exactly what the contract says, and the uploads beside them finish."""

from __future__ import annotations

import io
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pikepdf
import pytest

from benchmarks.service import Service
from pipeline.cli.demo import samples_dir
from resumes_client import Client, ProblemError
from tests.adapters import docx_bytes, pdf_bombs
from tests.adapters.docx_bytes import docx
from tests.adapters.image_bytes import page, png_of, saved, tiff_of
from tests.integration.conftest import ended
from tests.serve_app.samples import FORM_TYPE, PDF, form, part

FILE = part("file", PDF, filename="cv.pdf")
SAMPLES = sorted(samples_dir().glob("*.pdf"))


def encrypted(*, user: str, owner: str) -> bytes:
    with pikepdf.open(SAMPLES[0]) as pdf:
        made = io.BytesIO()
        pdf.save(made, encryption=pikepdf.Encryption(user=user, owner=owner))
    return made.getvalue()


def pages(count: int) -> bytes:
    pdf = pikepdf.new()
    for _ in range(count):
        pdf.add_blank_page()
    made = io.BytesIO()
    pdf.save(made)
    return made.getvalue()


def blank() -> bytes:
    return pages(1)


def truncated() -> bytes:
    """The first tenth: the objects of the pages and the cross-reference table are gone."""
    content = SAMPLES[0].read_bytes()
    return content[: len(content) // 10]


#: The first member of a ZIP, uncompressed, says what it is.
EPUB = (
    b"PK\x03\x04\x14"
    + b"\0" * 13
    + b"\x14\0\0\0" * 2
    + b"\x08\0\0\0mimetypeapplication/epub+zip"
    + b"\0" * 100
)

FAILURES = {
    "a password is needed": (lambda: encrypted(user="secret", owner="secret"), "encrypted"),
    "a content packed twice, of gigabytes": (pdf_bombs.nested_flate, "resource-limit"),
    "a cross-reference table that names itself": (pdf_bombs.circular_prev, "resource-limit"),
    "cross-reference streams that name each other": (pdf_bombs.circular_prev_of_streams, "resource-limit"),
    "pages that are their own ancestors": (pdf_bombs.page_tree_cycle, "resource-limit"),
    "an object stream that unpacks to gigabytes": (pdf_bombs.object_stream, "resource-limit"),
    "a page of a thousand kilometres": (pdf_bombs.huge_sheet, "resource-limit"),
    "10,000 pages": (lambda: pdf_bombs.many_pages(10_000), "resource-limit"),
    "JPEG 2000 of 100,000 by 100,000 pixels": (pdf_bombs.huge_jpx, "resource-limit"),
    "JBIG2 of 100,000 by 100,000 pixels": (pdf_bombs.huge_jbig2, "resource-limit"),
    "cut off": (truncated, "corrupt"),
    "a header alone": (lambda: b"%PDF-1.7\n", "corrupt"),
    "no pages": (lambda: pages(0), "corrupt"),
    "a blank page": (blank, "no-text"),
    "a Word file with a password": (docx_bytes.encrypted, "encrypted"),
    "a Word file without its document": (
        lambda: docx(parts={"word/document.xml": None, "word/a.xml": "<a/>"}),
        "corrupt",
    ),
    "a Word file that unpacks to hundreds of times its size": (docx_bytes.blown_up, "resource-limit"),
    "a Word file of 200,000 parts": (lambda: docx_bytes.many_parts(200_000), "resource-limit"),
    "billion laughs in a Word file": (docx_bytes.billion_laughs, "resource-limit"),
    "a Word file without text": (docx, "no-text"),
    "a PNG of 100,000 by 100,000 pixels": (lambda: png_of(100_000, 100_000), "resource-limit"),
    "a TIFF of 5,000 frames": (lambda: tiff_of(5000), "resource-limit"),
    "a TIFF of nothing": (lambda: b"II*\x00" + b"\x00" * 100, "corrupt"),
    "a scan of a white sheet": (lambda: saved(page(()), "JPEG"), "no-text"),
}
REFUSALS = {
    "HTML named .pdf": (b"<!DOCTYPE html><html><body>CV</body></html>", 415, "unsupported-type"),
    "an empty file": (b"", 422, "invalid"),
    "a program named .pdf": (b"MZ\x90\x00" + b"\x00" * 200, 415, "unsupported-type"),
    "SVG named .pdf": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', 415, "unsupported-type"),
    "an EPUB named .pdf": (EPUB, 415, "unsupported-type"),
    "an old Word document": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 2000, 415, "unsupported-type"),
}


RAW_REFUSALS = {
    "5,000 parts": (form(FILE, *(part(f"f{n}", b"v") for n in range(5000))), {}, 413, "too-large"),
    "a field of 2 MB without a file name": (form(part("file", b"x" * 2_000_000)), {}, 413, "too-large"),
    "a body that gzip packed": (form(FILE), {"Content-Encoding": "gzip"}, 415, "unsupported-type"),
    "a body without its end": (FILE, {}, 400, "bad-request"),
    "two files": (form(FILE, FILE), {}, 400, "bad-request"),
    "an unknown option": (form(FILE, part("on_duplicate", b"maybe")), {}, 422, "invalid"),
    "no token": (form(FILE), {"Authorization": ""}, 401, "unauthorized"),
}


def upload_bytes(tmp_path: Path, client: Client, content: bytes) -> str:
    path = tmp_path / "resume.pdf"
    path.write_bytes(content)
    return str(client.upload(path)["id"])


@pytest.mark.parametrize("name", FAILURES)
def test_an_unreadable_file_fails_by_name_beside_a_good_one(
    client: Client, tmp_path: Path, name: str
) -> None:
    """202 first; then `failed` with the contract's code and a sentence; the neighbour completes."""
    make, code = FAILURES[name]
    bad = upload_bytes(tmp_path, client, make())
    good = client.upload(SAMPLES[0])["id"]
    resume = client.wait(bad)
    assert (resume["status"], resume["error"]["code"]) == ("failed", code)
    assert resume["error"]["detail"].endswith(".")
    assert client.wait(good)["status"] == "completed"


@pytest.mark.parametrize("name", REFUSALS)
def test_a_file_of_another_kind_is_refused_beside_a_good_one(
    service: Service, client: Client, name: str
) -> None:
    """Refused before anything is kept, as a problem with the contract's slug."""
    content, status, slug = REFUSALS[name]
    answer = httpx.post(
        f"{service.url}/resumes/upload",
        files={"file": ("resume.pdf", content)},
        headers={"Authorization": f"Bearer {service.key}"},
    )
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}")
    good = client.upload(SAMPLES[0])["id"]
    assert client.wait(good)["status"] == "completed"


@pytest.mark.parametrize("name", RAW_REFUSALS)
def test_a_bad_request_is_refused_beside_a_good_one(service: Service, client: Client, name: str) -> None:
    """Through Ray Serve's own proxy the answers are the same as the application gives by itself."""
    body, headers, status, slug = RAW_REFUSALS[name]
    ours = {"Authorization": f"Bearer {service.key}", "Content-Type": FORM_TYPE}
    answer = httpx.post(f"{service.url}/resumes/upload", content=body, headers=ours | headers)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}")
    good = client.upload(SAMPLES[0])["id"]
    assert client.wait(good)["status"] == "completed"


@pytest.fixture
def elsewhere() -> Iterator[tuple[str, list[bytes]]]:
    """The address of a server that hostile documents name, and whatever anybody asked it."""
    asked: list[bytes] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            asked.append(self.rfile.readline())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
        server.shutdown()


HOSTILE = {
    "XFA with entities": lambda address, _: pdf_bombs.xfa(address),
    "JavaScript, Launch and SubmitForm": pdf_bombs.acting,
    "a Word file with a template elsewhere": lambda address, _: docx_bytes.pointing_outside(address),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_a_document_wants_its_reader_to_do_is_not_done(
    client: Client, tmp_path: Path, elsewhere: tuple[str, list[bytes]], name: str
) -> None:
    """It parses; nothing is fetched, sent or run, and the lines of /etc/passwd are nowhere in its text."""
    address, asked = elsewhere
    started = tmp_path / "started"
    hostile = upload_bytes(tmp_path, client, HOSTILE[name](address, f"-c 'touch {started}'"))
    resume = ended(client, hostile)
    assert resume["status"] == "completed"
    assert "Fiktiva" in str(resume["profile"])
    assert "root:" not in str(resume)
    assert asked == []
    assert not started.exists()


def test_the_server_elsewhere_would_notice(elsewhere: tuple[str, list[bytes]]) -> None:
    """The control of the test above: a request that is made is seen."""
    address, asked = elsewhere
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"{address}/entity")
    assert asked == [b"GET /entity HTTP/1.1\r\n"]


def test_an_owner_password_alone_is_no_obstacle(client: Client, tmp_path: Path) -> None:
    """Such a file opens for everybody; only printing or copying is discouraged."""
    resume_id = upload_bytes(tmp_path, client, encrypted(user="", owner="secret"))
    assert client.wait(resume_id)["status"] == "completed"


@pytest.mark.parametrize("junk", ["before", "after"])
def test_junk_around_a_pdf_does_not_hide_it(client: Client, tmp_path: Path, junk: str) -> None:
    """Mail gateways and download managers leave such bytes."""
    content, noise = SAMPLES[0].read_bytes(), b"\x00\xffjunk\r\n" * 20
    resume_id = upload_bytes(tmp_path, client, noise + content if junk == "before" else content + noise)
    assert client.wait(resume_id)["status"] == "completed"


def test_a_refused_upload_leaves_no_row(service: Service) -> None:
    """Nothing of a refused file is listed afterwards."""
    http = httpx.Client(base_url=service.url, headers={"Authorization": f"Bearer {service.key}"})
    answer = http.post(
        "/resumes/upload", files={"file": ("x.pdf", b"MZ" * 50)}, data={"job_post_id": "refused"}
    )
    assert answer.status_code == 415
    assert http.get("/resumes", params={"job_post_id": "refused"}).json()["items"] == []


def test_an_api_error_carries_the_problems_sentence(service: Service) -> None:
    """What the client raises is what the service said."""
    client = Client(service.url, "rk_wrong")
    with pytest.raises(ProblemError) as error:
        client.search("x")
    assert error.value.status == 401
    client.close()
