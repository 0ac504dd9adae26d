"""The error tree: what operators and callers read of it."""

from __future__ import annotations

import pickle

import pytest

from pipeline.domain import errors
from pipeline.domain.errors import DocumentError, ResumesError


def every_error() -> list[type[ResumesError]]:
    """All classes of the tree."""
    kinds = [ResumesError]
    for kind in kinds:
        kinds.extend(kind.__subclasses__())
    return [kind for kind in kinds if kind.__module__ == errors.__name__]


@pytest.mark.parametrize("kind", every_error())
def test_an_error_survives_pickling_with_its_key(kind: type[ResumesError]) -> None:
    """Errors travel between Ray processes: the class, the message and the key must arrive."""
    arrived = pickle.loads(pickle.dumps(kind("what to do", key="resumes/1")))
    assert type(arrived) is kind
    assert (arrived.message, arrived.key, str(arrived)) == ("what to do", "resumes/1", "what to do")


@pytest.mark.parametrize("kind", every_error())
def test_an_error_without_a_message_reads_as_its_docstring(kind: type[ResumesError]) -> None:
    """Each docstring is a sentence that an operator can read."""
    assert kind().message == (kind.__doc__ or "").split("\n")[0]
    assert kind().message.endswith(".")


def test_a_documents_fault_is_never_retried() -> None:
    """Retrying cannot mend a file."""
    assert not any(kind.retryable for kind in every_error() if issubclass(kind, DocumentError))
