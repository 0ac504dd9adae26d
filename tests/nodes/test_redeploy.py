"""A rolling redeploy under load, short: the benchmark with fewer uploads."""

from __future__ import annotations

import pytest

from benchmarks.redeploy import run


@pytest.mark.nodes
@pytest.mark.timeout(240)
def test_no_upload_fails_while_every_replica_is_replaced() -> None:
    """No client tries again; what was accepted by either version completes."""
    figures = run(80, pause_s=0.5)
    assert figures["failures"] == {}
    assert figures["uploads_during"] > 20
    assert figures["ends"] == {"completed": figures["uploads"]}
