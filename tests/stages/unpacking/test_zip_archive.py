"""ZIP files: what is read exactly, what is rejected whole, and what is one member's own fault."""

from __future__ import annotations

import stat
import struct
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pytest

from pipeline.domain.errors import SourceMissing, SourceRejected
from pipeline.domain.ingestion import Fault, Outcome, SourceKind
from tests.stages.unpacking.archives import codes, everything, listed, opened, read, zipped
from tests.stages.unpacking.forging import Forged, forged, local_header

FILES = {"a.pdf": b"%PDF-1.4 one", "folder/b.pdf": b"%PDF-1.4 two" * 1000, "ü.pdf": b"%PDF-1.4 three"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "archive.zip"


@pytest.mark.parametrize("far", [False, True])
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_members_read_as_the_standard_library_reads_them(path: Path, method: int, far: bool) -> None:
    """Stored and deflated, in order, with their names."""
    zipped(path, FILES, method)
    with zipfile.ZipFile(path) as archive:
        expected = [(info.filename, archive.read(info)) for info in archive.infolist()]
    assert everything(path, far=far) == expected
    assert opened(path).kind is SourceKind.ZIP


def test_the_archive_is_found_behind_other_bytes_and_before_a_comment(path: Path) -> None:
    """A self-extracting program, a polyglot, and a comment that looks like an end."""
    zipped(path, FILES)
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"PK\x05\x06" + bytes(40)
    path.write_bytes(b"#!/bin/sh\n" * 100 + path.read_bytes())
    assert dict(everything(path)) == FILES


def test_zip64_is_read(path: Path) -> None:
    """Sizes and offsets in the extra fields, the number of members in the end of its own, with bytes before it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(66_000):
            with archive.open(f"{number}.pdf", "w", force_zip64=number % 1000 == 0) as member:
                member.write(b"%d" % number)
    path.write_bytes(b"before" + path.read_bytes())
    source = opened(path, max_members=66_000)
    members = list(source.members())
    assert len(members) == 66_000
    some = members[::1000] + members[-1:]
    assert read(source, some) == [b"%d" % member.ordinal for member in some]


def test_a_count_that_wrapped_around_is_forgiven(path: Path) -> None:
    """Writers without ZIP64 wrote the lower 16 bits; any other count is a damaged archive."""
    entries = [Forged(b"%d" % number, b"x", deflate=False) for number in range(65_536 + 3)]
    forged(path, entries, count=3)
    assert len(listed(path, max_members=100_000)) == 65_539
    forged(path, entries[:10], count=9)
    with pytest.raises(SourceRejected, match="9 members announced, 10 there"):
        listed(path)


def test_a_streamed_archive_is_read(path: Path) -> None:
    """Its local headers know no sizes: they come after the content."""

    class Pipe:
        def __init__(self) -> None:
            self._file = path.open("wb")

        def write(self, data: bytes) -> int:
            return self._file.write(data)

        def flush(self) -> None:
            self._file.flush()

    with zipfile.ZipFile(Pipe(), "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
        for name, content in FILES.items():
            archive.writestr(name, content)
    assert dict(everything(path)) == FILES


def test_folders_are_no_members_and_equal_names_are_two(path: Path) -> None:
    """Each of the two reads as its own bytes."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.mkdir("folder")
        archive.writestr("folder/a.pdf", b"first")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("folder/a.pdf", b"second")
    assert everything(path) == [("folder/a.pdf", b"first"), ("folder/a.pdf", b"second")]
    assert [member.ordinal for member in listed(path)] == [0, 1]


def test_a_name_that_is_not_utf8_is_read_as_old_programs_wrote_it(path: Path) -> None:
    """And one that says it is UTF-8 and is not can still be stored."""
    forged(
        path, [Forged("Müller.pdf".encode("cp437")), Forged(b"\xff.pdf", flags=1 << 11), Forged("Ł".encode())]
    )
    assert [member.name for member in listed(path)] == ["Müller.pdf", "\ufffd.pdf", "Ł"]
    assert all(isinstance(content, bytes) for _, content in everything(path))


def test_members_may_be_asked_for_in_any_selection(path: Path) -> None:
    """Neighbours are read at once, others by themselves, members larger than one read too."""
    files = {f"{number}.pdf": bytes([number]) * (1 << 17) for number in range(100)}
    zipped(path, files | {"large.pdf": bytes(6 << 20)}, zipfile.ZIP_STORED)
    source = opened(path)
    members = list(source.members())
    for chosen in (members[::7], members[50:53], members[90:], []):
        expected = [(files | {"large.pdf": bytes(6 << 20)})[member.name] for member in chosen]
        assert read(source, chosen, max_bytes=10 << 20) == expected


# Rejected whole


def test_overlapping_members_are_rejected(path: Path) -> None:
    """Two entries of the directory with one local header."""
    forged(path, [Forged(b"a.pdf"), Forged(b"a.pdf", offset=0)])
    with pytest.raises(SourceRejected, match="overlap"):
        listed(path)


@pytest.mark.parametrize("far", [False, True])
def test_a_quoted_overlap_bomb_is_rejected(path: Path, far: bool) -> None:
    """Each member's deflate stream quotes the next one's local header as a stored block, then goes on in its data."""
    kernel = Forged(b"z", bytes(1 << 20))
    names = [b"a", b"b", b"c"]
    body = local_header(kernel) + kernel.data()
    size, content = 1 << 20, bytes(1 << 20)
    packed = len(kernel.data())
    entries = [(b"z", zlib.crc32(content), packed, size, len(body))]
    for name in reversed(names):
        header_length = 30 + 1
        quote = struct.pack("<BHH", 0, header_length, header_length ^ 0xFFFF)
        content = body[:header_length] + content
        packed, size = packed + len(quote) + header_length, size + header_length
        local = Forged(name, packed=packed, size=size, crc=zlib.crc32(content))
        body = local_header(local) + quote + body
        entries.append((name, zlib.crc32(content), packed, size, len(body)))
    forged_entries = [
        Forged(name, crc=crc, packed=packed, size=size, offset=len(body) - back, raw=b"")
        for name, crc, packed, size, back in reversed(entries)
    ]
    made = forged(path, forged_entries).read_bytes()
    directory = made[made.index(b"PK\x01\x02") :]
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 4, 4, len(directory) - 22, len(body), 0)
    path.write_bytes(body + directory[:-22] + end)
    with zipfile.ZipFile(path) as archive:  # it is a bomb that works
        assert {info.file_size for info in archive.infolist()} == {size, size - 31, size - 62, size - 93}
    with pytest.raises(SourceRejected, match="overlap"):
        list(opened(path, far=far).members())


