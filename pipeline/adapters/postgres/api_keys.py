"""API keys: 256 random bits shown once, kept as their SHA-256."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Engine, func, insert, or_, select, update

from pipeline.adapters.postgres.engine import transaction
from pipeline.adapters.postgres.models import ApiKey
from pipeline.domain.ids import uuid7

SCOPES = ("upload", "read", "search", "erase", "admin")
PREFIX = "rk_"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a valid token belongs to."""

    key_id: UUID
    name: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """A key as it is listed: without its token, which nobody has but its owner."""

    key_id: UUID
    name: str
    scopes: frozenset[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


KeyList = list[KeyInfo]


class ApiKeys:
    """The table `api_keys`. Every method raises DatabaseUnavailable."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def create(
        self, name: str, scopes: Iterable[str], expires_at: datetime | None = None
    ) -> tuple[UUID, str]:
        """A new key: its id, and its token, which cannot be shown again. Raises ValueError on bad scopes."""
        wanted = sorted(set(scopes))
        if not wanted or not set(wanted) <= set(SCOPES):
            raise ValueError(f"scopes are one or more of {', '.join(SCOPES)}")
        key_id, token = uuid7(), PREFIX + secrets.token_urlsafe(32)
        row = {"id": key_id, "name": name, "scopes": wanted, "expires_at": expires_at}
        with transaction(self._engine) as connection:
            connection.execute(insert(ApiKey).values(token_sha256=_digest(token), **row))
        return key_id, token

    def revoke(self, key_id: UUID) -> bool:
        """End a key at once. False when there is no such key, or it was revoked before."""
        change = update(ApiKey).where(ApiKey.id == key_id, ApiKey.revoked_at.is_(None))
        with transaction(self._engine) as connection:
            return connection.execute(change.values(revoked_at=func.now())).rowcount > 0

    def authenticate(self, token: str) -> Principal | None:
        """Whose token this is; None for one that is unknown, revoked or expired."""
        query = select(ApiKey.id, ApiKey.name, ApiKey.scopes).where(
            ApiKey.token_sha256 == _digest(token),
            ApiKey.revoked_at.is_(None),
            or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > func.now()),
        )
        with transaction(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else Principal(row.id, row.name, frozenset(row.scopes))

    def list(self) -> KeyList:
        """Every key, oldest first."""
        query = select(
            ApiKey.id, ApiKey.name, ApiKey.scopes, ApiKey.created_at, ApiKey.expires_at, ApiKey.revoked_at
        ).order_by(ApiKey.created_at, ApiKey.id)
        with transaction(self._engine) as connection:
            return [KeyInfo(row[0], row[1], frozenset(row[2]), *row[3:]) for row in connection.execute(query)]


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
