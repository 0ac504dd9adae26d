"""What was weighed and why it was chosen, told by the functions that decide, to whoever listens.

In the service nobody does: a decision then costs one look at a context variable. What a listener is told is what
decided, by the numbers that decided; nothing is worked out a second time to be shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

Parts = tuple[tuple[str, float], ...]


class Sum:
    """A score while it is added up, with the reason for each part of it. Parts of 0 are not kept."""

    __slots__ = ("_parts", "total")

    def __init__(self) -> None:
        self.total = 0.0
        self._parts: list[tuple[str, float]] = []

    def add(self, reason: str, amount: float) -> Sum:
        """Add one part; below 0 it speaks against."""
        if amount:
            self.total += amount
            self._parts.append((reason, amount))
        return self

    def plus(self, other: Sum) -> Sum:
        """Add another score with its parts."""
        self.total += other.total
        self._parts += other._parts
        return self

    def less(self, other: Sum) -> Sum:
        """Take another score off: its parts speak against."""
        self.total -= other.total
        self._parts += [(reason, -amount) for reason, amount in other._parts]
        return self

    @property
    def parts(self) -> Parts:
        """The parts in the order in which they were added; they add up to `total`."""
        return tuple(self._parts)


@dataclass(frozen=True, slots=True)
class Option:
    """One of the things that were weighed. `score` is None where a rule decided and no number.

    `at` is where it stands across the page, in points from the left, where it is a place and no text.
    """

    text: str
    ids: tuple[int, ...] = ()
    score: float | None = None
    parts: Parts = ()
    chosen: bool = False
    at: float | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about some lines, in words, and what was weighed for it.

    `about` is "columns", "block", "table", "heading", "entry start", "entry", "heading read", "slot", "name" or
    "place". `made` is the job or degree that it was made for, which the profile may have or not.
    """

    about: str
    result: str
    ids: tuple[int, ...] = ()
    options: tuple[Option, ...] = ()
    made: object = field(default=None, compare=False)


_told: ContextVar[list[Decision] | None] = ContextVar("told", default=None)


def listener() -> list[Decision] | None:
    """Where to tell a decision; None where nobody listens."""
    return _told.get()


@contextmanager
def listening() -> Iterator[list[Decision]]:
    """Hear every decision that is made in this context: in the order in which they are made, some more than once.

    Entries are read again when the order of their section is known, and each reader may look at the same rows.
    """
    decisions: list[Decision] = []
    token = _told.set(decisions)
    try:
        yield decisions
    finally:
        _told.reset(token)


def tell_entry(read_as: str, ids: tuple[int, ...], made: object) -> None:
    """Tell a listener of an entry: how it was read, its lines, and what the profile may get by it."""
    told = listener()
    if told is not None:
        told.append(Decision("entry", read_as, ids, made=made))
