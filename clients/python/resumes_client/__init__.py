"""A client of the resumes service: uploads resumes, waits for their profiles, lists, searches and erases them, and
follows bulk ingestions. `Client` blocks, `AsyncClient` awaits; both are thin, and `core` says what they do.

A 429, a 503, an answer of something between client and service, and a lost connection are tried again with exponential
backoff, never sooner than Retry-After says. An upload carries an Idempotency-Key, so that trying again never makes two
resumes; `reprocess` and `cancel_ingestion` are not repeated when their answer was lost. What the service refuses is a
`ProblemError`. Every call takes `timeout`, in seconds, for all its tries together.
"""

from resumes_client.aio import AsyncClient
from resumes_client.calls import Accepted, Filters, IngestionResult, SearchOptions, UploadOptions
from resumes_client.client import Client
from resumes_client.content import Content
from resumes_client.core import ENDED, Retry
from resumes_client.errors import CallTimeout, ConnectionLost, ProblemError, ResumesClientError

__version__ = "0.1.0"

__all__ = [
    "ENDED",
    "Accepted",
    "AsyncClient",
    "CallTimeout",
    "Client",
    "ConnectionLost",
    "Content",
    "Filters",
    "IngestionResult",
    "ProblemError",
    "ResumesClientError",
    "Retry",
    "SearchOptions",
    "UploadOptions",
]
