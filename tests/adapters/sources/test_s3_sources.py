"""What only S3 does: ETags, refusals, addresses that cannot be, and prefixes that may be read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pipeline.adapters.sources.manifest_files import ManifestFiles
from pipeline.adapters.sources.s3_address import is_within
from pipeline.adapters.sources.s3_file import S3File
from pipeline.adapters.sources.s3_prefix import S3Prefix
from pipeline.domain.errors import ConfigurationError, ObjectStoreUnavailable, SourceMissing
from pipeline.domain.ingestion import Fault
from pipeline.orchestration.sources import open_source
from pipeline.settings import Settings, load_settings
from tests.stages.unpacking.archives import codes_of, read
from tests.standins.aws import AwsStandIn


@pytest.fixture
def s3(aws: AwsStandIn) -> Any:
    """A client of the stand-in."""
    return aws.client("s3")


@pytest.fixture
def settings(aws: AwsStandIn) -> Settings:
    """Settings that point at the stand-in."""
    return load_settings(**{name.lower(): value for name, value in aws.environment().items()})


def test_a_range_is_exactly_what_was_asked_for(s3: Any, bucket: str) -> None:
    """Fewer bytes only at the end, none behind it."""
    s3.put_object(Bucket=bucket, Key="file", Body=b"0123456789")
    file = S3File(s3, bucket, "file")
    assert [file.read_at(offset, 4) for offset in (0, 3, 8, 10, 99)] == [b"0123", b"3456", b"89", b"", b""]
    assert (file.size, file.read_at(0, 0)) == (10, b"")


def test_folders_of_a_prefix_are_no_members_and_neighbours_are_not_of_it(s3: Any, bucket: str) -> None:
    """Pages are one listing; here, of two objects each."""
    for key in ("p/", "p/folder/", "p-other/a.pdf", *(f"p/{number}.pdf" for number in range(7))):
        s3.put_object(Bucket=bucket, Key=key, Body=b"" if key.endswith("/") else b"x")
    s3.meta.events.register(
        "before-parameter-build.s3.ListObjectsV2", lambda params, **_: params.setdefault("MaxKeys", 2)
    )
    members = list(S3Prefix(s3, bucket, "p/").members())
    assert [member.name for member in members] == [f"{number}.pdf" for number in range(7)]


def test_an_object_that_was_replaced_since_it_was_listed_is_missing(
    s3: Any, bucket: str, settings: Settings
) -> None:
    """Others of the prefix are read, in order."""
    for name in "abcdefgh":
        s3.put_object(Bucket=bucket, Key=f"{name}.pdf", Body=name.encode())
    source = open_source(f"s3://{bucket}", settings)
    members = list(source.members())
    s3.put_object(Bucket=bucket, Key="b.pdf", Body=b"other")
    s3.delete_object(Bucket=bucket, Key="c.pdf")
    content = read(source, members)
    assert [c.code if isinstance(c, Fault) else c for c in content] == [
        b"a", "missing", "missing", b"d", b"e", b"f", b"g", b"h",
    ]  # fmt: skip


def test_a_manifest_reads_only_what_is_allowed(
    s3: Any, aws: AwsStandIn, bucket: str, settings: Settings
) -> None:
    """The folders given, its own among them or not; an address that cannot be is one row's fault."""
    other = aws.create_bucket(f"{bucket}-other")
    for at, key in (
        (bucket, "in/a.pdf"),
        (bucket, "out.pdf"),
        (other, "open/b.pdf"),
        (other, "closed/c.pdf"),
    ):
        s3.put_object(Bucket=at, Key=key, Body=key.encode())
    addresses = [
        "a.pdf",
        f"s3://{bucket}/in/a.pdf",
        f"s3://{bucket}/out.pdf",
        f"s3://{other}/open/b.pdf",
        f"s3://{other}/closed/c.pdf",
        f"s3://{other}/open/none.pdf",
        f"s3://{other}/open/{'x' * 1100}.pdf",
        "s3:///a.pdf",
        f"s3://{other}",
    ]
    lines = "\n".join(json.dumps({"key": address}) for address in addresses)
    s3.put_object(Bucket=bucket, Key="in/manifest.jsonl", Body=lines.encode())
    location = f"s3://{bucket}/in/manifest.jsonl"
    source = open_source(location, settings, s3_prefixes=[f"s3://{other}/open/", f"s3://{bucket}/in/"])
    content = dict(zip(addresses, read(source, list(source.members())), strict=True))
    assert {address for address in addresses if isinstance(content[address], bytes)} == {
        addresses[0], addresses[1], addresses[3],
    }  # fmt: skip
    assert list(codes_of(content).values()) == ["unsafe-name", "unsafe-name", "missing", *["unsafe-name"] * 3]
    elsewhere = open_source(location, settings, s3_prefixes=[f"s3://{other}/open/"])
    assert [member.fault is None for member in elsewhere.members()][:4] == [False, False, False, True]
    anything = open_source(location, settings)
    assert isinstance(read(anything, list(anything.members()))[4], bytes)


