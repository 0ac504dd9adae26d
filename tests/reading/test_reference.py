"""The samples are read as they were."""

from __future__ import annotations

import json

from tests.reading.reference import REFERENCE, read


def test_the_samples_are_read_as_they_were() -> None:
    """Byte for byte, versions and seconds aside. `tests/reading/reference.py` says what to do when it changes."""
    before, now = json.loads(REFERENCE.read_text("utf-8")), read()
    assert now.keys() == before.keys()
    changed = [
        f"{name}: {part}"
        for name in now
        for part in sorted(now[name].keys() | before[name].keys())
        if now[name].get(part) != before[name].get(part)
    ]
    assert not changed, (
        "read otherwise than before: "
        + ", ".join(changed)
        + ". If that is meant and looked at: python -m tests.reading.reference"
    )
