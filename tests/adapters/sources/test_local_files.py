"""What lies in folders besides files, and where manifests on a local disk may not lead."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest

from pipeline.adapters.sources.folder import Folder
from pipeline.adapters.sources.local_file import LocalFile
from pipeline.domain.errors import SourceMissing
from pipeline.domain.ingestion import Fault
from pipeline.orchestration.sources import open_source
from pipeline.settings import load_settings
from tests.stages.unpacking.archives import codes_of, read


def found(root: Path) -> dict[str, bytes | Fault]:
    source = Folder(root)
    members = list(source.members())
    return dict(zip([member.name for member in members], read(source, members), strict=True))


def test_links_pipes_and_sockets_are_named_and_never_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link to a folder would make files be there twice, or for ever."""
    (tmp_path / "a.pdf").write_bytes(b"one")
    (tmp_path / "link.pdf").symlink_to("/etc/passwd")
    (tmp_path / "loop").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe.pdf")
    monkeypatch.chdir(tmp_path)  # a socket's path may have 108 bytes
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.pdf")
        content = found(tmp_path)
    assert content.pop("a.pdf") == b"one"
    assert codes_of(content) == {
        "link.pdf": "symlink",
        "loop": "symlink",
        "pipe.pdf": "device",
        "socket.pdf": "device",
    }


def test_a_name_that_is_no_text_can_be_stored_and_found_again(tmp_path: Path) -> None:
    """Old disks have names in old code pages."""
    (tmp_path / os.fsdecode(b"M\xfcller.pdf")).write_bytes(b"one")
    assert found(tmp_path) == {"M\ufffdller.pdf": b"one"}


def test_names_that_are_dangerous_as_a_path_are_skipped(tmp_path: Path) -> None:
    """In a folder as in an archive."""
    for name in ("a\\b.pdf", "tab\t.pdf", "C:x.pdf", "Thumbs.db"):
        (tmp_path / name).write_bytes(b"x")
    assert sorted(codes_of(found(tmp_path)).values()) == ["system-file", *["unsafe-name"] * 3]


def test_folders_are_walked_by_name_however_deep(tmp_path: Path) -> None:
    """Deeper than Python calls functions within functions."""
    descriptor = os.open(tmp_path, os.O_RDONLY)
    for _ in range(1100):
        os.mkdir("d", dir_fd=descriptor)
        below = os.open("d", os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = below
    with os.fdopen(os.open("a.pdf", os.O_CREAT | os.O_WRONLY, dir_fd=descriptor), "wb") as file:
        file.write(b"deep")
    os.close(descriptor)
    (tmp_path / "e.pdf").write_bytes(b"last")
    members = list(Folder(tmp_path).members())
    # pytest removes old folders with shutil, which does call functions within functions.
    subprocess.run(["rm", "-r", str(tmp_path / "d")], check=True)
    assert [member.size for member in members] == [4, 4]
    assert members[-1].name == "e.pdf"


def test_a_file_that_vanishes_while_it_is_listed_is_missing(tmp_path: Path) -> None:
    """It is one member's fault."""
    for name in ("a.pdf", "b.pdf"):
        (tmp_path / name).write_bytes(b"x")
    listing = Folder(tmp_path).members()
    members = [next(listing)]
    (tmp_path / "b.pdf").unlink()
    members += list(listing)
    assert [member.size for member in members] == [1, None]
    assert codes_of(dict(zip("ab", read(Folder(tmp_path), members), strict=True))) == {"b": "missing"}


def test_a_file_that_became_a_link_is_not_followed(tmp_path: Path) -> None:
    """Nor one that has grown beyond the limit since it was listed read."""
    for name in ("a.pdf", "b.pdf"):
        (tmp_path / name).write_bytes(b"x")
    members = list(Folder(tmp_path).members())
    (tmp_path / "a.pdf").unlink()
    (tmp_path / "a.pdf").symlink_to("/etc/passwd")
    (tmp_path / "b.pdf").write_bytes(bytes(11))
    assert codes_of(dict(zip("ab", read(Folder(tmp_path), members, max_bytes=10), strict=True))) == {
        "a": "symlink",
        "b": "too-large",
    }


def test_a_manifest_does_not_lead_out_of_its_folder(tmp_path: Path) -> None:
    """Not by links in the way, nor by a link that is named; nor does a name of any length end the reading."""
    inside = tmp_path / "inside"
    (inside / "folder").mkdir(parents=True)
    (tmp_path / "secret.pdf").write_bytes(b"secret")
    (inside / "up").symlink_to(tmp_path)
    (inside / "link.pdf").symlink_to(tmp_path / "secret.pdf")
    (inside / "folder" / "a.pdf").write_bytes(b"one")
    names = ["up/secret.pdf", "link.pdf", "folder", "x" * 300, "folder/a.pdf/b.pdf", "folder/a.pdf"]
    (inside / "manifest.csv").write_text("\n".join(["path", *names]))
    source = open_source(str(inside / "manifest.csv"), load_settings())
    content = dict(zip(names, read(source, list(source.members())), strict=True))
    assert content.pop("folder/a.pdf") == b"one"
    assert list(codes_of(content).values()) == ["unsafe-name", "symlink", "missing", "missing", "missing"]


@pytest.mark.parametrize("name", ["none.zip", "pipe", "x" * 300])
def test_what_is_no_file_is_missing(tmp_path: Path, name: str) -> None:
    """A pipe is not waited for."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceMissing):
        LocalFile(tmp_path / name)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_says_so(tmp_path: Path) -> None:
    """A file by itself, and a folder in a folder."""
    (tmp_path / "a.pdf").write_bytes(b"x")
    (tmp_path / "a.pdf").chmod(0)
    (tmp_path / "folder").mkdir(mode=0)
    assert codes_of(found(tmp_path)) == {"a.pdf": "unreadable", "folder": "unreadable"}
