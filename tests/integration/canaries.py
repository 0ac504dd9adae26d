"""Looks for traces of a person wherever the service keeps anything: every column of every table, stores, logs."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text


def traces(engine: Engine, canaries: list[str]) -> set[tuple[str, str, str]]:
    """(table, column, canary) for every value of any type that holds one, packed or not, in either case."""
    found = set()
    with engine.connect() as connection:
        tables = connection.execute(
            text("SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()")
        ).scalars()
        for table in tables.all():
            for row in connection.execute(text(f'SELECT * FROM "{table}"')).mappings():
                found |= {
                    (table, column, canary)
                    for column, value in row.items()
                    for canary in canaries
                    if any(canary.lower().encode() in piece for piece in _pieces(value))
                }
    return found


def files_with(root: Path, canaries: list[str]) -> set[tuple[str, str]]:
    """(path, canary) for every file below the folder whose bytes hold one."""
    return {
        (str(path.relative_to(root)), canary)
        for path in root.rglob("*")
        if path.is_file()
        for canary in canaries
        if canary.lower().encode() in path.read_bytes().lower()
    }


def _pieces(value: Any) -> Iterator[bytes]:
    """What a value says: as it is, and unpacked where it is packed."""
    if isinstance(value, (bytes, memoryview)):
        data = bytes(value)
        yield data.lower()
        try:
            yield zlib.decompress(data).lower()
        except zlib.error:
            return
    else:
        yield str(value).lower().encode()
