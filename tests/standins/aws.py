"""S3, SNS and SQS by moto's server, over HTTP."""

from __future__ import annotations

import json
import logging
from functools import cache
from types import TracebackType
from typing import Any

from moto.server import ThreadedMotoServer

from pipeline.adapters.aws.access import AwsAccess

REGION = "eu-central-1"
ACCESS_KEY = "testing"
SECRET_KEY = "testing-secret"


class AwsStandIn:
    """A server of its own on a free loopback port; as a context manager, it runs within the block."""

    def __init__(self) -> None:
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self.url = ""

    def __enter__(self) -> AwsStandIn:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line for each request
        self._server.start()
        host, port = self._server.get_host_and_port()
        self.url = f"http://{host}:{port}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()

    @property
    def access(self) -> AwsAccess:
        """What the adapters are given to reach it."""
        return AwsAccess(ACCESS_KEY, SECRET_KEY, None, REGION, self.url)

    def environment(self) -> dict[str, str]:
        """The settings that point a service here."""
        return {
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.url,
        }

    @cache  # noqa: B019 - a stand-in lives as long as its test, and a client takes longer to make than to ask
    def client(self, service: str) -> Any:
        return self.access.client(service)

    def create_bucket(self, name: str, *, versioned: bool = False) -> str:
        """A bucket; its name."""
        s3 = self.client("s3")
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        if versioned:
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name

    def create_notifications(self, name: str) -> tuple[str, str]:
        """A topic with a queue subscribed to it: the topic's ARN and the queue's URL."""
        topic: str = self.client("sns").create_topic(Name=name)["TopicArn"]
        sqs = self.client("sqs")
        queue: str = sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        policy = {"Version": "2012-10-17", "Statement": []}
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(policy)})
        self.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        return topic, queue