@pytest.mark.parametrize("far", [False, True])
def test_an_extra_field_that_reaches_into_the_next_member_is_rejected(path: Path, far: bool) -> None:
    """Only the local header tells: when it is listed where that is near, else when the member is read."""
    second = Forged(b"b.pdf", b"x" * 100, deflate=False)
    extra = b"\xff\xff" + struct.pack("<H", 30) + bytes(30)
    first = Forged(b"a.pdf", b"y" * 10, deflate=False, raw=b"y" * 10, local={"extra": extra})
    forged(path, [first, second])
    made = path.read_bytes()
    cut = made[: 30 + 5] + made[30 + 5 + 34 :]  # the extra field is announced and not there
    directory_at = cut.index(b"PK\x01\x02")
    cut = bytearray(cut)
    struct.pack_into("<L", cut, cut.index(b"PK\x01\x02", directory_at + 1) + 42, cut.index(b"PK\x03\x04", 1))
    struct.pack_into("<L", cut, len(cut) - 6, directory_at)
    path.write_bytes(cut)
    with pytest.raises(SourceRejected, match=r"overlap|disagree"):
        everything(path, far=far)


def test_more_members_than_allowed_are_rejected(path: Path) -> None:
    """Whether the end says so or hides it."""
    entries = [Forged(b"%d" % number) for number in range(11)]
    for count in (11, 0):
        forged(path, entries, count=count)
        with pytest.raises(SourceRejected, match=r"more than 10 members: .*MAX_ARCHIVE_MEMBERS"):
            listed(path, max_members=10)
    assert len(listed(forged(path, entries), max_members=11)) == 11


