"""What stands before the replicas: limits for what is no request, honest answers while a replica is away, loopback."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from contextlib import closing, suppress

import httpx
import psutil
import pytest

from benchmarks.service import Service, title
from serve_app.front import MAX_HEADERS, binary
from tests.chaos.killer import wait_until
from tests.serve_app.samples import FORM_TYPE, PDF, form, part

pytestmark = pytest.mark.skipif(binary() is None, reason="HAProxy does not run here")

FILE = part("file", PDF, filename="cv.pdf")
STRANGERS_WAIT_S = 30
PATIENCE_S = 60


def front_process(service: Service) -> psutil.Process:
    (found,) = [one for one in service.processes() if title(one).split(" ")[0].endswith("haproxy")]
    return found


def said(service: Service, data: bytes) -> bytes:
    """What the server answers to these bytes until it closes the connection."""
    with closing(socket.create_connection(("127.0.0.1", service.settings.port))) as connection:
        connection.settimeout(STRANGERS_WAIT_S)
        connection.sendall(data)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
        return answer


def assert_problem(answer: httpx.Response, slug: str) -> None:
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["type"], body["status"]) == (f"/problems/{slug}", answer.status_code)
    assert body["request_id"] == answer.headers["x-request-id"] != ""


def upload_until(service: Service, stop: threading.Event, answers: list[httpx.Response]) -> None:
    with httpx.Client(base_url=service.url, timeout=60) as client:
        headers = {"Authorization": f"Bearer {service.key}", "Content-Type": FORM_TYPE}
        while not stop.is_set():
            try:
                answers.append(client.post("/resumes/upload", content=form(FILE), headers=headers))
            except httpx.TransportError as error:
                answers.append(httpx.Response(599, headers={"content-type": "none"}, text=repr(error)))


def answers_while(service: Service, happens: Callable[[], None], *, clients: int = 4) -> list[httpx.Response]:
    """Every answer that clients get who upload all the time while something happens, and until uploads work again."""
    stop, answers = threading.Event(), list[httpx.Response]()
    threads = [threading.Thread(target=upload_until, args=(service, stop, answers)) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        wait_until(lambda: len(answers) > 2 * clients, seconds=PATIENCE_S, what="uploads to be answered")
        happens()
        seen = len(answers)
        wait_until(
            lambda: [answer.status_code for answer in answers[seen:]].count(202) > 2 * clients,
            seconds=PATIENCE_S,
            what="uploads to work again",
        )
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    return answers


def test_long_headers_get_a_problem(service: Service) -> None:
    answer = httpx.get(f"{service.url}/healthz", headers={"X-Long": "x" * (MAX_HEADERS + 1)})
    assert answer.status_code == 413
    assert_problem(answer, "too-large")


@pytest.mark.parametrize(
    "stranger",
    [
        pytest.param(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ", id="headers that never end"),
        pytest.param(b"GET / HTTP/1.1\r\nX-Endless: " + b"x" * 200_000, id="headers without a limit"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", id="TLS"),
        pytest.param(b"GARBAGE\r\n\r\n", id="no HTTP"),
    ],
)
def test_what_is_no_request_is_cut_off(service: Service, stranger: bytes) -> None:
    with suppress(ConnectionResetError, BrokenPipeError):  # cut off before all was said
        assert said(service, stranger) == b""
    assert httpx.get(f"{service.url}/healthz").status_code == 200


def test_the_callers_request_id_is_kept(service: Service) -> None:
    answer = httpx.get(f"{service.url}/healthz", headers={"X-Request-Id": "from-the-caller"})
    assert answer.headers.get_list("x-request-id") == ["from-the-caller"]


def test_it_listens_where_host_says_and_nowhere_else(service: Service) -> None:
    listening = {
        (connection.laddr.ip, connection.laddr.port)
        for connection in front_process(service).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {("127.0.0.1", service.settings.port)}


def test_a_killed_replica_costs_nobody_an_honest_answer(service: Service) -> None:
    def kill() -> None:
        (victim,) = service.replicas("Ingress")
        victim.kill()
        victim.wait()

    answers = answers_while(service, kill)
    # A connection that broke without an answer would be a 599 here.
    refused = [answer for answer in answers if answer.status_code != 202]
    assert refused
    for answer in refused:
        assert answer.status_code == 503
        assert_problem(answer, "overloaded")
        assert int(answer.headers["retry-after"]) > 0


def test_a_killed_front_is_started_again(service: Service) -> None:
    victim = front_process(service)
    victim.kill()

    def answers() -> bool:
        try:
            return httpx.get(f"{service.url}/healthz").status_code == 200
        except httpx.TransportError:
            return False

    wait_until(answers, seconds=PATIENCE_S, what="the front to answer again")
    assert front_process(service).pid != victim.pid


def test_early_refusals_of_large_bodies_arrive(service: Service) -> None:
    """The answer comes before the body has been sent: it must not be lost with the connection."""
    content = form(
        part("file", b"%PDF-1.7\n" + b"x" * (service.settings.max_upload_bytes + 1), filename="cv.pdf")
    )
    answer = httpx.post(
        f"{service.url}/resumes/upload",
        content=content,
        headers={"Authorization": f"Bearer {service.key}", "Content-Type": FORM_TYPE},
        timeout=60,
    )
    assert answer.status_code == 413
    assert json.loads(answer.content)["type"] == "/problems/too-large"
