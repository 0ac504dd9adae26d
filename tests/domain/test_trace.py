"""W3C Trace Context: what is taken from a caller, and how it follows work into threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from pipeline.domain.trace import TraceContext, carried, current, parse, traceparent, within

TRACE_ID, SPAN_ID = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACE = TraceContext(TRACE_ID, SPAN_ID, "01")


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (f"00-{TRACE_ID}-{SPAN_ID}-01", TRACE),
        (f"00-{TRACE_ID}-{SPAN_ID}-00", TraceContext(TRACE_ID, SPAN_ID, "00")),
        (f"cc-{TRACE_ID}-{SPAN_ID}-01-what-comes-later", TRACE),
        (f"00-{TRACE_ID}-{SPAN_ID}-01-more", None),
        (f"ff-{TRACE_ID}-{SPAN_ID}-01", None),
        (f"00-{'0' * 32}-{SPAN_ID}-01", None),
        (f"00-{TRACE_ID}-{'0' * 16}-01", None),
        (f"00-{TRACE_ID.upper()}-{SPAN_ID}-01", None),
        (f"00-{TRACE_ID}-{SPAN_ID}", None),
        (f" 00-{TRACE_ID}-{SPAN_ID}-01\n", None),
        ("", None),
        (None, None),
    ],
)
def test_only_a_traceparent_in_its_form_counts(header: str | None, found: TraceContext | None) -> None:
    """As the recommendation says; a later version's first four fields are known."""
    assert parse(header) == found


def test_a_trace_is_sent_as_it_came() -> None:
    assert TRACE.traceparent == f"00-{TRACE_ID}-{SPAN_ID}-01"


def test_work_in_another_thread_belongs_to_the_trace_of_whoever_asked_for_it() -> None:
    """Only where it is carried there; nothing is left behind in the thread."""
    with ThreadPoolExecutor(1) as pool:
        with within(TRACE):
            assert pool.submit(carried(traceparent)).result() == TRACE.traceparent
            assert pool.submit(current).result() is None
        assert pool.submit(carried(current)).result() is None
    assert current() is None
