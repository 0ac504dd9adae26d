"""Manifests: CSV and NDJSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from pipeline.domain.errors import ResumesError
from pipeline.domain.ingestion import Fault
from pipeline.domain.member_faults import EMPTY, storable
from pipeline.stages.unpacking.manifest import Manifest
from tests.fuzz import samples
from tests.fuzz.archives import Bytes


class _Nowhere:
    """Files that are all empty."""

    def may_read(self, address: str) -> bool:
        return not address.startswith("s3://theirs/")

    def read(self, addresses: Sequence[str], *, max_bytes: int) -> Iterator[bytes | Fault]:
        return iter([EMPTY] * len(addresses))


def run(data: bytes) -> None:
    """List and read it as both; whatever is kept of a row can be stored."""
    for ndjson in (False, True):
        manifest = Manifest(Bytes(data, near=True), _Nowhere(), ndjson=ndjson)
        try:
            members = list(manifest.members())
        except ResumesError:
            continue
        assert [member.ordinal for member in members] == list(range(len(members)))
        for member in members:
            told = (member.name, member.job_post_id, member.email, member.external_id)
            assert all(text is None or storable(text) == text for text in told)
        readable = [member for member in members if member.fault is None]
        assert len(list(manifest.read(readable, max_bytes=100))) == len(readable)


def seeds() -> Iterator[bytes]:
    """Rows that name the samples, well and badly."""
    names = [path.name for path in samples.pdfs()]
    rows = [{"path": name, "email": f"{number}@example.org"} for number, name in enumerate(names)]
    yield "\n".join(json.dumps(row) for row in rows).encode()
    yield ("path,email\n" + "\n".join(f"{row['path']},{row['email']}" for row in rows)).encode()
    yield b'\xef\xbb\xbfPath,job_post_id,external_id\r\n"a ""b"".pdf",7,x\r\n,,\r\ns3://theirs/a.pdf,,\r\n"'
    yield b'{"key": "../a", "email": 7}\n[]\n{\n{"url": "https://a.example/b", "email": "\\ud800"}\n'
