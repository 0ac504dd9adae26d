"""The files that a manifest's rows name: beside it, or in S3."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pipeline.adapters.sources.folder import content
from pipeline.adapters.sources.s3_address import SCHEME, is_within, split
from pipeline.adapters.sources.s3_objects import Wanted, contents
from pipeline.domain import member_faults
from pipeline.domain.ingestion import Fault


class ManifestFiles:
    """Files by address: relative to `base`, or `s3://bucket/key` in one of the `allowed` folders."""

    def __init__(self, base: Path | str, s3: Callable[[], Any], allowed: Sequence[str] | None) -> None:
        """`base` is a local folder, or `s3://bucket/prefix`; `s3` makes a client; None allows every address."""
        self._base, self._new_s3, self._allowed = base, s3, allowed
        self._s3: Any = None

    def may_read(self, address: str) -> bool:
        """Whether an `s3://` address is in an allowed folder. Others are beside the manifest, and always are."""
        if not address.startswith(SCHEME):
            return True
        return self._allowed is None or is_within(address, self._allowed)

    def read(self, addresses: Sequence[str], *, max_bytes: int) -> Iterator[bytes | Fault]:
        """The bytes of each file in order, or why there are none. Raises ObjectStoreUnavailable."""
        if isinstance(self._base, str):
            base = self._base.rstrip("/")
            yield from self._remote(
                [a if a.startswith(SCHEME) else f"{base}/{a}" for a in addresses], max_bytes
            )
            return
        remote = self._remote([address for address in addresses if address.startswith(SCHEME)], max_bytes)
        for address in addresses:
            yield next(remote) if address.startswith(SCHEME) else _beside(self._base, address, max_bytes)

    def _remote(self, addresses: Sequence[str], max_bytes: int) -> Iterator[bytes | Fault]:
        if addresses:
            self._s3 = self._s3 or self._new_s3()
            yield from contents(self._s3, [Wanted(*split(address)) for address in addresses], max_bytes)


def _beside(base: Path, address: str, max_bytes: int) -> bytes | Fault:
    path = base / address
    # A link in the way could lead anywhere.
    if not path.parent.resolve().is_relative_to(base.resolve()):
        return member_faults.UNSAFE_NAME
    return member_faults.SYMLINK if path.is_symlink() else content(path, max_bytes)
