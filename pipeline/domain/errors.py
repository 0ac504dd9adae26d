"""Every error the pipeline raises, in one tree.

    ResumesError
    ├── DocumentError            the file's own fault: the job ends as `failed`, retrying cannot help
    │   ├── EncryptedDocument    encrypted
    │   ├── CorruptDocument      corrupt
    │   ├── EmptyDocument        no-text
    │   ├── ResourceLimit        resource-limit
    │   └── UnsupportedDocument  unsupported-type
    ├── TransientError           ours or a vendor's, passing: the job is retried later
    │   ├── DatabaseUnavailable
    │   ├── ObjectStoreUnavailable
    │   └── WorkerKilled         a parser child was killed from outside, twice
    ├── LeaseLost                another worker owns the job now: nothing was written
    ├── ObjectMissing            the object store has no such object
    └── ConfigurationError       a setting, a database or a model that cannot be used as it is

Each class's docstring is a sentence that an operator can read; `code` is what callers see as `error.code`.
Errors travel between Ray processes, so each one is `(message, *, key=None)` and survives pickling.
"""

from __future__ import annotations


class ResumesError(Exception):
    """Something in the resume service went wrong."""

    code = "internal"
    retryable = False

    def __init__(self, message: str | None = None, *, key: str | None = None) -> None:
        self.message = message or (type(self).__doc__ or type(self).__name__).split("\n")[0]
        self.key = key
        super().__init__(self.message)

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.message, self.key))


def _rebuild(kind: type[ResumesError], message: str, key: str | None) -> ResumesError:
    return kind(message, key=key)


class DocumentError(ResumesError):
    """The document cannot be turned into a profile."""

    code = "corrupt"


class EncryptedDocument(DocumentError):
    """The document needs a password to be opened: upload a copy without one."""

    code = "encrypted"


class CorruptDocument(DocumentError):
    """The document is damaged beyond repair: export it again and upload the new file."""

    code = "corrupt"


class EmptyDocument(DocumentError):
    """The document holds no readable text."""

    code = "no-text"


class ResourceLimit(DocumentError):
    """The document needs more pages, memory or time than one resume is given."""

    code = "resource-limit"


class UnsupportedDocument(DocumentError):
    """The document is of a type that the service does not read."""

    code = "unsupported-type"


class TransientError(ResumesError):
    """A part the pipeline depends on is not available just now."""

    retryable = True


class DatabaseUnavailable(TransientError):
    """PostgreSQL does not answer."""


class ObjectStoreUnavailable(TransientError):
    """The object store does not answer."""


class WorkerKilled(TransientError):
    """A parser process was killed from outside while it held the document."""


class LeaseLost(ResumesError):
    """Another worker owns this job now; nothing was written."""


class ObjectMissing(ResumesError):
    """The object store does not hold this original: every process must use the same DATA_DIR or bucket."""

    retryable = True


class ConfigurationError(ResumesError):
    """The service is configured in a way that cannot work."""
