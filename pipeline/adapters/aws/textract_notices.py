"""Textract's notifications: what SQS brings wakes the jobs that wait for it."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from pipeline.adapters.aws.access import AwsAccess
from pipeline.domain.errors import DatabaseUnavailable

log = logging.getLogger(__name__)

_LONG_POLL_S = 20
_AT_ONCE = 10
#: A notification may overtake the job's own way into its waiting: it is looked at again so soon, so often.
_AGAIN_S = 2
_LOOKS = 5
_OUTAGE_S = 5.0


class TextractNotices:
    """A thread that reads the queue. `wake` answers how many jobs waited for a reason."""

    def __init__(self, access: AwsAccess, queue_url: str, wake: Callable[[str], int]) -> None:
        self._sqs = access.client("sqs", read_s=_LONG_POLL_S + 10)
        self._queue_url, self._wake = queue_url, wake
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="textract-notices", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """Read nothing more; a message that is held reappears in the queue by itself."""
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                for message in self._receive():
                    self._handle(message)
            except (BotoCoreError, ClientError, DatabaseUnavailable) as error:
                # Polling is the backstop meanwhile.
                log.warning("notifications cannot be read", extra={"error": type(error).__name__})
                self._stop.wait(_OUTAGE_S)

    def _receive(self) -> list[dict[str, Any]]:
        answer = self._sqs.receive_message(
            QueueUrl=self._queue_url,
            MaxNumberOfMessages=_AT_ONCE,
            WaitTimeSeconds=_LONG_POLL_S,
            MessageSystemAttributeNames=["ApproximateReceiveCount"],
        )
        return list(answer.get("Messages", ()))

    def _handle(self, message: dict[str, Any]) -> None:
        job = job_of(message["Body"])
        if job is None:
            log.warning("a message is no notification of Textract's: deleted")
        elif not self._wake(f"textract:{job}"):
            looks = int(message.get("Attributes", {}).get("ApproximateReceiveCount", _LOOKS))
            if looks < _LOOKS:
                self._sqs.change_message_visibility(
                    QueueUrl=self._queue_url,
                    ReceiptHandle=message["ReceiptHandle"],
                    VisibilityTimeout=_AGAIN_S,
                )
                return
        self._sqs.delete_message(QueueUrl=self._queue_url, ReceiptHandle=message["ReceiptHandle"])


def job_of(body: str) -> str | None:
    """The JobId of a notification, in SNS's envelope or as it is; None for anything else."""
    try:
        told = json.loads(body)
        if isinstance(told, dict) and "JobId" not in told and "Message" in told:
            told = json.loads(told["Message"])
        job = told["JobId"]
    except (ValueError, TypeError, KeyError):
        return None
    return job if isinstance(job, str) else None
