"""A worker whose clock is an hour off: only the database's clock decides."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.adapters.postgres.factories import sql

ROOT = Path(__file__).resolve().parents[2]
HOUR_S = 3600


@pytest.mark.parametrize("off_s", [HOUR_S, -HOUR_S], ids=["fast", "slow"])
def test_a_worker_whose_clock_is_an_hour_off_changes_no_time(
    database_url: str, engine: Engine, off_s: int
) -> None:
    """It claims, beats, waits, retries, saves and reaps; no time in the database is off, and no lease is misjudged."""
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).with_name("skewed")), str(ROOT)]),
        "CLOCK_OFF_S": str(off_s),
    }
    ended = subprocess.run(
        [sys.executable, "-m", "tests.chaos.skewed_worker", database_url],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert all(abs(clock - time.time() - off_s) < 60 for clock in told["clock"]), "the clock was not off"
    off = {
        f"{row.table_name}.{row.column_name}"
        for row in sql(engine, TIMES)
        if (worst := sql(engine, WORST.format(row=row))[0].seconds) is not None and worst > 120
    }
    assert off == set()
    (left,) = sql(engine, "SELECT state, lease_epoch FROM jobs WHERE application_id = :id", id=told["id"])
    assert (left.state, left.lease_epoch) == ("running", told["epoch"])


TIMES = """
    SELECT table_name, column_name FROM information_schema.columns
    WHERE table_schema = 'public' AND data_type = 'timestamp with time zone'"""
WORST = "SELECT max(abs(extract(epoch FROM {row.column_name} - now()))) AS seconds FROM {row.table_name}"
