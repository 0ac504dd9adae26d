"""TAR files, plain and compressed: what is read exactly, and what is rejected or ruled out."""

from __future__ import annotations

import gzip
import io
import tarfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from pipeline.domain.errors import SourceRejected
from pipeline.domain.ingestion import SourceKind
from tests.stages.unpacking.archives import codes, everything, listed, opened, read, tarred

FILES = {
    "a.pdf": b"%PDF-1.4 one",
    "folder/b.pdf": b"%PDF-1.4 two" * 1000,
    "ü.pdf": b"%PDF-1.4 three",
    "long/" * 40 + "c.pdf": b"x" * 512,
}
PACKED: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "zstd": lambda data: zstandard.ZstdCompressor(write_checksum=True).compress(data),
    "two gzip streams": lambda data: gzip.compress(data[:700]) + gzip.compress(data[700:]) + bytes(10),
    "two zstd frames": lambda data: zstandard.compress(data[:700]) + zstandard.compress(data[700:]),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "archive"


@pytest.mark.parametrize("layout", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("far", [False, True])
def test_every_format_reads_exactly(path: Path, layout: int, far: bool) -> None:
    """Names longer than a header, and with letters of any alphabet; folders are no members."""
    with tarfile.open(path, "w", format=layout) as archive:
        folder = tarfile.TarInfo("folder")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, content in FILES.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    assert dict(everything(path, far=far)) == FILES
    source = opened(path)
    assert (source.kind, source.sequential) == (SourceKind.TAR, False)


@pytest.mark.parametrize("mode", ["w:gz", "w:bz2", "w:xz"])
def test_what_the_standard_library_compresses_is_read(path: Path, mode: str) -> None:
    """From the beginning each time, whatever members are asked for."""
    source = opened(tarred(path, FILES, mode))
    members = list(source.members())
    assert source.sequential
    assert dict(everything(path)) == FILES
    assert read(source, members[1:3]) == list(FILES.values())[1:3]


@pytest.mark.parametrize("pack", PACKED.values(), ids=PACKED)
def test_streams_in_a_row_are_one(path: Path, pack: Callable[[bytes], bytes]) -> None:
    """As parallel compressors write them, and padded."""
    path.write_bytes(pack(tarred(path, FILES).read_bytes()))
    assert dict(everything(path)) == FILES


@pytest.mark.parametrize("pack", [lambda data: data, *PACKED.values()], ids=["plain", *PACKED])
def test_a_truncated_archive_is_rejected(path: Path, pack: Callable[[bytes], bytes]) -> None:
    """Wherever it was cut off before its end mark, at the edge of a member too."""
    whole = tarred(path, FILES).read_bytes()
    packed = pack(whole)
    lengths = [len(packed) // 4, len(packed) // 2] if packed != whole else [512, 600, 1024, 2000, 13824]
    for length in lengths:
        path.write_bytes(packed[:length])
        with pytest.raises(SourceRejected, match=r"cut off|copy it again"):
            list(opened(path).members())


@pytest.mark.parametrize("mode", ["gzip", "zstd"])
def test_a_compressed_archive_without_its_checksum_is_rejected(path: Path, mode: str) -> None:
    """All members are there, and nothing proves that they are right."""
    path.write_bytes(PACKED[mode](tarred(path, FILES).read_bytes())[:-2])
    with pytest.raises(SourceRejected, match="cut off"):
        listed(path)


def test_a_damaged_header_is_rejected(path: Path) -> None:
    """The standard library would end there, and lose what follows without a word."""
    whole = bytearray(tarred(path, FILES).read_bytes())
    whole[1024 + 10] ^= 0xFF
    path.write_bytes(whole)
    with pytest.raises(SourceRejected, match="header is none"):
        listed(path)


def test_a_damaged_compressed_archive_is_rejected(path: Path) -> None:
    """By the checksum of the whole, at the latest."""
    for pack in (PACKED["gzip"], PACKED["zstd"]):
        packed = bytearray(pack(tarred(path, {"a.pdf": bytes(range(256)) * 50}).read_bytes()))
        packed[-3] ^= 0xFF
        path.write_bytes(packed)
        with pytest.raises(SourceRejected, match="does not unpack"):
            listed(path)


def test_concatenated_archives_are_rejected(path: Path) -> None:
    """What follows the end mark would be lost."""
    first = tarred(path, {"a.pdf": b"x"}).read_bytes()
    path.write_bytes(first + first)
    with pytest.raises(SourceRejected, match="More members follow"):
        listed(path)
    path.write_bytes(first + b"garbage of an old tape" * 100)
    assert dict(everything(path)) == {"a.pdf": b"x"}


def test_more_members_than_allowed_are_rejected(path: Path) -> None:
    """Compressed too."""
    for mode in ("w", "w:gz"):
        tarred(path, {f"{number}.pdf": b"x" for number in range(11)}, mode)
        with pytest.raises(SourceRejected, match="MAX_ARCHIVE_MEMBERS"):
            listed(path, max_members=10)
        assert len(listed(path, max_members=11)) == 11


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_sizes_over_the_budget_are_rejected(path: Path, mode: str) -> None:
    """As declared, before they are read."""
    tarred(path, {"a.pdf": bytes(600), "b.pdf": bytes(600)}, mode)
    with pytest.raises(SourceRejected, match=r"more than 1,000 bytes.*MAX_ARCHIVE_BYTES"):
        list(opened(path, max_unpacked_bytes=1000).members())


@pytest.mark.parametrize("mode", ["gzip", "zstd"])
def test_a_bomb_is_rejected_in_little_memory(path: Path, mode: str) -> None:
    """What nothing declares counts too: here, two hundred mebibytes behind the end mark."""
    packed = PACKED[mode](tarred(path, {"a.pdf": b"x"}).read_bytes() + bytes(200 << 20))
    path.write_bytes(packed)
    tracemalloc.start()
    with pytest.raises(SourceRejected, match="MAX_ARCHIVE_BYTES"):
        listed(path, max_unpacked_bytes=100 << 20)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40 << 20


def test_a_member_over_the_limit_is_not_read(path: Path) -> None:
    """Plain and compressed; its neighbours are."""
    files = {"a.pdf": b"x" * 100, "large.pdf": bytes(5 << 20), "b.pdf": b"y" * 100}
    for mode in ("w", "w:gz"):
        tarred(path, files, mode)
        assert codes(path, max_bytes=1000) == {"large.pdf": "too-large"}
        assert [content for _, content in everything(path, max_bytes=1000)][2] == b"y" * 100


def special(name: str, kind: bytes, *, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def test_members_are_ruled_out_by_what_they_are(path: Path) -> None:
    """Each with its code; those beside them are read."""
    with tarfile.open(path, "w") as archive:
        archive.addfile(special("link", tarfile.SYMTYPE, target="/etc/passwd"))
        archive.addfile(special("hard", tarfile.LNKTYPE, target="a" * 200))
        archive.addfile(special("disk", tarfile.BLKTYPE))
        archive.addfile(special("tty", tarfile.CHRTYPE))
        archive.addfile(special("pipe", tarfile.FIFOTYPE))
        for name in (
            "../evil.pdf",
            "/etc/passwd",
            "C:evil.pdf",
            "a\\b",
            "tab\t",
            "in.zip",
            "._a",
            "empty",
            "ok",
        ):
            info = tarfile.TarInfo(name)
            info.size = 0 if name == "empty" else 4
            archive.addfile(info, io.BytesIO(b"fine"))
    assert codes(path) == {
        "link": "symlink",
        "hard": "hardlink",
        "disk": "device",
        "tty": "device",
        "pipe": "device",
        "../evil.pdf": "unsafe-name",
        "/etc/passwd": "unsafe-name",
        "C:evil.pdf": "unsafe-name",
        "a\\b": "unsafe-name",
        "tab\t": "unsafe-name",
        "in.zip": "nested-archive",
        "._a": "system-file",
        "empty": "empty",
    }
    assert everything(path)[-1] == ("ok", b"fine")


def raw_header(name: bytes, kind: bytes, size: int, *, tail: bytes = b"") -> bytes:
    """A GNU header block with `tail` at byte 345, where GNU puts its own fields."""
    block = bytearray(512)
    block[: len(name)] = name
    block[100:108], block[124:136], block[156:157] = b"0000644\0", b"%011o\0" % size, kind
    block[257:265] = b"ustar  \0"
    block[345 : 345 + len(tail)] = tail
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def test_sparse_members_are_skipped_with_all_of_their_maps(path: Path) -> None:
    """GNU's own kind goes on in further blocks; pax has it as an attribute."""
    old = raw_header(b"old", b"S", 512, tail=bytes(482 - 345) + b"\x01")
    blocks = bytes(504) + b"\x01" + bytes(7) + bytes(512)
    record = b"22 GNU.sparse.major=1\n"
    pax = raw_header(b"pax", b"x", len(record)) + record.ljust(512, b"\0") + raw_header(b"new", b"0", 512)
    ok = raw_header(b"ok", b"0", 2) + b"ok".ljust(512, b"\0")
    path.write_bytes(old + blocks + bytes(512) + pax + bytes(512) + ok + bytes(1024))
    assert codes(path) == {"old": "sparse", "new": "sparse"}
    assert everything(path)[-1] == ("ok", b"ok")


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (raw_header(b"a", b"L", 1 << 30), "longer than any"),
        (raw_header(b"a", b"x", 1 << 30), "longer than any"),
        (
            raw_header(b"a", b"x", 512) + b"11 size=-5\n".ljust(512, b"\0") + raw_header(b"a", b"0", 1),
            "no number",
        ),
        (raw_header(b"a", b"x", 512) + b"99 size=5\n".ljust(512, b"\0"), "attributes"),
        (raw_header(b"a", b"x", 512) + b"nonsense".ljust(512, b"\0"), "attributes"),
        (raw_header(b"a", b"M", 1), "several volumes"),
        (raw_header(b"a", b"0", 1 << 20), "cut off"),
    ],
    ids=["long name", "long attributes", "negative", "long record", "no record", "volumes", "cut off"],
)
def test_headers_that_lie_are_rejected(path: Path, header: bytes, reason: str) -> None:
    """Neither their memory nor their places are believed."""
    path.write_bytes(raw_header(b"first", b"0", 1) + bytes(512) + header + bytes(1024))
    with pytest.raises(SourceRejected, match=reason):
        listed(path)


def test_a_chain_of_long_names_ends_as_the_last_of_them(path: Path) -> None:
    """Ten thousand extensions before one member are read one after the other, not one within the other."""
    name = raw_header(b"././@LongLink", b"L", 6) + b"n.pdf\0".ljust(512, b"\0")
    path.write_bytes(name * 10_000 + raw_header(b"short", b"0", 1) + b"x".ljust(512, b"\0") + bytes(1024))
    assert everything(path) == [("n.pdf", b"x")]


def test_listing_takes_memory_that_does_not_grow(path: Path) -> None:
    """Thousands of members, one at a time."""

    def peak(count: int) -> int:
        tarred(path, {f"{number}.pdf": b"x" * 2000 for number in range(count)}, "w:gz")
        source = opened(path, max_members=10_000)
        tracemalloc.start()
        assert sum(1 for _ in source.members()) == count
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(4000) < peak(1000) + (1 << 20)
