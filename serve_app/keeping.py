"""An object and its row: the object first, then the row, and neither without the other.

Run as a task of its own (`Runtime.detach`), so that a client that goes away ends its wait and nothing else.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from pipeline.domain.errors import DatabaseUnavailable
from serve_app.object_sink import ObjectSink
from serve_app.runtime import Runtime

logger = logging.getLogger("serve_app.keeping")

R = TypeVar("R")

_SETTLE_DELAYS_S = (2, 4, 8, 15, 30, 60, 60, 120, 120, 180)


async def commit_with_row(
    runtime: Runtime,
    sink: ObjectSink,
    *,
    create_row: Callable[[str], Awaitable[R]],
    has_row: Callable[[], Awaitable[bool]],
    give_up: Callable[[], Awaitable[None]],
) -> R:
    """Commit the object and create its row, of which `create_row` is told the digest; answer what that answers.

    `give_up` removes the object when there is no row for it. Raises DatabaseUnavailable or ObjectStoreUnavailable,
    and what `create_row` raises.
    """
    undo = True
    try:
        digest = await sink.commit()
        # From here on only the database's own refusal says that there is no row to keep the object for.
        undo = False
        try:
            return await create_row(digest)
        except DatabaseUnavailable:
            # The commit may have reached the disk before the connection was lost.
            runtime.detach(_settle(sink, has_row, give_up))
            raise
        except Exception:  # whatever it was, no row was made: the object must not stay behind it
            undo = True
            raise
    finally:
        if undo:
            await give_up()


async def _settle(
    sink: ObjectSink, has_row: Callable[[], Awaitable[bool]], give_up: Callable[[], Awaitable[None]]
) -> None:
    """After a lost connection: keep the object if its row is there after all, else remove it."""
    for delay in _SETTLE_DELAYS_S:
        await asyncio.sleep(delay)
        try:
            found = await has_row()
        except DatabaseUnavailable:
            continue
        if not found:
            await give_up()
        return
    logger.warning("object left behind", extra={"key": sink.key})
