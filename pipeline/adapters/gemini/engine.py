"""Gemini as a profile engine: groups asked at once, each answer checked, repaired once, or left to the rules."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Any, Literal

from pydantic import ValidationError

from pipeline.adapters.gemini.answers import Answer, cited, merged
from pipeline.adapters.gemini.client import GeminiClient, Reply, estimated_tokens
from pipeline.adapters.gemini.facts import profile_of
from pipeline.adapters.gemini.groups import (
    GROUPS,
    Group,
    Shown,
    prompts,
    shown_to,
)
from pipeline.domain.errors import NotYet, ProfileBlocked, ProfileBroken, VendorTimeout
from pipeline.domain.profile import Document, Finding, Profile
from pipeline.domain.sections import SectionedText
from pipeline.domain.version import source_version
from pipeline.ports import PaidCall, PaidWork
from pipeline.reading import profile as rules

#: How often a prompt whose answer is too long is cut in two: at most four parts.
_MOST_CUTS = 2
_MOST_ERRORS_TOLD = 8


@dataclass(frozen=True, slots=True)
class _Read:
    """What became of a group, or of a part of one: an answer, or why there is none."""

    answer: Answer | None
    problem: str | None = None


class GeminiEngine:
    """Reads a profile with Gemini. `fallback` says what reads a group that Gemini answers unusably, twice.

    `timeout_s` is for one request; `patience_s` for one group, from when it was first asked, while Gemini is busy.
    """

    def __init__(
        self,
        api_key: str,
        model: str,
        *,
        base_url: str | None = None,
        timeout_s: float = 60.0,
        fallback: Literal["rules", "fail"] = "rules",
        patience_s: float = 24 * 3600.0,
    ) -> None:
        self._client = GeminiClient(api_key, model, base_url, timeout_s)
        self._fallback = fallback
        self._patience_s = patience_s
        self._model = model
        self.version = f"gemini-{model}-{source_version(__name__)}"

    async def check(self) -> None:
        """Prove that key and model work, for nothing. Raises ConfigurationError, VendorBusy."""
        await self._client.check()

    async def draft(self, sections: SectionedText, paid: PaidWork, cpu: Executor | None = None) -> Profile:
        """As `ProfileEngine.draft`: every group that has lines is asked about once for equal content."""
        on_cpu = partial(asyncio.get_running_loop().run_in_executor, cpu)
        shown = await on_cpu(shown_to, sections)
        groups = [group for group in GROUPS if group.name in shown]
        reads = await asyncio.gather(
            *(self._group(group, shown[group.name], paid) for group in groups), return_exceptions=True
        )
        _raise_first(reads)
        answers: dict[str, Answer] = {}
        problems: dict[str, str] = {}
        for group, read in zip(groups, reads, strict=True):
            assert isinstance(read, _Read)
            if read.answer is not None:
                answers[group.name] = read.answer
            else:
                problems[group.name] = read.problem or "unusable"
        if problems and self._fallback == "fail":
            raise _unavailable(problems)
        return await on_cpu(_profile, answers, problems, sections)

    def _asked(self, group: Group, shown: Shown) -> str:
        """The digest of the question: what is asked of whom. How its answer is read is no part of it."""
        schema = json.dumps(group.answer.model_json_schema(), sort_keys=True)
        asked = "\0".join((self._model, prompts()[group.name], schema, shown.prompt))
        return sha256(asked.encode()).hexdigest()

    async def _group(self, group: Group, shown: Shown, paid: PaidWork) -> _Read:
        digest = self._asked(group, shown)

        async def make(call: PaidCall) -> bytes:
            read = await _Asking(self._client, group, call, self._patience_s).read(shown)
            told = read.answer.model_dump(mode="json") if read.answer is not None else None
            return json.dumps({"answer": told, "problem": read.problem}).encode()

        value = json.loads(await paid.once("normalise", digest, make))
        answer = None if value["answer"] is None else group.answer.model_validate(value["answer"])
        return _Read(answer, value["problem"])


class _Asking:
    """One group being asked about: a repair where the answer is bad, two halves where it is too long."""

    def __init__(self, client: GeminiClient, group: Group, call: PaidCall, patience_s: float) -> None:
        self._client, self._group, self._call, self._patience_s = client, group, call, patience_s
        self._schema = group.answer.model_json_schema()
        self._told = prompts()[group.name]

    async def read(self, shown: Shown, path: str = "all") -> _Read:
        """The answer about these lines; `path` names the part that they are of the group."""
        reply = await self._reply(f"{path}.1", shown.prompt)
        if reply.problem == "truncated":
            return await self._read_halves(shown, path)
        read = self._checked(reply, shown)
        if read.answer is not None:
            await self._remember_half(path, f"{path}.1", reply)
            return read
        if (reply.problem or "").startswith("refused"):
            return read
        await self._remember(f"{path}.1", reply)
        complaint = "" if reply.problem else _complaint(read.problem)
        reply = await self._reply(f"{path}.2", shown.prompt + complaint)
        if reply.problem == "truncated":
            return await self._read_halves(shown, path)
        await self._remember_half(path, f"{path}.2", reply)
        return self._checked(reply, shown)

    async def _read_halves(self, shown: Shown, path: str) -> _Read:
        await self._remember(f"{path}.1", Reply(None, "truncated", None))
        halves = shown.halves()
        if halves is None or path.count("/") >= _MOST_CUTS:
            return _Read(None, "truncated")
        first = await self.read(halves[0], f"{path}/1")
        if first.answer is None:
            return first
        second = await self.read(halves[1], f"{path}/2")
        return second if second.answer is None else _Read(merged(first.answer, second.answer))

    def _checked(self, reply: Reply, shown: Shown) -> _Read:
        if reply.text is None:
            return _Read(None, reply.problem)
        try:
            answer = self._group.answer.model_validate_json(reply.text)
        except ValidationError as error:
            return _Read(None, f"off-schema: {_errors(error)}")
        strange = sorted(set(cited(answer)) - set(shown.ids))
        if strange:
            listed = ", ".join(f"L{line_id}" for line_id in strange[:_MOST_ERRORS_TOLD])
            return _Read(None, f"off-schema: lines that were not shown ({listed})")
        return _Read(answer)

    async def _reply(self, name: str, prompt: str) -> Reply:
        """The reply to a prompt: what an earlier run kept of it, or what Gemini answers. Its usage is billed."""
        kept: dict[str, Any] | None = self._call.note.get(name)
        if kept is not None:
            return Reply(kept["text"], kept["problem"], None)
        need = {"gemini-requests": 1, "gemini-tokens": estimated_tokens(self._told, prompt)}

        async def request() -> Reply:
            return await self._client.generate(self._told, prompt, self._schema)

        try:
            reply = await self._call.ask("gemini", need, request)
        except NotYet as wait:
            if self._call.age_s > self._patience_s and (wait.key or "").startswith("vendor:"):
                raise VendorTimeout(
                    f"Gemini was busy for {self._call.age_s / 3600:.1f} h: reprocess the resume when it works again."
                ) from wait
            raise
        if reply.usage is not None:
            self._call.bill(reply.usage)
        return reply

    async def _remember(self, name: str, reply: Reply) -> None:
        """Remember a reply after which more is asked: it is paid for once even where the worker dies then.

        Its usage is not kept: that has been billed.
        """
        if name not in self._call.note:
            await self._call.remember(**{name: {"text": reply.text, "problem": reply.problem}})

    async def _remember_half(self, path: str, name: str, reply: Reply) -> None:
        if "/" in path:
            await self._remember(name, reply)


def _profile(answers: dict[str, Answer], problems: dict[str, str], sections: SectionedText) -> Profile:
    """What the answers tell; the groups that have problems as the rules read them, which the findings say."""
    profile = profile_of(answers, sections, _by_rules(problems, sections) if problems else Profile())
    _tell(profile, problems)
    return profile


def _by_rules(problems: dict[str, str], sections: SectionedText) -> Profile:
    """A profile with the fields of the groups that have problems, and of no other."""
    read = rules.draft_of(sections)
    names = [name for group in GROUPS if group.name in problems for name in group.fields]
    kept = Profile(**{name: getattr(read, name) for name in names})
    kept.document = read.document
    return kept


def _raise_first(reads: list[_Read | BaseException]) -> None:
    """Raise what ends the work; else the shortest wait. By now every group is stored or waits."""
    errors = [read for read in reads if isinstance(read, BaseException)]
    for error in errors:
        if not isinstance(error, NotYet):
            raise error
    waits = [error for error in errors if isinstance(error, NotYet)]
    if waits:
        raise min(waits, key=lambda wait: wait.seconds)


def _errors(error: ValidationError) -> str:
    """Where an answer breaks the schema; never what it says there, which may quote the resume."""
    told = error.errors(include_input=False, include_url=False, include_context=False)[:_MOST_ERRORS_TOLD]
    return "; ".join(
        f"{'.'.join(map(str, item['loc'])) or 'answer'}: {item['type']}".replace("\n", " ") for item in told
    )


def _complaint(problem: str | None) -> str:
    return (
        f"\n\n## note\nAn earlier answer to this could not be used ({problem}). "
        "Answer again, in JSON of the schema, with ids of the lines above only."
    )


def _unavailable(problems: dict[str, str]) -> ProfileBlocked | ProfileBroken:
    listed = "; ".join(f"{name}: {problem}" for name, problem in problems.items())
    if any(problem.startswith("blocked") for problem in problems.values()):
        return ProfileBlocked(f"Gemini refused to read the document ({listed}), and PROFILE_FALLBACK=fail.")
    return ProfileBroken(f"Gemini's answer was unusable, twice ({listed}), and PROFILE_FALLBACK=fail.")


def _tell(profile: Profile, problems: dict[str, str]) -> None:
    """Name in the findings what the rules read in Gemini's place, and why."""
    findings = [
        Finding(code="profile-fallback", severity="warning", detail=f"{name} was read by rules: {problem}")
        for name, problem in problems.items()
    ]
    if findings:
        profile.document = profile.document or Document(sha256="", mime="", pages=0)
        profile.document.findings += findings