@pytest.mark.parametrize(
    "location", ["s3://", "s3:///key", "s3://a b/key", "s3://bucket-that-is-not-there/key/"]
)
def test_an_address_that_cannot_be_is_missing(settings: Settings, location: str) -> None:
    """With what is wrong with it; trying again would not help."""
    with pytest.raises(SourceMissing, match=r"no S3 address|no bucket"):
        list(open_source(location, settings).members())


def test_an_endpoint_that_does_not_answer_is_passing(aws: AwsStandIn, settings: Settings) -> None:
    """It is tried again later."""
    away = settings.model_copy(update={"aws_endpoint_url": "http://127.0.0.1:9"})
    with pytest.raises(ObjectStoreUnavailable):
        open_source("s3://bucket/a.zip", away)


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("s3://b/p/a.pdf", True),
        ("s3://b/p/", True),
        ("s3://b/p", True),
        ("s3://b/prefix/a.pdf", False),
        ("s3://b/p/../q/a.pdf", False),
        ("s3://bb/p/a.pdf", False),
        ("s3://whole/a.pdf", True),
        ("s3://whole", False),
        ("s3://whole2/a.pdf", False),
        ("/etc/passwd", False),
    ],
)
def test_a_folder_allows_what_is_in_it(address: str, allowed: bool) -> None:
    """A name that only begins alike is another folder."""
    assert is_within(address, ["s3://b/p", "s3://whole/"]) is allowed


def test_the_setting_names_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unset, the bucket of the originals is the one that may be read."""
    assert load_settings(aws_s3_bucket_name="ours").s3_source_prefixes == ("s3://ours",)
    assert load_settings().s3_source_prefixes == ()
    both = load_settings(ingest_s3_prefixes="s3://a/b, s3://c", aws_s3_bucket_name="ours")
    assert both.s3_source_prefixes == ("s3://a/b", "s3://c")
    monkeypatch.setenv("INGEST_S3_PREFIXES", "s3://a,b/c")
    with pytest.raises(ConfigurationError, match=r"INGEST_S3_PREFIXES.*s3://bucket/prefix"):
        load_settings()


def test_a_manifest_never_reaches_the_services_own_folders(aws: AwsStandIn, bucket: str) -> None:
    """The originals of other resumes lie there; another bucket's folder of that name is anybody's."""
    files = ManifestFiles("s3://lists", lambda: aws.client("s3"), None, own_bucket=bucket)
    assert not files.may_read(f"s3://{bucket}/resumes/0197a3c1-6f2e-7c3a-9d53-2f6f4f7f0a11")
    assert files.may_read(f"s3://{bucket}/inbox/a.pdf")
    assert files.may_read("s3://another/resumes/a.pdf")
