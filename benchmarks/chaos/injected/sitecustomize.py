"""What a chaos run puts into every Python process of its own service, by PYTHONPATH. No part of the product.

Python imports this as it starts. Each fenced statement then also tells, in its own transaction, under which
lease it was tried: triggers (`witness.py`) tell what it changed. With CHAOS_WITHOUT_FENCE the fence's epoch
check is gone: the control, which must find what the checks are there to find.
"""

import os

from pipeline.adapters.postgres import fence

_held = fence.held


def _telling(extra_values: str = "", extra_names: str = "") -> str:
    return f"""{_held(extra_values, extra_names)},
        told AS (
            INSERT INTO chaos.attempts (application_id, epoch, epoch_now)
            SELECT wanted.id, wanted.epoch, j.lease_epoch
            FROM wanted JOIN jobs j ON j.application_id = wanted.id
        )"""


fence.held = _telling
if os.environ.get("CHAOS_WITHOUT_FENCE"):
    fence.FENCE = "j.state = 'running'"
