"""A manifest as a source: a CSV or NDJSON file whose rows name files and say whose they are."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

from pipeline.domain.errors import SourceRejected
from pipeline.domain.ingestion import Fault, Member, Outcome, SourceKind
from pipeline.domain.member_faults import LONGEST_NAME, name_fault, storable
from pipeline.ports import RandomAccess

_ADDRESSES = ("path", "key", "url")
_S3 = "s3://"
_PIECE = 1024 * 1024
_LONGEST_LINE = 1024 * 1024
#: The columns that are read besides the address, and how long a value may be, as with an upload.
_LONGEST = {"job_post_id": 200, "email": 320, "external_id": 200}
_FORBIDDEN_ADDRESS = Fault(
    Outcome.SKIPPED,
    "unsafe-name",
    "The address is no object in the S3 folders of INGEST_S3_PREFIXES: add its folder.",
)
_UNSUPPORTED_ADDRESS = Fault(
    Outcome.SKIPPED,
    "unsupported-address",
    "Only paths beside the manifest and s3:// addresses are read: download it.",
)


class Files(Protocol):
    """The files that a manifest's rows name."""

    def may_read(self, address: str) -> bool:
        """Whether rows may name this `s3://` address."""

    def read(self, addresses: Sequence[str], *, max_bytes: int) -> Iterator[bytes | Fault]:
        """The bytes of each file in order, or why there are none. Raises ObjectStoreUnavailable."""


class Manifest:
    """Rows with `path`, `key` or `url`, and where known `job_post_id`, `email` and `external_id`.

    An address is relative to the manifest's own folder, or an `s3://` one. Other columns are ignored. A row that
    cannot be used is a failed member whose fault names its line.
    """

    kind = SourceKind.MANIFEST
    sequential = False

    def __init__(self, file: RandomAccess, files: Files, *, ndjson: bool) -> None:
        self._file, self._files, self._ndjson = file, files, ndjson

    def fingerprint(self) -> str:
        """The manifest's own: of the files it names, only they themselves can tell. Raises SourceMissing."""
        return self._file.fingerprint()

    def members(self) -> Iterator[Member]:
        """A member for each row. Raises SourceRejected where the file is no manifest, SourceMissing."""
        rows = _json_rows(self._file) if self._ndjson else _csv_rows(self._file)
        for ordinal, (line, row) in enumerate(rows):
            yield self._member(ordinal, line, row)

    def read(self, members: Iterable[Member], *, max_bytes: int) -> Iterator[tuple[Member, bytes | Fault]]:
        """The bytes of each file. Raises ObjectStoreUnavailable."""
        members = list(members)
        addresses = [str(member.locator[0]) for member in members]
        yield from zip(members, self._files.read(addresses, max_bytes=max_bytes), strict=True)

    def _member(self, ordinal: int, line: int, row: dict[str, Any] | str) -> Member:
        if isinstance(row, str):
            return Member(ordinal, f"line {line}", (), fault=_bad_row(line, row))
        values = {name: row[name] for name in (*_ADDRESSES, *_LONGEST) if row.get(name) not in (None, "")}
        address = next((values.pop(name) for name in _ADDRESSES if name in values), None)
        if problem := _problem(address, values):
            shown = storable(address)[:LONGEST_NAME] if isinstance(address, str) else f"line {line}"
            return Member(ordinal, shown, (), fault=_bad_row(line, problem))
        assert isinstance(address, str)
        own = {name: values[name] for name in _LONGEST if name in values}
        return Member(ordinal, address[:LONGEST_NAME], (address,), fault=self._fault(address), **own)

    def _fault(self, address: str) -> Fault | None:
        if address.startswith(_S3):
            return name_fault(address.removeprefix(_S3)) or (
                None if self._files.may_read(address) else _FORBIDDEN_ADDRESS
            )
        if "://" in address:
            return _UNSUPPORTED_ADDRESS
        return name_fault(address) or (None if self._files.may_read(address) else _FORBIDDEN_ADDRESS)


def _problem(address: object, values: dict[str, Any]) -> str | None:
    """What is wrong with a row's values, if anything."""
    if not isinstance(address, str):
        return "it has no path"
    for name, value in values.items():
        if not isinstance(value, str):
            return f"{name} is no text"
        if name in _LONGEST and len(value) > _LONGEST[name]:
            return f"{name} is longer than {_LONGEST[name]} characters"
    if any(storable(text) != text for text in (address, *values.values())):
        return "it holds a NUL or bytes that are not UTF-8"
    return None


def _bad_row(line: int, problem: str) -> Fault:
    return Fault(
        Outcome.FAILED, "bad-row", f"Line {line} of the manifest cannot be used ({problem}): correct it."
    )


def _csv_rows(file: RandomAccess) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Each row with the number of its last line; a text says what is wrong with it."""
    reader = csv.reader(_lines(file), strict=True)
    columns = _columns(next(_csv_records(reader), None))
    for record in _csv_records(reader):
        if isinstance(record, str):
            yield reader.line_num, record
        elif record and len(record) != len(columns):
            yield reader.line_num, f"it has {len(record)} values for {len(columns)} columns"
        elif record:
            yield reader.line_num, dict(zip(columns, record, strict=True))


def _csv_records(reader: Any) -> Iterator[list[str] | str]:
    while True:
        begun = reader.line_num + 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield f"no CSV from line {begun} on: {error}"
            continue
        yield record


def _columns(header: list[str] | str | None) -> list[str]:
    columns = [name.strip().lower() for name in header] if isinstance(header, list) else []
    if not set(columns) & set(_ADDRESSES):
        raise SourceRejected(
            "The manifest's first line names no column path, key or url: write a header such as "
            "path,job_post_id,email,external_id, separated by commas."
        )
    if len(set(columns)) != len(columns):
        raise SourceRejected("The manifest's first line names a column twice: name each once.")
    return columns


def _json_rows(file: RandomAccess) -> Iterator[tuple[int, dict[str, Any] | str]]:
    for number, line in enumerate(_lines(file), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = "no JSON"
        yield number, row if isinstance(row, dict) else "no JSON object"


def _lines(file: RandomAccess) -> Iterator[str]:
    """The lines with their ends, in pieces; bytes that are not UTF-8 become surrogates, which a row may not hold."""
    rest = b""
    for number, offset in enumerate(range(0, file.size, _PIECE)):
        piece = file.read_at(offset, _PIECE)
        lines = (rest + (piece if number else piece.removeprefix(b"\xef\xbb\xbf"))).splitlines(keepends=True)
        # The last line may go on; so may a lone carriage return.
        rest = lines.pop() if lines else b""
        for line in lines:
            yield line.decode(errors="surrogateescape")
        if len(rest) > _LONGEST_LINE:
            raise SourceRejected("A line of the manifest is longer than 1 MiB: is it a CSV or NDJSON file?")
    if rest:
        yield rest.decode(errors="surrogateescape")
