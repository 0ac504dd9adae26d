"""Every error the pipeline raises, in one tree.

    ResumesError
    ├── DocumentError            the file's own fault: the job ends as `failed`, retrying cannot help
    │   ├── EncryptedDocument    encrypted
    │   ├── CorruptDocument      corrupt
    │   ├── EmptyDocument        no-text
    │   ├── ResourceLimit        resource-limit
    │   ├── UnsupportedDocument  unsupported-type
    │   ├── UnsupportedScript    unsupported-script
    │   └── OcrFailed            ocr-failed
    ├── ProfileUnavailable       the model gave no profile, and PROFILE_FALLBACK=fail: the job ends as `failed`
    │   ├── ProfileBlocked       profile-blocked
    │   └── ProfileBroken        profile-broken
    ├── VendorTimeout            vendor-timeout: a vendor had a day and did not answer; the job ends as `failed`
    ├── TransientError           ours or a vendor's, passing: the job is retried later
    │   ├── DatabaseUnavailable
    │   ├── ObjectStoreUnavailable
    │   ├── VendorBusy           a vendor throttles us or is down: what it was asked is asked again later
    │   └── WorkerKilled         a parser child was killed from outside, twice
    ├── NotYet                   no failure: the job has to wait, gives its lease back and burns no attempt
    ├── SourceRejected           archive-rejected: an archive is damaged, hostile or over a limit; nothing of it is read
    ├── SourceMissing            source-missing: there is no such archive, folder, prefix or manifest, or it changed
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


class UnsupportedScript(DocumentError):
    """The scan is in a script that OCR on this machine cannot read: upload a file with a text layer of its own."""

    code = "unsupported-script"


class OcrFailed(DocumentError):
    """OCR could not read the document, twice: upload a copy of better quality."""

    code = "ocr-failed"


class ProfileUnavailable(ResumesError):
    """The model gave no usable profile, and PROFILE_FALLBACK=fail rules out the rules engine."""

    code = "profile-broken"


class ProfileBlocked(ProfileUnavailable):
    """The model refused to read the document, and PROFILE_FALLBACK=fail rules out the rules engine."""

    code = "profile-blocked"


class ProfileBroken(ProfileUnavailable):
    """The model's answer was unusable, twice, and PROFILE_FALLBACK=fail rules out the rules engine."""

    code = "profile-broken"


class VendorTimeout(ResumesError):
    """A vendor did not answer within a day: reprocess the resume when it works again."""

    code = "vendor-timeout"


class TransientError(ResumesError):
    """A part the pipeline depends on is not available just now."""

    retryable = True


class DatabaseUnavailable(TransientError):
    """PostgreSQL does not answer."""


class ObjectStoreUnavailable(TransientError):
    """The object store does not answer."""


class VendorBusy(TransientError):
    """A vendor throttles us, is down, or refuses our credentials; `key` says which of its errors it was.

    `retry_after_s` is what the vendor asked for, where it said so. `throttled` tells a rate limit from an outage.
    """

    def __init__(
        self,
        message: str | None = None,
        *,
        key: str | None = None,
        throttled: bool = False,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, key=key)
        self.throttled = throttled
        self.retry_after_s = retry_after_s

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild_busy, (self.message, self.key, self.throttled, self.retry_after_s))


def _rebuild_busy(message: str, key: str | None, throttled: bool, retry_after_s: float | None) -> VendorBusy:
    return VendorBusy(message, key=key, throttled=throttled, retry_after_s=retry_after_s)


class WorkerKilled(TransientError):
    """A parser process was killed from outside while it held the document."""


class NotYet(ResumesError):
    """The job has to wait: it gives its lease back and burns no attempt.

    `key` is the reason (`textract:<JobId>`, `quota:<name>`, `vendor:<name>`, `budget`, or a checkpoint's key):
    whoever brings that about wakes the job; `seconds` from now it looks by itself.
    """

    def __init__(self, message: str | None = None, *, key: str | None = None, seconds: float = 0.0) -> None:
        super().__init__(message, key=key)
        self.seconds = seconds

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild_not_yet, (self.message, self.key, self.seconds))


def _rebuild_not_yet(message: str, key: str | None, seconds: float) -> NotYet:
    return NotYet(message, key=key, seconds=seconds)


class SourceRejected(ResumesError):
    """The archive is damaged, hostile or over a limit: nothing of it is read."""

    code = "archive-rejected"


class SourceMissing(ResumesError):
    """There is no such source, or it changed while it was read."""

    code = "source-missing"


class LeaseLost(ResumesError):
    """Another worker owns this job now; nothing was written."""


class ObjectMissing(ResumesError):
    """The object store does not hold this original: every process must use the same DATA_DIR or bucket."""

    retryable = True


class ConfigurationError(ResumesError):
    """The service is configured in a way that cannot work."""
