"""Manifests: rows as members, and rows that cannot be used."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from pipeline.adapters.sources.local_file import LocalFile
from pipeline.domain.errors import SourceRejected
from pipeline.domain.ingestion import Fault, Member, Outcome
from pipeline.stages.unpacking.manifest import Manifest


class Named:
    """Files whose bytes are their addresses; those of one bucket may be read."""

    def may_read(self, address: str) -> bool:
        return address.startswith("s3://ours/") or "://" not in address

    def read(self, addresses: Sequence[str], *, max_bytes: int) -> Iterator[bytes | Fault]:
        yield from (address.encode() for address in addresses)


def rows(path: Path, content: bytes | str) -> list[Member]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(Manifest(LocalFile(path), Named(), ndjson=path.suffix == ".ndjson").members())


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    return tmp_path / "manifest.csv"


@pytest.fixture
def ndjson(tmp_path: Path) -> Path:
    return tmp_path / "manifest.ndjson"


def test_csv_rows_say_whose_a_file_is(csv: Path) -> None:
    """Columns in any order and case, others ignored; quotes, a byte order mark and blank lines are CSV too."""
    found = rows(
        csv,
        "\ufeffemail,Path,note,external_id,job_post_id\r\n"
        'ada@example.com,"a, b.pdf","two\r\nlines",x-1,job-1\r\n'
        "\r\n"
        ",c.pdf,,,\r\n",
    )
    assert [(m.ordinal, m.name, m.locator) for m in found] == [
        (0, "a, b.pdf", ("a, b.pdf",)),
        (1, "c.pdf", ("c.pdf",)),
    ]
    assert (found[0].email, found[0].external_id, found[0].job_post_id) == ("ada@example.com", "x-1", "job-1")
    assert (found[1].email, found[1].external_id, found[1].job_post_id, found[1].fault) == (
        None,
        None,
        None,
        None,
    )


def test_ndjson_rows_say_whose_a_file_is(ndjson: Path) -> None:
    """Nulls are as good as nothing; any of the three names of an address."""
    lines = [
        {"path": "a.pdf", "email": None},
        {"key": "b.pdf", "job_post_id": "job"},
        {"url": "s3://ours/c.pdf"},
    ]
    found = rows(ndjson, "\n".join(json.dumps(line) for line in lines) + "\n\n")
    assert [m.name for m in found] == ["a.pdf", "b.pdf", "s3://ours/c.pdf"]
    assert [m.job_post_id for m in found] == [None, "job", None]
    assert all(m.fault is None for m in found)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ('"never closed', "Line 5 .*no CSV from line 3 on"),
        ("a.pdf", "Line 3 .*1 values for 2 columns"),
        ("a.pdf,x,y", "Line 3 .*3 values"),
        (",x", "Line 3 .*no path"),
        ("a\0.pdf,x", "Line 3 .*NUL"),
        ("a.pdf," + "x" * 321, "Line 3 .*email is longer than 320"),
        (b"\xff.pdf,x", "Line 3 .*UTF-8"),
    ],
)
def test_a_csv_row_that_cannot_be_used_fails_by_its_line(csv: Path, row: str | bytes, reason: str) -> None:
    """And those before it are members."""
    line = row if isinstance(row, bytes) else row.encode()
    found = rows(csv, b"path,email\nfirst.pdf,\n" + line + b"\nlast.pdf,\nlater.pdf,\n")
    bad = [member.fault for member in found if member.fault]
    assert [(fault.outcome, fault.code) for fault in bad] == [(Outcome.FAILED, "bad-row")]
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(bad[0].detail)
    assert found[0].name == "first.pdf"
    assert len(found) == (2 if "never" in str(row) else 4)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("{", "no JSON"),
        ("[1]", "no JSON object"),
        ("[" * 100_000, "no JSON"),
        ("{}", "no path"),
        ('{"path": 5}', "no path"),
        ('{"path": "a", "email": 5}', "email is no text"),
        (r'{"path": "\ud800"}', "UTF-8"),
        (r'{"path": "a", "external_id": "\u0000"}', "NUL"),
    ],
)
def test_an_ndjson_row_that_cannot_be_used_fails_by_its_line(ndjson: Path, row: str, reason: str) -> None:
    """Every other row is a member."""
    first, bad, last = rows(ndjson, f'{{"path": "a.pdf"}}\n{row}\n{{"path": "b.pdf"}}')
    assert (first.fault, last.fault, last.ordinal) == (None, None, 2)
    assert bad.fault is not None
    assert bad.fault.detail.startswith("Line 2 of the manifest")
    assert reason in bad.fault.detail


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("../other/a.pdf", "unsafe-name"),
        ("x/../../a.pdf", "unsafe-name"),
        ("/etc/passwd", "unsafe-name"),
        ("C:\\a.pdf", "unsafe-name"),
        ("s3://theirs/a.pdf", "unsafe-name"),
        ("s3://ours/../theirs/a.pdf", "unsafe-name"),
        ("https://example.com/a.pdf", "unsupported-address"),
        ("file:///etc/passwd", "unsupported-address"),
        ("inner.zip", "nested-archive"),
    ],
)
def test_an_address_elsewhere_is_skipped(csv: Path, address: str, code: str) -> None:
    """The name of a file is all that a row may choose."""
    (member,) = rows(csv, f"path\n{address}\n")
    assert member.fault is not None
    assert (member.fault.outcome, member.fault.code) == (Outcome.SKIPPED, code)


@pytest.mark.parametrize("content", ["", "a.pdf,b\n", "name,email\n", "path,path\n", '"path'])
def test_a_csv_without_its_header_is_rejected(csv: Path, content: str) -> None:
    """The sentence shows one."""
    with pytest.raises(SourceRejected, match=r"path,job_post_id|twice"):
        rows(csv, content)


def test_a_line_without_an_end_is_rejected(ndjson: Path) -> None:
    """It would be held in memory."""
    with pytest.raises(SourceRejected, match="longer than 1 MiB"):
        rows(ndjson, b"x" * (3 << 20))


def test_rows_across_the_pieces_of_a_large_manifest_stay_whole(csv: Path) -> None:
    """Windows line ends too, wherever a piece ends."""
    names = [f"{'x' * (number % 90)}{number}.pdf" for number in range(60_000)]
    assert [member.name for member in rows(csv, "path\r\n" + "\r\n".join(names))] == names
