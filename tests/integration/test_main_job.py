"""The main job over HTTP: upload, profile, search, erase."""

from __future__ import annotations

import json
import time
from pathlib import Path

import httpx
import pytest

from benchmarks.service import Service
from pipeline.cli.demo import sample_files, samples_dir
from resumes_client import Client, ProblemError
from tests.integration.conftest import ended

SAMPLES = sorted(samples_dir().glob("*.pdf"))
#: Read by OCR on this machine, or from a Word file.
OTHERS = [path for path in sample_files(scanned=True) if path not in SAMPLES]
#: The packaged model knows English: the searches that cross languages are for a multilingual one.
SEARCHES = [
    search
    for search in json.loads((samples_dir() / "searches.json").read_text("utf-8"))
    if not search["cross_language"]
]


def truth_of(path: Path) -> dict:
    return json.loads(path.with_suffix(".json").read_text("utf-8"))["truth"]


@pytest.fixture(scope="module")
def completed(service: Service) -> dict[str, dict]:
    """Every sample uploaded at once: the finished resume of each file name, with facts."""
    client = service.client()
    ids = {path.name: client.upload(path, job_post_id="samples")["id"] for path in SAMPLES}
    done = {name: ended(client, resume_id) for name, resume_id in ids.items()}
    client.close()
    return done


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_becomes_its_persons_profile(completed: dict[str, dict], path: Path) -> None:
    """Name and e-mail as in the sample's truth; every fact has its page and box."""
    resume = completed[path.name]
    assert resume["status"] == "completed", resume
    truth, person = truth_of(path), resume["profile"]["person"]
    assert person["name"]["full"]["value"].casefold() == truth["name"].casefold()
    if truth.get("email"):
        assert truth["email"].casefold() in [email["value"].casefold() for email in person["emails"]]
    assert len(resume["profile"]["work"]) >= 1
    for fact in [person["name"]["full"], *person["emails"], *person["phones"]]:
        assert fact["status"] == "supported"
        assert all(evidence["page"] and evidence["bbox"] for evidence in fact["evidence"])


@pytest.mark.slow
@pytest.mark.parametrize("path", OTHERS, ids=lambda path: path.name)
def test_a_scan_a_photo_and_a_word_file_become_profiles_too(client: Client, path: Path) -> None:
    """Name, e-mail and employers as in the truth; the text says whether it was read by OCR."""
    resume = ended(client, client.upload(path)["id"])
    assert resume["status"] == "completed", resume
    truth, profile = truth_of(path), resume["profile"]
    assert profile["person"]["name"]["full"]["value"].casefold() == truth["name"].casefold()
    assert truth["email"] in [email["value"] for email in profile["person"]["emails"]]
    employers = {(work["employer"] or {}).get("value") for work in profile["work"]}
    assert {work["company"] for work in truth["work"]} <= employers
    assert profile["document"]["text_source"] == ("native" if path.suffix == ".docx" else "ocr")


def test_a_profile_says_how_it_was_made(completed: dict[str, dict]) -> None:
    """Versions and seconds of every stage."""
    meta = completed[SAMPLES[0].name]["profile"]["meta"]
    assert {"read", "group", "normalise", "verify", "embed"} <= set(meta["versions"]) & set(meta["seconds"])


@pytest.mark.parametrize("search", SEARCHES, ids=lambda search: search["top"])
def test_a_search_in_plain_words_finds_the_right_person(
    client: Client, completed: dict[str, dict], search: dict
) -> None:
    """The top hit of each of the demo's searches, with the line that matched."""
    hits = client.search(search["query"], job_post_id="samples")["items"]
    assert hits[0]["id"] == completed[search["top"]]["id"]
    assert hits[0]["text"]
    assert hits[0]["section"]


def test_equal_bytes_are_embedded_once(service: Service, client: Client) -> None:
    """The second upload of the same bytes takes its vectors from the checkpoint, and one hit names both."""
    from sqlalchemy import text

    from pipeline.orchestration import wiring

    first, second = (client.upload(SAMPLES[0], job_post_id="twins")["id"] for name in ("a", "b"))
    assert first != second
    assert {client.wait(one)["status"] for one in (first, second)} == {"completed"}
    engine = wiring.database(service.settings, name="test", pool_size=1)
    with engine.connect() as connection:
        rows = connection.execute(
            text("SELECT application_id, count(*) FROM chunks WHERE job_post_id = 'twins' GROUP BY 1")
        ).all()
    engine.dispose()
    assert len(rows) == 2
    assert len({count for _, count in rows}) == 1
    (hit,) = client.search("anything at all", job_post_id="twins")["items"]
    assert (hit["id"], hit["copies"]) == (second, [first])


def test_an_erased_resume_is_gone(service: Service, client: Client) -> None:
    """From the API, from the search and from the object store."""
    resume_id = client.upload(SAMPLES[1], job_post_id="erasure")["id"]
    client.wait(resume_id)
    receipt = client.erase(resume_id)
    assert receipt["id"] == resume_id
    with pytest.raises(ProblemError) as error:
        client.get(resume_id)
    assert error.value.status == 410
    assert client.search("experience", job_post_id="erasure")["items"] == []
    objects = [
        path for path in (service.settings.objects_dir / "resumes").iterdir() if resume_id in path.name
    ]
    assert objects == []


def test_a_waiting_caller_hears_of_the_end_at_once(service: Service, client: Client) -> None:
    """A long poll returns when the resume is completed, not when its time is up."""
    resume_id = client.upload(SAMPLES[2])["id"]
    started = time.monotonic()
    assert client.get(resume_id, wait=30)["status"] == "completed"
    assert time.monotonic() - started < 15


def test_the_service_listens_on_this_machine_only(service: Service) -> None:
    """Loopback by default: nothing of the HTTP service binds another address."""
    port = int(service.url.rsplit(":", 1)[1])
    bound = {
        connection.laddr.ip
        for process in service.processes()
        for connection in process.net_connections("tcp")
        if connection.status == "LISTEN" and connection.laddr.port == port
    }
    assert bound == {"127.0.0.1"}


def test_the_api_documents_itself_without_the_internet(service: Service) -> None:
    """Swagger's page loads no asset from another host."""
    page = httpx.get(f"{service.url}/docs")
    assert page.status_code == 200
    assert "//cdn" not in page.text
    assert "https://" not in page.text