def test_declared_sizes_over_the_budget_are_rejected(path: Path) -> None:
    """Before a byte is unpacked."""
    forged(path, [Forged(b"a.pdf", size=600), Forged(b"b.pdf", size=600)])
    with pytest.raises(SourceRejected, match=r"more than 1,000 bytes.*MAX_ARCHIVE_BYTES"):
        listed(path, max_unpacked_bytes=1000)


@pytest.mark.parametrize("far", [False, True])
def test_sizes_beyond_the_file_are_rejected(path: Path, far: bool) -> None:
    """A member cannot have more bytes than are there, nor begin behind them."""
    for lie in (Forged(b"a.pdf", packed=10_000), Forged(b"a.pdf", offset=5_000)):
        forged(path, [lie])
        with pytest.raises(SourceRejected, match=r"beyond the file|there is none"):
            list(opened(path, far=far).members())


@pytest.mark.parametrize(
    "lie",
    [
        {"name": b"b.pdf"},
        {"size": 8},
        {"packed": 1},
        {"crc": 1},
        {"method": 0},
        {"flags": 1},
        {"size": 0xFFFFFFFF, "packed": 0xFFFFFFFF},
    ],
    ids=str,
)
def test_local_headers_that_disagree_are_rejected(path: Path, lie: dict[str, int | bytes]) -> None:
    """When it is listed where that is near, else when the member is read."""
    forged(path, [Forged(b"first.pdf"), Forged(b"a.pdf", local=lie)])
    with pytest.raises(SourceRejected, match="local headers disagree"):
        listed(path)
    source = opened(path, far=True)
    members = list(source.members())
    with pytest.raises(SourceRejected, match="local headers disagree"):
        read(source, members)


def test_a_truncated_archive_is_rejected(path: Path) -> None:
    """Wherever it was cut off."""
    whole = zipped(path, FILES).read_bytes()
    for length in (len(whole) - 1, len(whole) - 30, len(whole) // 2, 40):
        path.write_bytes(whole[:length])
        with pytest.raises(SourceRejected):
            listed(path)
    path.write_bytes(whole[:100] + whole[200:])
    with pytest.raises(SourceRejected):
        listed(path)


def test_one_of_several_disks_is_rejected(path: Path) -> None:
    """With the command that joins them."""
    made = bytearray(zipped(path, FILES).read_bytes())
    struct.pack_into("<H", made, len(made) - 22 + 4, 2)
    path.write_bytes(made)
    with pytest.raises(SourceRejected, match="zip -s 0"):
        listed(path)


def test_a_directory_that_would_begin_before_the_file_is_rejected(path: Path) -> None:
    """Offsets are never taken below zero."""
    forged(path, [Forged(b"a.pdf")], shift=1)
    with pytest.raises(SourceRejected, match="begin before"):
        listed(path)


def test_two_ends_that_disagree_are_rejected(path: Path) -> None:
    """One reader would see these members, another those."""
    forged(path, [Forged(b"a.pdf")])
    made = path.read_bytes()
    at = len(made) - 22
    end64 = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 2, 2, at, 0)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, at, 1)
    path.write_bytes(made[:at] + end64 + locator + made[at:])
    with pytest.raises(SourceRejected, match="two ends"):
        listed(path)


def test_what_is_no_archive_is_rejected(path: Path) -> None:
    """With the kinds that are read."""
    for content in (b"", b"%PDF-1.4", bytes(100), b"x" * 100_000):
        path.write_bytes(content)
        with pytest.raises(SourceRejected, match="neither ZIP nor TAR"):
            opened(path)


# One member's own fault


