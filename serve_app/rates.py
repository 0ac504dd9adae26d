"""How many requests an API key may make: one budget for all replicas, of which each leases a little in advance.

A replica asks the database once for a sixtieth of the limit, so that few requests cost a query. While the database does
not answer, each replica counts alone. See decision 019.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from pipeline.domain.errors import ResumesError
from serve_app.problems import Problem

if TYPE_CHECKING:
    from pipeline.adapters.postgres.key_rates import RateLease

logger = logging.getLogger("serve_app.rates")

_KEYS_KEPT = 10_000
#: What is left of a lease after so long goes back, and is leased anew: others may need it, and `RateLimit` follows.
_LEASE_S = 5.0
#: A key whose budget is empty is looked up again after so long: what it refills is there then, at once.
_EMPTY_S = 1.0
_ANSWER_S = 2.0
_ALONE_S = 5.0


class Left(NamedTuple):
    """What a key has left of its rate: requests at once, of so many a minute, and seconds until it has all again."""

    requests: int
    per_minute: int
    full_in_s: int

    @property
    def headers(self) -> dict[str, str]:
        """As the IETF's RateLimit fields say it (draft-ietf-httpapi-ratelimit-headers)."""
        return {
            "RateLimit-Policy": f'"requests";q={self.per_minute};w=60',
            "RateLimit": f'"requests";r={self.requests};t={self.full_in_s}',
        }


class Buckets:
    """A token bucket per API key, of this process alone: `per_minute` requests at once, refilled evenly."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._capacity = float(per_minute)
        self._per_second = per_minute / 60
        self._clock = clock
        self._buckets: dict[UUID, tuple[float, float]] = {}

    def left(self, key_id: UUID) -> float:
        """Requests that the key may make now."""
        now = self._clock()
        tokens, since = self._buckets.get(key_id, (self._capacity, now))
        return min(self._capacity, tokens + (now - since) * self._per_second)

    def take(self, key_id: UUID) -> None:
        """Count a request."""
        if len(self._buckets) > _KEYS_KEPT:
            self._buckets.clear()  # forgetting a bucket only ever refills it
        self._buckets[key_id] = (self.left(key_id) - 1, self._clock())


@dataclass(slots=True)
class _Share:
    """What this replica holds of one key's budget. It stands until `until`, or until its requests are used up where
    there is more to lease."""

    requests: int = 0
    #: What the budget had left beside this share when it was leased.
    beside: float = 0.0
    empty: bool = False
    until: float = float("-inf")
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Rates:
    """Counts requests of keys against `per_minute`, with `lease(key_id, wanted, unused)` of the shared budget."""

    def __init__(
        self,
        per_minute: int,
        lease: Callable[[UUID, int, int], Awaitable[RateLease]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._per_minute = per_minute
        self._per_second = per_minute / 60
        self._chunk = math.ceil(per_minute / 60)
        self._lease = lease
        self._clock = clock
        # A replica lets no more through than the whole budget; so what it refuses costs no query.
        self._own = Buckets(per_minute, clock)
        self._shares: dict[UUID, _Share] = {}
        self._alone_until = float("-inf")

    async def take(self, key_id: UUID) -> Left:
        """Count one request. Raises Problem `rate-limited` with the time until the next one."""
        self._check_own(key_id)
        share = await self._share(key_id)
        if self._alone():
            self._check_own(key_id)  # others may have been counted while this one waited
            beside = math.inf
        elif share.requests:
            share.requests -= 1
            beside = share.requests + share.beside
        else:
            raise self._refusal(share.until - self._clock())
        self._own.take(key_id)
        return self._left(min(self._own.left(key_id), beside))

    def _check_own(self, key_id: UUID) -> None:
        own = self._own.left(key_id)
        if own < 1:
            raise self._refusal((1 - own) / self._per_second)

    async def _share(self, key_id: UUID) -> _Share:
        """The key's share, leased anew where it is used up or old."""
        if len(self._shares) > _KEYS_KEPT:
            self._shares.clear()  # costs these keys what was left of their leases
        share = self._shares.setdefault(key_id, _Share())
        if not self._stands(share):
            async with share.lock:
                if not self._stands(share):
                    await self._renew(key_id, share)
        return share

    def _stands(self, share: _Share) -> bool:
        if self._alone():
            return True
        return self._clock() < share.until and (share.requests > 0 or share.empty)

    async def _renew(self, key_id: UUID, share: _Share) -> None:
        unused, share.requests = share.requests, 0  # whatever comes of it, they are given back once at most
        asked = self._clock()
        try:
            async with asyncio.timeout(_ANSWER_S):
                leased = await self._lease(key_id, self._chunk, unused)
        except (ResumesError, TimeoutError) as error:
            self._alone_until = self._clock() + _ALONE_S
            logger.warning("rates are counted by this replica alone", extra={"error": type(error).__name__})
            return
        share.requests, share.beside = leased
        share.empty = leased.requests < self._chunk
        lasts_s = _LEASE_S
        if share.empty:
            lasts_s = max(_EMPTY_S, (1 - leased.left) / self._per_second)
        share.until = asked + lasts_s

    def _alone(self) -> bool:
        return self._clock() < self._alone_until

    def _refusal(self, retry_after_s: float) -> Problem:
        return Problem(
            "rate-limited",
            f"This key may make {self._per_minute} requests a minute: wait as long as Retry-After says.",
            retry_after_s=retry_after_s,
            headers=self._left(0).headers,
        )

    def _left(self, requests: float) -> Left:
        missing = self._per_minute - requests
        return Left(int(requests), self._per_minute, math.ceil(missing / self._per_second))
