"""What changed between two profiles, field by field: for a rehearsal's reader."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

#: Told anew by every run, or about the run itself.
_APART = ("meta", "document", "sections")


@dataclass(frozen=True, slots=True)
class Difference:
    """A field with its value before and after; None stands for "not there"."""

    path: str
    before: Any
    after: Any


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[Difference]:
    """The fields whose values differ between two profiles as stored (facts or values), in the profile's order.

    Entries of a list are paired by what they have in common, not by their place, so that one position more
    does not change all that follow.
    """
    names = [name for name in after | before if name not in _APART]
    return [d for name in names for d in _of(name, values(before.get(name)), values(after.get(name)))]


def values(stored: Any) -> Any:
    """Facts replaced by their values, at any depth."""
    if isinstance(stored, dict):
        if "value" in stored and "evidence" in stored:
            return stored["value"]
        return {name: values(value) for name, value in stored.items()}
    if isinstance(stored, list):
        return [values(item) for item in stored]
    return stored


def _of(path: str, before: Any, after: Any) -> Iterator[Difference]:
    if isinstance(before, dict) or isinstance(after, dict):
        old, new = before or {}, after or {}
        for name in new | old:
            yield from _of(f"{path}.{name}", old.get(name), new.get(name))
    elif isinstance(before, list) or isinstance(after, list):
        yield from _of_lists(path, before or [], after or [])
    elif before != after:
        yield Difference(path, before, after)


def _of_lists(path: str, before: list[Any], after: list[Any]) -> Iterator[Difference]:
    left = list(enumerate(before))
    for place, item in enumerate(after):
        alike = max(left, key=lambda old: _likeness(old[1], item), default=None)
        if alike is None or not _likeness(alike[1], item):
            yield Difference(f"{path}[{place}]", None, item)
            continue
        left.remove(alike)
        yield from _of(f"{path}[{place}]", alike[1], item)
    for place, item in left:
        yield Difference(f"{path}[{place}]", item, None)


def _likeness(one: Any, other: Any) -> int:
    """How many leaves the two have in common."""
    if isinstance(one, dict) and isinstance(other, dict):
        return sum(_likeness(one[name], other[name]) for name in one if name in other)
    if isinstance(one, list) and isinstance(other, list):
        return sum(item in other for item in one)
    return int(one is not None and one == other)
