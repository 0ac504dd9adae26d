"""Who may call what."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from serve_app import auth
from tests.serve_app.conftest import Service
from tests.serve_app.samples import PDF

ID = "0197a3c1-6f2e-7c3a-9d53-2f6f4f7f0a11"
CALLS = {
    "upload": ("POST", "/resumes/upload", "upload"),
    "get": ("GET", f"/resumes/{ID}", "read"),
    "list": ("GET", "/resumes", "read"),
    "text": ("GET", f"/resumes/{ID}/text", "read"),
    "file": ("GET", f"/resumes/{ID}/file", "read"),
    "erase": ("DELETE", f"/resumes/{ID}", "erase"),
    "search": ("POST", "/search", "search"),
    "ingest": ("POST", "/ingestions", "upload"),
    "ingestions": ("GET", "/ingestions", "read"),
    "ingestion": ("GET", f"/ingestions/{ID}", "read"),
    "errors": ("GET", f"/ingestions/{ID}/errors", "read"),
    "results": ("GET", f"/ingestions/{ID}/results", "read"),
    "cancel": ("POST", f"/ingestions/{ID}/cancel", "upload"),
}
WITH_PARAMETERS = ("get", "list", "ingestions", "errors", "results")


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "header",
    [None, "Bearer", "Bearer nonsense", "Bearer rk_" + "A" * 43, "Basic YTpi", "Bearer rk_é" + "A" * 43],
)
def test_a_call_without_a_valid_key_is_unauthorized(shared: Service, call: str, header: str | None) -> None:
    """No key, a malformed one, an unknown one: 401 with the challenge, on every call that needs one."""
    method, path, _ = CALLS[call]
    headers = {} if header is None else {"Authorization": header.encode("utf-8")}
    answer = httpx.request(method, shared.url + path, headers=headers)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/unauthorized")
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("call", CALLS)
def test_a_key_without_the_scope_is_refused(shared: Service, call: str) -> None:
    """Each call needs its scope; a key with the others does not do."""
    method, path, scope = CALLS[call]
    others = [other for other in ("read", "search", "upload", "erase") if other != scope]
    with shared.client(*others) as client:
        answer = client.request(method, path)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/insufficient-scope")
    assert answer.json()["required_scope"] == scope


@pytest.mark.parametrize("call", CALLS)
def test_admin_may_do_everything(shared: Service, call: str) -> None:
    """The admin scope holds every other: what is refused then is the request, not the caller."""
    method, path, _ = CALLS[call]
    with shared.client("admin") as client:
        assert client.request(method, path).status_code not in (401, 403)


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/docs", "/openapi.json", "/problems/invalid"])
def test_the_open_pages_need_no_key(shared: Service, path: str) -> None:
    """Health, documentation and problem types are for everyone."""
    assert httpx.get(shared.url + path).status_code == 200


def test_a_revoked_key_ends_within_seconds(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A positive answer is remembered for a moment only."""
    monkeypatch.setattr(auth, "FRESH_S", 0.3)
    key_id, token = service.services.keys.create("to be revoked", ["read"])
    with httpx.Client(base_url=service.url, headers={"Authorization": f"Bearer {token}"}) as client:
        assert client.get("/resumes").status_code == 200
        service.services.keys.revoke(key_id)
        time.sleep(0.4)
        assert client.get("/resumes").status_code == 401


def test_what_is_remembered_of_a_key_is_at_most_five_seconds_old() -> None:
    """The contract with whoever revokes a key."""
    assert auth.FRESH_S <= 5


def test_an_expired_key_is_unauthorized(service: Service) -> None:
    """A key past its day is no key."""
    token = service.services.keys.create(
        "old", ["read"], expires_at=datetime.now(UTC) - timedelta(seconds=1)
    )[1]
    answer = httpx.get(service.url + "/resumes", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/unauthorized")


def test_a_refused_upload_is_answered_while_its_body_is_on_the_way(shared: Service) -> None:
    """A caller without a key learns so at once, also with megabytes still to send."""
    answer = httpx.post(shared.url + "/resumes/upload", files={"file": ("a.pdf", PDF + b"x" * 5_000_000)})
    assert answer.status_code == 401


@pytest.mark.parametrize("call", [call for call in CALLS if call not in WITH_PARAMETERS])
def test_a_call_without_parameters_refuses_them(shared: Service, call: str) -> None:
    """A parameter that a call does not take is told, not ignored."""
    method, path, _ = CALLS[call]
    with shared.client() as client:
        answer = client.request(method, path, params={"webhook_url": "https://example.org"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "webhook_url")
