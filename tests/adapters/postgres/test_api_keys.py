"""API keys: shown once, stored as a digest, over when revoked or expired."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from pipeline.adapters.postgres.api_keys import ApiKeys
from pipeline.domain.ids import uuid7
from tests.adapters.postgres.factories import sql


def test_a_token_proves_who_it_belongs_to(engine: Engine) -> None:
    """The token carries 256 bits, and the database only its digest."""
    keys = ApiKeys(engine)
    key_id, token = keys.create("go service", ["read", "upload", "read"])
    principal = keys.authenticate(token)
    assert principal is not None
    assert (principal.key_id, principal.name, principal.scopes) == (
        key_id,
        "go service",
        frozenset({"read", "upload"}),
    )
    assert token.startswith("rk_")
    assert len(token) >= 3 + 43
    stored = sql(engine, "SELECT token_sha256, row_to_json(k)::text AS everything FROM api_keys k")[0]
    assert len(stored.token_sha256) == 32
    assert token not in stored.everything


@pytest.mark.parametrize("token", ["", "rk_", "rk_wrong", "\ud800", "x" * 10_000, "\x00"])
def test_any_other_token_belongs_to_nobody(engine: Engine, token: str) -> None:
    """Nothing that a caller can send is an error."""
    assert ApiKeys(engine).authenticate(token) is None


def test_a_revoked_key_is_over_at_once(engine: Engine) -> None:
    """A second revocation, or one of an unknown key, has nothing to end."""
    keys = ApiKeys(engine)
    key_id, token = keys.create("k", ["admin"])
    assert keys.revoke(key_id)
    assert keys.authenticate(token) is None
    assert not keys.revoke(key_id)
    assert not keys.revoke(uuid7())
    assert keys.list()[0].revoked_at is not None


def test_an_expired_key_is_over(engine: Engine) -> None:
    """The database's clock decides."""
    keys = ApiKeys(engine)
    now = datetime.now(UTC)
    _, over = keys.create("over", ["read"], expires_at=now - timedelta(seconds=1))
    _, valid = keys.create("valid", ["read"], expires_at=now + timedelta(hours=1))
    assert keys.authenticate(over) is None
    assert keys.authenticate(valid) is not None
    assert [key.name for key in keys.list()] == ["over", "valid"]


@pytest.mark.parametrize("scopes", [[], ["root"], ["read", "write"]])
def test_unknown_scopes_are_refused(engine: Engine, scopes: list[str]) -> None:
    """A key without a known scope could do nothing, or too much later."""
    with pytest.raises(ValueError, match="scopes"):
        ApiKeys(engine).create("k", scopes)
