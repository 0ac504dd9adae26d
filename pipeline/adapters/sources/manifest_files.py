"""The files that a manifest's rows name: beside it, or in S3."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pipeline.adapters.object_keys import FOLDERS
from pipeline.adapters.sources.folder import content
from pipeline.adapters.sources.s3_address import SCHEME, is_within, split
from pipeline.adapters.sources.s3_objects import Wanted, contents
from pipeline.domain import member_faults
from pipeline.domain.ingestion import Fault


class ManifestFiles:
    """Files by address: relative to `base`, or `s3://bucket/key` in one of the `allowed` folders."""

    def __init__(
        self,
        base: Path | str,
        s3: Callable[[], Any],
        allowed: Sequence[str] | None,
        *,
        own_bucket: str | None = None,
    ) -> None:
        """`base` is a local folder, or `s3://bucket/prefix`; `s3` makes a client; None allows every address but those
        of the service's own folders in `own_bucket`, where the originals of others lie."""
        self._base, self._new_s3, self._allowed, self._own_bucket = base, s3, allowed, own_bucket
        self._s3: Any = None

    def may_read(self, address: str) -> bool:
        """Whether an address that leads to S3 names an object in an allowed folder; what lies beside a local manifest
        may be read."""
        if not address.startswith(SCHEME):
            if not isinstance(self._base, str):
                return True
            address = self._beside_in_s3(address)
        bucket, _, key = address.removeprefix(SCHEME).partition("/")
        if bucket == self._own_bucket and key.startswith(FOLDERS):
            return False
        return bool(bucket and key) and (self._allowed is None or is_within(address, self._allowed))

    def read(self, addresses: Sequence[str], *, max_bytes: int) -> Iterator[bytes | Fault]:
        """The bytes of each file in order, or why there are none. Raises ObjectStoreUnavailable."""
        if isinstance(self._base, str):
            full = [own if own.startswith(SCHEME) else self._beside_in_s3(own) for own in addresses]
            yield from self._remote(full, max_bytes)
            return
        remote = self._remote([address for address in addresses if address.startswith(SCHEME)], max_bytes)
        for address in addresses:
            yield next(remote) if address.startswith(SCHEME) else _beside(self._base, address, max_bytes)

    def _beside_in_s3(self, address: str) -> str:
        return f"{str(self._base).rstrip('/')}/{address.removeprefix('./')}"

    def _remote(self, addresses: Sequence[str], max_bytes: int) -> Iterator[bytes | Fault]:
        if addresses:
            self._s3 = self._s3 or self._new_s3()
            yield from contents(self._s3, [Wanted(*split(address)) for address in addresses], max_bytes)


def _beside(base: Path, address: str, max_bytes: int) -> bytes | Fault:
    path = base / address
    # A link in the way could lead anywhere; realpath, unlike resolve, answers for a path of any kind.
    if not Path(os.path.realpath(path.parent)).is_relative_to(os.path.realpath(base)):
        return member_faults.UNSAFE_NAME
    return content(path, max_bytes)
