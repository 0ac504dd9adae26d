"""Whatever bytes come: what was packed reads back exactly, and nothing but our own errors is ever raised."""

from __future__ import annotations

import gzip
import io
import tarfile
import tempfile
import zipfile
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.domain.errors import SourceMissing, SourceRejected
from pipeline.domain.ingestion import Fault
from tests.stages.unpacking.archives import everything

pytestmark = pytest.mark.filterwarnings("ignore:Duplicate name")

names = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="\\/:."), min_size=1
)
files = st.lists(st.tuples(names, st.binary(min_size=1, max_size=3000)), max_size=6)


def zip_of(packed: list[tuple[str, bytes]], method: int) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in packed:
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return file.getvalue()


def tar_of(packed: list[tuple[str, bytes]], layout: int) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=layout) as archive:
        for name, content in packed:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return file.getvalue()


def unpacked(data: bytes, *, far: bool = False) -> list[tuple[str, bytes | Fault]]:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "archive"
        path.write_bytes(data)
        return everything(path, far=far)


zips = st.builds(zip_of, files, st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
tars = st.builds(tar_of, files, st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]))
packed_tars = st.one_of(
    tars.map(lambda data: gzip.compress(data, mtime=0)),
    tars.map(zstandard.ZstdCompressor(write_checksum=True).compress),
)


@settings(deadline=None, max_examples=60)
@given(files, st.booleans(), st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
def test_any_zip_reads_back_exactly(packed: list[tuple[str, bytes]], far: bool, method: int) -> None:
    """Names, bytes and order, duplicates included."""
    assert unpacked(zip_of(packed, method), far=far) == packed


@settings(deadline=None, max_examples=60)
@given(
    files, st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]), st.sampled_from(["", "gzip", "zstd"])
)
def test_any_tar_reads_back_exactly(packed: list[tuple[str, bytes]], layout: int, packing: str) -> None:
    """Plain and compressed."""
    data = tar_of(packed, layout)
    pack = {"": bytes, "gzip": gzip.compress, "zstd": zstandard.compress}[packing]
    assert unpacked(pack(data)) == packed


@settings(deadline=None, max_examples=400)
@given(st.one_of(zips, tars, packed_tars), st.booleans(), st.data())
def test_damage_is_rejected_or_named(whole: bytes, far: bool, data: st.DataObject) -> None:
    """Bytes changed, and the end cut off: never another error, never a member beyond its limit."""
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(whole) - 1))
        damaged[at] = data.draw(st.integers(0, 255))
    cut = bytes(damaged[: data.draw(st.one_of(st.just(len(whole)), st.integers(0, len(whole))))])
    try:
        found = unpacked(cut, far=far)
    except (SourceRejected, SourceMissing):
        return
    for name, content in found:
        assert "\x00" not in name
        name.encode()
        assert isinstance(content, Fault) or len(content) <= 1 << 20


@settings(deadline=None, max_examples=100)
@given(zips, st.data())
def test_a_zip_member_is_right_or_says_that_it_is_not(whole: bytes, data: st.DataObject) -> None:
    """After one changed byte, every member that is read has a content that was packed."""
    packed = {content for _, content in unpacked(whole)}
    damaged = bytearray(whole)
    damaged[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        found = unpacked(bytes(damaged))
    except SourceRejected:
        return
    assert all(isinstance(content, Fault) or content in packed for _, content in found)
