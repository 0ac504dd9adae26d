"""A machine whose clock is wrong: every reading of the time of day is off by CLOCK_OFF_S seconds."""

import datetime
import os
import time

_OFF_S = float(os.environ["CLOCK_OFF_S"])
_time, _time_ns, _datetime = time.time, time.time_ns, datetime.datetime


class _OffDatetime(_datetime):
    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> _datetime:
        return _datetime.now(tz) + datetime.timedelta(seconds=_OFF_S)


time.time = lambda: _time() + _OFF_S
time.time_ns = lambda: _time_ns() + int(_OFF_S * 1e9)
datetime.datetime = _OffDatetime  # type: ignore[misc]
