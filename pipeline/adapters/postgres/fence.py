"""The fence: a worker's write begins by locking its job's row under the epoch that its lease names.

No row means that the lease is lost: another worker holds the job by now, or nobody may. Because the lock is
held until the write commits, no claim, reaping or erasure can slip in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipeline.domain.journey import Lease

#: The chaos suite takes the first half away, to prove that its checks would notice.
FENCE = "j.lease_epoch = wanted.epoch AND j.state = 'running'"


def held(extra_values: str = "", extra_names: str = "") -> str:
    """The CTEs `wanted` and `picked`: the live ones among the leases :ids and :epochs, locked in id order.

    `extra_values` and `extra_names` carry further columns beside each lease into `picked`.
    """
    return f"""
        wanted AS (
            SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:epochs AS bigint[]){extra_values})
                WITH ORDINALITY AS w (id, epoch{extra_names}, position)
        ),
        picked AS (
            SELECT j.application_id, j.state, j.lease_owner, wanted.*
            FROM jobs j JOIN wanted ON wanted.id = j.application_id
            WHERE {FENCE}
            ORDER BY j.application_id
            FOR UPDATE OF j
        )"""


def of(leases: Sequence[Lease]) -> dict[str, Any]:
    """The parameters of `held`."""
    return {
        "ids": [lease.resume_id for lease in leases],
        "epochs": [lease.epoch for lease in leases],
    }
