"""The stand-ins as fixtures."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from tests.standins.aws import AwsStandIn

_numbers = count(1)


@pytest.fixture(scope="session")
def aws() -> Iterator[AwsStandIn]:
    """S3, SNS and SQS for the session; every test makes buckets and queues of its own."""
    with AwsStandIn() as started:
        yield started


@pytest.fixture
def bucket(aws: AwsStandIn) -> str:
    """An empty bucket of this test's own."""
    return aws.create_bucket(f"bucket-{next(_numbers)}")
