"""The main job on S3, Textract and Gemini: paid once, never over quota, never an invented fact."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from pipeline.cli.demo import samples_dir
from pipeline.domain import trace
from pipeline.domain.journey import Stage
from resumes_client import ProblemError
from tests.chaos.killer import Killer, wait_until
from tests.cloud.conftest import World, made_resumes
from tests.integration.conftest import ended
from tests.standins.cloud import BUCKET

NURSE = samples_dir() / "nurse_single_column.pdf"


def rows(world: World, statement: str, **parameters: object) -> list:
    with world.engine.connect() as connection:
        return list(connection.execute(text(statement), parameters))


def test_a_resume_goes_through_all_three_and_says_what_it_cost(world: World) -> None:
    """The original in S3, the text from Textract, the profile from Gemini, the sums in the profile."""
    resume = ended(world.client, world.client.upload(NURSE)["id"])
    assert resume["status"] == "completed", resume
    profile = resume["profile"]
    assert profile["person"]["name"]["full"]["value"] == "Rupert Llewellyn"
    assert profile["document"]["text_source"] == "ocr"
    assert profile["meta"]["pages_billed"] == 1
    assert profile["meta"]["tokens"]["prompt"] > 0
    assert profile["meta"]["cost_usd"] > 0.0015
    assert "textract-text-" in resume["versions"]["read"]
    assert "gemini-3.8-flash" in resume["versions"]["normalise"]
    employer = profile["work"][0]["employer"]
    assert employer["status"] == "supported"
    assert employer["evidence"][0]["bbox"]
    key = f"resumes/{resume['id']}"
    stored = world.cloud.aws.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    assert stored == NURSE.read_bytes()


def test_a_trace_goes_from_the_caller_through_all_stages_to_the_vendors(world: World) -> None:
    """The request is a span, its stages are its children, and vendors are asked by the stage that asks them."""
    trace_id = "7d2f4e6a8b0c4d1e9f3a5b7c9d1e3f50"
    (made,) = made_resumes(world.cloud, 1, seed=77)
    answer = httpx.post(
        f"{world.service.url}/resumes/upload",
        headers={
            "Authorization": f"Bearer {world.service.key}",
            "traceparent": f"00-{trace_id}-00f067aa0ba902b7-01",
        },
        files={"file": ("cv.pdf", made.pdf)},
    )
    resume_id = answer.json()["id"]
    assert ended(world.client, resume_id)["status"] == "completed"
    collector = world.collector
    stages = {stage.value for stage in Stage}
    wait_until(
        lambda: {"POST /resumes/upload", *stages} <= {span.name for span in collector.spans(trace_id)},
        seconds=20,
        what="all spans",
    )
    spans = {span.span_id: span for span in collector.spans(trace_id)}
    (request,) = [span for span in spans.values() if span.name not in stages]
    assert request.parent_id == "00f067aa0ba902b7"
    for span in spans.values():
        assert span.attributes["resumes.resume_id"] == resume_id
        assert not span.failed
        assert span is request or span.parent_id == request.span_id
    for told, stage in (
        (world.cloud.textract.traceparents, "read"),
        (world.cloud.gemini.traceparents, "normalise"),
    ):
        contexts = [parsed for parsed in map(trace.parse, told) if parsed and parsed.trace_id == trace_id]
        assert contexts
        assert {spans[context.span_id].name for context in contexts} == {stage}
    name = made.truth["truth"]["name"].encode()  # type: ignore[index]
    assert not any(name in body for body in collector.bodies)


def test_the_original_is_downloaded_from_s3_itself(world: World) -> None:
    """302 to a presigned URL, which needs no key of ours."""
    resume_id = world.client.upload(NURSE)["id"]
    headers = {"Authorization": f"Bearer {world.service.key}"}
    answer = httpx.get(f"{world.service.url}/resumes/{resume_id}/file", headers=headers)
    assert answer.status_code == 302
    assert httpx.get(answer.headers["Location"]).content == NURSE.read_bytes()


def test_a_twin_costs_nothing(world: World) -> None:
    """Equal bytes for another job post: no call to anybody."""
    world.client.wait(world.client.upload(NURSE)["id"])
    calls = world.cloud.textract.calls.total(), len(world.cloud.gemini.requests)
    twin = world.client.wait(world.client.upload(NURSE, job_post_id="another")["id"])
    assert twin["profile"]["person"]["name"]["full"] == "Rupert Llewellyn"
    assert twin["profile"]["meta"]["cost_usd"] == 0
    assert (world.cloud.textract.calls.total(), len(world.cloud.gemini.requests)) == calls


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_storm_of_throttles_costs_no_attempt_and_no_second_payment(world: World, tmp_path: Path) -> None:
    """40 resumes and 4 twins while Textract throttles one call in five and Gemini three in ten."""
    cloud = world.cloud
    made = made_resumes(cloud, 40, seed=31)
    files = []
    for number, one in enumerate([*made, *made[:4]]):
        files.append(tmp_path / f"{number}.pdf")
        files[-1].write_bytes(one.pdf)
    started, before = cloud.textract.started, Counter(cloud.gemini.successes)
    cloud.textract.faults.throttled_share = 0.2
    cloud.gemini.shares = {"429": 0.3}
    try:
        with ThreadPoolExecutor(8) as pool:
            ids = list(pool.map(lambda path: world.client.upload(path, job_post_id="storm")["id"], files))
            ends = list(pool.map(lambda one: world.client.wait(one, timeout=240), ids))
    finally:
        cloud.textract.faults.throttled_share = 0.0
        cloud.gemini.shares = {}
    assert {end["status"] for end in ends} == {"completed"}
    assert {end["attempts"] for end in ends} == {1}
    assert cloud.textract.started - started == 40
    new = cloud.gemini.successes - before
    (stored,) = rows(
        world,
        "SELECT count(*) AS n FROM checkpoints WHERE stage = 'normalise' AND content_sha256 IN "
        "(SELECT content_sha256 FROM applications WHERE job_post_id = 'storm')",
    )
    assert new.total() == stored.n, "one success for each content and group"
    assert cloud.gemini.struck["429"] > 10, "the storm was one"
    assert cloud.textract.throttles["natural"] + cloud.gemini.natural_throttles == 0


@pytest.mark.slow
def test_no_invented_value_is_served_and_each_is_counted(world: World, tmp_path: Path) -> None:
    """The model makes one up in every group of every profile."""
    cloud = world.cloud
    invented = len(cloud.gemini.invented)
    cloud.gemini.shares = {"invented": 1.0}
    try:
        ids = []
        for number, one in enumerate(made_resumes(cloud, 6, seed=32)):
            path = tmp_path / f"{number}.pdf"
            path.write_bytes(one.pdf)
            ids.append(world.client.upload(path)["id"])
        profiles = [ended(world.client, one)["profile"] for one in ids]
    finally:
        cloud.gemini.shares = {}
    values = cloud.gemini.invented[invented:]
    assert len(values) >= 6
    assert [value for value in values if any(value in str(profile) for profile in profiles)] == []
    assert sum(profile["meta"]["facts_dropped"] for profile in profiles) >= len(values)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_dispatcher_that_dies_after_an_answer_costs_at_most_one_more_call(
    world: World, tmp_path: Path
) -> None:
    """Killed the moment Gemini has answered, before anything else can have been written."""
    cloud = world.cloud
    killer = Killer(world.service, world.engine)
    for number, one in enumerate(made_resumes(cloud, 3, seed=33)):
        path = tmp_path / f"{number}.pdf"
        path.write_bytes(one.pdf)
        started, before = cloud.textract.started, Counter(cloud.gemini.computed)
        resume_id = world.client.upload(path)["id"]
        wait_until(
            lambda seen=before: (cloud.gemini.computed - seen).total() > 0,
            seconds=60,
            what="an answer of Gemini's",
        )
        killer.kill("Dispatcher")
        end = world.client.wait(resume_id, timeout=120)
        assert end["status"] == "completed", end
        new = cloud.gemini.computed - before
        assert new.total() - len(new) <= 1
        assert cloud.textract.started - started == 1


@pytest.mark.slow
def test_a_resume_is_reprocessed_from_the_stage_that_is_asked_for(world: World) -> None:
    """Without a stage nothing is paid again; from `normalise` on the model is, and not Textract."""
    resume_id = world.client.upload(NURSE)["id"]
    world.client.wait(resume_id)
    http = httpx.Client(base_url=world.service.url, headers={"Authorization": f"Bearer {world.service.key}"})
    calls = world.cloud.textract.started, len(world.cloud.gemini.requests)
    assert http.post(f"/resumes/{resume_id}/reprocess").status_code == 202
    assert world.client.wait(resume_id)["status"] == "completed"
    assert (world.cloud.textract.started, len(world.cloud.gemini.requests)) == calls
    answer = http.post(f"/resumes/{resume_id}/reprocess", json={"from": "normalise"})
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/resumes/{resume_id}"
    end = world.client.wait(resume_id)
    assert end["status"] == "completed"
    assert end["reprocessed_at"]
    assert world.cloud.textract.started == calls[0]
    assert len(world.cloud.gemini.requests) > calls[1]
    assert http.post(f"/resumes/{resume_id}/reprocess", json={"from": "dessert"}).status_code == 422


def test_an_erased_resume_leaves_nothing_in_the_bucket(world: World, tmp_path: Path) -> None:
    """Nor in the checkpoints; the ledger keeps the money, which names nobody."""
    (made,) = made_resumes(world.cloud, 1, seed=34)
    path = tmp_path / "one.pdf"
    path.write_bytes(made.pdf)
    resume_id = world.client.upload(path)["id"]
    world.client.wait(resume_id)
    world.client.erase(resume_id)
    left = world.cloud.aws.client("s3").list_object_versions(Bucket=BUCKET, Prefix=f"resumes/{resume_id}")
    assert "Versions" not in left
    with pytest.raises(ProblemError):
        world.client.get(resume_id)
    (sums,) = rows(world, "SELECT count(*) AS n FROM ledger WHERE application_id = :id", id=resume_id)
    assert sums.n > 0
    time.sleep(0.1)
    (kept,) = rows(
        world,
        "SELECT count(*) AS n FROM checkpoints c JOIN applications a USING (content_sha256) WHERE a.id = :id",
        id=resume_id,
    )
    assert kept.n == 0
