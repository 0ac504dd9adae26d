"""An original on its way into the object store: buffered, hashed and written by the storage threads, in order."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from pipeline.domain.errors import ObjectStoreUnavailable
from pipeline.domain.trace import carried
from pipeline.ports import ObjectStore, ObjectWriter

#: Bytes gathered before a thread is asked to write them: an ordinary resume is created, written and committed
#: in one go.
_PIECE = 256 * 1024
#: A store that hangs keeps an upload no longer than this; its thread is left to it.
TIMEOUT_S = 30.0


class ObjectSink:
    """One object. Nothing is visible before `commit`; nothing is left after `discard`.

    Without a store it only hashes: that is how bytes are compared with an earlier upload's.
    """

    def __init__(
        self,
        store: ObjectStore | None,
        key: str,
        threads: ThreadPoolExecutor,
        *,
        timeout_s: float | None = None,
    ) -> None:
        """`timeout_s`: how long one call of the store may take; a large object's commit takes longer than most."""
        self.key = key
        self._timeout_s = timeout_s or TIMEOUT_S
        self.size = 0
        self._store = store
        self._threads = threads
        self._hash = hashlib.sha256()
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._writer: ObjectWriter | None = None
        self._committed = False
        self._last: Future[Any] | None = None

    async def write(self, data: bytes) -> None:
        """Append bytes. Raises ObjectStoreUnavailable."""
        self._pending.append(data)
        self._pending_bytes += len(data)
        self.size += len(data)
        if self._pending_bytes >= _PIECE:
            await self._in_thread(self._flush)

    async def sha256(self) -> str:
        """The digest of everything written so far, in hex. Raises ObjectStoreUnavailable."""
        if self._pending:
            await self._in_thread(self._flush)
        return self._hash.hexdigest()

    async def commit(self) -> str:
        """Make the object durable; its digest in hex. Raises ObjectStoreUnavailable."""
        await self._in_thread(self._commit)
        return self._hash.hexdigest()

    async def discard(self) -> None:
        """Leave no trace, whatever was done before. Raises ObjectStoreUnavailable."""
        if self._last is not None and not self._last.done():
            # The request may have been cancelled while a thread was writing: the writer is not ours before
            # that thread is done with it.
            await asyncio.wait([asyncio.wrap_future(self._last)])
        await self._in_thread(self._discard)

    async def _in_thread(self, call: Callable[[], None]) -> None:
        self._last = self._threads.submit(carried(call))
        try:
            async with asyncio.timeout(self._timeout_s):
                await asyncio.wrap_future(self._last)
        except TimeoutError:
            raise ObjectStoreUnavailable("The object store did not answer in time.") from None

    def _flush(self) -> None:
        data = b"".join(self._pending)
        self._pending.clear()
        self._pending_bytes = 0
        self._hash.update(data)
        if self._store is not None:
            if self._writer is None:
                self._writer = self._store.create(self.key)
            self._writer.write(data)

    def _commit(self) -> None:
        self._flush()
        if self._writer is not None:
            # Set first: a commit that fails half way may have made the object visible.
            self._committed = True
            self._writer.commit()

    def _discard(self) -> None:
        if self._writer is not None:
            self._writer.abort()
        if self._committed and self._store is not None:
            self._store.delete(self.key)
