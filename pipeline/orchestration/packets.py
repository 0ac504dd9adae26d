"""What stages hand on: the values of a packet by application id, through Ray's object store.

Pickled here, not by Ray: its pickler asks a hook of Python's about every object, and a resume has hundreds of words.
It takes 1.5 ms of CPU for a resume's text, the plain one .7 ms. A stage yields them after its receipts, so they are the
dispatcher's: what a replica had put into the store itself would go with it, and is lost now and then on its way through
an answer (ReferenceCountingAssertionError).
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from typing import Any
from uuid import UUID


def packed(values: Mapping[UUID, Any]) -> bytes:
    """The values as bytes."""
    return pickle.dumps(dict(values), protocol=pickle.HIGHEST_PROTOCOL)


def unpacked(data: bytes) -> dict[UUID, Any]:
    """The inverse. `data` comes from our own stages, in our own cluster."""
    values: dict[UUID, Any] = pickle.loads(data)
    return values