def test_members_are_ruled_out_by_what_they_are(path: Path) -> None:
    """Each with its code; those beside them are read."""
    mode = {
        name: kind << 16
        for name, kind in (("link", stat.S_IFLNK), ("pipe", stat.S_IFIFO), ("disk", stat.S_IFBLK))
    }
    forged(
        path,
        [
            Forged(b"../evil.pdf"),
            Forged(b"/etc/passwd"),
            Forged(b"C:/evil.pdf"),
            Forged(b"a\\b.pdf"),
            Forged(b"nul\x00.pdf"),
            Forged(b"folder-with-content/"),
            Forged(b"link", attributes=mode["link"]),
            Forged(b"pipe", attributes=mode["pipe"]),
            Forged(b"disk", attributes=mode["disk"]),
            Forged(b"inner.ZIP"),
            Forged(b"inner.tar.gz"),
            Forged(b"locked.pdf", flags=1),
            Forged(b"zstd.pdf", method=93),
            Forged(b"__MACOSX/._a.pdf"),
            Forged(b"x/.DS_Store"),
            Forged(b"empty.pdf", b""),
            Forged(b"large.pdf", bytes(2000)),
            Forged(b"ok.pdf", b"fine"),
        ],
    )
    assert codes(path, max_bytes=1000) == {
        "../evil.pdf": "unsafe-name",
        "/etc/passwd": "unsafe-name",
        "C:/evil.pdf": "unsafe-name",
        "a\\b.pdf": "unsafe-name",
        "nul\ufffd.pdf": "unsafe-name",
        "folder-with-content/": "unsafe-name",
        "link": "symlink",
        "pipe": "device",
        "disk": "device",
        "inner.ZIP": "nested-archive",
        "inner.tar.gz": "nested-archive",
        "locked.pdf": "encrypted",
        "zstd.pdf": "unsupported-compression",
        "__MACOSX/._a.pdf": "system-file",
        "x/.DS_Store": "system-file",
        "empty.pdf": "empty",
        "large.pdf": "too-large",
    }
    assert everything(path, max_bytes=1000)[-1] == ("ok.pdf", b"fine")


def test_damaged_members_fail_alone(path: Path) -> None:
    """Another checksum, no deflate stream, more or less than declared."""
    longer, shorter = Forged(b"longer", b"x" * 100), Forged(b"shorter", b"x" * 100)
    forged(
        path,
        [
            Forged(b"crc", crc=1),
            Forged(b"noise", raw=b"\xff" * 20),
            Forged(b"longer", b"x" * 50, raw=longer.data()),
            Forged(b"shorter", b"x" * 150, raw=shorter.data()),
            Forged(b"cut", b"x" * 100, raw=shorter.data()[:-3]),
            Forged(b"two sizes", b"x" * 9, deflate=False, size=8),
            Forged(b"ok", b"fine"),
        ],
    )
    assert set(codes(path).values()) == {"corrupt-member"}
    assert list(codes(path)) == ["crc", "noise", "longer", "shorter", "cut", "two sizes"]
    faults = [content for _, content in everything(path) if isinstance(content, Fault)]
    assert all(fault.outcome is Outcome.FAILED for fault in faults)


def test_a_bomb_is_never_unpacked_beyond_what_it_declares(path: Path) -> None:
    """A hundred mebibytes that say they are a thousand bytes take no memory."""
    bomb = Forged(b"bomb.pdf", bytes(100 << 20))
    packed = bomb.data()
    forged(path, [Forged(b"bomb.pdf", b"x" * 1000, raw=packed)])
    tracemalloc.start()
    assert codes(path) == {"bomb.pdf": "corrupt-member"}
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20


def test_a_file_that_changed_since_it_was_opened_is_missing(path: Path) -> None:
    """Bytes of two versions are never mixed."""
    source = opened(zipped(path, FILES))
    members = list(source.members())
    zipped(path, FILES | {"more.pdf": b"x"})
    with pytest.raises(SourceMissing, match="changed"):
        read(source, members)
