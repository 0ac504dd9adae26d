"""Facts checked against the lines they cite, dates counted, the document described."""

from __future__ import annotations

from typing import Any

from pipeline.domain.profile import Fact, Finding, Model, Profile
from pipeline.domain.sections import SectionedText
from pipeline.domain.upload import StoredUpload
from pipeline.stages.verification.document import document_of, summaries
from pipeline.stages.verification.evidence import Evidences
from pipeline.stages.verification.experience import RULE_VERSION, add_experience


class VerifyProfile:
    """Drops what no line supports, unless told to keep it as `unverified`."""

    version = f"verify-1-{RULE_VERSION}"

    def __init__(self, keep_unverified: bool = False) -> None:
        self._keep = keep_unverified

    def run(self, draft: Profile, sections: SectionedText, upload: StoredUpload) -> Profile:
        """The verified profile. The draft is left as it was."""
        profile = draft.model_copy(deep=True)
        check = _Check(Evidences(sections), self._keep)
        check.model(profile)
        findings = [*draft.document.findings] if draft.document else []  # what the engine could not read
        findings += add_experience(profile, upload.as_of_date)
        if check.dropped:
            detail = f"{check.dropped} facts were not shown by the lines they cite"
            findings.append(Finding(code="facts-dropped", severity="info", detail=detail))
        profile.sections = list(summaries(sections))
        profile.meta.facts_dropped = check.dropped
        profile.document = document_of(profile, sections, upload, check.cited, findings)
        return profile


class _Check:
    """Walks a profile and judges each fact of it."""

    def __init__(self, evidences: Evidences, keep: bool) -> None:
        self._evidences = evidences
        self._keep = keep
        self.dropped = 0
        self.cited: set[int] = set()

    def model(self, model: Model) -> bool:
        """Judge the facts in a model, in place. False when one that the model cannot be without is dropped."""
        for name, info in type(model).model_fields.items():
            value = getattr(model, name)
            if value is None or isinstance(value, (str, int, float)):
                continue
            kept = self._value(value, name)
            if kept is None and info.is_required():
                return False
            if kept is not value:
                setattr(model, name, kept)
        return True

    def _value(self, value: Any, name: str) -> Any:
        if isinstance(value, Fact):
            return value if self._fact(value, name) else None
        if isinstance(value, list):
            return [
                item for item in value if not isinstance(item, Model) or self._value(item, name) is not None
            ]
        if isinstance(value, Model):
            return value if self.model(value) else None
        return value

    def _fact(self, fact: Fact[Any], name: str) -> bool:
        fact.status = self._evidences.judge(fact, name)
        if fact.status == "unverified" and not self._keep:
            self.dropped += 1
            return False
        if fact.status != "unverified":
            self.cited.update(i for evidence in fact.evidence for i in evidence.line_ids)
        return True
