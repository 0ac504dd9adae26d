"""A token bucket: the rate limit of a vendor as its servers keep it."""

from __future__ import annotations

import threading
import time


class TokenBucket:
    """`per_s` tokens a second, at most `burst` saved up (one second's worth, and one at least)."""

    def __init__(self, per_s: float, burst: float | None = None) -> None:
        self._per_s, self._most = per_s, burst or max(1.0, per_s)
        self._tokens, self._at = self._most, time.monotonic()
        self._lock = threading.Lock()

    def take(self, tokens: float = 1.0) -> bool:
        """Whether there were so many."""
        with self._lock:
            now = time.monotonic()
            self._tokens = min(self._most, self._tokens + (now - self._at) * self._per_s)
            self._at = now
            if self._tokens < tokens:
                return False
            self._tokens -= tokens
            return True
