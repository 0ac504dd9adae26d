"""Facts checked against the lines they cite, dates counted, the document described."""

from __future__ import annotations

from typing import Any

from pipeline.domain.profile import Fact, Finding, Model, Profile
from pipeline.domain.sections import SectionedText
from pipeline.domain.upload import StoredUpload
from pipeline.domain.version import source_version
from pipeline.stages.verification.document import document_of, summaries
from pipeline.stages.verification.evidence import Evidences
from pipeline.stages.verification.experience import add_experience

_MOST_NAMED = 50


class VerifyProfile:
    """Drops what no line supports, unless told to keep it as `unverified`."""

    version = f"verify-{source_version(__name__)}"

    def __init__(self, keep_unverified: bool = False) -> None:
        self._keep = keep_unverified

    def run(self, draft: Profile, sections: SectionedText, upload: StoredUpload) -> Profile:
        """The verified profile. The draft is left as it was."""
        profile = draft.model_copy(deep=True)
        check = _Check(Evidences(sections), self._keep)
        check.model(profile, "")
        findings = [*draft.document.findings] if draft.document else []  # what the engine could not read
        findings += add_experience(profile, upload.as_of_date)
        findings += _page_findings(sections)
        findings += _drop_findings(check.dropped)
        profile.sections = list(summaries(sections))
        profile.meta.facts_dropped = len(check.dropped)
        profile.document = document_of(profile, sections, upload, check.cited, findings)
        return profile


def _page_findings(sections: SectionedText) -> list[Finding]:
    unread = "the page needed OCR and was not read"
    foreign = "the page is in a script that OCR on this machine cannot read"
    frames = "the file holds several pictures, of which only the first or main one was read"
    text = sections.text
    return [
        *(Finding(code="page-unread", severity="warning", page=page, detail=unread) for page in text.unread),
        *(
            Finding(code="unsupported-script", severity="warning", page=page, detail=foreign)
            for page in text.foreign
        ),
        *([Finding(code="frames-unread", severity="warning", detail=frames)] if text.more_frames else []),
    ]


def _drop_findings(dropped: list[str]) -> list[Finding]:
    """Where in the draft each dropped fact stood; never what it said."""
    findings = [Finding(code="fact-dropped", detail=path) for path in dropped[:_MOST_NAMED]]
    if len(dropped) > _MOST_NAMED:
        detail = (
            f"{len(dropped)} facts were not shown by the lines they cite; the first {_MOST_NAMED} are named"
        )
        findings.append(Finding(code="facts-dropped", detail=detail))
    return findings


class _Check:
    """Walks a profile and judges each fact of it."""

    def __init__(self, evidences: Evidences, keep: bool) -> None:
        self._evidences = evidences
        self._keep = keep
        self.dropped: list[str] = []  #: paths in the draft
        self.cited: set[int] = set()

    def model(self, model: Model, path: str) -> bool:
        """Judge the facts in a model, in place. False when one that the model cannot be without is dropped."""
        for name, info in type(model).model_fields.items():
            value = getattr(model, name)
            if value is None or isinstance(value, (str, int, float)):
                continue
            kept = self._value(value, name, f"{path}.{name}" if path else name)
            if kept is None and info.is_required():
                return False
            if kept is not value:
                setattr(model, name, kept)
        return True

    def _value(self, value: Any, name: str, path: str) -> Any:
        if isinstance(value, Fact):
            return value if self._fact(value, name, path) else None
        if isinstance(value, list):
            return [
                item
                for i, item in enumerate(value)
                if not isinstance(item, Model) or self._item(item, name, f"{path}[{i}]")
            ]
        if isinstance(value, Model):
            return value if self.model(value, path) else None
        return value

    def _item(self, item: Model, name: str, path: str) -> bool:
        """Judge a member of a list. False where nothing of it is left: an entry that was made up goes whole."""
        before = len(self.dropped)
        kept = self._value(item, name, path) is not None
        return kept and (len(self.dropped) == before or _holds_fact(item))

    def _fact(self, fact: Fact[Any], name: str, path: str) -> bool:
        fact.status = self._evidences.judge(fact, name)
        if fact.status == "unverified" and not self._keep:
            self.dropped.append(path)
            return False
        if fact.status != "unverified":
            self.cited.update(i for evidence in fact.evidence for i in evidence.line_ids)
        return True


def _holds_fact(value: Any) -> bool:
    if isinstance(value, Fact):
        return True
    if isinstance(value, list):
        return any(_holds_fact(item) for item in value)
    return isinstance(value, Model) and any(_holds_fact(getattr(value, n)) for n in type(value).model_fields)
