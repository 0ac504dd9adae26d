"""Which sources a caller over HTTP may have read: S3 addresses that the operator allows, and nothing else.

The service reads with credentials of its own, so an address is a request to use them: a local path, another
scheme, another bucket, and the service's own folders are refused before anything is asked of S3.
"""

from __future__ import annotations

import re

from pipeline.adapters.object_keys import FOLDERS
from pipeline.adapters.sources.s3_address import is_within
from pipeline.settings import Settings
from serve_app.problems import FieldError, Problem

_ADDRESS = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(?P<key>.*)", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def checked_source(source: str, settings: Settings) -> str:
    """The address. Raises Problem `invalid` with what is wrong with it."""
    address = _ADDRESS.fullmatch(source)
    if address is None:
        raise _refused("A source is s3://bucket/prefix/ or s3://bucket/key: name one, or upload the archive.")
    key = address["key"]
    if _CONTROL.search(key) or {".", ".."} & set(key.split("/")):
        raise _refused("A source's key has no control characters and no . or .. between its slashes.")
    if not settings.s3_source_prefixes:
        raise _refused(
            "This service reads from no bucket: upload the archive, or have INGEST_S3_PREFIXES set."
        )
    if not is_within(source, settings.s3_source_prefixes):
        raise _refused(
            "This source is outside what the service may read: move it there, or have INGEST_S3_PREFIXES changed."
        )
    if address["bucket"] == settings.aws_s3_bucket_name and _meets_our_folders(key):
        raise _refused(
            f"The folders {', '.join(FOLDERS)} of this bucket are the service's own: name another folder of it."
        )
    return source


def _meets_our_folders(key: str) -> bool:
    """Whether the key lies in a folder of ours, or is a prefix that one lies in."""
    is_prefix = not key or key.endswith("/")
    return any(f"{key}/".startswith(folder) or (is_prefix and folder.startswith(key)) for folder in FOLDERS)


def _refused(detail: str) -> Problem:
    return Problem("invalid", detail, errors=[FieldError(field="source", message=detail)])
