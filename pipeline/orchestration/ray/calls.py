"""Calls between deployments, with one answer each.

`handle.remote()` is a generator underneath, and at its end Ray blocks the replica's event loop until the caller has
taken note: a caller that hangs would stop the whole stage. A call to a reserved slot is none, since it cannot be
refused, and its answer waits for nobody (docs/decisions/009).
"""

from __future__ import annotations

from typing import Any

from ray.serve.exceptions import ReplicaUnavailableError


async def call(method: Any, *args: Any) -> tuple[Any, Any]:
    """The answer of a deployment's method, and the response it came in, which another call takes as an argument.

    Raises whatever the method raised, and what Ray and Serve do.
    """
    while True:
        try:
            async with method.choose_replica() as replica:
                response = method.dispatch(replica, *args)
                return await response, response
        except ReplicaUnavailableError:
            continue  # it left between its choice and our call, which it has not got: the next one is asked
