"""API keys: who calls, and what they may do."""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from serve_app.problems import Problem

if TYPE_CHECKING:
    from pipeline.adapters.postgres.api_keys import Principal

Scope = Literal["upload", "read", "search", "erase", "admin"]

#: A revoked key works this long at most after its revocation.
FRESH_S = 5.0
_KEPT = 4096
_TOKEN = re.compile(r"rk_[A-Za-z0-9_-]{20,100}")
_bearer = HTTPBearer(
    auto_error=False, scheme_name="apiKey", description="An API key (`rk_…`), made by `resumes keys create`."
)


class Authenticator:
    """Looks tokens up, and remembers a positive answer for `FRESH_S` seconds. Refusals are never remembered."""

    def __init__(self, look_up: Callable[[str], Awaitable[Principal | None]]) -> None:
        self._look_up = look_up
        self._known: dict[str, tuple[Principal, float]] = {}

    async def principal(self, token: str) -> Principal:
        """The key's holder. Raises Problem `unauthorized`, DatabaseUnavailable."""
        if not _TOKEN.fullmatch(token):
            raise unauthorized(
                "The API key is malformed: it begins with rk_ and is sent as it was shown.", token
            )
        known = self._known.get(token)
        if known is not None and known[1] > time.monotonic():
            return known[0]
        self._known.pop(token, None)
        asked = time.monotonic()
        principal = await self._look_up(token)
        if principal is None:
            raise unauthorized("The API key is unknown, revoked or expired: ask for a new one.", token)
        if len(self._known) >= _KEPT:
            self._known.clear()
        self._known[token] = (principal, asked + FRESH_S)
        return principal


def unauthorized(detail: str, token: str | None = None) -> Problem:
    """RFC 6750: a request without a token is told only the scheme, one with a bad token also the error."""
    challenge = 'Bearer realm="resumes"' + ("" if token is None else ', error="invalid_token"')
    return Problem("unauthorized", detail, headers={"WWW-Authenticate": challenge})


def require(scope: Scope) -> Callable[..., Awaitable[Principal]]:
    """The dependency of a call that needs `scope`; `admin` holds every scope. Counts against the key's rate."""

    async def principal(
        request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
    ) -> Principal:
        if credentials is None:
            raise unauthorized("Send an API key: Authorization: Bearer rk_….")
        runtime = request.app.state.runtime
        caller: Principal = await runtime.authenticator.principal(credentials.credentials)
        request.scope["state"]["key_id"] = caller.key_id
        request.scope["state"]["rate"] = (await runtime.rates.take(caller.key_id)).headers
        if scope not in caller.scopes and "admin" not in caller.scopes:
            raise Problem(
                "insufficient-scope",
                f"This call needs the scope {scope}: use a key that has it.",
                headers={
                    "WWW-Authenticate": f'Bearer realm="resumes", error="insufficient_scope", scope="{scope}"'
                },
                required_scope=scope,
            )
        return caller

    return principal
