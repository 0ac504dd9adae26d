"""Long polls: answered at the final status, by notification or by the poll behind it."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
from sqlalchemy import text

from tests.serve_app.conftest import MODEL, Service, Start
from tests.serve_app.samples import finish, pdf, refuse
from tests.serve_app.test_raw_uploads import wait_for
from tests.serve_app.test_resumes import VECTOR
from tests.serve_app.test_uploads import upload


def waiting(service: Service) -> int:
    return sum(len(events) for events in service.app.state.runtime.waits._waiting.values())


def timed(client: httpx.Client, path: str, seconds: int) -> tuple[httpx.Response, float]:
    started = time.monotonic()
    answer = client.get(path, params={"wait": seconds})
    return answer, time.monotonic() - started


def test_a_wait_ends_when_the_resume_completes(service: Service, client: httpx.Client) -> None:
    """The notification wakes the waiter at once, long before any poll."""
    path = upload(client).json()["links"]["self"]
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(timed, client, path, 20)
        wait_for(lambda: waiting(service) == 1)
        time.sleep(0.2)
        finish(service.engine, VECTOR, MODEL)
        finished = time.monotonic()
        answer, _ = future.result()
    assert time.monotonic() - finished < 1
    assert (answer.json()["status"], answer.json()["profile"]["person"]["name"]["full"]) == (
        "completed",
        "Ada Fiktiva",
    )
    assert waiting(service) == 0


def test_a_wait_ends_when_the_resume_fails(service: Service, client: httpx.Client) -> None:
    """Every final status ends a wait, not only the happy one."""
    path = upload(client).json()["links"]["self"]
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(timed, client, path, 20)
        wait_for(lambda: waiting(service) == 1)
        refuse(service.engine, "no-text", "The document holds no readable text.")
        answer, took = future.result()
    assert answer.json()["status"] == "failed"
    assert took < 3


def test_a_wait_that_runs_out_shows_the_status_as_it_is(client: httpx.Client) -> None:
    """After its time a wait answers 200 with whatever there is."""
    answer, took = timed(client, upload(client).json()["links"]["self"], 1)
    assert (answer.status_code, answer.json()["status"]) == (200, "queued")
    assert 0.9 < took < 2


def test_no_wait_for_what_has_ended_or_never_was(service: Service, client: httpx.Client) -> None:
    """A final status and an unknown id are answered at once."""
    path = upload(client).json()["links"]["self"]
    finish(service.engine, VECTOR, MODEL)
    answer, took = timed(client, path, 20)
    missing, took_too = timed(client, "/resumes/0197a3c1-6f2e-7c3a-9d53-2f6f4f7f0a11", 20)
    assert (answer.json()["status"], missing.status_code) == ("completed", 404)
    assert took + took_too < 2


def test_a_lost_notification_is_covered_by_the_poll(service: Service, client: httpx.Client) -> None:
    """A status that changed without a word is seen within seconds."""
    uploaded = upload(client).json()
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(timed, client, uploaded["links"]["self"], 20)
        wait_for(lambda: waiting(service) == 1)
        with service.engine.begin() as connection:
            connection.execute(text("UPDATE applications SET status = 'cancelled'"))
        answer, took = future.result()
    assert answer.json()["status"] == "cancelled"
    assert took < 6


def test_a_cut_of_the_listening_connection_is_survived(start: Start) -> None:
    """The listener comes back by itself, and notifications wake waits as before."""
    service = start()
    client = service.client()
    with service.engine.begin() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND application_name = 'resumes-listen'"
            )
        )
    path = upload(client).json()["links"]["self"]
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(timed, client, path, 20)
        wait_for(lambda: waiting(service) == 1)
        time.sleep(0.7)
        finish(service.engine, VECTOR, MODEL)
        finished = time.monotonic()
        assert future.result()[0].json()["status"] == "completed"
    assert time.monotonic() - finished < 1


def test_one_connection_serves_all_waits(service: Service) -> None:
    """Fifty waits hold one LISTEN connection and no connection of the pool, so uploads go on."""
    with service.client() as client:
        paths = [upload(client, pdf(str(n))).json()["links"]["self"] for n in range(50)]
        with ThreadPoolExecutor(50) as pool:
            futures = [pool.submit(timed, client, path, 20) for path in paths]
            wait_for(lambda: waiting(service) == 50, seconds=10)
            with service.engine.connect() as connection:
                listeners = connection.execute(
                    text(
                        "SELECT count(*) FROM pg_stat_activity "
                        "WHERE datname = current_database() AND application_name = 'resumes-listen'"
                    )
                ).scalar_one()
            with service.client() as other:
                started = time.monotonic()
                assert upload(other, pdf("meanwhile")).status_code == 202
                assert time.monotonic() - started < 2
            finish(service.engine, VECTOR, MODEL)
            assert {future.result()[0].json()["status"] for future in futures} == {"completed"}
    assert listeners == 1


def test_a_wait_above_the_limit_is_answered_at_once(start: Start) -> None:
    """Whoever finds every waiting place taken gets the status as it is, and when to ask again."""
    service = start(max_concurrent_waits=1)
    with service.client() as client, service.client() as other:
        path = upload(client).json()["links"]["self"]
        thread = threading.Thread(target=timed, args=(other, path, 2))
        thread.start()
        wait_for(lambda: waiting(service) == 1)
        answer, took = timed(client, path, 20)
        thread.join()
    assert (answer.status_code, answer.json()["status"]) == (200, "queued")
    assert answer.headers["retry-after"] == "1"
    assert took < 1


def test_a_stopping_service_answers_its_waits(start: Start) -> None:
    """Nobody waits for a process that is going away."""
    service = start()
    with service.client() as client:
        path = upload(client).json()["links"]["self"]
        with ThreadPoolExecutor(1) as pool:
            future = pool.submit(timed, client, path, 20)
            wait_for(lambda: waiting(service) == 1)
            runtime = service.app.state.runtime
            asyncio.run_coroutine_threadsafe(runtime.waits.stop(), runtime.waits._loop).result(5)
            answer, took = future.result()
    assert answer.status_code == 200
    assert took < 5
