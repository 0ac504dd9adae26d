"""The Textract stand-in holds both sides to botocore's model of the service."""

from __future__ import annotations

import httpx
import pytest

from pipeline.adapters.aws.access import AwsAccess
from tests.adapters.pdf_bytes import pdf, text_at
from tests.standins.aws import AwsStandIn
from tests.standins.textract import ContractBroken, TextractStandIn

PAGE = pdf([text_at(60, 700, "known")])
WORDS = [(1, "known", 0.1, 0.1, 0.2, 0.12)]


def client_of(aws: AwsStandIn, standin: TextractStandIn) -> object:
    return AwsAccess("k", "s", None, aws.access.region, standin.url).client("textract", attempts=1)


def start(client: object, bucket: str, **more: object) -> str:
    place = {"S3Object": {"Bucket": bucket, "Name": "doc"}}
    return client.start_document_text_detection(DocumentLocation=place, **more)["JobId"]  # type: ignore[attr-defined]


@pytest.fixture
def stored(aws: AwsStandIn, bucket: str) -> str:
    """A bucket with a document in it."""
    aws.client("s3").put_object(Bucket=bucket, Key="doc", Body=PAGE)
    return bucket


def test_a_request_that_the_model_does_not_know_is_refused_and_remembered(aws: AwsStandIn) -> None:
    """A bug of ours cannot hide behind a lenient stand-in: the block itself fails at its end."""
    standin = TextractStandIn(aws).__enter__()
    headers = {"X-Amz-Target": "Textract.GetDocumentTextDetection"}
    answer = httpx.post(standin.url, content='{"JobId": "0", "Colour": "red"}', headers=headers)
    assert answer.status_code == 400
    with pytest.raises(ContractBroken, match="Colour"):
        standin.__exit__(None, None, None)


def test_a_token_that_breaks_the_models_pattern_is_caught(aws: AwsStandIn, stored: str) -> None:
    """boto3 itself does not look at patterns."""
    standin = TextractStandIn(aws).__enter__()
    client = client_of(aws, standin)
    with pytest.raises(client.exceptions.InvalidParameterException):  # type: ignore[attr-defined]
        start(client, stored, ClientRequestToken="no spaces allowed")
    with pytest.raises(ContractBroken, match="does not match"):
        standin.__exit__(None, None, None)


def test_the_same_token_is_the_same_job_and_with_other_parameters_an_error(
    aws: AwsStandIn, stored: str
) -> None:
    """As the service documents it."""
    with TextractStandIn(aws) as standin:
        client = client_of(aws, standin)
        first = start(client, stored, ClientRequestToken="t")
        assert start(client, stored, ClientRequestToken="t") == first
        with pytest.raises(client.exceptions.IdempotentParameterMismatchException):  # type: ignore[attr-defined]
            start(client, stored, ClientRequestToken="t", JobTag="other")
        assert standin.started == 1


def test_rates_and_jobs_at_once_are_limited(aws: AwsStandIn, stored: str) -> None:
    """Two a second, one at a time: natural throttles, counted apart from injected ones."""
    with TextractStandIn(aws, start_tps=2, jobs_at_once=1, seconds=60) as standin:
        client = client_of(aws, standin)
        start(client, stored)
        with pytest.raises(client.exceptions.LimitExceededException):  # type: ignore[attr-defined]
            start(client, stored)
        with pytest.raises(client.exceptions.ProvisionedThroughputExceededException):  # type: ignore[attr-defined]
            start(client, stored)
        assert (standin.throttles["natural"], standin.throttles["injected"]) == (2, 0)


def test_a_page_is_known_by_its_picture_in_any_document(aws: AwsStandIn, bucket: str) -> None:
    """Cut out of another document, or behind an unknown one."""
    with TextractStandIn(aws, seconds=0) as standin:
        standin.know(PAGE, WORDS)
        both = pdf([text_at(60, 700, "stranger"), text_at(60, 700, "known")])
        aws.client("s3").put_object(Bucket=bucket, Key="doc", Body=both)
        client = client_of(aws, standin)
        job = start(client, bucket)
        blocks = client.get_document_text_detection(JobId=job)["Blocks"]  # type: ignore[attr-defined]
        assert [(block["Text"], block["Page"]) for block in blocks if block["BlockType"] == "LINE"] == [
            ("known", 2)
        ]
