"""An S3 prefix as a source."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

from pipeline.adapters.sources.s3_address import SCHEME, source_errors
from pipeline.adapters.sources.s3_objects import Wanted, contents
from pipeline.domain import member_faults
from pipeline.domain.errors import SourceMissing
from pipeline.domain.ingestion import Fault, Member, SourceKind
from pipeline.domain.member_faults import LONGEST_NAME, name_fault, storable


class S3Prefix:
    """Every object whose key begins with `prefix`, by key, a page of 1,000 in memory at a time.

    A member's locator is (key, ETag): an object that was replaced since is missing.
    """

    kind = SourceKind.PREFIX
    sequential = False

    def __init__(self, s3: Any, bucket: str, prefix: str) -> None:
        """`s3` is a client of `AwsAccess`; the prefix ends with a slash, or is empty for the whole bucket."""
        self._s3, self._bucket, self._prefix = s3, bucket, prefix

    def fingerprint(self) -> str:
        """Over the address, and each object's key, size and ETag. Raises SourceMissing, ObjectStoreUnavailable."""
        digest = hashlib.sha256(f"{SCHEME}{self._bucket}/{self._prefix}".encode())
        for item in self._listed():
            digest.update(f"\0{item['Key']}\0{item['Size']} {item['ETag']}".encode())
        return digest.hexdigest()

    def members(self) -> Iterator[Member]:
        """Every object; empty ones that stand for folders are none. Raises SourceMissing, ObjectStoreUnavailable."""
        for ordinal, item in enumerate(self._listed()):
            name, size = item["Key"][len(self._prefix) :], item["Size"]
            fault = name_fault(name) or (member_faults.EMPTY if size == 0 else None)
            yield Member(
                ordinal, storable(name)[:LONGEST_NAME], (item["Key"], item["ETag"]), size, fault=fault
            )

    def read(self, members: Iterable[Member], *, max_bytes: int) -> Iterator[tuple[Member, bytes | Fault]]:
        """The bytes of each object, four requests at once. Raises ObjectStoreUnavailable."""
        members = list(members)
        wanted = [Wanted(self._bucket, str(member.locator[0]), str(member.locator[1])) for member in members]
        yield from zip(members, contents(self._s3, wanted, max_bytes), strict=True)

    def _listed(self) -> Iterator[dict[str, Any]]:
        """What S3 lists below the prefix, folders left out. Raises SourceMissing where nothing is there."""
        nothing = True
        with source_errors(self._bucket, self._prefix):
            pages = self._s3.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._prefix
            )
            for page in pages:
                for item in page.get("Contents", ()):
                    nothing = False
                    if item["Size"] or not item["Key"].endswith("/"):
                        yield item
        if nothing:
            raise SourceMissing(
                f"There is nothing below {SCHEME}{self._bucket}/{self._prefix}: check the prefix."
            )
