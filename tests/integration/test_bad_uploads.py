"""Bad files get exactly what the contract says, and the uploads beside them finish."""

from __future__ import annotations

import io
from pathlib import Path

import httpx
import pikepdf
import pytest

from benchmarks.service import Service
from pipeline.client import ApiError, ResumesClient
from pipeline.demo import samples_dir
from tests.adapters import docx_bytes
from tests.adapters.docx_bytes import docx
from tests.adapters.image_bytes import page, png_of, saved, tiff_of

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


FAILURES = {
    "a password is needed": (lambda: encrypted(user="secret", owner="secret"), "encrypted"),
    "a thousand pages": (lambda: pages(1000), "resource-limit"),
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
    "a Word file of many parts": (docx_bytes.many_parts, "resource-limit"),
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
    "an old Word document": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 2000, 415, "unsupported-type"),
}


def upload_bytes(tmp_path: Path, client: ResumesClient, content: bytes) -> str:
    path = tmp_path / "resume.pdf"
    path.write_bytes(content)
    return str(client.upload(path, fresh=str(tmp_path))["id"])


@pytest.mark.parametrize("name", FAILURES)
def test_an_unreadable_file_fails_by_name_beside_a_good_one(
    client: ResumesClient, tmp_path: Path, name: str
) -> None:
    """202 first; then `failed` with the contract's code and a sentence; the neighbour completes."""
    make, code = FAILURES[name]
    bad = upload_bytes(tmp_path, client, make())
    good = client.upload(SAMPLES[0], fresh=name)["id"]
    resume = client.wait(bad)
    assert (resume["status"], resume["error"]["code"]) == ("failed", code)
    assert resume["error"]["detail"].endswith(".")
    assert client.wait(good)["status"] == "completed"


@pytest.mark.parametrize("name", REFUSALS)
def test_a_file_of_another_kind_is_refused_beside_a_good_one(
    service: Service, client: ResumesClient, name: str
) -> None:
    """Refused before anything is kept, as a problem with the contract's slug."""
    content, status, slug = REFUSALS[name]
    answer = httpx.post(
        f"{service.url}/resumes/upload",
        files={"file": ("resume.pdf", content)},
        headers={"Authorization": f"Bearer {service.key}"},
    )
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}")
    good = client.upload(SAMPLES[0], fresh=name)["id"]
    assert client.wait(good)["status"] == "completed"


def test_an_owner_password_alone_is_no_obstacle(client: ResumesClient, tmp_path: Path) -> None:
    """Such a file opens for everybody; only printing or copying is discouraged."""
    resume_id = upload_bytes(tmp_path, client, encrypted(user="", owner="secret"))
    assert client.wait(resume_id)["status"] == "completed"


@pytest.mark.parametrize("junk", ["before", "after"])
def test_junk_around_a_pdf_does_not_hide_it(client: ResumesClient, tmp_path: Path, junk: str) -> None:
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
    client = ResumesClient(service.url, "rk_wrong")
    with pytest.raises(ApiError) as error:
        client.search("x")
    assert error.value.status == 401
    client.close()
