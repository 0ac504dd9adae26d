"""One suite for every kind of source, on a local disk and in S3."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import zstandard

from pipeline.domain import member_faults
from pipeline.domain.errors import SourceMissing
from pipeline.domain.ingestion import Fault, SourceKind
from pipeline.orchestration.sources import open_source
from pipeline.ports import Source
from pipeline.settings import Settings, load_settings
from tests.stages.unpacking.archives import codes_of, read, tarred, zipped
from tests.standins.aws import AwsStandIn

FILES = {
    "a.pdf": b"%PDF-1.4 one",
    "folder/b.pdf": b"%PDF-1.4 two" * 50_000,
    "folder/ü.pdf": b"%PDF-1.4 three",
}
BESIDES = {"empty.pdf": b"", "inner.zip": b"PK", "large.pdf": bytes((1 << 20) + 1)}
ALL = dict(sorted({**FILES, **BESIDES}.items()))
MANIFEST = "\n".join(["path", *ALL]).encode()

Put = Callable[[str, bytes], str]


@dataclass
class Place:
    """Where a source lies: `put` stores a file below it and gives its location; `root` is the whole place's."""

    put: Put
    root: str
    settings: Settings

    def open(self, location: str, **options: Any) -> Source:
        return open_source(location, self.settings, **options)


@pytest.fixture(params=["local", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """An empty folder, or an empty bucket."""
    if request.param == "local":

        def put(name: str, content: bytes) -> str:
            (tmp_path / "root" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "root" / name).write_bytes(content)
            return str(tmp_path / "root" / name)

        return Place(put, str(tmp_path / "root"), load_settings())
    aws: AwsStandIn = request.getfixturevalue("aws")
    bucket = request.getfixturevalue("bucket")
    s3 = aws.client("s3")

    def upload(name: str, content: bytes) -> str:
        s3.put_object(Bucket=bucket, Key=f"root/{name}", Body=content)
        return f"s3://{bucket}/root/{name}"

    settings = load_settings(**{name.lower(): value for name, value in aws.environment().items()})
    return Place(upload, f"s3://{bucket}/root/", settings)


def folder(place: Place, tmp_path: Path) -> str:
    for name, content in ALL.items():
        place.put(name, content)
    return place.root


def manifest(place: Place, tmp_path: Path) -> str:
    folder(place, tmp_path)
    return place.put("manifest.csv", MANIFEST)


def archive(make: Callable[[Path, dict[str, bytes]], Path], pack: Callable[[bytes], bytes] = bytes) -> Any:
    def made(place: Place, tmp_path: Path) -> str:
        return place.put("archive", pack(make(tmp_path / "made", ALL).read_bytes()))

    return made


SOURCES: dict[str, tuple[Any, set[SourceKind], bool]] = {
    "folder": (folder, {SourceKind.FOLDER, SourceKind.PREFIX}, False),
    "zip": (archive(zipped), {SourceKind.ZIP}, False),
    "tar": (archive(tarred), {SourceKind.TAR}, False),
    "tar.gz": (archive(tarred, gzip.compress), {SourceKind.TAR}, True),
    "tar.zst": (archive(tarred, zstandard.compress), {SourceKind.TAR}, True),
    "manifest": (manifest, {SourceKind.MANIFEST}, False),
}


@pytest.fixture(params=SOURCES)
def kind(request: pytest.FixtureRequest) -> str:
    """The name of a kind of source."""
    return str(request.param)


def test_every_member_is_listed_once_and_reads_exactly(place: Place, kind: str, tmp_path: Path) -> None:
    """In an order that is the same every time, with a fault in place of what is not read."""
    make, kinds, sequential = SOURCES[kind]
    source = place.open(make(place, tmp_path))
    members = list(source.members())
    assert (source.kind in kinds, source.sequential) == (True, sequential)
    assert [member.ordinal for member in members] == list(range(len(members)))
    assert [member.name for member in members] == list(ALL)
    assert [member.name for member in source.members()] == list(ALL)
    found = dict(zip(ALL, read(source, members), strict=True))
    assert {name: found[name] for name in FILES} == FILES
    assert codes_of(found) == {"empty.pdf": "empty", "inner.zip": "nested-archive", "large.pdf": "too-large"}
    assert all(member.size in (len(ALL[member.name]), None) for member in members)


def test_members_read_in_another_process_as_in_this_one(place: Place, kind: str, tmp_path: Path) -> None:
    """What is stored of a member (plain numbers and text) is enough to find it again, whichever are asked for."""
    location = SOURCES[kind][0](place, tmp_path)
    members = [member for member in place.open(location).members() if member.fault is None]
    assert all(type(part) in (int, str) for member in members for part in member.locator)
    for chosen in (members[:1], members[-1:], members[::2]):
        found = list(place.open(location).read(chosen, max_bytes=2 << 20))
        assert found == [(member, ALL[member.name] or member_faults.EMPTY) for member in chosen]


def test_a_fingerprint_is_the_source_and_its_content(place: Place, kind: str, tmp_path: Path) -> None:
    """The same for the same, another after a change."""
    location = SOURCES[kind][0](place, tmp_path)
    first = place.open(location).fingerprint()
    assert re.fullmatch("[0-9a-f]{64}", first)
    assert place.open(location).fingerprint() == first
    if kind == "folder":
        place.put("more.pdf", b"x")
    elif kind == "manifest":
        place.put("manifest.csv", MANIFEST + b"\nmore.pdf")
    else:
        place.put("archive", zipped(tmp_path / "other", {"other.pdf": b"x"}).read_bytes())
    assert place.open(location).fingerprint() != first


@pytest.mark.parametrize("packed", ["zip", "tar", "tar.gz", "tar.zst"])
def test_an_archive_that_changes_while_it_is_read_is_missing(
    place: Place, packed: str, tmp_path: Path
) -> None:
    """Bytes of two versions are never mixed."""
    source = place.open(SOURCES[packed][0](place, tmp_path))
    members = [member for member in source.members() if member.fault is None]
    place.put("archive", zipped(tmp_path / "other", {"other.pdf": b"x"}).read_bytes())
    with pytest.raises(SourceMissing, match="changed while it was read"):
        list(source.read(members, max_bytes=2 << 20))


def test_a_file_that_is_gone_is_one_member_missing(place: Place, tmp_path: Path) -> None:
    """Others of the folder, or of the manifest, are read."""
    place.put("a.pdf", b"one")
    location = place.put("manifest.ndjson", b'{"path": "gone.pdf"}\n{"path": "./a.pdf"}')
    source = place.open(location)
    missing, there = read(source, list(source.members()))
    assert isinstance(missing, Fault)
    assert (missing.code, there) == ("missing", b"one")


def test_a_location_where_nothing_is_says_so(place: Place) -> None:
    """For a file, and for a folder or prefix."""
    root = place.root.rstrip("/")
    for location in (f"{root}/none.zip", f"{root}/none/"):
        with pytest.raises(SourceMissing, match=r"There is no"):
            list(place.open(location).members())
