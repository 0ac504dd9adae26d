"""The trace that work belongs to, as W3C Trace Context names it: taken from a request, kept with its job, passed on to
vendors. Whoever runs within a trace finds it in `current`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from dataclasses import dataclass
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

#: A later version may append fields, which are not passed on: what is sent is of version 00.
_TRACEPARENT = re.compile(
    r"(?!ff)(?P<version>[0-9a-f]{2})-(?P<trace_id>(?!0{32})[0-9a-f]{32})-(?P<span_id>(?!0{16})[0-9a-f]{16})"
    r"-(?P<flags>[0-9a-f]{2})(?P<more>-.*)?"
)


@dataclass(frozen=True, slots=True)
class TraceContext:
    """A span of a trace: ids in lower-case hex, of 32 and 16 digits; `flags` of two, whose last bit says `sampled`."""

    trace_id: str
    span_id: str
    flags: str

    @property
    def traceparent(self) -> str:
        """The header that passes it on."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"


def parse(traceparent: str | None) -> TraceContext | None:
    """What the header says; None where there is none, or it is not in its form."""
    found = _TRACEPARENT.fullmatch(traceparent or "")
    if found is None or (found["version"] == "00" and found["more"]):
        return None
    return TraceContext(found["trace_id"], found["span_id"], found["flags"])


_current: ContextVar[TraceContext | None] = ContextVar("trace", default=None)


def current() -> TraceContext | None:
    """The trace of what runs here."""
    return _current.get()


def traceparent() -> str | None:
    """The header that passes on the trace of what runs here, if it has one."""
    trace = _current.get()
    return None if trace is None else trace.traceparent


@contextmanager
def within(trace: TraceContext | None) -> Iterator[None]:
    """What runs in the block belongs to this trace, or to none."""
    token = _current.set(trace)
    try:
        yield
    finally:
        _current.reset(token)


def carried(call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> Callable[[], R]:
    """The call for another thread, where it belongs to the trace that it has here."""
    return partial(copy_context().run, call, *args, **kwargs)


class SilentSpan:
    """A span that nobody hears of."""

    def rename(self, name: str) -> None:
        """As `TraceSpan.rename`."""

    def tell(self, attributes: Mapping[str, str | int]) -> None:
        """As `TraceSpan.tell`."""

    def fail(self) -> None:
        """As `TraceSpan.fail`."""


class PassesOn:
    """`ports.Tracer` where no spans are exported: what runs in one belongs to its parent, which is passed on."""

    @contextmanager
    def span(
        self,
        name: str,
        parent: TraceContext | None,
        attributes: Mapping[str, str | int],
        *,
        server: bool = False,
    ) -> Iterator[SilentSpan]:
        """As `Tracer.span`."""
        with within(parent):
            yield SilentSpan()
